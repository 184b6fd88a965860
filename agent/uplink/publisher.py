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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from agent.config import BrokerSection, Config
from agent.errors import ConfigError, SpoolError
from agent.spool.clock import Clock
from agent.uplink.meter import Meter
from agent.uplink.outbox import Outbox
from ground.edited import read_secret
from telemetry.ack import decode_ack
from telemetry.streams import ClockState, Event
from telemetry.topics import ack_topic, config_topic, reported_topic, status_topic

log = logging.getLogger(__name__)

LOOP_S = 1.0
CONNECT_TIMEOUT_S = 20.0
MIN_BACKOFF_S, MAX_BACKOFF_S = 1.0, 300.0
OVER_BUDGET_BACKOFF_S = 1800.0
"""Over budget a lost connection is not worth a TLS handshake (5 kB) every minute."""
STEADY_S = 60.0
"""A connection that lasts this long ends the back-off."""
ASK_TIME_S = 30.0
"""While no time is known, nothing can be sent: the status is said again, for the collector answers it with its UTC."""
UNACKED_MS = 120_000
"""The kernel gives a connection up whose data nobody confirms for this long (TCP_USER_TIMEOUT)."""
X509_V_FLAG_NO_CHECK_TIME = 0x200000
"""openssl/x509_vfy.h; the ssl module has no name for it."""


def tls_context(broker: BrokerSection) -> ssl.SSLContext:
    """Make the TLS settings from the config's files. Raises ConfigError naming the key whose file is missing or wrong."""
    for key in ("ca", "cert", "key"):
        path: Path | None = getattr(broker, key)
        if path is not None and not path.is_file():
            raise ConfigError(f"broker.{key}: no such file {str(path)!r}; copy it there or correct the path")
    try:
        context = ssl.create_default_context(cafile=broker.ca)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"broker.ca: not a certificate in PEM form ({error})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if broker.cert is not None:
        try:
            context.load_cert_chain(broker.cert, broker.key)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(f"broker.cert, broker.key: not a certificate and its key in PEM form ({error})") from None
    return context


def check_dates(context: ssl.SSLContext, *, check: bool) -> None:
    """Switch the check of validity dates; chain and host are always checked. A Pi that woke in 1970 cannot judge dates (P3)."""
    flags = context.verify_flags
    context.verify_flags = flags & ~X509_V_FLAG_NO_CHECK_TIME if check else flags | X509_V_FLAG_NO_CHECK_TIME


def check_dates_at(certificate: Mapping[str, Any], now_ms: int) -> None:
    """Judge a server's certificate by the trusted time where the system clock is wrong. Raises ssl.SSLError out of its dates."""
    start, end = (ssl.cert_time_to_seconds(str(certificate[key])) for key in ("notBefore", "notAfter"))
    if not start <= now_ms / 1000 <= end:
        dates = f"{certificate['notBefore']} to {certificate['notAfter']}"
        raise ssl.SSLError(1, f"the certificate of the broker is valid from {dates} only")


def read_password(path: Path | None) -> str | None:
    """Read the broker's password from its file. Raises ConfigError when it cannot be read."""
    try:
        return None if path is None else read_secret(path)
    except ConfigError as error:
        raise ConfigError(f"broker.password_file: {error}") from None


@contextmanager
def _one_segment(sock: socket.socket | None) -> Iterator[None]:
    """Hold the socket's data back until all of a round is written: several frames, one packet's headers (P8)."""
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    yield
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


class Publisher:
    """Keeps the connection, sends what the outbox gives, hands over answers. `record_event` takes events of the line itself."""

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
        on_config: Callable[[bytes], None] | None = None,
        sim_spent: Callable[[str], bool] | None = None,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigError for files that the config names and that are not usable."""
        self._config, self._outbox, self._clock, self._meter = config, outbox, clock, meter
        self._record_event, self._on_config, self._sim_spent = record_event, on_config, sim_spent
        self.budget = config.budget_month
        self._report: bytes | None = None
        self._report_due = False
        self._status = {"v": 1, "boot": boot_id, "agent": version}
        self._context = tls_context(config.broker) if config.broker.tls else None
        self._client = self._make_client(config)
        self._backoff_s = MIN_BACKOFF_S
        self.over_budget = False
        self._said_at = 0.0
        self._hurry = threading.Event()
        self.up = False
        self.last_ack_mono_ms: int | None = None
        self.refusal: str | None = None

    def _make_client(self, config: Config) -> mqtt.Client:
        site = config.agent.site
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"sinyal-{site}",
            clean_session=True,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.will_set(status_topic(site), self._status_payload("offline"), qos=1, retain=True)
        if config.broker.username is not None:
            client.username_pw_set(config.broker.username, read_password(config.broker.password_file))
        if self._context is not None:
            client.tls_set_context(self._context)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _status_payload(self, state: str) -> bytes:
        return orjson.dumps({**self._status, "state": state})

    def hurry(self) -> None:
        """Send at once what is on the card (safe to call from any thread)."""
        self._hurry.set()

    def report(self, payload: bytes) -> None:
        """Say which settings are in force, now and after each reconnect (safe to call from any thread)."""
        self._report, self._report_due = payload, True

    def run(self, stop: threading.Event) -> None:
        """Connect, send, listen and reconnect until stopped; then say goodbye."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                if self._connect():
                    self._serve(stop)
                    self._meter.closed()
            except SpoolError as error:
                log.critical("event=spool_failed reason=%r", str(error))
            self._drop()
            if stop.is_set():
                break
            if time.monotonic() - began >= STEADY_S:
                self._backoff_s = MIN_BACKOFF_S
            wait = self._backoff_s * (0.5 + random.random())  # noqa: S311  (spreads 141 halls after a broker restart)
            log.info("event=reconnect wait_s=%.1f", wait)
            stop.wait(wait)
            self._backoff_s = min(OVER_BUDGET_BACKOFF_S if self.over_budget else MAX_BACKOFF_S, self._backoff_s * 2)

    def _connect(self) -> bool:
        broker = self._config.broker
        if self._context is not None:
            check_dates(self._context, check=self._clock.system_is_right())
        try:
            self._client.connect(broker.host, broker.port, broker.keepalive_s)
            self._check_certificate()
        except (OSError, ssl.SSLError, ValueError) as error:
            self.refusal = str(error)
            log.warning("event=connect_failed host=%s port=%d reason=%r", broker.host, broker.port, str(error))
            return False
        sock = self._sock()
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKED_MS)
        return True

    def _check_certificate(self) -> None:
        """Judge dates by the collector's time on a Pi whose system clock still says 2020 (P3)."""
        sock, now_ms = self._sock(), self._clock.now_ms()
        if isinstance(sock, ssl.SSLSocket) and now_ms is not None and not self._clock.system_is_right():
            check_dates_at(sock.getpeercert() or {}, now_ms)

    def _sock(self) -> socket.socket | None:
        sock: Any = self._client.socket()
        return sock if isinstance(sock, socket.socket) else None

    def _serve(self, stop: threading.Event) -> None:
        connecting_until = time.monotonic() + CONNECT_TIMEOUT_S
        while self._client.loop(LOOP_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if not self.up and time.monotonic() > connecting_until:
                log.warning("event=connect_failed reason='the broker does not answer'")
                break
            self._account()
            if self.up:
                self._ask_time()
                self._send_report()
                self._send()
            if stop.is_set():
                self._goodbye()
                break

    def _drop(self) -> None:
        self._client.disconnect()
        if self.up:
            self.up = False
            log.info("event=disconnected")

    def _account(self) -> None:
        sock = self._sock()
        if sock is not None:
            self._meter.read(sock, self._clock.now_ms())
        used = self._meter.month_bytes()
        sim = sock is not None and self._sim_spent is not None and self._sim_spent(sock.getsockname()[0])
        over = sim or (used is not None and used >= self.budget)
        if over != self.over_budget:
            self.over_budget = over
            what = "the SIM has moved all it may" if sim else f"{used} of {self.budget} bytes"
            detail = f"{what} this month: " + ("sending hourly" if over else "sending as usual")
            log.warning("event=budget over=%s used=%s", over, used)
            self._record_event(Event(kind="budget_spent" if over else "budget_free", detail=detail))

    def _send(self) -> None:
        if self._hurry.is_set():
            self._hurry.clear()
            self._outbox.hurry()
        frames = self._outbox.due(self._clock.now_ms(), over_budget=self.over_budget)
        if not frames:
            return
        with _one_segment(self._sock()):
            for frame in frames:
                self._client.publish(frame.topic, frame.payload, qos=0)
                log.debug("event=frame_sent topic=%s n=%d bytes=%d", frame.topic, len(frame.seqs), len(frame.payload))

    def _send_report(self) -> None:
        payload, due, self._report_due = self._report, self._report_due, False
        if due and payload is not None:
            self._client.publish(reported_topic(self._config.agent.site), payload, qos=0, retain=True)

    def _ask_time(self) -> None:
        if self._clock.state is ClockState.UNTRUSTED and time.monotonic() - self._said_at >= ASK_TIME_S:
            self._say_online()

    def _say_online(self) -> None:
        self._said_at = time.monotonic()
        self._client.publish(status_topic(self._config.agent.site), self._status_payload("online"), qos=0, retain=True)

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
        self.up, self.refusal = True, None
        site = self._config.agent.site
        client.subscribe([(ack_topic(site), 0), (config_topic(site), 0)])
        self._report_due = self._report is not None
        self._say_online()
        self._outbox.connected()
        log.info("event=connected host=%s", self._config.broker.host)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == config_topic(self._config.agent.site):
            if self._on_config is not None:
                self._on_config(bytes(message.payload))
            return
        try:
            ack = decode_ack(bytes(message.payload))
        except ValueError as error:
            log.warning("event=ack_unreadable reason=%r", str(error))
            return
        if ack.time_ms is not None:
            self._clock.trust("collector", ack.time_ms)
        gone = self._outbox.answered(ack, self._clock.now_ms())
        if gone:
            self.last_ack_mono_ms = self._clock.mono_ms()
            log.debug("event=frame_acked n=%d", gone)
