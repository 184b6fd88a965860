"""A storm: thousands of halls come back at once through the balancer, by TLS, each with a backlog, and measure on.

What a hall does is the agent's: the newest first, few frames in flight, a frame kept until its answer, sent again after a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import random
import resource
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.certificates import Pair
from lab.cluster import Cluster, running
from lab.servers import wait_for
from telemetry.ack import decode_ack, frame_id
from telemetry.frame import encode
from telemetry.topics import ack_topic, stream_topic
from tests.collector.frames import signal_frame

BACKLOG, SAMPLES = 12, 10
"""Frames of a hall's backlog, and samples of each: two hours at one a minute."""
LIVE_EVERY_S = 30.0
IN_FLIGHT, AGAIN_S = 4, 60.0
MOST_S = 1500.0
FILES = 60_000


@dataclass(slots=True)
class Hall:
    """One hall: what it keeps until it is answered; `live` are seconds from a measurement to its answer."""

    site: str
    backlog: deque[bytes]
    sent: int
    flying: dict[int, tuple[float, float, bytes]] = field(default_factory=dict)
    live: list[float] = field(default_factory=list)
    in_after_s: float = 0.0
    """When it was let in for the first time, since the storm began."""
    tries: int = 0
    measuring: bool = True

    @property
    def late(self) -> bool:
        """Whether something of its backlog is not answered."""
        return bool(self.backlog) or not all(since for since, _, _ in self.flying.values())

    def measure(self) -> bytes:
        """Make a frame of one sample, of now."""
        self.sent += 1
        return encode(signal_frame(self.sent, 1, self.site, t0_ms=int(time.time() * 1000) - self.sent * 30_000))


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([kind]) + bytes(length) + body


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, size, shift = (await reader.readexactly(1))[0], 0, 0
    while True:
        digit = (await reader.readexactly(1))[0]
        size, shift = size | (digit & 0x7F) << shift, shift + 7
        if not digit & 0x80:
            return kind, await reader.readexactly(size)


async def _session(hall: Hall, port: int, context: ssl.SSLContext, began: float, ended: asyncio.Event) -> None:
    """Be connected until the end or until the connection breaks."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="127.0.0.1", ssl_handshake_timeout=120
    )
    listening = None
    try:
        writer.write(_packet(0x10, b"\x00\x04MQTT\x04\x02\x0e\x10" + _text(hall.site)))
        writer.write(_packet(0x82, b"\x00\x01" + _text(ack_topic(hall.site)) + b"\x00"))
        kind, body = await _read(reader)
        if (kind, body) != (0x20, bytes(2)):
            raise ConnectionError(f"turned away: {kind:02x} {body.hex()}")
        await _read(reader)
        hall.in_after_s = hall.in_after_s or time.monotonic() - began
        hall.flying = {crc: (since, 0.0, payload) for crc, (since, _, payload) in hall.flying.items()}
        live_at, answered = 0.0, asyncio.Event()
        listening = asyncio.create_task(_listen(reader, hall, answered))
        while not ended.is_set():
            if listening.done():
                listening.result()
            now = time.monotonic()
            if now >= live_at and hall.measuring:
                payload = hall.measure()
                hall.flying[frame_id(payload)] = (now, 0.0, payload)
                live_at = now + LIVE_EVERY_S * random.uniform(0.9, 1.1)
            while hall.backlog and len(hall.flying) < IN_FLIGHT:
                payload = hall.backlog.popleft()
                hall.flying[frame_id(payload)] = (0.0, 0.0, payload)
            for crc, (since, sent, payload) in hall.flying.items():
                if now - sent > AGAIN_S or not sent:
                    writer.write(_packet(0x30, _text(stream_topic(hall.site, "signal")) + payload))
                    hall.flying[crc] = (since, now, payload)
            answered.clear()
            with contextlib.suppress(TimeoutError):
                wait_s = live_at - time.monotonic() if hall.measuring else AGAIN_S
                await asyncio.wait_for(answered.wait(), max(0.05, wait_s))
    finally:
        if listening is not None:
            listening.cancel()
        writer.transport.abort()


async def _listen(reader: asyncio.StreamReader, hall: Hall, answered: asyncio.Event) -> None:
    try:
        while True:
            kind, body = await _read(reader)
            if kind & 0xF0 == 0x30:
                _answered(hall, body[2 + int.from_bytes(body[:2], "big") :])
                answered.set()
    finally:
        answered.set()  # that it has ended is news too


def _answered(hall: Hall, payload: bytes) -> None:
    ack = decode_ack(payload)
    assert not ack.bad, ack.bad
    for crc in ack.ok:
        since, _, _ = hall.flying.pop(crc, (0.0, 0.0, b""))
        if since:
            hall.live.append(time.monotonic() - since)


async def _live(hall: Hall, port: int, context: ssl.SSLContext, began: float, ended: asyncio.Event) -> None:
    while not ended.is_set():
        hall.tries += 1
        try:
            await _session(hall, port, context, began, ended)
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(random.uniform(1, 5))  # turned away or cut off: it comes again, as a hall does


async def _until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - thousands of halls would each have to set an event
        await asyncio.sleep(0.2)


async def _storm(halls: list[Hall], port: int, authority: Path, pairs: dict[str, Pair]) -> float:
    """Let all come at once; return the seconds until the last backlog was answered. Raises TimeoutError."""
    contexts = {}
    for hall in halls:
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(pairs[hall.site].cert, pairs[hall.site].key)
        contexts[hall.site] = context
    ended, began = asyncio.Event(), time.monotonic()
    tasks = [asyncio.create_task(_live(hall, port, contexts[hall.site], began, ended)) for hall in halls]
    try:
        async with asyncio.timeout(MOST_S):
            await _until(lambda: not any(hall.late for hall in halls))
        drained = time.monotonic() - began
        async with asyncio.timeout(120):
            await asyncio.sleep(LIVE_EVERY_S)
            for hall in halls:
                hall.measuring = False  # of thousands that go on, some frame is always on its way
            await _until(lambda: not any(hall.flying for hall in halls))
    finally:
        ended.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return drained


def _register(folder: Path, count: int) -> tuple[Path, list[str]]:
    sites = [f"64{80000000 + number:08d}" for number in range(count)]
    with (folder / "sites.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "kecamatan", "desa", "lat", "lon", "coordinate_source"))
        writer.writerows((site, f"K {site[4:6]}", f"D {site}", 0.5, 116.5, "centroid") for site in sites)
    return folder / "sites.csv", sites


def _hall(site: str) -> Hall:
    now_ms = int(time.time() * 1000)
    frames = deque[bytes]()
    for number in range(BACKLOG):
        first = number * SAMPLES + 1
        frames.appendleft(encode(signal_frame(first, SAMPLES, site, t0_ms=now_ms - (BACKLOG * SAMPLES + 10) * 30_000)))
    return Hall(site, frames, BACKLOG * SAMPLES)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def run_storm(folder: Path, count: int) -> bool:
    """Raise a storm of so many halls; print what came of it; whether nothing was lost or doubled."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    register, sites = _register(folder, count)
    with running(folder / "cluster", register) as cluster:
        pairs = {site: cluster.authority.issue(site) for site in sites}
        halls = [_hall(site) for site in sites]
        load = os.getloadavg()[0]
        drained = asyncio.run(_storm(halls, cluster.door.port, cluster.authority.cert, pairs))
        live = [seconds for hall in halls for seconds in hall.live]
        let_in, tries = [hall.in_after_s for hall in halls], sum(hall.tries for hall in halls)
        told = f"{count:,} halls by TLS, {BACKLOG * SAMPLES} samples of backlog each"
        print(f"{os.cpu_count()} cores, load {load:.1f} before; {told}")
        print(f"let in: p50 {_percentile(let_in, 0.5):.1f} s, all after {max(let_in):.1f} s, by {tries:,} connections")
        print(f"all backlogs answered after {drained:.1f} s: {count * BACKLOG * SAMPLES / drained:,.0f} samples a second")
        told = ", ".join(f"p{share * 100:.0f} {_percentile(live, share):.2f} s" for share in (0.5, 0.99))
        print(f"live meanwhile: {len(live):,} measured and answered, {told}", flush=True)
        return _counted(cluster, halls)


def _counted(cluster: Cluster, halls: list[Hall]) -> bool:
    wanted = {hall.site: hall.sent for hall in halls}
    found = [_of_replica(cluster, number, wanted) for number in range(len(cluster.stores))]
    return all(found)


def _of_replica(cluster: Cluster, number: int, wanted: dict[str, int]) -> bool:
    def seqs() -> list[tuple[str, int]]:
        rows = cluster.stored(number).samples("signal", 0, 2**62, names=("seq",))
        return [(str(row["site"]), int(row["seq"])) for row in rows]

    total = sum(wanted.values())
    wait_for(lambda: len(seqs()) >= total, f"replica {number} to have all", 60)
    found = seqs()
    there = set(found)
    lost = sum((site, seq) not in there for site, count in wanted.items() for seq in range(1, count + 1))
    doubled = len(found) - len(there)
    print(f"replica {number}: {total:,} measured, {lost} lost, {doubled} doubled", flush=True)
    return lost == doubled == 0
