"""Loss accounting by seq: what is stored of each installation, day by day, without ever holding the numbers themselves.

An agent numbers all its samples, over all streams, without a gap. So of an installation the highest number minus the lowest plus
one were measured, and what is stored less than that is missing: each day needs only how many numbers, the lowest and the highest.
The database counts them (Store.seq_days); a day is counted again only when the dirty hours (`touched`) name one of it.
Measurement `fleet_1d`: one row per site and day, some 50,000 a year for 141 halls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from collector.sites.sites import Site
from collector.store.dirty_hours import WINDOW_NS
from collector.store.lines import apart_ns
from collector.store.store import Point, Row, Store

DAY_NS = 86_400_000_000_000
FIRST_DAY_NS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
"""No hall measured before; a store whose accounts were never made up is counted from here."""
SPAN_NS = 28 * DAY_NS
"""How much one question asks of the database."""
MEASUREMENT = "fleet_1d"


@dataclass(slots=True)
class Day:
    """One installation's day. stored, first, last, skipped: of the samples taken on it; late, rejected: of what arrived on it."""

    stored: int = 0
    first: int | None = None
    last: int | None = None
    skipped: int = 0
    """Numbers that the agent itself says it left out (event seq_skipped)."""
    late: int = 0
    rejected: int = 0
    """Frames answered `bad`."""


Days = dict[int, Day]
"""One installation's days by their start, ns UTC."""
Accounts = dict[str, Days]
"""One site's installations; late and rejected, which are of the whole site, and samples without installation are under ''."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is stored of an installation: how many numbers, lowest and highest, its last day (ns UTC), and how many it skipped."""

    stored: int
    first: int
    last: int
    last_day_ns: int
    skipped: int

    @property
    def missing(self) -> int:
        """How many numbers between the lowest and the highest are not stored."""
        return max(0, self.last - self.first + 1 - self.stored)


def numbers(days: Days) -> Numbers | None:
    """Add up an installation's days; None where nothing of it was ever stored."""
    kept = {start: day for start, day in days.items() if day.first is not None and day.last is not None}
    if not kept:
        return None
    first, last = min(day.first or 0 for day in kept.values()), max(day.last or 0 for day in kept.values())
    stored, skipped = sum(day.stored for day in kept.values()), sum(day.skipped for day in days.values())
    return Numbers(stored, first, last, max(kept), skipped)


class Ledger:
    """The days of all sites. `read`, then `bring_up_to_date`; `points` gives what changed, to be stored."""

    def __init__(self) -> None:
        self.sites: defaultdict[str, Accounts] = defaultdict(dict)
        self._changed: set[tuple[str, str, int]] = set()

    def read(self, store: Store, now_ns: int) -> None:
        """Take up the days that were counted before. Raises StoreUnavailableError."""
        for row in store.samples(MEASUREMENT, FIRST_DAY_NS, now_ns + SPAN_NS):
            values = {name: int(row[name]) for name in asdict(Day()) if name in row}
            days = self.sites[str(row["site"])].setdefault(str(row.get("inst", "")), {})
            days[_start(row)] = Day(**values)

    def bring_up_to_date(self, store: Store, since_ns: int | None, now_ns: int) -> None:
        """Count again what changed since the last time (None: everything). Raises StoreUnavailableError."""
        if since_ns is None:
            first, last = FIRST_DAY_NS, now_ns // DAY_NS * DAY_NS + SPAN_NS  # a clock that is ahead gives days of the future
            for start in range(first, last, SPAN_NS):
                self._count(store, start, start + SPAN_NS)
        else:
            today = now_ns // DAY_NS * DAY_NS
            since_day = min(since_ns // DAY_NS * DAY_NS, today)
            self._count(store, since_day, today + DAY_NS)
            for site, day in sorted(_touched(store, since_ns, now_ns)):
                if not since_day <= day <= today:
                    self._count(store, day, day + DAY_NS, site)
        self._add_intake(store, FIRST_DAY_NS if since_ns is None else since_ns // DAY_NS * DAY_NS, now_ns)

    def points(self, sites: Mapping[str, Site]) -> Iterator[Point]:
        """Yield the days that changed as points of `fleet_1d`."""
        for code, inst, start in sorted(self._changed):
            day = self.sites[code][inst][start]
            values = {name: value for name, value in asdict(day).items() if value is not None}
            site = sites.get(code)
            tags = {"site": code} | ({"kecamatan": site.kecamatan, "desa": site.desa} if site else {})
            yield Point(MEASUREMENT, tags | ({"inst": inst} if inst else {}), values, start + apart_ns(inst))

    def _day(self, site: str, inst: str, start: int) -> Day:
        self._changed.add((site, inst, start))
        return self.sites[site].setdefault(inst, {}).setdefault(start, Day())

    def _count(self, store: Store, start: int, end: int, site: str | None = None) -> None:
        for found in store.seq_days(start, end, site):
            day = self._day(found.site, found.inst, found.day_ns)
            day.stored, day.first, day.last, day.skipped = found.samples, found.first, found.last, 0
        for row in store.samples("event", start, end, site, names=("kind", "count", "inst")):
            if row.get("kind") == "seq_skipped":
                self._day(str(row["site"]), str(row.get("inst", "")), _start(row)).skipped += int(row.get("count", 0))

    def _add_intake(self, store: Store, start: int, now_ns: int) -> None:
        sums: defaultdict[tuple[str, int], Day] = defaultdict(Day)
        for row in store.samples("intake", start, now_ns + DAY_NS):
            day = sums[str(row["site"]), _start(row)]
            for name in ("late", "rejected"):
                setattr(day, name, getattr(day, name) + int(row.get(name, 0)))
        for (site, at), found in sums.items():
            day = self._day(site, "", at)
            day.late, day.rejected = found.late, found.rejected


def _touched(store: Store, since_ns: int, now_ns: int) -> set[tuple[str, int]]:
    rows = store.samples("touched", since_ns - 2 * WINDOW_NS, now_ns + DAY_NS)
    return {(str(row["site"]), int(row["hour"]) * 1_000_000_000 // DAY_NS * DAY_NS) for row in rows}


def _start(row: Row) -> int:
    return int(row["time_ns"]) // DAY_NS * DAY_NS
