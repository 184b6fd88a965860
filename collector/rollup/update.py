"""Keeps `signal_1h` and `signal_1d` what the raw samples say: computes again each hour that got samples, then its day of WITA.

Dirty hours (`touched`) say which; the point `rollup`, written last, says how far they were read. A crash in between only means
that the same is done again, and two collectors that do it at once write the same.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from collector.errors import PointsRefusedError
from collector.rollup.summary import Summary
from collector.rollup.tally import ModemHour, Tally
from collector.sites.sites import Site
from collector.store import dirty_hours
from collector.store.accounts import Span, side_by_side, stretched
from collector.store.store import Point, Store
from telemetry.frame import Value
from telemetry.meaning import TELLING
from telemetry.operators import NUMBERS

HOURLY, DAILY, CHECKPOINT = "signal_1h", "signal_1d", "rollup"
HOUR_NS = 3600 * 1_000_000_000
DAY_HOURS, WITA_HOURS = 24, 8
BUSY = range(19, 22)
END_NS = 2**62
SKEW_NS = 300 * 1_000_000_000
"""How far the clocks of two collectors may be apart."""
READ = (
    *("registration", "rat", "plmn", "home_plmn", "reject_cause", "clock", "cell_id", "band", "inst"),
    *("rsrp_dbm", "rsrq_db", "sinr_db", "rssi_dbm", *dict.fromkeys(name for names in TELLING.values() for name in names)),
)
# A row's time is the start of its period plus so many ns: the operators of one modem have rows of their own in every engine.
PLACES: dict[str | None, int] = dict(zip((None, *NUMBERS), range(len(NUMBERS) + 1), strict=True))
log = logging.getLogger(__name__)

Hours = Mapping[str, set[int]]
"""Hours since 1970, UTC, by site code."""
ModemDay = dict[int, ModemHour]
Days = defaultdict[str, defaultdict[str, ModemDay]]


def bring_up_to_date(store: Store, sites: Mapping[str, Site], now_ns: int) -> int:
    """Compute again what was touched since the last time; return the number of hours. Raises as the store does."""
    done_ns = max((int(row["time_ns"]) for row in store.latest(CHECKPOINT, before_ns=now_ns + SKEW_NS)), default=0)
    since_ns = max(0, done_ns - dirty_hours.WINDOW_NS - SKEW_NS)
    touched: defaultdict[str, set[int]] = defaultdict(set)
    for row in store.samples(dirty_hours.MEASUREMENT, since_ns, END_NS):
        touched[str(row["site"])].add(int(row["hour"]) // 3600)
    count = recompute(store, sites, touched)
    store.write_points([Point(CHECKPOINT, {}, {"hours": count}, now_ns)])
    return count


def recompute(store: Store, sites: Mapping[str, Site], hours: Hours) -> int:
    """Compute these hours again, and what hangs on them; return the number of hours. Sites not in the list are left out."""
    count = 0
    todo = {code: found for code, found in hours.items() if code in sites}
    while todo:
        later: defaultdict[str, set[int]] = defaultdict(set)
        for day, of_day in _by_day(todo):
            points, changed = _recompute_day(store, sites, day, of_day)
            _write(store, points)
            count += sum(map(len, of_day.values()))
            for code, modem, hour in changed:
                later[code] |= _leaning_on(store, code, modem, hour) - todo[code]
        todo = {code: found for code, found in later.items() if found}
    return count


def _write(store: Store, points: Sequence[Point]) -> None:
    """Write what the store still takes; what is older than it keeps is told, and never comes again. Raises as the store does."""
    try:
        store.write_points(points)
    except PointsRefusedError as error:
        if not error.expired:
            raise
        if len(points) > 1:
            middle = len(points) // 2
            _write(store, points[:middle])
            _write(store, points[middle:])
            return
        (point,) = points
        at = datetime.fromtimestamp(point.time_ns / 1e9, UTC)
        site = point.tags.get("site", "")
        log.warning("event=rollup_expired measurement=%s site=%s time=%s reason=%r", point.measurement, site, at, error.reason)


def _by_day(hours: Hours) -> list[tuple[int, Hours]]:
    """Sort hours by their day of WITA (its number since 1970), earliest first."""
    days: defaultdict[int, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for code, found in hours.items():
        for hour in found:
            days[(hour + WITA_HOURS) // DAY_HOURS][code].add(hour)
    return sorted(days.items())


def _recompute_day(
    store: Store, sites: Mapping[str, Site], day: int, hours: Hours
) -> tuple[list[Point], list[tuple[str, str, int]]]:
    """Return the rows of these hours and of the day, and the modem hours after which another operator is the last known one."""
    first = day * DAY_HOURS - WITA_HOURS
    only = next(iter(hours)) if len(hours) == 1 else None
    known = _read_rows(store, first, only)
    before = {
        (str(row["site"]), str(row.get("modem", ""))): _text(row.get("operator_last"))
        for row in store.latest(HOURLY, only, first * HOUR_NS)
    }
    points: list[Point] = []
    changed: list[tuple[str, str, int]] = []
    for code, of_site in hours.items():
        tallies = _measure(store, code, of_site)
        for modem in sorted({*known[code], *tallies}):
            modem_day = known[code][modem]
            renewed, turned = _settle(modem_day, tallies.get(modem, {}), before.get((code, modem)))
            changed += [(code, modem, hour) for hour in turned]
            for hour in renewed:
                points += _hour_rows(sites[code], modem, hour, modem_day[hour])
            points += _day_rows(sites[code], modem, first, modem_day)
    return points, changed


def _settle(modem_day: ModemDay, tallies: Mapping[int, Tally], before: str | None) -> tuple[list[int], list[int]]:
    """Put the new hours into a modem's day; return them, and those after which another operator is the last known one."""
    turned: list[int] = []
    for hour in sorted({*modem_day, *tallies}):
        old = modem_day.get(hour, ModemHour(last=before))
        if hour in tallies:
            new = modem_day[hour] = tallies[hour].settle(before)
            for operator in old.parts.keys() - new.parts.keys():
                new.parts[operator] = Summary()  # a row that was is overwritten, not left
            if new.last != old.last:
                turned.append(hour)
        before = modem_day[hour].last
    return sorted(tallies), turned


def _measure(store: Store, code: str, hours: Iterable[int]) -> defaultdict[str, defaultdict[int, Tally]]:
    """Read the raw samples of these hours of a site, by modem and hour.

    An hour in which two installations measured as this site, side by side, is evidence of neither place: it stays empty.
    """
    tallies: defaultdict[str, defaultdict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    spans: defaultdict[int, dict[str, Span]] = defaultdict(dict)
    for first, end in _runs(hours):
        for row in store.samples("signal", first * HOUR_NS, end * HOUR_NS, code, READ):
            hour = int(row["time_ns"]) // HOUR_NS
            tallies[str(row.get("modem", ""))][hour].add(row)
            stretched(spans[hour], row)
    for hour, found in spans.items():
        if side_by_side(found):
            log.warning("event=hour_left_out site=%s hour=%d installations=%s", code, hour, sorted(found))
            for of_modem in tallies.values():
                if hour in of_modem:
                    of_modem[hour] = Tally()
    return tallies


def _runs(hours: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join hours that follow each other: (first, end), the end not in it."""
    first = end = None
    for hour in sorted(hours):
        if hour != end:
            if first is not None and end is not None:
                yield first, end
            first = hour
        end = hour + 1
    if first is not None and end is not None:
        yield first, end


def _read_rows(store: Store, first: int, only: str | None) -> Days:
    """Read the hourly rows of the day that begins with this hour."""
    days: Days = defaultdict(lambda: defaultdict(dict))
    for row in store.samples(HOURLY, first * HOUR_NS, (first + DAY_HOURS) * HOUR_NS, only):
        modem_day = days[str(row["site"])][str(row.get("modem", ""))]
        hour = modem_day.setdefault(int(row["time_ns"]) // HOUR_NS, ModemHour())
        hour.parts[_text(row.get("operator"))] = Summary.from_row(row)
        hour.last = _text(row.get("operator_last"))
    return days


def _leaning_on(store: Store, code: str, modem: str, hour: int) -> set[int]:
    """Return the hours after this one whose first samples belong to the operator that this one ends with."""
    found: dict[int, int] = {}
    for row in store.samples(HOURLY, (hour + 1) * HOUR_NS, END_NS, code):
        if row.get("modem", "") != modem:
            continue
        now = int(row["time_ns"]) // HOUR_NS
        if now not in found and any(found.values()):
            break  # an hour in which the modem named its operator: what comes after leans on that one
        found[now] = found.get(now, 0) + int(row["named"])
    return set(found)


def _hour_rows(site: Site, modem: str, hour: int, found: ModemHour) -> Iterator[Point]:
    for operator, summary in found.parts.items():
        of_day = (hour + WITA_HOURS) % DAY_HOURS  # InfluxQL cannot tell it from the time
        values: dict[str, Value] = {**summary.values(day=False), "operator_last": found.last or "", "hour_wita": of_day}
        yield _point(HOURLY, site, modem, operator, values, hour)


def _day_rows(site: Site, modem: str, first: int, modem_day: ModemDay) -> Iterator[Point]:
    total: defaultdict[str | None, Summary] = defaultdict(Summary)
    for hour, found in modem_day.items():
        for operator, summary in found.parts.items():
            total[operator].merge(summary)
            of_day = (hour + WITA_HOURS) % DAY_HOURS
            total[operator].place(summary, of_day, busy=of_day in BUSY)
    for operator, summary in total.items():
        yield day_row(site, modem, operator, summary, first)


def day_row(site: Site, modem: str, operator: str | None, summary: Summary, first: int) -> Point:
    """Return the row of a day that begins with the hour `first` (since 1970, UTC)."""
    return _point(DAILY, site, modem, operator, summary.values(day=True), first)


def _point(measurement: str, site: Site, modem: str, operator: str | None, values: Mapping[str, Value], hour: int) -> Point:
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "modem": modem}
    if operator is not None:
        tags["operator"] = operator
    return Point(measurement, tags, values, hour * HOUR_NS + PLACES.get(operator, len(PLACES)))


def _text(value: Value | None) -> str | None:
    return None if value is None else str(value)


def rows_of(site: Site, modem: str, hours: Mapping[int, ModemHour]) -> Iterator[Point]:
    """Yield the hourly and daily rows of one modem of which all these hours are known, and no others of their days."""
    days: defaultdict[int, ModemDay] = defaultdict(dict)
    for hour, found in hours.items():
        days[(hour + WITA_HOURS) // DAY_HOURS][hour] = found
        yield from _hour_rows(site, modem, hour, found)
    for day, modem_day in days.items():
        yield from _day_rows(site, modem, day * DAY_HOURS - WITA_HOURS, modem_day)
