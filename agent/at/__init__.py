"""Bytes of a modem to replies, replies to fields, fields to a reading. Pure: no port, no clock."""
