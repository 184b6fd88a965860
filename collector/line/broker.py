"""The collector's connection to the broker: paho-mqtt, MQTT 3.1.1, subscribed to every stream of every site."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from collector.config import GROUP_CURE, BrokerSection, secret
from collector.errors import ConfigError
from collector.line.bulk import BulkClient, Publication
from collector.line.inbox import Received
from ground.edited import read_secret
from ground.publications import publish_many
from ground.tls import load_tls
from telemetry.ack import Ack, encode_ack
from telemetry.streams import STREAMS
from telemetry.topics import ROOT, ack_topic

FIRST_RECONNECT_S, LAST_RECONNECT_S = 1, 30
KEEPALIVE_S = 30
FRAME_QOS = 1
"""The broker queues for us while we are busy; the guarantee is the ack, so the session is clean and nothing is kept beyond it."""
GROUP = re.compile(r"[A-Za-z0-9_-]{32,128}")
"""Too long to be guessed: Mosquitto lets every certificate join a shared subscription, checks the ACL only when it is that one's
turn, and then drops the message."""
log = logging.getLogger(__name__)


class Broker:
    """Hands all that came at once to `receive` (on paho's thread) and sends acks. Connects again by itself, for ever."""

    def __init__(self, config: BrokerSection, receive: Callable[[list[Received]], None]) -> None:
        self._config = config
        self._receive = receive
        self._client = BulkClient(CallbackAPIVersion.VERSION2, client_id=config.client_id, protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(FIRST_RECONNECT_S, LAST_RECONNECT_S)
        if config.username is not None:
            self._client.username_pw_set(config.username, secret(config.password_file, "SINYAL_BROKER_PASSWORD"))
        if config.tls:
            self._client.tls_set_context(tls_context(config))
        self._share = _share(config)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publications = self._on_publications
        self.subscribed = False
        """Whether the broker has granted the subscription of the connection that is open now."""

    def start(self) -> None:
        """Begin to connect; a broker that is down is tried again until it answers."""
        self._client.connect_async(self._config.host, self._config.port, KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def send_acks(self, acks: Mapping[str, Ack]) -> None:
        """Answer sites with QoS 0; lost when the broker is away, and then the agents send their frames again.

        An ack that gets lost costs one resend; its PUBACK would cost SIM bytes every time.
        """
        publish_many(self._client, ((ack_topic(site), encode_ack(ack)) for site, ack in acks.items()))

    def _topics(self) -> list[tuple[str, int]]:
        return [(f"{self._share}{ROOT}/+/{kind}", FRAME_QOS) for kind in (*STREAMS, "status")]

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _props: object) -> None:
        if code.is_failure:
            log.error("event=broker_refused reason=%s", code)
            return
        log.info("event=broker_connected host=%s port=%d", self._config.host, self._config.port)
        client.subscribe(self._topics())

    def _on_subscribe(self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _props: object) -> None:
        self.subscribed = not any(code.is_failure for code in codes)
        if not self.subscribed:
            log.error("event=subscription_refused cure='let the collector read %s/#'", ROOT)  # the group is a secret

    def _on_disconnect(self, _client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _props: object) -> None:
        self.subscribed = False
        log.warning("event=broker_disconnected reason=%s", code)

    def _on_publications(self, found: list[Publication]) -> None:
        now_ms = time.time_ns() // 1_000_000
        # A retained status says how a site was at some time before we came.
        self._receive([Received(m.topic, m.payload, now_ms) for m in found if not (m.retain and m.topic.endswith("/status"))])


def _share(config: BrokerSection) -> str:
    """Return what stands before each topic: nothing for the only collector, which nobody can take anything from."""
    if config.group_file is None:
        return ""
    group = read_secret(config.group_file)
    if not GROUP.fullmatch(group):
        raise ConfigError(f"broker.group_file: {config.group_file} must hold 32 to 128 letters and digits; {GROUP_CURE}")
    return f"$share/{group}/"


def tls_context(config: BrokerSection) -> ssl.SSLContext:
    """Make the TLS settings of a connection of the server to its broker. Raises ConfigError."""
    return load_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), config)
