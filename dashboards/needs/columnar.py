"""A day of raw samples rolled up over columns: what the collector's rollup says of each sample alone, weighed by how many say it.

Samples that differ in nothing but their levels are of one *kind*. The collector's own rule (`Summary.count`) counts one sample of
each kind and says which levels it takes; here it is multiplied. What depends on neighbours (whose sample it is, slots, changes of
the cell, hours that two installations measured) is said again over columns; tests hold it to the collector's, byte for byte.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from collector.rollup import Histogram, Summary
from collector.rollup.summary import COUNTS, SLOT_S
from collector.rollup.update import BUSY, DAY_HOURS, HOUR_NS, day_row
from collector.sites.sites import Site
from collector.store.accounts import Span, side_by_side, stretched
from collector.store.store import Point, Row
from telemetry.meaning import LEVEL, TELLING
from telemetry.operators import NUMBERS, operator_in

if TYPE_CHECKING:
    import pyarrow as pa

SLOT_NS = SLOT_S * 1_000_000_000
SLOTS_A_DAY = 86_400 // SLOT_S
WORDS = ("registration", "rat", "plmn", "home_plmn", "clock")
TOLD = ("reject_cause", *dict.fromkeys(name for names in TELLING.values() for name in names))
"""Of these the rule asks only whether they are there."""
LEVELS = {"rsrp": LEVEL, "rsrq": "rsrq_db", "sinr": "sinr_db", "rssi": "rssi_dbm", "band": "band"}
"""What goes into which histogram."""
OWNERS: tuple[str | None, ...] = (None, *NUMBERS)
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Column:
    """The values of a column, each once, and which of them a row has; -1: none."""

    values: list[Any]
    codes: Codes

    def taken(self, rows: Codes | Flags) -> Column:
        """Return some rows of it."""
        return Column(self.values, self.codes[rows])


@dataclass(slots=True)
class Roller:
    """Rolls up one day after the other; knows whose SIM each modem named last."""

    sites: Mapping[str, Site]
    _last: dict[tuple[str, str], int] = field(default_factory=dict)

    def day(self, table: pa.Table, first_hour: int) -> Iterator[Point]:
        """Yield the rows of a day that begins with this hour, from its samples of `signal` in the order of time by site."""
        columns = {name: _column(table, name) for name in ("site", "modem", "inst", "cell_id", *WORDS, *TOLD, *LEVELS.values())}
        time_ns: Codes = table["time_ns"].to_numpy()
        kept = _one_device(columns["site"], columns["inst"], columns["clock"], time_ns)
        modems = len(columns["modem"].values) + 1
        unit = columns["site"].codes * modems + columns["modem"].codes + 1
        order = np.argsort(unit, kind="stable")
        order = order[kept[order]]
        if not len(order):
            return
        columns = {name: column.taken(order) for name, column in columns.items()}
        names, unit = np.unique(unit[order], return_inverse=True)
        keys = [(columns["site"].values[k // modems], ["", *columns["modem"].values][k % modems]) for k in names.tolist()]
        yield from self._rows(keys, unit, columns, time_ns[order] - first_hour * HOUR_NS, first_hour)

    def _rows(
        self, keys: list[tuple[str, str]], unit: Codes, columns: Mapping[str, Column], since_ns: Codes, first_hour: int
    ) -> Iterator[Point]:
        kinds, kind = _kinds(columns)
        owner = self._owners(keys, unit, np.array([OWNERS.index(operator_in("signal", row)) for row in kinds])[kind])
        groups, group = np.unique(unit * len(OWNERS) + owner, return_inverse=True)
        totals = _totals(len(groups), group, _counted(kinds, kind, owner), columns, since_ns)
        of_hour = since_ns // HOUR_NS
        changed = _changes(columns["cell_id"].codes, unit * DAY_HOURS + of_hour)
        changes = np.bincount(group[changed], minlength=len(groups)).tolist()
        for k, name in enumerate(groups.tolist()):
            site, modem = keys[name // len(OWNERS)]
            totals[k].cell_changes = changes[k]
            yield day_row(self.sites[site], modem, OWNERS[name % len(OWNERS)], totals[k], first_hour)

    def _owners(self, keys: list[tuple[str, str]], unit: Codes, told: Codes) -> Codes:
        """Return whose sample each is: of the operator that its modem named last, also on a day before."""
        row = np.arange(len(unit))
        newest = np.maximum.accumulate(np.where(told > 0, row, -1))
        first = np.searchsorted(unit, np.arange(len(keys)))
        before = np.array([self._last.get(key, 0) for key in keys])
        owner: Codes = np.where(newest >= first[unit], told[newest], before[unit])
        ends = np.append(first[1:], len(unit)) - 1
        self._last |= dict(zip(keys, owner[ends].tolist(), strict=True))
        return owner


def _column(table: pa.Table, name: str) -> Column:
    found = table[name].combine_chunks().dictionary_encode()
    codes = found.indices.fill_null(-1).to_numpy().astype(np.int64)
    return Column(found.dictionary.to_pylist(), codes)


def _one_device(site: Column, inst: Column, clock: Column, time_ns: Codes) -> Flags:
    """Say which samples are of hours that one installation measured; an hour of two side by side is evidence of neither place."""
    kept = np.ones(len(time_ns), dtype=bool)
    hour = time_ns // HOUR_NS
    place = (hour - hour.min(initial=0)) * len(site.values) + site.codes if len(hour) else hour
    pairs = np.unique(np.stack([place, inst.codes])[:, inst.codes >= 0], axis=1)[0] if len(inst.values) > 1 else place[:0]
    shared, count = np.unique(pairs, return_counts=True)
    for one in shared[count > 1].tolist():
        rows = np.nonzero(place == one)[0]
        spans: dict[str, Span] = {}
        for k in rows.tolist():
            at: Row = {"inst": inst.values[inst.codes[k]] if inst.codes[k] >= 0 else "", "time_ns": int(time_ns[k])}
            if clock.codes[k] >= 0 and at["inst"]:
                stretched(spans, {**at, "clock": clock.values[clock.codes[k]]})
        if side_by_side(spans):
            where = site.values[one % len(site.values)]
            log.warning("event=hour_left_out site=%s hour=%d installations=%s", where, int(hour[rows[0]]), sorted(spans))
            kept[rows] = False
    return kept


def _kinds(columns: Mapping[str, Column]) -> tuple[list[Row], Codes]:
    """Return one sample of each kind, without levels, and the kind of each row."""
    kind = np.zeros(len(columns["clock"].codes), dtype=np.int64)
    for name in WORDS:
        kind = kind * (len(columns[name].values) + 1) + columns[name].codes + 1
    for name in TOLD:
        kind = kind * 2 + (columns[name].codes >= 0)
    _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    rows: list[Row] = []
    for k in first.tolist():
        row: Row = {name: columns[name].values[code] for name in WORDS if (code := columns[name].codes[k]) >= 0}
        rows.append(row | {name: 0 for name in TOLD if columns[name].codes[k] >= 0})
    return rows, kind


def _counted(kinds: list[Row], kind: Codes, owner: Codes) -> tuple[list[Summary], Codes]:
    """Let the rule count one sample of each kind and owner, with every level there is; return them, and which each row is."""
    pairs, pair = np.unique(kind * len(OWNERS) + owner, return_inverse=True)
    ones = []
    for name in pairs.tolist():
        one, row = Summary(), kinds[name // len(OWNERS)]
        one.count(dict.fromkeys(set(LEVELS.values()) - {LEVEL}, 0) | row, OWNERS[name % len(OWNERS)])
        ones.append(one)
    return ones, pair


def _totals(
    groups: int, group: Codes, counted: tuple[list[Summary], Codes], columns: Mapping[str, Column], since_ns: Codes
) -> list[Summary]:
    """Add up what was counted."""
    ones, pair = counted
    times = np.bincount(group * len(ones) + pair, minlength=groups * len(ones)).reshape(groups, len(ones))
    counts = times @ np.array([[getattr(one, name) for name in COUNTS] for one in ones])
    totals = [Summary(**dict(zip(COUNTS, row, strict=True))) for row in counts.tolist()]
    for number in range(len(OWNERS)):
        heard = times @ np.array([one.heard.get(number, 0) for one in ones])
        for k in np.nonzero(heard)[0].tolist():
            totals[k].heard[number] = int(heard[k])
    busy = np.isin((since_ns // HOUR_NS), BUSY)
    for name, source in LEVELS.items():
        taken = np.array([bool(getattr(one, name)) for one in ones])[pair] & (columns[source].codes >= 0)
        bins = [_bin(name, source, value) for value in columns[source].values]
        _histograms(totals, name, bins, group[taken], columns[source].codes[taken])
        if name in {"rsrp", "sinr"}:
            _histograms(totals, f"{name}_busy", bins, group[taken & busy], columns[source].codes[taken & busy])
    slots = np.zeros((groups, SLOTS_A_DAY), dtype=bool)
    slots[group, since_ns // SLOT_NS] = True
    by_hour = slots.reshape(groups, DAY_HOURS, -1).sum(axis=2)
    for total, hours in zip(totals, by_hour.tolist(), strict=True):
        total.slots = sum(hours)
        total.hours = {hour: n for hour, n in enumerate(hours) if n}
    return totals


def _bin(name: str, source: str, value: Any) -> float:
    """Return the place of a level in its histogram, as the rule puts it there."""
    one = Summary()
    one.count({"registration": "home", "rat": "lte", source: value})
    hist: Histogram = getattr(one, name)
    return next(iter(hist))


def _histograms(totals: list[Summary], name: str, bins: list[float], group: Codes, codes: Codes) -> None:
    if not len(codes):
        return
    values = sorted(set(bins))
    places = np.array([values.index(one) for one in bins])
    found = np.bincount(group * len(values) + places[codes], minlength=len(totals) * len(values)).reshape(len(totals), -1)
    for total, row in zip(totals, found, strict=True):
        there = np.nonzero(row)[0]
        setattr(total, name, {values[k]: n for k, n in zip(there.tolist(), row[there].tolist(), strict=True)})


def _changes(cell: Codes, hour: Codes) -> Codes:
    """Return the samples whose cell is another one than the last that was told in the same hour of the modem."""
    told = np.nonzero(cell >= 0)[0]
    same = hour[told[1:]] == hour[told[:-1]]
    found: Codes = told[1:][same & (cell[told[1:]] != cell[told[:-1]])]
    return found
