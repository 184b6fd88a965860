"""Brings frames into the store, and says of each what became of it. What it says is proof, or it says nothing.

Three things can go wrong, and each is told from the others by a known-good point, written and read back:
- the store is sick: the known-good point fails too. Nothing is answered, everything waits, the fault is named.
- a frame cannot be stored: it fails while the known-good point succeeds. It is isolated, all others flow.
- a part of a frame cannot be stored: the frame is cut until each sample has its own verdict.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.line.counters import Counters
from collector.store.dirty_hours import DirtyHours
from collector.store.store import Placed, Point, Store
from telemetry.frame import part

FIRST_PROBE_S, LAST_PROBE_S = 0.5, 2.0
"""How often a sick store is probed with one small point: soon, for the halls wait; a store that asks for more peace gets it."""
STRIKES = 2
"""How often a batch may fail while the known-good point succeeds, before it is taken apart."""
GOOD_SAMPLES = 50
"""A frame that was stored, at most so long, is the second known-good: the same kind of points as those that failed."""
TELL_AGAIN_S = 60.0
LOOK_EVERY_S = 60.0
"""How often a store that is well is checked while nothing else asks for it: rights and buckets go at any time."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Fate:
    """What became of a frame's samples: their numbers, and why some are not stored."""

    stored: int = 0
    expired: int = 0
    refused: int = 0
    held: int = 0
    reason: str = ""

    def add(self, other: Fate) -> None:
        """Add the fate of another part of the same frame."""
        for name in ("stored", "expired", "refused", "held"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reason = self.reason or other.reason


class _Failure(NamedTuple):
    """A batch that fails while a known-good point succeeds."""

    reason: str
    fault: Fault
    refusal: PointsRefusedError | None
    """None: the store gave no reason that speaks of the points."""


class Stopped(Exception):  # noqa: N818 - not an error
    """The line was told to stop while the store was sick; nothing is to be answered."""


class Keeper:
    """Writes for one line; safe in several threads."""

    def __init__(self, store: Store, counters: Counters, stop: threading.Event, *, patient: bool) -> None:
        self._store = store
        self._counters = counters
        self._stop = stop
        self._patient = patient
        self._dirty_hours = DirtyHours()
        self._good: Placed | None = None
        self._proven = False
        self._told = (Fault.BUSY, -TELL_AGAIN_S)
        self._look_at = 0.0

    def look(self) -> None:
        """Check the store when it is time to, whether or not there is anything to store: a sickness shows at once."""
        if time.monotonic() >= self._look_at:
            sound = self.prove()
            self._look_at = time.monotonic() + (LOOK_EVERY_S if sound else max(LAST_PROBE_S, self._counters.store_retry_s))

    def keep(self, batch: Sequence[Placed]) -> list[Fate]:
        """Return the fate of each frame once it is certain. Raises Stopped; StoreUnavailableError where not patient."""
        return list(self._keep(batch)) if batch else []

    def keep_point(self, point: Point) -> bool:
        """Store a point; False when it is refused for what is in it. Raises as `keep`."""
        return self._attempt([], point) is None

    def prove(self) -> bool:
        """Return whether the store takes known-good points and gives them back; a fault is told and counted."""
        try:
            with self._counters.asking():
                self._store.check()
            if (good := self._good) is not None:
                with self._counters.asking():
                    self._store.write([good])
        except StoreUnavailableError as error:
            self._sick(error)
            return False
        except PointsRefusedError as error:
            if error.expired:  # the known-good frame grew too old; the point itself went in
                self._good = None
            elif error.fault is not Fault.TYPE_CONFLICT:  # a conflict has its own answer and stops no other frame
                self._sick(StoreUnavailableError(f"a known-good point is refused: {error.reason}", error.fault or Fault.BROKEN))
                return False
        self._well()
        return True

    def _keep(self, batch: Sequence[Placed]) -> Iterator[Fate]:
        failure = self._attempt(batch)
        if failure is None:
            for placed in batch:
                if len(placed.frame.seq) <= GOOD_SAMPLES:
                    self._good = placed
                yield Fate(stored=len(placed.frame.seq))
        elif len(batch) > 1:
            middle = len(batch) // 2
            yield from self._keep(batch[:middle])
            yield from self._keep(batch[middle:])
        else:
            yield self._judge(batch[0], failure)

    def _judge(self, placed: Placed, failure: _Failure) -> Fate:
        """Find what became of one frame that failed alone."""
        frame, refusal = placed.frame, failure.refusal
        count = len(frame.seq)
        if refusal is None or refusal.fault is not None:
            self._note(failure)
            return Fate(held=count, reason=failure.reason)
        if count > 1:
            fate = Fate()
            for half in (part(frame, 0, count // 2), part(frame, count // 2, count)):
                for found in self._keep([Placed(half, placed.site)]):
                    fate.add(found)
            return fate
        again = self._attempt([placed])  # twice, with the known-good point in between: a store may have been sick for a moment
        if again is None:
            return Fate(stored=1)
        if again.refusal is None or again.refusal.fault is not None:
            return Fate(held=1, reason=again.reason)
        if again.refusal.expired:
            return Fate(expired=1, reason=again.reason)
        return Fate(refused=1, reason=again.reason)

    def _attempt(self, batch: Sequence[Placed], also: Point | None = None) -> _Failure | None:
        """Write until it is stored (None), or until it is certain that these points are the cause."""
        strikes = 0
        while not self._stop.is_set():
            if not self._proven:
                self._wait_until_proven()
            try:
                with self._counters.asking():
                    if also is not None:
                        self._store.write_points([also])
                    else:
                        self._dirty_hours.write(self._store, batch)
            except PointsRefusedError as error:
                failure = _Failure(error.reason, error.fault or Fault.BROKEN, error)
            except StoreUnavailableError as error:
                strikes, failure = strikes + 1, _Failure(error.reason, error.fault, None)
                self._sick(error)
            else:
                return None
            if self.prove() and (failure.refusal is not None or strikes >= STRIKES):
                return failure
        raise Stopped

    def _wait_until_proven(self) -> None:
        delay_s = FIRST_PROBE_S
        while not self._stop.is_set() and not self.prove():
            self._stop.wait(max(delay_s, self._counters.store_retry_s))
            delay_s = min(2 * delay_s, LAST_PROBE_S)
        if self._stop.is_set():
            raise Stopped

    def _sick(self, error: StoreUnavailableError) -> None:
        self._proven = False
        self._counters.store_failed(error)
        if not self._patient:
            raise error
        fault, told_at = self._told
        if error.fault is not fault or time.monotonic() - told_at >= TELL_AGAIN_S:
            self._told = (error.fault, time.monotonic())
            log.error("event=store_sick fault=%s reason=%r cure=%r", error.fault, error.reason, error.cure)

    def _well(self) -> None:
        if not self._counters.store_up:
            log.info("event=store_well after_s=%.0f", self._counters.store_down_s)
            self._told = (Fault.BUSY, -TELL_AGAIN_S)
        self._proven = True
        self._counters.store_answered()

    def _note(self, failure: _Failure) -> None:
        """Make a fault of the store that stops single frames visible, as one that stops all is."""
        error = StoreUnavailableError(failure.reason, failure.fault)
        if self._counters.frame_failed(error):
            log.error("event=store_sick fault=%s frames=single reason=%r cure=%r", error.fault, error.reason, error.cure)
