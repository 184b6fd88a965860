"""How large a segment may be: on a path that loses large packets and tells nobody, a connection stands still (RFC 2923).

The kernel finds the size by itself where it is allowed to (net.ipv4.tcp_mtu_probing at both ends). Where it is not, the next
connection but one announces a smaller size in its first packet, which binds both ends: the largest that IPv6 lets any path have,
then the one that every host takes (RFC 9293, 3.7.1), then none again, for it may have been something else. But one: a broker that
all halls come back to at once stands still as well, and is only slow. What was found holds for that path, and for a day.
"""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Callable

from telemetry.streams import Event

log = logging.getLogger(__name__)

SIZES = (None, None, 1220, 536)
"""Payload of a TCP segment at most, bytes; None is what the interface allows."""


def unconfirmed(sock: socket.socket | None) -> bool:
    """Whether segments wait for the other end's confirmation (tcpi_unacked of struct tcp_info, linux/tcp.h)."""
    try:
        info = b"" if sock is None else sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    except OSError:
        return True
    return len(info) == 28 and struct.unpack_from("=I", info, 24)[0] > 0


UNACKED_MS = 120_000
"""The kernel gives a connection up whose data nobody confirms for this long (TCP_USER_TIMEOUT)."""


AGAIN_S = 86_400.0
"""After so long a connection is tried with larger segments again: the hole may be gone, and small segments are headers to pay."""


def leaves_by(place: tuple[object, ...], family: int) -> str | None:
    """Return the local address from which a place is reached now, None where it is not; nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(place)
            return str(sock.getsockname()[0])
    except OSError:
        return None


class Segments:
    """The size that the next connection announces. One thread uses it."""

    def __init__(self, record_event: Callable[[Event], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self._record_event, self._now = record_event, now
        self._at = 0
        self._path: str | None = None
        self._shrunk_at = 0.0
        self._told: int | None = None

    @property
    def at_most(self) -> int | None:
        """Bytes of a segment on this path, None where nothing is known against the usual ones."""
        return SIZES[self._at]

    def dial(self, address: tuple[str, int], timeout_s: float) -> socket.socket:
        """Connect to one of the addresses of a host, as socket.create_connection does. Raises OSError of the last one."""
        last = OSError(f"{address[0]} has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as error:
                last = error
                continue
            try:
                again = self._may_be_larger(leaves_by(place, family))
                sock.settimeout(timeout_s)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKED_MS)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)  # the answer carries the confirmation (P8)
                if self.at_most is not None and not again:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self.at_most)
                sock.connect(place)
            except OSError as error:
                sock.close()
                last = error
            else:
                self._at = 0 if again else self._at
                return sock
        raise last

    def _may_be_larger(self, path: str | None) -> bool:
        """Whether what stood still was on another path than the one from this local address, or long ago."""
        return path != self._path or self._now() - self._shrunk_at >= AGAIN_S

    def stood_still(self, sock: socket.socket | None) -> None:
        """Note that a connection came to nothing within its time; the next is tried smaller if what was sent had arrived."""
        if sock is None or unconfirmed(sock):
            return  # nothing passed at all: no question of size
        self._path, self._shrunk_at = str(sock.getsockname()[0]), self._now()
        self._at = (self._at + 1) % len(SIZES)
        log.warning("event=connection_stood_still next_segment_bytes=%s", self.at_most)

    def passed(self) -> None:
        """Note that the broker took a connection."""
        if self.at_most is None:
            self._at = 0
        if self.at_most in (None, self._told):
            return
        self._told = self.at_most
        detail = f"connections stood still although small packets passed; it goes with segments of {self.at_most} bytes at most"
        log.warning("event=path_mtu segment_bytes=%d", self.at_most)
        self._record_event(Event(kind="path_mtu", detail=detail))
