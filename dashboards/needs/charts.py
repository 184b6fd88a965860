"""The drawings of a page of evidence: a strip of hours, curves over the day and over the days. Plain SVG, one path a colour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from collector.sites.classes import Classes
from dashboards.needs.detail import HOUR_NS, STRIP_DAYS, Hour
from ground.wita import WITA

CELL = 10.0
SERVED_PERCENT = 50
"""An hour that served less of its samples has the colour of no service."""
LOW_DBM, HIGH_DBM = -130.0, -60.0
WIDTH, HEIGHT = 300.0, 110.0
"""Near the width of a phone, so that letters of LETTERS units can be read there."""
LETTERS = 12


@dataclass(frozen=True, slots=True)
class Strip:
    """A row a day, a column an hour of WITA: the path of each colour, and the days."""

    paths: dict[str, str]
    days: list[datetime]
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """RSRP as a line (in pieces: nothing is drawn over what is absent) and availability as bars, over the same places."""

    line: str
    bars: str
    labels: list[tuple[float, str]]


def strip(hours: Sequence[Hour], start_ns: int, days: int, classes: Classes) -> Strip:
    """Draw the hours of at most a month."""
    first, days = start_ns // HOUR_NS, min(days, STRIP_DAYS)
    cells: defaultdict[str, list[str]] = defaultdict(list)
    for hour in hours:
        place = hour.start_ns // HOUR_NS - first
        row, column = divmod(place, 24)
        if 0 <= row < days:
            cells[_colour(hour, classes)].append(f"M{column * CELL:g} {row * CELL:g}h9v9h-9z")
    starts = [datetime.fromtimestamp((first + 24 * k) * 3600, WITA) for k in range(days)]
    return Strip({colour: "".join(parts) for colour, parts in cells.items()}, starts, days * CELL)


def _colour(hour: Hour, classes: Classes) -> str:
    state = classes.state
    if hour.asked == 0:
        return state["silent"].colour
    if 100 * hour.served < SERVED_PERCENT * hour.asked:
        return state["no_service"].colour
    if hour.rsrp is None:
        return state["two_g_only"].colour
    for known in classes.classes:
        if known.cuts and hour.rsrp >= known.cuts["rsrp_dbm"]:
            return known.colour
    return classes.classes[-1].colour


def over_the_day(hours: Sequence[Hour]) -> Curve:
    """Draw the 24 hours of WITA: median of the hourly medians, and availability."""
    groups: defaultdict[int, list[Hour]] = defaultdict(list)
    for hour in hours:
        groups[(hour.start_ns // HOUR_NS + 8) % 24].append(hour)
    labels = [(WIDTH * (k + 0.5) / 24, f"{k:02d}") for k in range(0, 24, 3)]
    return _curve(groups, 24, labels)


def over_the_days(hours: Sequence[Hour], start_ns: int, days: int) -> Curve:
    """Draw day after day."""
    days = max(1, min(days, STRIP_DAYS))
    groups: defaultdict[int, list[Hour]] = defaultdict(list)
    for hour in hours:
        groups[(hour.start_ns - start_ns) // (24 * HOUR_NS)].append(hour)
    step = -(-days // 6)
    dates = [datetime.fromtimestamp(start_ns / 1e9 + 86_400 * k, WITA) for k in range(days)]
    return _curve(groups, days, [(WIDTH * (k + 0.5) / days, f"{dates[k]:%d/%m}") for k in range(0, days, step)])


def _curve(groups: Mapping[int, Sequence[Hour]], places: int, labels: list[tuple[float, str]]) -> Curve:
    wide, line, bars, drawing = WIDTH / places, [], [], False
    for place in range(places):
        here = groups.get(place, ())
        levels = [hour.rsrp for hour in here if hour.rsrp is not None]
        asked = sum(hour.asked for hour in here)
        if asked:
            tall = HEIGHT * sum(hour.served for hour in here) / asked
            bars.append(f"M{place * wide + 1:.1f} {HEIGHT:g}v{-tall:.1f}h{wide - 2:.1f}v{tall:.1f}z")
        if levels:
            line.append(f"{'L' if drawing else 'M'}{(place + 0.5) * wide:.1f} {level_y(median(levels)):.1f}")
        drawing = bool(levels)
    return Curve("".join(line), "".join(bars), labels)


def level_y(dbm: float) -> float:
    """Return the height at which a level is drawn."""
    return HEIGHT * (HIGH_DBM - max(LOW_DBM, min(HIGH_DBM, dbm))) / (HIGH_DBM - LOW_DBM)
