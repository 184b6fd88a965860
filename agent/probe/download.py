"""Payload rate of one download (urllib3), bound to one interface, bounded in bytes and time; redirects are not followed.

The bound is of the interface: what its counters say, with headers and whatever else passes meanwhile. A server may send as much
as the receive window offers before it hears that we have enough. So the window is never wider than what is still allowed, and a
server that knows ranges (RFC 9110 14.2) is asked for no more in the first place.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable

import urllib3

from agent.port.interface import moved
from telemetry.streams import Probe, ProbeKind

CONNECT_S, READ_S, TOTAL_S = 10.0, 10.0, 30.0
CHUNK_BYTES = 16_384
NARROWEST_BYTES, NARROWEST_SHARE = 6_000, 64
"""Four segments, or a 64th of the bound: with a buffer of less the line stops."""
NARROWEST_TLS_BYTES = 10_000
"""TLS is read by records of 16 kB: the bound is met to half of one."""
OFFERED = 0.4
"""Share of what is still allowed that the window offers; the buffer is twice that, the rest is headers and answers."""
LEAST_S = 0.02
"""A shorter time says nothing of a rate."""
ABORT = struct.pack("ii", 1, 0)
"""Linger of 0 s: closing tells the server at once that nothing more is wanted."""

Used = Callable[[], int]


def download(url: str, max_bytes: int, interface: str) -> Probe:
    """Fetch from a URL until its interface has moved `max_bytes`; what failed is in `error`."""
    found = Probe(kind=ProbeKind.DOWNLOAD, target=url)
    before, options = (
        moved(interface),
        [
            (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode()),
            (socket.SOL_SOCKET, socket.SO_RCVBUF, max(NARROWEST_BYTES, max_bytes // 8)),  # the kernel doubles it
            (socket.SOL_SOCKET, socket.SO_LINGER, ABORT),
        ],
    )
    pool = urllib3.PoolManager(socket_options=options, timeout=urllib3.Timeout(CONNECT_S, READ_S), retries=False)
    headers = {"User-Agent": "sinyal", "Accept-Encoding": "identity", "Range": f"bytes=0-{max_bytes - 1}"}
    try:
        reply = pool.request("GET", url, preload_content=False, redirect=False, headers=headers)
        if reply.status not in (200, 206):
            found.error = f"HTTP {reply.status}"
        else:
            _measure(reply, max_bytes, found, lambda: 0 if before is None else (moved(interface) or before) - before)
        reply.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        found.error = str(error)[:100]
    finally:
        pool.clear()
    return found


def _measure(reply: urllib3.BaseHTTPResponse, max_bytes: int, found: Probe, used: Used) -> None:
    """Read to the end or a bound. The rate counts from the head of the answer, so that it is the line's and not the server's.

    It ends where the window begins to be narrowed, which slows the line.
    """
    if reply.length_remaining == 0:
        found.error = "empty answer"
        return
    least = NARROWEST_TLS_BYTES if str(found.target).startswith("https:") else NARROWEST_BYTES
    narrowest = max(least, max_bytes // NARROWEST_SHARE)
    began, got = time.perf_counter(), 0
    rated: tuple[int, float] | None = None
    with socket.socket(fileno=os.dup(reply.fileno())) as sock:
        while time.perf_counter() - began < TOTAL_S:
            left = max_bytes - max(used(), got)
            if left <= narrowest:
                found.download_capped = True
                break
            if 2 * OFFERED * left < max_bytes / 4:
                rated = rated or (got, time.perf_counter() - began)
                _narrow(sock, max(narrowest // 2, int(OFFERED * left)))
            chunk = reply.read(min(CHUNK_BYTES, left // 8))
            if not chunk:
                break
            got += len(chunk)
    counted, taken_s = rated if rated and rated[1] >= LEAST_S else (got, time.perf_counter() - began)
    if counted == 0 or taken_s <= 0:
        found.error, found.download_capped = "empty answer", None
    else:
        found.download_kbps = round(counted * 8 / 1000 / taken_s, 1)


def _narrow(sock: socket.socket, size: int) -> None:
    """Let the server send no more than so many bytes before we read on: the window, and the buffer from which it is renewed."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, size)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)  # the kernel doubles it
