"""Did it help? A hall before and after something was built, against its neighbours on the same days, with a 95 % interval.

Weather, season and what an operator does everywhere move hall and neighbours alike. How far neighbours move apart,
where nothing was built, is how far a hall moves by itself: the interval is made of that (a placebo comparison), so neither fading
that lasts for weeks nor a neighbour's own change passes for the building's effect.
`python -m bench.effect` shows on 1,000 simulated buildings how often it says so wrongly, and how often it sees one that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt
from statistics import fmean, stdev

from dashboards.needs.interval import Interval, student

Daily = Mapping[date, float]
"""One value a day: median RSRP in dBm, or availability in percent. Days that were not measured are not in it."""
DAYS = 14
"""Fewer measured days before or after say nothing: two weeks hold each weekday twice."""
CONTROLS = 4
"""Fewer neighbours do not tell how far halls move by themselves."""


class Helped(StrEnum):
    """What is known of a building's effect."""

    IMPROVED = "improved"
    WORSE = "worse"
    NOT_SHOWN = "not_shown"
    TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True)
class Effect:
    """The change that is left when the neighbours' is taken away, in the unit of the days; None where too little was measured."""

    helped: Helped
    change: float | None = None
    interval: Interval | None = None
    controls: int = 0


def effect(hall: Daily, neighbours: Sequence[Daily], built: tuple[date, date]) -> Effect:
    """Compare a hall's days before the first and after the last day of building with those of its neighbours. Pure.

    A neighbour counts where it was measured with the hall on DAYS of both sides.
    """
    first, last = built
    before, after = (lambda day: day < first), (lambda day: day > last)
    apart = [found for one in neighbours if (found := _apart(hall, one, before, after)) is not None]
    if len(apart) < CONTROLS:
        return Effect(Helped.TOO_LITTLE, controls=len(apart))
    change = fmean(apart)
    half = student(len(apart) - 1) * stdev(apart) * sqrt(1 + 1 / len(apart))
    interval = Interval(change - half, change + half)
    helped = Helped.IMPROVED if interval.lo > 0 else Helped.WORSE if interval.hi < 0 else Helped.NOT_SHOWN
    return Effect(helped, change, interval, len(apart))


def _apart(hall: Daily, neighbour: Daily, before: Callable[[date], bool], after: Callable[[date], bool]) -> float | None:
    """Return how far a hall and a neighbour moved apart, on the days that both were measured; None where these are too few."""
    apart = {day: hall[day] - neighbour[day] for day in hall.keys() & neighbour.keys()}
    sides = [[value for day, value in sorted(apart.items()) if side(day)] for side in (before, after)]
    if min(map(len, sides)) < DAYS:
        return None
    return fmean(sides[1]) - fmean(sides[0])
