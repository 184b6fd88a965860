"""One operator at one hall, gathered from daily rollups: a sum of days, and the days apart for the intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from collector.rollup import Histogram, Summary
from collector.rollup.summary import COUNTS, HISTOGRAMS, numbers
from collector.store.store import Row
from dashboards.needs.interval import Block, Intervals, intervals
from dashboards.needs.model import NS, Period

DAY_NS = 86_400 * NS
TENTH = 10


@dataclass
class Measured:
    """What the modems of an operator measured. Histograms stay texts until all are there: a year of them is read at once."""

    slots: dict[int, int] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    modems: set[str] = field(default_factory=set)
    plmns: set[str] = field(default_factory=set)
    block_ns: int = DAY_NS
    """Length of what is drawn together for the intervals: a day, or a week."""
    _counts: Counter[str] = field(default_factory=Counter)
    _texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _blocks: defaultdict[int, Block] = field(default_factory=lambda: defaultdict(Block))
    _levels: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _intervals: Intervals | None = None

    def add(self, row: Row) -> None:
        """Add a day of one modem. Two modems at a time do not make a day longer: the one that measured more counts."""
        if not row.get("samples"):
            return  # an operator that a later look took off this day
        day = int(row["time_ns"]) // NS
        served, slots = int(row.get("served", 0)), int(row.get("slots", 0))
        for name in COUNTS:
            self._counts[name] += int(row.get(name, 0))
        for name in HISTOGRAMS:
            text = row.get(f"{name}_hist")
            if text:
                self._texts[name].append(str(text))
        self.slots[day] = max(self.slots.get(day, 0), slots)
        asked = served + int(row.get("no_service", 0))
        if asked:
            self.days.add(day)
            place = int(row["time_ns"]) // self.block_ns
            block = self._blocks[place]
            block.served, block.asked, block.slots = block.served + served, block.asked + asked, block.slots + slots
            self._levels[place].append(str(row.get("rsrp_hist", "")))
        self.modems.add(str(row.get("modem", "")))

    @cached_property
    def summary(self) -> Summary:
        """Return the sum of all days."""
        summary = Summary()
        for name, count in self._counts.items():
            setattr(summary, name, count)
        for name, texts in self._texts.items():
            setattr(summary, name, total(texts))
        return summary

    @property
    def blocks(self) -> list[Block]:
        """Return the days, or weeks, in the order of time."""
        for place, texts in self._levels.items():
            self._blocks[place].rsrp = total(texts)
        return [self._blocks[place] for place in sorted(self._blocks)]

    def intervals(self, site: str, operator: str, period: Period) -> Intervals:
        """Return the intervals of this operator at this hall; drawn once."""
        if self._intervals is None:
            self._intervals = intervals(self.blocks, site, operator, period.first.isoformat(), period.end.isoformat())
        return self._intervals

    def settle(self, site: str, operator: str, period: Period) -> None:
        """Compute what costs, and let the texts go: what is left goes from process to process."""
        self.intervals(site, operator, period)
        self.summary  # noqa: B018 - it stays
        for held in (self._texts, self._levels, self._blocks):
            held.clear()


def total(texts: Sequence[str]) -> Histogram:
    """Return the sum of histograms that are texts."""
    found = np.array(numbers(" ".join(filter(None, texts))), dtype=np.float64)
    if not len(found):
        return {}
    values = np.rint(found[::2] * TENTH).astype(np.int64)
    low = int(values.min())
    sums = np.bincount(values - low, weights=found[1::2])
    places = np.nonzero(sums)[0]
    return {(low + place) / TENTH: count for place, count in zip(places.tolist(), sums[places].astype(int).tolist(), strict=True)}
