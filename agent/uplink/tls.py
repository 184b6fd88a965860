"""TLS towards the broker: the files of the config, and dates judged by a clock that may be wrong (P3, P7)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.spool.clock import Clock
from ground.edited import read_secret
from ground.tls import load_tls

if TYPE_CHECKING:
    from agent.config import BrokerSection

X509_V_FLAG_NO_CHECK_TIME = 0x200000
"""openssl/x509_vfy.h; the ssl module has no name for it."""


LEAN_CIPHERS = "ECDHE+CHACHA20:ECDHE+AESGCM"
"""Each that is offered costs two bytes of every connection; these are what TLS 1.3 would use."""


class ResumingContext(ssl.SSLContext):
    """TLS settings that take up the last session: a new connection to the same broker costs half the bytes."""

    _session: ssl.SSLSession | None = None
    _may_be_lean = True

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Wrap a socket as ssl.SSLContext does, with the session that was remembered."""
        return super().wrap_socket(*args, **{**options, "session": self._session})

    def remember(self, sock: socket.socket | None) -> None:
        """Keep the session of a connection for the next one; the broker's ticket comes with its first words."""
        if isinstance(sock, ssl.SSLSocket):
            self._session = sock.session

    def forget(self, *, refused: bool) -> None:
        """Start with a full handshake the next time; after one that was refused with what TLS offers at most."""
        self._session = None
        if refused and self.maximum_version == ssl.TLSVersion.TLSv1_2:
            self.maximum_version, self._may_be_lean = ssl.TLSVersion.MAXIMUM_SUPPORTED, False

    def lean(self) -> None:
        """Spend least on a new connection: TLS 1.2 takes a session up with 1.5 kB, TLS 1.3 with 2.5 kB and a ticket each time."""
        if self._may_be_lean and self.maximum_version != ssl.TLSVersion.TLSv1_2:
            self.maximum_version = ssl.TLSVersion.TLSv1_2
            self.set_ciphers(LEAN_CIPHERS)
            self._session = None


def tls_context(broker: BrokerSection) -> ResumingContext:
    """Make the TLS settings from the config's files. Raises ConfigError naming the key whose file is missing or wrong."""
    return load_tls(ResumingContext(ssl.PROTOCOL_TLS_CLIENT), broker)


def check_dates(context: ssl.SSLContext, *, check: bool) -> None:
    """Switch the check of validity dates; chain and host are always checked. A Pi that woke in 1970 cannot judge dates (P3)."""
    flags = context.verify_flags
    context.verify_flags = flags & ~X509_V_FLAG_NO_CHECK_TIME if check else flags | X509_V_FLAG_NO_CHECK_TIME


def check_peer(sock: socket.socket | None, clock: Clock) -> None:
    """Judge the dates of the broker's certificate by the collector's time on a Pi whose system clock still says 2020 (P3)."""
    now_ms = clock.now_ms()
    if isinstance(sock, ssl.SSLSocket) and now_ms is not None and not clock.system_is_right():
        check_dates_at(sock.getpeercert() or {}, now_ms)


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
