"""Did it help? What is seen, what is not, and what is not said of too little."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bench.effect import run
from dashboards.needs.effect import CONTROLS, DAYS, Daily, Helped, effect

FIRST = date(2026, 3, 1)
BUILT = (FIRST + timedelta(days=30), FIRST + timedelta(days=39))


def days(level: float, step: float = 0.0, wave: float = 0.0, count: int = 70, skip: int = 0) -> Daily:
    """Return one value a day, some tenths up and down, `step` higher after the building."""
    dates = [FIRST + timedelta(days=k) for k in range(skip, count)]
    return {day: level + (step if day > BUILT[1] else 0) + wave * (k % 3 - 1) for k, day in enumerate(dates)}


NEIGHBOURS = [days(-100 - k, step=0.2 * k, wave=0.1 * k) for k in range(6)]


def test_a_gain_is_seen_and_measured() -> None:
    found = effect(days(-110, step=6.5), NEIGHBOURS, BUILT)
    assert found.helped is Helped.IMPROVED
    assert found.change == pytest.approx(6.0, abs=0.2)
    assert found.interval is not None
    assert 0 < found.interval.lo < 6 < found.interval.hi


def test_what_moves_all_is_nobodys_gain() -> None:
    rainy = [days(-100 - k, step=-8 + 0.2 * k) for k in range(6)]
    assert effect(days(-110, step=-7.5), rainy, BUILT).helped is Helped.NOT_SHOWN
    assert effect(days(-110), rainy, BUILT).helped is Helped.IMPROVED, "the weather took from all others"


def test_a_loss_is_said() -> None:
    assert effect(days(-100, step=-9), NEIGHBOURS, BUILT).helped is Helped.WORSE


@pytest.mark.parametrize(
    ("hall", "neighbours"),
    [
        (days(-110, step=9), NEIGHBOURS[: CONTROLS - 1]),
        (days(-110, step=9, count=40 + DAYS - 1), NEIGHBOURS),
        (days(-110, step=9, skip=30 - DAYS + 1), NEIGHBOURS),
        ({}, NEIGHBOURS),
        (days(-110, step=9), [days(-100, count=45)] * 6),
    ],
)
def test_too_little_is_said_to_be_too_little(hall: Daily, neighbours: list[Daily]) -> None:
    found = effect(hall, neighbours, BUILT)
    assert (found.helped, found.change, found.interval) == (Helped.TOO_LITTLE, None, None)


def test_days_of_the_building_itself_count_nowhere() -> None:
    hall = dict(days(-110, step=6.5))
    during = hall | {BUILT[0] + timedelta(days=k): -40.0 for k in range(10)}
    assert effect(during, NEIGHBOURS, BUILT) == effect(hall, NEIGHBOURS, BUILT)


def test_simulated_buildings_are_judged_as_the_table_says() -> None:
    assert run(0.0, 200)[Helped.IMPROVED] <= 10
    assert run(6.0, 200)[Helped.IMPROVED] >= 180
