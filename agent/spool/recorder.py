"""The one road of a sample to the card: every worker calls `record`, one writer writes what came together."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from agent.errors import SpoolError
from agent.spool.change import ChangeDetector
from agent.spool.clock import Clock
from agent.spool.rebase import settle
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from ground.alive import expect
from telemetry.streams import STREAMS, Event, Row, Signal, present

log = logging.getLogger(__name__)

GATHER_S = 0.1
"""Samples of one poll are written together."""
GATHER_ALL_S = 1.5
"""Modems are polled at the same moment, and one needs longer: it is waited for, unless there is news. Each write wears the card
by a page or two (P9), and no more than this is at risk beside the sample being taken."""
MAX_WAITING = 10_000
"""Samples kept in memory while the card refuses to write; then the newest are dropped and counted."""
RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Item:
    stream: str
    modem: str | None
    mono_ms: int
    body: bytes
    urgent: bool


class Recorder(threading.Thread):
    """Takes samples from any thread and writes them to the spool. `on_urgent` is called when an urgent one is on the card."""

    def __init__(self, spool: Spool, clock: Clock, changes: ChangeDetector, on_urgent: Callable[[], None]) -> None:
        super().__init__(name="recorder", daemon=True)
        self._spool, self._clock, self._changes, self._on_urgent = spool, clock, changes, on_urgent
        self._queue: queue.Queue[_Item | None] = queue.Queue(MAX_WAITING)
        self._trusted: tuple[int | None, str] | None = None
        self._dropped = 0
        self._polled: set[str | None] = set()
        """The modems of the last tick."""
        self._ending = threading.Event()

    def record(self, stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        """Take one sample as of `mono_ms` since boot, or of now. Never blocks; what a full card cannot keep is counted."""
        if not isinstance(row, STREAMS[stream]):
            raise TypeError(f"stream {stream} takes {STREAMS[stream].__name__}, got {type(row).__name__}")
        urgent = isinstance(row, Signal) and self._changes.changed(modem, row)
        at_ms = self._clock.mono_ms() if mono_ms is None else mono_ms
        item = _Item(stream, modem, at_ms, orjson.dumps(present(row)), urgent)
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._dropped += 1

    def trusted(self, offset_ms: int | None, source: str) -> None:
        """Note what the clock believes (None: nothing): the writer dates samples by it, and none leaves before."""
        self._spool.dating = True
        self._trusted = (offset_ms, source)

    def stop(self) -> None:
        """Write what waits and end."""
        self._ending.set()
        self._queue.put(None)
        self.join(timeout=10)

    def run(self) -> None:
        """Gather and commit until stopped."""
        going = True
        while going or not self._queue.empty():
            more, batch = self._gather()
            going = going and more
            self._write_until_done(batch)

    def _gather(self) -> tuple[bool, list[_Item]]:
        batch: list[_Item] = []
        began = deadline = time.monotonic() + 1.0
        polled: set[str | None] = set()
        while True:
            try:
                item = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return False, batch
            began = time.monotonic() if not batch else began
            batch.append(item)
            if item.stream == "signal":
                polled.add(item.modem)
            all_here = not polled or polled >= self._polled or any(i.urgent for i in batch)
            deadline = min(began + GATHER_ALL_S, time.monotonic() + GATHER_S) if all_here else began + GATHER_ALL_S
        self._polled = polled or self._polled
        return True, batch

    def _write_until_done(self, batch: list[_Item]) -> None:
        while True:
            try:
                return self._write(batch)
            except SpoolError as error:
                log.critical("event=spool_write_failed waiting=%d reason=%r", len(batch), str(error))
                if self._ending.wait(RETRY_S):
                    return None

    def _write(self, batch: list[_Item]) -> None:
        expect()
        self._clock.check()
        told = self._trusted
        if told is not None:
            offset_ms, source = told
            if settle(self._spool, offset_ms, source):
                self._on_urgent()  # the first round came before the time was known and found nothing to send
            if self._trusted is told:
                self._trusted = None
                self._spool.dating = False
        if batch:
            self._spool.append([self._entry(item, place) for place, item in enumerate(batch)])
            if any(item.stream != "event" for item in batch):  # an event that says what was thinned must not thin
                self._spool.keep_bounds()
        self._spool.tidy()
        self._note()
        if any(item.urgent for item in batch):
            self._on_urgent()

    def _entry(self, item: _Item, place: int) -> Entry:
        t_ms, clock = self._clock.stamp(item.mono_ms)
        body = item.body
        if item.stream == "device":  # exactly what waits below its own number: by that the server counts losses
            earlier = self._spool.earlier()
            more = {"spool_depth": self._spool.depth + place} | ({"spool_earlier": earlier} if earlier else {})
            body = orjson.dumps({**orjson.loads(body), **more})
        return Entry(item.stream, item.modem, item.mono_ms, t_ms, clock, body)

    def _note(self) -> None:
        """Record what spool and clock have to tell as events of their own."""
        for notices in (self._spool.notices, self._clock.notices):
            while notices:
                self.record("event", None, notices.pop(0))
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.record("event", None, Event(kind="samples_dropped", detail="the card did not take them in time", count=dropped))
