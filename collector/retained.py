"""A short connection to the broker for what it keeps: reads what is retained, writes, hears answers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from collector.config import BrokerSection, secret
from collector.errors import CollectorError
from ground.tls import load_tls
from telemetry.topics import split_topic

CONNECT_S = 15.0


class RetainedLink:
    """Use as a context manager: on entry everything that is retained on the topics has gone through `take`."""

    def __init__(self, broker: BrokerSection, topics: Sequence[str]) -> None:
        self._broker, self._topics = broker, topics
        self._settled, self._refused = threading.Event(), ""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if broker.username is not None:
            self._client.username_pw_set(broker.username, secret(broker.password_file, "SINYAL_BROKER_PASSWORD"))
        if broker.tls:
            self._client.tls_set_context(load_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), broker))
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda _client, _data, message: self.take(*split_topic(message.topic), bytes(message.payload))
        # The broker answers in order: after this every retained message is here.
        self._client.on_subscribe = lambda client, *_: client.unsubscribe("sinyal/v1/none")
        self._client.on_unsubscribe = lambda *_: self._settled.set()

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except OSError as error:
            raise CollectorError(f"broker {self._broker.host}:{self._broker.port}: {error}") from None
        self._client.loop_start()
        if not self._settled.wait(CONNECT_S) or self._refused:
            self.__exit__()
            raise CollectorError(f"broker {self._broker.host}:{self._broker.port}: {self._refused or 'does not answer'}")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, code: Any, _props: object) -> None:
        if code.is_failure:
            self._refused = str(code)
            self._settled.set()
            return
        client.subscribe([(topic, 1) for topic in self._topics])

    def take(self, site: str, kind: str, payload: bytes) -> None:
        """Take a message; called on the connection's thread."""
        raise NotImplementedError

    def put(self, topic: str, payload: bytes) -> None:
        """Have the broker keep a message; it has it when this returns."""
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(CONNECT_S)
