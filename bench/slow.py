"""A slow link on loopback: a proxy that holds bytes back for as long as a rate and a round trip do, and counts them.

Every connection costs a round trip before its first byte, as TCP's greeting does; all connections share the rate, each way.
Loss is not imitated: where it matters, times are longer than these.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

PIECE = 1460
"""Payload of a packet, bytes."""


@dataclass(frozen=True, slots=True)
class Link:
    """A kind of link: bits per second each way, and the round trip in seconds."""

    name: str
    bits_s: float
    round_trip_s: float


class _Way:
    """One direction: a packet leaves when the ones before have left, and arrives half a round trip later."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._free_at = 0.0
        self.bytes = 0

    def arrival(self, size: int, now: float) -> float:
        """Return when a packet that is sent now has arrived."""
        self._free_at = max(self._free_at, now) + 8 * size / self._link.bits_s
        return self._free_at + self._link.round_trip_s / 2


class SlowLink:
    """The proxy. `url` is where it listens; `down` and `up` are the bytes so far."""

    def __init__(self, link: Link, url: str) -> None:
        self._link = link
        self._target = urlsplit(url).port
        self._up, self._down = _Way(link), _Way(link)
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self.url = ""

    @property
    def down(self) -> int:
        """Bytes towards the browser."""
        return self._down.bytes

    @property
    def up(self) -> int:
        """Bytes from the browser."""
        return self._up.bytes

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(self._link.round_trip_s)
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._carry(reader, back, self._up), self._carry(there, writer, self._down))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: _Way) -> None:
        packets: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                at, data = await packets.get()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                if not data:
                    sink.close()
                    return
                way.bytes += len(data)
                sink.write(data)
                await sink.drain()

        delivery = asyncio.ensure_future(deliver())
        with contextlib.suppress(OSError):
            while data := await source.read(PIECE):
                await packets.put((way.arrival(len(data), self._loop.time()), data))
        await packets.put((self._loop.time() + self._link.round_trip_s / 2, b""))
        with contextlib.suppress(OSError):
            await delivery

    async def _listen(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()

    def start(self) -> None:
        """Listen, in a thread of its own."""
        ready = threading.Event()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(self._listen(ready))
            self._loop.run_forever()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()


@contextlib.contextmanager
def slow(link: Link, url: str) -> Iterator[SlowLink]:
    """Put a slow link before a server."""
    made = SlowLink(link, url)
    made.start()
    try:
        yield made
    finally:
        made.stop()
