"""The past of a hall from the rollups, for as long as there are any: periods for open data, and the bar of 90 days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from collector.rollup import Summary, percentile
from collector.sites.classes import Classes
from collector.sites.sites import Site
from collector.store.store import Row, Store
from dashboards.web.models import Period
from dashboards.web.state import STATES, rank, timestamp
from ground.wita import WITA
from telemetry.meaning import LEVEL, Standing

S = 1_000_000_000
DAYS = 90
Step = Literal["hour", "day"]
MEASUREMENT: Mapping[Step, str] = {"hour": "signal_1h", "day": "signal_1d"}
MOST_DAYS: Mapping[Step, int] = {"hour": 366, "day": 36_525}
"""How much one answer may hold: a year of hours is 9 MB for two modems, packed a tenth."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day (WITA) of a hall: what its best operator had; None where nothing was measured."""

    day: date
    state: str | None = None
    availability_percent: float | None = None


def periods(store: Store, site: Site, step: Step, start: datetime, end: datetime) -> list[Period]:
    """Read hours or days that begin in a period. Raises StoreUnavailableError."""
    rows = store.samples(MEASUREMENT[step], _ns(start), _ns(end), site.code)
    return [_period(row, Summary.from_row(row)) for row in rows]


def days(store: Store, site: Site, now: datetime, classes: Classes) -> list[Day]:
    """Return the last 90 days, today last. Raises StoreUnavailableError."""
    today = now.astimezone(WITA).date()
    first = today - timedelta(days=DAYS - 1)
    start = datetime(first.year, first.month, first.day, tzinfo=WITA)
    found: dict[date, dict[str, Summary]] = defaultdict(lambda: defaultdict(Summary))
    for row in store.samples(MEASUREMENT["day"], _ns(start), _ns(now) + S, site.code):
        found[timestamp(row).astimezone(WITA).date()][str(row.get("operator", ""))].merge(Summary.from_row(row))
    dates = [first + timedelta(days=k) for k in range(DAYS)]
    return [_day(at, found[at].values(), classes) if at in found else Day(at) for at in dates]


def _day(at: date, operators: Iterable[Summary], classes: Classes) -> Day:
    """Judge the best operator of a day as a modem of now is judged: what most samples say, then the class of the median."""
    order = rank(classes)
    every = [(_state(summary, classes), summary) for summary in operators]
    state, best = min(every, key=lambda pair: order[pair[0]])
    return Day(at, state, None if best.availability_percent is None else round(best.availability_percent, 1))


def _state(summary: Summary, classes: Classes) -> str:
    standing = max(summary.standings, key=lambda standing: summary.standings[standing])
    if not summary.standings[standing]:
        return STATES[None]
    level = percentile(summary.rsrp, 50)
    if standing is not Standing.LTE or level is None:
        return STATES.get(standing, STATES[Standing.SERVED])
    return classes.of(LEVEL, level).key


def _period(row: Row, summary: Summary) -> Period:
    found = {
        "availability_percent": summary.availability_percent,
        "rsrp_median_dbm": percentile(summary.rsrp, 50),
        "rsrp_p10_dbm": percentile(summary.rsrp, 10),
        "rsrp_p90_dbm": percentile(summary.rsrp, 90),
        "sinr_median_db": percentile(summary.sinr, 50),
    }
    return Period(
        start=datetime.fromtimestamp(int(row["time_ns"]) // S, UTC),
        modem=str(row.get("modem", "")),
        operator=str(row["operator"]) if row.get("operator") else None,
        samples=summary.samples,
        served=summary.served,
        lte=summary.lte,
        no_service=summary.no_service,
        **{name: None if value is None else round(value, 1) for name, value in found.items()},
    )


def _ns(when: datetime) -> int:
    return int(when.timestamp()) * S
