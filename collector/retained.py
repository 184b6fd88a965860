"""Short connections to the brokers for what they keep: read what is retained, write to each, hear answers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from collector.config import BrokerSection, secret
from collector.errors import CollectorError
from ground.tls import load_tls
from telemetry.topics import split_topic

CONNECT_S = 15.0


class _Line:
    """The connection to one broker."""

    def __init__(self, broker: BrokerSection, topics: Sequence[str], take: Callable[[str, str, bytes], None]) -> None:
        self._place, self._topics = f"broker {broker.host}:{broker.port}", topics
        self._settled, self._refused = threading.Event(), ""
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if broker.username is not None:
            self.client.username_pw_set(broker.username, secret(broker.password_file, "SINYAL_BROKER_PASSWORD"))
        if broker.tls:
            self.client.tls_set_context(load_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), broker))
        self.client.on_connect = self._on_connect
        self.client.on_message = lambda _client, _data, message: take(*split_topic(message.topic), bytes(message.payload))
        # The broker answers in order: after this every retained message is here.
        self.client.on_subscribe = lambda client, *_: client.unsubscribe("sinyal/v1/none")
        self.client.on_unsubscribe = lambda *_: self._settled.set()
        self._address = (broker.host, broker.port)

    def open(self) -> None:
        """Connect; everything that is retained was taken when this returns. Raises CollectorError."""
        try:
            self.client.connect(*self._address)
        except OSError as error:
            raise CollectorError(f"{self._place}: {error}") from None
        self.client.loop_start()
        if not self._settled.wait(CONNECT_S) or self._refused:
            raise CollectorError(f"{self._place}: {self._refused or 'does not answer'}")

    def close(self) -> None:
        """Leave; also where nothing was opened."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, code: Any, _props: object) -> None:
        if code.is_failure:
            self._refused = str(code)
            self._settled.set()
            return
        client.subscribe([(topic, 1) for topic in self._topics])


class RetainedLink:
    """Use as a context manager: on entry everything that is retained on the topics, at each broker, has gone through `take`."""

    def __init__(self, broker: BrokerSection, topics: Sequence[str]) -> None:
        self._lines = [_Line(one, topics, self.take) for one in broker.pool]

    def __enter__(self) -> Self:
        try:
            for line in self._lines:
                line.open()
        except CollectorError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines:
            line.close()

    def take(self, site: str, kind: str, payload: bytes) -> None:
        """Take a message; called on a connection's thread."""
        raise NotImplementedError

    def put(self, topic: str, payload: bytes) -> None:
        """Have each broker keep a message; all have it when this returns."""
        for sent in [line.client.publish(topic, payload, qos=1, retain=True) for line in self._lines]:
            sent.wait_for_publish(CONNECT_S)
