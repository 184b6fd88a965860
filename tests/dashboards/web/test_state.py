"""States: what a row of samples says, and what it must never say."""

from __future__ import annotations

import pytest

from collector.store.store import Row
from dashboards.web.state import class_of, hall_now, judge, modem_now, most
from tests.dashboards.web.plant import CLASSES, DEAD_SPOT, NEVER, S

NOW = 1_795_500_000 * S


def row(age_s: float = 0, **fields: str | float) -> Row:
    return {"time_ns": NOW - int(age_s * S), "site": "a", "modem": "m1", **fields}


def lte(rsrp: float | None = None, age_s: float = 0, **fields: str | float) -> Row:
    level = {} if rsrp is None else {"rsrp_dbm": rsrp}
    return row(age_s, registration="home", rat="lte", **level, **fields)


def test_most_frequent_wins_and_of_equals_the_newest() -> None:
    assert most(["a", "b", "b", None, None, None]) == "b"
    assert most(["a", "b"]) == "b"
    assert most([None]) is None


@pytest.mark.parametrize(
    ("rsrp", "key"), [(-80, "very_good"), (-80.5, "good"), (-90, "good"), (-100, "fair"), (-110, "poor"), (-110.5, "very_poor")]
)
def test_class_of_a_served_modem_is_that_of_the_median(rsrp: float, key: str) -> None:
    assert judge([lte(rsrp - 40), lte(rsrp), lte(rsrp + 20)], CLASSES) == key


def test_rssi_is_no_level() -> None:
    assert judge([row(registration="home", rat="lte", rssi_dbm=-60.0)], CLASSES) == "served"


def test_served_without_any_level_is_served_and_has_no_class() -> None:
    assert judge([lte()], CLASSES) == "served"


def test_silent_after_15_minutes_whatever_the_last_sample_said() -> None:
    assert modem_now([], lte(-85, 901), "IOH", NOW, CLASSES).state == "silent"
    assert modem_now([], lte(-85, 901), "IOH", NOW, CLASSES).last_known == "good"
    assert modem_now([lte(-85, 899)], lte(-85, 899), "IOH", NOW, CLASSES).state == "good"


def test_values_are_medians_of_served_samples_and_absent_stays_absent() -> None:
    rows = [lte(-90), lte(-95), row(registration="searching"), lte(-100)]
    modem = modem_now(rows, rows[-1], None, NOW, CLASSES)
    assert (modem.state, modem.rsrp_dbm, modem.sinr_db, modem.samples) == ("fair", -95.0, None, 4)
    assert "sinr_db" not in modem.model_dump(exclude_none=True)


def test_best_modem_gives_the_hall_and_none_at_all_is_not_measured() -> None:
    weak, dead = row(registration="home", rat="lte", rsrp_dbm=-113.0), row(registration="searching")
    modems = [modem_now([dead], dead, "IOH", NOW, CLASSES), modem_now([weak], weak, "Telkomsel", NOW, CLASSES)]
    hall = hall_now(DEAD_SPOT, modems, CLASSES)
    assert (hall.state, hall.operator, hall.operators) == ("very_poor", "Telkomsel", ["IOH", "Telkomsel", "XLSMART"])
    never = hall_now(NEVER, [], CLASSES)
    assert (never.state, never.updated, never.rsrp_dbm) == ("not_measured", None, None)


def test_of_two_modems_of_one_class_the_better_level_counts_in_whatever_order_a_store_gives_them() -> None:
    made = [lte(level) | {"modem": name} for name, level in (("a", -86.0), ("b", -85.0), ("c", -85.0))]
    modems = [modem_now([one], one, str(one["modem"]), NOW, CLASSES) for one in made]
    found = [hall_now(DEAD_SPOT, order, CLASSES) for order in (modems, modems[::-1])]
    assert [(hall.operator, hall.rsrp_dbm) for hall in found] == [("b", -85.0)] * 2


def test_a_network_fault_is_told_before_a_fault_of_the_device() -> None:
    dead, faulty = row(registration="searching"), row(registration="no_sim")
    modems = [modem_now([r], r, None, NOW, CLASSES) for r in (faulty, dead)]
    assert hall_now(DEAD_SPOT, modems, CLASSES).state == "no_service"


@pytest.mark.parametrize(
    ("level", "held", "key"),
    [
        (-90.9, "good", "good"),
        (-91.1, "good", "fair"),
        (-89.1, "fair", "fair"),
        (-88.9, "fair", "good"),
        (-60.0, "very_good", "very_good"),
        (-130.0, "very_poor", "very_poor"),
        (-120.0, "good", "very_poor"),
        (-90.9, "silent", "fair"),
        (-90.9, None, "fair"),
    ],
)
def test_near_a_border_the_class_before_stays(level: float, held: str | None, key: str) -> None:
    assert class_of(level, CLASSES, held) == key


def test_a_steady_radio_at_a_border_does_not_flicker() -> None:
    medians = [-90.0 + 0.9 * (-1) ** k for k in range(20)]
    held: list[str | None] = [None]
    for median in medians:
        held.append(class_of(median, CLASSES, held[-1]))
    assert len({class_of(median, CLASSES) for median in medians}) == 2
    assert set(held[1:]) == {"good"}
