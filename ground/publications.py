"""Several MQTT publications in one write: one TLS record and one packet's headers for all of them (P8), and one system call.

Uses a name of paho's inside: tests/collector/line/test_bulk.py holds it against the version of requirements/sinyal.lock.
"""

from __future__ import annotations

from collections.abc import Iterable

import paho.mqtt.client as mqtt

PUBLISH = 0x30
"""First byte of a PUBLISH (MQTT 3.1.1, 3.3.1): below it bit 3 DUP, bits 2 and 1 QoS, bit 0 RETAIN."""


def publish_many(client: mqtt.Client, messages: Iterable[tuple[str, bytes]]) -> None:
    """Publish pairs of topic and payload with QoS 0 in one write; they are lost where there is no connection."""
    if client.is_connected() and (packet := b"".join(map(publication, messages))):
        client._packet_queue(PUBLISH, packet, 0, 0, mqtt.MQTTMessageInfo(0))  # noqa: SLF001  (paho writes one packet at a time)


def publication(message: tuple[str, bytes]) -> bytes:
    """Write one PUBLISH with QoS 0."""
    topic = message[0].encode()
    length = 2 + len(topic) + len(message[1])
    head = bytearray([PUBLISH])
    while True:
        head.append(length & 127 | (128 if length > 127 else 0))
        length >>= 7
        if not length:
            break
    return bytes(head) + len(topic).to_bytes(2, "big") + topic + message[1]
