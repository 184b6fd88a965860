"""How many IP bytes the broker connection costs per month: payload, TLS, MQTT, TCP and IP headers, both ways (P8)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.spool.spool import Spool

IPV4_HEADER, IPV6_HEADER, TCP_HEADER = 20, 40, 20
TIME_STAMPS, TIME_STAMPS_BYTES = 1, 12
"""TCPI_OPT_TIMESTAMPS (linux/tcp.h), and what they add to the header of each segment where both ends have them (RFC 7323)."""
CLOSING_SEGMENTS = 4
"""Segments that end a connection after it was last read."""
_TCP_INFO_BYTES = 208
KEEP_EVERY_BYTES = 20_000
"""What a power cut may lose of the account; writing it after every frame would wear the card."""


@dataclass(slots=True)
class Traffic:
    """Bytes and segments of a connection so far, both ways together, and the header of TCP that each has."""

    payload: int
    segments: int
    header: int


def traffic(sock: socket.socket) -> Traffic | None:
    """Ask the kernel what a TCP connection has moved (struct tcp_info, linux/tcp.h); None where it does not say."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except (OSError, AttributeError):
        return None
    if len(info) < _TCP_INFO_BYTES:
        return None
    received, out_segments, in_segments = struct.unpack_from("=QII", info, 128)
    sent = struct.unpack_from("=Q", info, 200)[0]
    header = TCP_HEADER + (TIME_STAMPS_BYTES if info[5] & TIME_STAMPS else 0)
    return Traffic(sent + received, out_segments + in_segments, header)


class Meter:
    """Adds up the connection's bytes by UTC month. Bytes of a time without trusted clock count in the month that follows."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._month: str | None = None
        self._kept = 0
        self._pending = 0
        self._seen = self._header = 0

    def read(self, sock: socket.socket, utc_ms: int | None) -> None:
        """Account what moved since the last reading of this connection."""
        now = traffic(sock)
        if now is not None:
            self._header = (IPV6_HEADER if sock.family == socket.AF_INET6 else IPV4_HEADER) + now.header
            total = now.payload + now.segments * self._header
            self._pending += max(0, total - self._seen)
            self._seen = total
        self._turn(utc_ms)
        if self._pending >= KEEP_EVERY_BYTES:
            self.keep()

    def others(self, count: int) -> None:
        """Account bytes that another program of this hall moved over the same SIM."""
        self._pending += count

    def closed(self) -> None:
        """Note the end of a connection."""
        if self._seen:
            self._pending += CLOSING_SEGMENTS * self._header
        self._seen = 0
        self.keep()

    def _turn(self, utc_ms: int | None) -> None:
        month = None if utc_ms is None else datetime.fromtimestamp(utc_ms / 1000, UTC).strftime("bytes:%Y-%m")
        if month is not None and month != self._month:
            self.keep()
            self._month, self._kept = month, self._spool.count(month)

    def keep(self) -> None:
        """Write the account to the spool."""
        if self._month is not None and self._pending:
            self._spool.add(self._month, self._pending)
            self._kept += self._pending
            self._pending = 0

    def month_bytes(self) -> int | None:
        """Return the bytes of this UTC month, None while the month is not known."""
        return None if self._month is None else self._kept + self._pending
