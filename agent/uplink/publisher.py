"""The line to the broker: one connection, one thread, frames out, answers in.

MQTT 3.1.1, clean session, QoS 0: the collector's answer is the guarantee, not the broker's.
"""

from __future__ import annotations

import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import SpoolError
from agent.spool.clock import Clock
from agent.uplink.allowance import Allowance
from agent.uplink.exchange import Exchange
from agent.uplink.hello import Hello
from agent.uplink.identity import Credentials
from agent.uplink.meter import Meter
from agent.uplink.outbox import Outbox
from agent.uplink.path import IdlePath
from agent.uplink.pulse import Pulse
from agent.uplink.segments import Segments, unconfirmed
from agent.uplink.tls import check_dates, check_peer
from agent.uplink.wire import CONNECT_TIMEOUT_S, make_client
from ground.alive import expect
from ground.publications import publish_many
from telemetry.ack import decode_ack
from telemetry.streams import Event
from telemetry.topics import ack_topic, config_topic, release_topic, reported_topic, status_topic

if TYPE_CHECKING:
    from agent.config import Config

log = logging.getLogger(__name__)

LOOP_S, MIN_BACKOFF_S, MAX_BACKOFF_S, OVER_BUDGET_BACKOFF_S = 1.0, 1.0, 300.0, 1800.0
"""Over budget a lost connection is not worth a TLS handshake (5 kB) every minute."""
STEADY_S = 60.0
"""A connection that lasts this long ends the back-off."""


class Publisher:
    """Keeps the connection, sends what the outbox gives, hands over answers; `hears` takes what comes on other topics."""

    def __init__(
        self,
        config: Config,
        outbox: Outbox,
        clock: Clock,
        meter: Meter,
        *,
        boot_id: str,
        version: str,
        record_event: Callable[[Event], None],
        hears: Mapping[str, Callable[[bytes], None]] | None = None,
        on_top: Callable[[int], object] | None = None,
        inst: str | None = None,
        sim_spent: Callable[[str], bool] | None = None,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigError for files that the config names and that are not usable."""
        self._config, self._outbox, self._clock, self._meter, self._inst = config, outbox, clock, meter, inst
        self._hears, self._on_top = hears or {}, on_top
        self._hello = Hello(clock, inst)
        self.allowance = Allowance(meter, clock, config.budget_month, record_event, sim_spent)
        self._report: bytes | None = None
        self._report_due = False
        self._status: dict[str, object] = {"v": 1, "boot": boot_id, "agent": version} | ({} if inst is None else {"inst": inst})
        self._credentials = Credentials(config.broker, config.agent.data_dir, record_event)
        self._exchange = Exchange(self._credentials, config.agent.site, clock.now_ms)
        self._context, self.path, self.segments = self._credentials.context(), IdlePath(record_event), Segments(record_event)
        self._client = self._make_client(config, inst)
        self._backoff_s = MIN_BACKOFF_S
        self._pulse = Pulse(outbox)
        self._hurry = threading.Event()
        self.up = False
        self.last_ack_mono_ms: int | None = None
        self.refusal: str | None = None

    def _make_client(self, config: Config, inst: str | None) -> mqtt.Client:
        client = make_client(config, self._context, inst, self.segments)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _status_payload(self, state: str, ask: int | None = None) -> bytes:
        return orjson.dumps({**self._status, "state": state} | ({} if ask is None else {"ask": ask}))

    @property
    def heard(self) -> bool:
        """Whether the collector answers on this connection: only then is it one."""
        return self.up and self._pulse.answered and (self._hello.heard or self._outbox.answers > 0)

    def hurry(self) -> None:
        """Send at once what is on the card (safe to call from any thread)."""
        self._hurry.set()

    def report(self, payload: bytes) -> None:
        """Say which settings are in force, now and after each reconnect (safe to call from any thread)."""
        self._report, self._report_due = payload, True

    def run(self, stop: threading.Event) -> None:
        """Connect, send, listen and reconnect until stopped; then say goodbye."""
        while not stop.is_set():
            began, planned = time.monotonic(), False
            try:
                if self._connect():
                    planned = self._serve(stop)
                    self._meter.closed()
            except SpoolError as error:
                log.critical("event=spool_failed reason=%r", str(error))
            except Exception:  # whatever a broker sends must not end the agent: another connection is tried
                log.exception("event=connection_failed")
            self._drop()
            if stop.is_set():
                break
            if planned or time.monotonic() - began >= STEADY_S:
                self._backoff_s = MIN_BACKOFF_S
            wait = self._backoff_s * (0.5 + random.random())  # noqa: S311  (spreads 141 halls after a broker restart)
            log.info("event=reconnect wait_s=%.1f", wait)
            expect(wait)
            stop.wait(wait)
            self._backoff_s = min(OVER_BUDGET_BACKOFF_S if self.allowance.over else MAX_BACKOFF_S, self._backoff_s * 2)

    def _connect(self) -> bool:
        broker = self._config.broker
        if self._credentials.changed:
            self._credentials.changed = False
            self._context = self._credentials.context()
            self._client = self._make_client(self._config, self._inst)
        if self._context is not None:
            check_dates(self._context, check=self._clock.system_is_right())
            if self.path.beyond_help:
                self._context.lean()
        self._status["up_s"] = self._clock.mono_ms() // 1000
        self._client.will_set(status_topic(self._config.agent.site), self._status_payload("offline"), qos=1, retain=True)
        try:
            self._client.connect(broker.host, broker.port, broker.keepalive_s)
            check_peer(self._sock(), self._clock)
        except (OSError, ssl.SSLError, ValueError) as error:
            self.refusal = str(error)
            if self._context is not None:
                self._context.forget(refused=isinstance(error, ssl.SSLError))
            if isinstance(error, ssl.SSLError):
                self._credentials.refused()
            log.warning("event=connect_failed host=%s port=%d reason=%r", broker.host, broker.port, str(error))
            return False
        self.path.opened(self._sock())
        return True

    @property
    def address(self) -> str | None:
        """Local address of the connection, None while there is none."""
        try:
            sock = self._sock() if self.up else None
            return str(sock.getsockname()[0]) if sock is not None else None
        except OSError:  # closed this very moment by the thread that serves it
            return None

    def _sock(self) -> socket.socket | None:
        sock: Any = self._client.socket()
        return sock if isinstance(sock, socket.socket) else None

    def _serve(self, stop: threading.Event) -> bool:
        """Work on a connection until it ends; return whether another is to take over from it at once."""
        began = time.monotonic()
        while self._client.loop(LOOP_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            expect()
            if dead := self._half_dead(time.monotonic() - began):
                self.refusal = dead
                if not self.up:
                    self.segments.stood_still(self._sock())
                elif not unconfirmed(self._sock()):
                    self.path.heard()  # the other end of the path has confirmed what was sent: it is open
                log.warning("event=connection_given_up reason=%r", dead)
                break
            self.allowance.account(self._sock())
            if self.up and self._pulse.subscribed:
                self._say_hello()
                self._send_report()
                if self._exchange.goes_on(self._client, heard=self._hello.heard) or (self._hello.open and not self._send()):
                    return True
            if stop.is_set():
                self._goodbye()
                break
        return False

    def _half_dead(self, waited_s: float) -> str | None:
        """Return why this connection is none, None while it may be one."""
        if not self.up:
            return "the broker does not answer" if waited_s > CONNECT_TIMEOUT_S else None
        return self._pulse.fault()

    def _drop(self) -> None:
        if not self.up and self._sock() is not None:
            self._credentials.refused()
        self._client.disconnect()
        if self.up:
            self.up = False
            self.path.broke()
            log.info("event=disconnected")
            try:
                self._outbox.disconnected()
            except SpoolError as error:
                log.critical("event=spool_failed reason=%r", str(error))

    def _send(self) -> bool:
        """Send what is due; return False where that needs another connection."""
        if self._hurry.is_set():
            self._hurry.clear()
            self._outbox.hurry()
        if self.path.gone and self._outbox.wants:
            self.path.leave(self._sock())
            return False
        frames = self._outbox.due(self._clock.now_ms(), over_budget=self.allowance.over)
        if frames:
            self.path.said()
            publish_many(self._client, ((frame.topic, frame.payload) for frame in frames))
            log.debug("event=frames_sent %s", " ".join(f"{f.topic}:{len(f.seqs)}:{len(f.payload)}" for f in frames))
        return True

    def _send_report(self) -> None:
        payload, due, self._report_due = self._report, self._report_due, False
        if due and payload is not None:
            self._client.publish(reported_topic(self._config.agent.site), payload, qos=0, retain=True)

    def _say_hello(self) -> None:
        ask = self._hello.due()
        if ask is not None:
            self._client.publish(status_topic(self._config.agent.site), self._status_payload("online", ask), qos=0, retain=True)

    def _goodbye(self) -> None:
        if not self.up:
            return
        self._client.publish(status_topic(self._config.agent.site), self._status_payload("offline"), qos=1, retain=True)
        deadline = time.monotonic() + 2
        while self._client.want_write() and time.monotonic() < deadline:
            self._client.loop(0.1)

    def _on_connect(self, client: mqtt.Client, _userdata: object, _flags: object, reason: Any, _properties: object) -> None:
        if reason.is_failure:
            self.refusal = f"the broker refused: {reason}"
            log.warning("event=connect_refused reason=%r", str(reason))
            return
        self.up = True
        self._pulse.connected()
        self.segments.passed()
        site = self._config.agent.site
        client.subscribe([(ack_topic(site), 0), (config_topic(site), 0), (release_topic(site), 0)])
        self._exchange.connected(client)
        self._report_due = self._report is not None
        self._outbox.connected()
        self._hello.connected()
        log.info("event=connected host=%s", self._config.broker.host)

    def _on_subscribe(self, _client: mqtt.Client, _userdata: object, mid: int, codes: list[ReasonCode], _props: object) -> None:
        if not self._exchange.asked(mid):
            self._pulse.granted(codes[:2])  # a broker with rules of before may refuse the third

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # paho reads it only now; whatever a broker sends must not end the agent
            log.warning("event=topic_unreadable")
            return
        if (hears := self._hears.get(topic)) is not None:
            hears(bytes(message.payload))
        elif topic == self._exchange.topic:
            self._exchange.take(bytes(message.payload), self._sock())
        else:
            self._take(bytes(message.payload))

    def _take(self, payload: bytes) -> None:
        try:
            ack = decode_ack(payload)
        except ValueError as error:
            log.warning("event=ack_unreadable reason=%r", str(error))
            return
        self.refusal = None
        self.path.heard()
        if self._context is not None:
            self._context.remember(self._sock())
        late_s = self._outbox.took_s(answer.crc for answer in ack.clock)
        gone = self._outbox.answered(ack, self._clock.now_ms())
        if gone:
            self.last_ack_mono_ms = self._clock.mono_ms()
            log.debug("event=frame_acked n=%d", gone)
        top = self._hello.take(ack, late_s)
        if top is not None and self._on_top is not None:
            self._on_top(top)
