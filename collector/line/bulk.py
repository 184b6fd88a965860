"""Many packets at once under a session of paho: one read of the socket, one pass over what came.

paho reads byte by byte, one packet for each turn of its loop; here a publication costs a few microseconds. Session, connection,
keep-alive and every other packet stay paho's. Uses names of its inside: tests/collector/line/test_bulk.py holds them against the
version of requirements/sinyal.lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.exception import MQTTException

from ground.publications import PUBLISH

READ_BYTES = 1 << 18
MAX_PACKET_BYTES = 1 << 22
"""Nobody of ours sends so much: such a packet is passed over without being kept in memory."""


class Publication(NamedTuple):
    """A message that the broker delivered."""

    topic: str
    payload: bytes
    retain: bool


class BulkClient(mqtt.Client):
    """A paho client that hands over publications in bulk, on its thread. QoS 2 is not for it: subscribe with 0 or 1."""

    on_publications: Callable[[list[Publication]], None]
    passed_over = 0
    """Packets that were too big to be taken."""
    _skip = 0

    def reconnect(self) -> MQTTErrorCode:
        """Connect again; what came of a packet on the old connection is forgotten."""
        self._unread = bytearray()
        self._skip = 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's signature
        """Read once and work off every packet that is whole; called by paho's loop."""
        try:
            data = self._sock_recv(READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._unread += data
        return self._work_off()

    def _work_off(self) -> MQTTErrorCode:
        buffer, start, code = self._unread, 0, MQTTErrorCode.MQTT_ERR_SUCCESS
        found: list[Publication] = []
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            body, end = _bounds(buffer, start)
            if body < 0:
                code = MQTTErrorCode.MQTT_ERR_PROTOCOL
            elif not body:
                break
            elif end - start > MAX_PACKET_BYTES:
                self.passed_over += 1
                self._skip, end = max(0, end - len(buffer)), min(end, len(buffer))
            elif end > len(buffer):
                break
            elif buffer[start] & 0xF0 == PUBLISH:
                code = self._take(buffer[start], buffer[body:end], found)
            else:
                self._hand_over(found)
                code = self._feed(buffer[start], buffer[body:end])
                if buffer is not self._unread:  # paho connected again meanwhile
                    return code
            start = end
        del buffer[:start]
        self._hand_over(found)
        return code if code == MQTTErrorCode.MQTT_ERR_SUCCESS else self._loop_rc_handle(code)

    def _take(self, first: int, packet: bytearray, found: list[Publication]) -> MQTTErrorCode:
        end = 2 + int.from_bytes(packet[:2], "big")
        qos = first >> 1 & 3
        body = end + 2 if qos else end
        if len(packet) < body or qos > 1:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        topic = packet[2:end].decode(errors="replace")  # no topic of ours, so it is counted as such
        found.append(Publication(topic, bytes(packet[body:]), bool(first & 1)))
        return self._send_puback(int.from_bytes(packet[end:body], "big")) if qos else MQTTErrorCode.MQTT_ERR_SUCCESS

    def _hand_over(self, found: list[Publication]) -> None:
        if found:
            self.on_publications(found[:])
            found.clear()

    def _feed(self, first: int, packet: bytearray) -> MQTTErrorCode:
        """Let paho handle a packet that is no publication, as if it had read it itself."""
        self._in_packet |= {"command": first, "remaining_length": len(packet), "packet": packet, "pos": 0}
        try:
            code = self._packet_handle()
        except MQTTException:  # a broker that sends what is no packet
            code = MQTTErrorCode.MQTT_ERR_PROTOCOL
        self._in_packet |= {"command": 0, "remaining_length": 0, "packet": bytearray(), "pos": 0}
        return code


def _bounds(buffer: bytearray, start: int) -> tuple[int, int]:
    """Return where the body of the packet at `start` begins and ends; (0, 0) while its length is not whole, (-1, 0) for none."""
    length = 0
    for i in range(1, 5):  # at most 4 bytes of 7 bits each (MQTT 3.1.1, 2.2.3)
        if start + i >= len(buffer):
            return 0, 0
        byte = buffer[start + i]
        length |= (byte & 127) << 7 * (i - 1)
        if byte < 128:
            return start + i + 1, start + i + 1 + length
    return -1, 0
