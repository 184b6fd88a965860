"""Reads what a page of evidence shows beside the report: hours of the last month, starts, cells and neighbours, a raw extract.

In short looks: an hour is one row of a rollup, cells are those of the first ten minutes of each hour
of the last day that the store has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from collector.store.store import Row as StoreRow
from collector.store.store import Store
from dashboards.needs.model import NS, Period
from ground.wita import WITA

HOUR_NS = 3600 * NS
STRIP_DAYS, LOOK_NS, LOOKS, CELL_LOOKS = 31, 600 * NS, 24, 4
HOURLY = ("samples", "served", "no_service", "silent", "no_sim", "rsrp_median_dbm")
CELL = ("plmn", "band", "earfcn", "arfcn", "pci", "cell_id", "tac", "rsrp_dbm")
RAW = ("registration", "rat", *CELL, "rsrq_db", "sinr_db", "home_plmn", "clock", "seq")
NEIGHBOUR = ("role", "rat", "band", "earfcn", "nrarfcn", "arfcn", "pci", "rsrp_dbm")
MOST_CELLS, MOST_RAW = 12, 48


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one operator: samples, served ones of those that could be, median RSRP in dBm."""

    start_ns: int
    samples: int
    served: int
    asked: int
    silent: int
    rsrp: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One cell: what identifies it, in how many samples, and how strong (median, dBm)."""

    names: tuple[tuple[str, object], ...]
    samples: int
    rsrp: float | None


@dataclass(slots=True)
class Detail:
    """What was read of one hall."""

    hours: defaultdict[str, list[Hour]] = field(default_factory=lambda: defaultdict(list))
    """By operator; of modems that never named one under an empty name."""
    boots: list[int] = field(default_factory=list)
    cells: list[Seen] = field(default_factory=list)
    neighbours: list[Seen] = field(default_factory=list)
    raw: list[StoreRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours without any sample of a hall, and whether the device started anew at its end."""

    start: datetime
    end: datetime
    started: bool

    @property
    def hours(self) -> int:
        """Return its length."""
        return int((self.end - self.start).total_seconds()) // 3600


def read_details(store: Store, sites: Iterable[str], period: Period) -> dict[str, Detail]:
    """Read the details of those of some halls that have any. Raises StoreUnavailableError."""
    found: defaultdict[str, Detail] = defaultdict(Detail)
    end = min(period.end_ns, int(period.now.timestamp()) * NS)
    first = strip_start(period)
    for site in sites:  # hours of one stand together in a store
        for row in store.samples("signal_1h", first, end, site, ("operator", *HOURLY)):
            if int(row.get("samples", 0)):
                found[site].hours[str(row.get("operator", ""))].append(_hour(row))
    for row in store.samples("event", first, end, names=("kind",)):
        if row.get("kind") == "boot":
            found[str(row["site"])].boots.append(int(row["time_ns"]))
    last = _last_hour(found)
    _looks(store, "signal", last, LOOKS, RAW, found)
    _looks(store, "cell", last, CELL_LOOKS, NEIGHBOUR, found)
    return dict(found)


def strip_start(period: Period) -> int:
    """Return where the strip of hours begins, UTC ns."""
    return max(period.start_ns, period.end_ns - STRIP_DAYS * 24 * HOUR_NS)


def _hour(row: StoreRow) -> Hour:
    served, away = int(row.get("served", 0)), int(row.get("no_service", 0))
    level = row.get("rsrp_median_dbm")
    return Hour(
        int(row["time_ns"]) // HOUR_NS * HOUR_NS,
        int(row["samples"]),
        served,
        served + away,
        int(row.get("silent", 0)) + int(row.get("no_sim", 0)),
        None if level is None else float(level),
    )


def _last_hour(found: Mapping[str, Detail]) -> int:
    return max((hour.start_ns for d in found.values() for hours in d.hours.values() for hour in hours[-1:]), default=0)


def _looks(store: Store, stream: str, last: int, looks: int, names: Sequence[str], found: Mapping[str, Detail]) -> None:
    rows: defaultdict[str, list[StoreRow]] = defaultdict(list)
    for number in range(looks - 1, -1, -1):
        start = last - number * HOUR_NS * (LOOKS // looks)
        modems: set[tuple[str, str]] = set()
        for row in store.samples(stream, start, start + LOOK_NS, names=names):
            site, modem = str(row["site"]), str(row.get("modem", ""))
            rows[site].append(row)
            if stream == "signal" and site in found and (site, modem) not in modems:
                modems.add((site, modem))
                found[site].raw.append(row)
    for site, of_site in rows.items():
        if site not in found:
            continue
        if stream == "signal":
            found[site].cells = seen(of_site, ("plmn", "band", "earfcn", "arfcn", "pci", "tac", "cell_id"))
        else:
            found[site].neighbours = seen(of_site, ("role", "rat", "band", "earfcn", "nrarfcn", "arfcn", "pci"))


def seen(rows: Iterable[StoreRow], names: Sequence[str]) -> list[Seen]:
    """Count the cells of samples, most often seen first; what names no cell is left out."""
    levels: defaultdict[tuple[tuple[str, object], ...], list[float]] = defaultdict(list)
    count: Counter[tuple[tuple[str, object], ...]] = Counter()
    for row in rows:
        key = tuple((name, row[name]) for name in names if name in row)
        if not {"pci", "cell_id", "earfcn", "arfcn", "nrarfcn"}.intersection(name for name, _ in key):
            continue
        count[key] += 1
        if "rsrp_dbm" in row:
            levels[key].append(float(row["rsrp_dbm"]))
    return [Seen(key, n, median(levels[key]) if levels[key] else None) for key, n in count.most_common(MOST_CELLS)]


def gaps(detail: Detail, period: Period) -> list[Gap]:
    """Return the hours of the strip in which no modem of the hall gave a sample, longest first."""
    there = {hour.start_ns // HOUR_NS for hours in detail.hours.values() for hour in hours}
    if not there:
        return []
    boots = {ns // HOUR_NS for ns in detail.boots}
    end = min(period.end_ns, int(period.now.timestamp()) * NS) // HOUR_NS
    found: list[Gap] = []
    begun: int | None = None
    for hour in range(strip_start(period) // HOUR_NS, end + 1):
        if hour in there or hour == end:
            if begun is not None:
                started = bool(boots.intersection(range(hour - 1, hour + 2)))
                found.append(Gap(_wita(begun), _wita(hour), started))
            begun = None
        elif begun is None:
            begun = hour
    return sorted(found, key=lambda gap: (-gap.hours, gap.start))


def _wita(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, WITA)
