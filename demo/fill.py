"""One hall's made-up history into a store: raw samples, and the rollups of all of it, computed as the samples are made."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from collector.rollup import READ, ModemHour, Tally, rows_of
from collector.sites.sites import Site
from collector.store.store import Placed, Point, Row, Store
from demo.history import HOUR_S, SLOW_S, History
from demo.patient import patiently
from demo.profiles import Profile
from telemetry.frame import Frame

WRITE_SAMPLES = 10_000
THIN_S, THIN_SLOW_S = 300, 3600
"""Before the raw samples: an interval that still fills every slot of a rollup, and one for everything else."""
NOT_KEPT = ("signal", "cell")
"""Streams of which only the rollups stay before the raw samples."""


@dataclass(frozen=True, slots=True)
class Span:
    """UTC seconds. From `start_s` on there are rollups, from `raw_s` (start of an hour) every sample; until `end_s`."""

    start_s: int
    raw_s: int
    end_s: int

    def hours(self) -> Iterable[int]:
        """Return the starts of all hours."""
        return range(self.start_s // HOUR_S * HOUR_S, self.end_s, HOUR_S)


class Rollup:
    """The rollup of one modem, as its samples come in the order of time."""

    def __init__(self) -> None:
        self.hours: dict[int, ModemHour] = {}
        self._hour, self._tally = 0, Tally()
        self._last: str | None = None

    def add(self, rows: Iterable[Row]) -> None:
        """Count samples."""
        for row in rows:
            hour = int(row["time_ns"]) // (HOUR_S * 1_000_000_000)
            if hour != self._hour:
                self.settle()
                self._hour, self._tally = hour, Tally()
            self._tally.add(row)

    def settle(self) -> None:
        """Take up the hour that was counted last."""
        if self._hour:
            self.hours[self._hour] = found = self._tally.settle(self._last)
            self._last = found.last


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a hall is made up of; the same recipe gives the same points."""

    site: Site
    profile: Profile
    interval_s: int
    seed: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A hall as far as it was written: enough to go on in another process. `samples` counts what was kept."""

    history: History
    samples: int
    status: Sequence[Point]


class Filler:
    """Writes one hall. `fill` once, then `live` as time goes on: the same hall, the same numbers going on."""

    def __init__(self, store: Store, recipe: Recipe, filled: Filled | None = None) -> None:
        site, interval_s = recipe.site, recipe.interval_s
        self.samples = filled.samples if filled else 0
        self.status: Sequence[Point] = filled.status if filled else ()
        """When the hall came and went, as far as it is filled."""
        self.history = filled.history if filled else History(site, recipe.profile, interval_s, recipe.seed)
        self._store, self._site, self._interval_s = store, site, interval_s
        self._rollups: dict[str, Rollup] = {}
        self._batch: list[Placed] = []
        self._waiting = 0

    def fill(self, span: Span) -> None:
        """Write everything of a span. Raises as the store does."""
        history, thin = self.history, span.raw_s > span.start_s
        if thin:
            history.interval_s, history.slow_s = max(THIN_S, self._interval_s), THIN_SLOW_S
        for hour_s in span.hours():
            if thin and hour_s >= span.raw_s:
                self._take(history.rest(), thin=True)
                history.interval_s, history.slow_s, thin = self._interval_s, SLOW_S, False
            self._take(history.hour(hour_s, span.start_s, span.end_s), thin=thin)
        self._take(history.rest(), thin=thin)
        self._write()
        points = [*history.status, *self._rows()]
        for first in range(0, len(points), WRITE_SAMPLES):
            patiently(partial(self._store.write_points, points[first : first + WRITE_SAMPLES]))
        self.status, history.status = history.status, []
        self._rollups.clear()

    def filled(self) -> Filled:
        """Return what another process needs to go on with this hall."""
        return Filled(self.history, self.samples, self.status)

    def live(self, since_s: int, until_s: int) -> tuple[list[Placed], list[Point]]:
        """Return the frames and points of a short time up to now."""
        frames: list[Frame] = []
        for hour_s in range(since_s // HOUR_S * HOUR_S, until_s, HOUR_S):
            frames += self.history.hour(hour_s, since_s, until_s)
        points, self.history.status = self.history.status, []
        return [Placed(self._numbered(frame), self._site) for frame in (*frames, *self.history.rest())], points

    def _take(self, frames: Iterable[Frame], *, thin: bool) -> None:
        for frame in frames:
            if frame.stream == "signal":
                self._rollups.setdefault(frame.modem or "", Rollup()).add(_rows(frame))
            if thin and frame.stream in NOT_KEPT:
                continue
            self._batch.append(Placed(self._numbered(frame), self._site))
            self._waiting += len(frame.seq)
            if self._waiting >= WRITE_SAMPLES:
                self._write()

    def _numbered(self, frame: Frame) -> Frame:
        """Return it with numbers of its own: the samples that are kept are numbered without a gap."""
        first = self.samples + 1
        self.samples += len(frame.seq)
        return replace(frame, seq=list(range(first, self.samples + 1)))

    def _write(self) -> None:
        if self._batch:
            patiently(partial(self._store.write, self._batch))
            self._batch, self._waiting = [], 0

    def _rows(self) -> Iterator[Point]:
        for modem, rollup in self._rollups.items():
            rollup.settle()
            yield from rows_of(self._site, modem, rollup.hours)


def fill_here(store: Store, recipes: Sequence[Recipe], span: Span) -> Generator[Filled]:
    """Write these halls one after the other; yield each when it is written. Raises as the store does."""
    for recipe in recipes:
        filler = Filler(store, recipe)
        filler.fill(span)
        yield filler.filled()


def _rows(frame: Frame) -> Iterator[Row]:
    """Yield the samples of a frame as a store gives them back, as far as a rollup asks."""
    cols = {name: column for name, column in frame.cols.items() if name in READ}
    names, gaps = tuple(cols), any(None in column for column in cols.values())
    for t_ms, *cells in zip(frame.t_ms, *cols.values(), strict=True):
        same: Row = {**frame.const, "time_ns": t_ms * 1_000_000}
        row = dict(zip(names, cells, strict=True))
        yield same | ({name: value for name, value in row.items() if value is not None} if gaps else row)
