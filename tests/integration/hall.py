"""A hall on the broker for tests: publishes payloads as an agent would, and keeps every ack it gets."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lab.servers import wait_for
from telemetry.ack import Ack, Answer, decode_ack, frame_id
from telemetry.frame import Frame, encode
from telemetry.topics import ack_topic, stream_topic


class Hall:
    """One site's connection. Use as a context manager."""

    def __init__(self, port: int, site: str) -> None:
        self.site = site
        self.acks: list[Ack] = []
        self._port = port
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(ack_topic(site), 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_disconnect = lambda *_: self._ready.clear()
        self._client.on_message = lambda _client, _data, message: self.acks.append(decode_ack(bytes(message.payload)))

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self.wait_connected()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self) -> None:
        wait_for(self._ready.is_set, f"hall {self.site} to be subscribed")

    def send(self, frame: Frame) -> bytes:
        """Publish a frame on its own topic; return the payload."""
        payload = encode(frame)
        self.send_raw(stream_topic(frame.site, frame.stream), payload)
        return payload

    def send_raw(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1)

    @property
    def stored(self) -> set[int]:
        """Return the CRCs of all frames that were answered `ok` so far."""
        return {crc for ack in list(self.acks) for crc in ack.ok}

    def wait_stored(self, payload: bytes) -> None:
        """Wait until a payload is answered `ok`."""
        wait_for(lambda: frame_id(payload) in self.stored, f"ack ok (so far: {self.acks[-3:]})")

    def answers(self, kind: str) -> dict[int, Answer]:
        """Return all answers so far of one kind (bad, hold) by CRC."""
        return {answer.crc: answer for ack in list(self.acks) for answer in getattr(ack, kind)}

    def wait_answer(self, kind: str, payload: bytes) -> Answer:
        """Wait for the answer to a payload."""
        crc = frame_id(payload)
        wait_for(lambda: crc in self.answers(kind), f"ack {kind} (so far: {self.acks[-3:]})")
        return self.answers(kind)[crc]
