"""Payload rate of one download (urllib3), bound to one interface, bounded in bytes and time; redirects are not followed."""

from __future__ import annotations

import socket
import time

import urllib3

from telemetry.streams import Probe, ProbeKind

CONNECT_S, READ_S, TOTAL_S = 10.0, 10.0, 30.0
CHUNK_BYTES = 16_384


def download(url: str, max_bytes: int, interface: str) -> Probe:
    """Fetch at most `max_bytes` of a URL through an interface; what failed is in `error`."""
    found = Probe(kind=ProbeKind.DOWNLOAD, target=url)
    bound = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    pool = urllib3.PoolManager(socket_options=[bound], timeout=urllib3.Timeout(CONNECT_S, READ_S), retries=False)
    try:
        reply = pool.request("GET", url, preload_content=False, redirect=False, headers={"User-Agent": "sinyal"})
        if reply.status != 200:
            found.error = f"HTTP {reply.status}"
        else:
            _measure(reply, max_bytes, found)
        reply.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        found.error = str(error)[:100]
    finally:
        pool.clear()
    return found


def _measure(reply: urllib3.BaseHTTPResponse, max_bytes: int, found: Probe) -> None:
    """Read to the end or a bound. The rate counts from the head of the answer, so that it is the line's and not the server's."""
    began, got = time.perf_counter(), 0
    while got < max_bytes and time.perf_counter() - began < TOTAL_S:
        chunk = reply.read(min(CHUNK_BYTES, max_bytes - got))
        if not chunk:
            break
        got += len(chunk)
    taken_s = time.perf_counter() - began
    if got == 0 or taken_s <= 0:
        found.error = "empty answer"
    else:
        found.download_kbps = round(got * 8 / 1000 / taken_s, 1)
