"""How long the path to the broker stays open without traffic: a NAT that forgets after a minute costs a TLS session a frame.

It is learnt from connections that break at the first word after a silence: twice in a row, and from then on the kernel keeps the
path open (TCP keep-alive, 80 bytes), half as long apart each time that is not enough. A path that forgets sooner than that is
worth is left to TLS tickets: a connection for each frame, made before the frame leaves and not after it has vanished.
"""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Callable

from telemetry.streams import Event

log = logging.getLogger(__name__)

STRIKES = 2
SHORTEST_S = 15.0
"""Kept open more often than this, the path would cost more than new sessions do."""
SILENCE_S = 10.0
"""What follows sooner says nothing about a silence."""


class IdlePath:
    """One thread uses it. `keep_open_s`: how often the path must see traffic, None while it holds by itself or is beyond help."""

    def __init__(self, record_event: Callable[[Event], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self._record_event, self._now = record_event, now
        self.keep_open_s: float | None = None
        self.forgets_s: float | None = None
        """After how long it forgot a connection, where it ever did."""
        self._strikes = 0
        self._last = self._now()
        self._silence: float | None = None

    @property
    def beyond_help(self) -> bool:
        """Whether the path forgets so soon that each frame is a connection of its own."""
        return self.forgets_s is not None and self.keep_open_s is None

    @property
    def gone(self) -> bool:
        """Whether the connection has been silent for as long as a path beyond help takes to forget."""
        return self.beyond_help and self.forgets_s is not None and self._now() - self._last >= self.forgets_s

    def opened(self, sock: socket.socket | None) -> None:
        """Begin a connection; let the kernel keep it open where that is known to be needed."""
        self._last, self._silence = self._now(), None
        if sock is not None and self.keep_open_s is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((socket.TCP_KEEPIDLE, self.keep_open_s), (socket.TCP_KEEPINTVL, self.keep_open_s)):
                sock.setsockopt(socket.IPPROTO_TCP, option, int(value))

    def leave(self, sock: socket.socket | None) -> None:
        """Let the kernel say goodbye once: on a path that is gone it would repeat it for minutes."""
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def said(self) -> None:
        """Note that something was sent; after a silence its answer tells whether the path was still open."""
        silence = self._now() - self._last
        if self._silence is None and silence >= SILENCE_S:
            self._silence = silence if self.keep_open_s is None else min(silence, self.keep_open_s)
        self._last = self._now()

    def heard(self) -> None:
        """Note that something came back."""
        if self._silence is not None:
            self._strikes = 0
        self._last, self._silence = self._now(), None

    def broke(self) -> None:
        """Note that the connection is gone."""
        silence, self._silence = self._silence, None
        if silence is None:
            return
        self._strikes += 1
        if self._strikes < STRIKES or self.beyond_help:
            return  # not certain yet, or known
        self._strikes = 0
        self.forgets_s = silence
        self.keep_open_s = silence / 2 if silence / 2 >= SHORTEST_S else None
        done = "left to TLS tickets" if self.keep_open_s is None else f"kept open every {self.keep_open_s:.0f} s"
        detail = f"the path forgets a connection that is silent for {silence:.0f} s: {done}"
        log.warning("event=path_forgets silence_s=%.0f keep_open_s=%s", silence, self.keep_open_s)
        self._record_event(Event(kind="path_forgets", detail=detail))
