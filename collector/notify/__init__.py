"""Delivery of alerts: who is told, when, in which form, over which channel; and the heartbeat that tells when nobody is told.

The watch opens the channels (`deliver.open_channels`), starts `deliver.Delivery` and `heartbeat.Heartbeat`, puts messages
into an `Outbox` whose route is `route.Router`, and after each turn beats: `beat(succeeded=looked and delivery.healthy())`.
"""
