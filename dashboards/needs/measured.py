"""One operator at one hall, gathered from daily rollups: a sum of days, and the days apart for the intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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
    """What the modems of an operator measured. Rows stay as they are until all are there: a year of them is summed up at once."""

    slots: dict[int, int] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    modems: set[str] = field(default_factory=set)
    plmns: set[str] = field(default_factory=set)
    block_ns: int = DAY_NS
    """Length of what is drawn together for the intervals: a day, or a week."""
    _rows: list[Row] = field(default_factory=list)
    _intervals: Intervals | None = None

    def add(self, row: Row) -> None:
        """Add a day of one modem. Two modems at a time do not make a day longer: the one that measured more counts."""
        if not row.get("samples"):
            return  # an operator that a later look took off this day
        day, slots = int(row["time_ns"]) // NS, int(row.get("slots", 0))
        self.slots[day] = max(self.slots.get(day, 0), slots)
        if _asked(row):
            self.days.add(day)
        self.modems.add(str(row.get("modem", "")))
        self._rows.append(row)

    @cached_property
    def summary(self) -> Summary:
        """Return the sum of all days."""
        summary = Summary()
        for name in COUNTS:
            setattr(summary, name, sum(int(row.get(name, 0)) for row in self._rows))
        for name in HISTOGRAMS:
            if name != "rsrp":
                setattr(summary, name, total([str(row.get(f"{name}_hist", "")) for row in self._rows]))
        summary.rsrp = _sum(self._levels.values())
        return summary

    @cached_property
    def _levels(self) -> dict[int, Histogram]:
        """RSRP of each day, or week."""
        return totals([str(row.get("rsrp_hist", "")) for row in self._rows], [self._place(row) for row in self._rows])

    @property
    def blocks(self) -> list[Block]:
        """Return the days, or weeks, in the order of time."""
        blocks: defaultdict[int, Block] = defaultdict(Block)
        for row in filter(_asked, self._rows):
            block = blocks[self._place(row)]
            block.served += int(row.get("served", 0))
            block.asked += _asked(row)
            block.slots += int(row.get("slots", 0))
        for place, block in blocks.items():
            block.rsrp = self._levels.get(place, {})
        return [blocks[place] for place in sorted(blocks)]

    def _place(self, row: Row) -> int:
        return int(row["time_ns"]) // self.block_ns

    def intervals(self, site: str, operator: str, period: Period) -> Intervals:
        """Return the intervals of this operator at this hall; drawn once."""
        if self._intervals is None:
            self._intervals = intervals(self.blocks, site, operator, period.first.isoformat(), period.end.isoformat())
        return self._intervals

    def settle(self, site: str, operator: str, period: Period) -> None:
        """Compute what costs, and let the rows go: what is left goes from process to process."""
        self.intervals(site, operator, period)
        self.summary  # noqa: B018 - it stays
        self._rows.clear()
        del self._levels


def _asked(row: Row) -> int:
    """Return the samples of a day that say something of the network."""
    return int(row.get("served", 0)) + int(row.get("no_service", 0))


def total(texts: Sequence[str]) -> Histogram:
    """Return the sum of histograms that are texts."""
    return totals(texts, [0] * len(texts)).get(0, {})


def totals(texts: Sequence[str], places: Sequence[int]) -> dict[int, Histogram]:
    """Return the sums of histograms that are texts, by the place of each; all are read at once."""
    found = np.array(numbers(" ".join(filter(None, texts))), dtype=np.float64)
    if not len(found):
        return {}
    values = np.rint(found[::2] * TENTH).astype(np.int64)
    low = int(values.min())
    wide, first = int(values.max()) - low + 1, min(places)
    rows = np.repeat(np.array(places, dtype=np.int64) - first, [text.count(":") for text in texts])
    sums = np.bincount(rows * wide + values - low, weights=found[1::2])
    cells = np.nonzero(sums)[0]
    hists: defaultdict[int, Histogram] = defaultdict(dict)
    for cell, count in zip(cells.tolist(), sums[cells].astype(int).tolist(), strict=True):
        row, value = divmod(cell, wide)
        hists[first + row][(low + value) / TENTH] = count
    return dict(hists)


def _sum(hists: Iterable[Histogram]) -> Histogram:
    sums: Counter[float] = Counter()
    for hist in hists:
        sums.update(hist)
    return dict(sorted(sums.items()))
