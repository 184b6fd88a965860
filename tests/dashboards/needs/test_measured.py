"""What the modems of one operator come to together."""

from __future__ import annotations

from dashboards.needs.measured import DAY_NS, Measured


def test_two_modems_at_a_time_do_not_make_a_day_longer() -> None:
    measured = Measured()
    for modem, slots in (("a", 200), ("b", 250), ("c", 100)):
        measured.add({"time_ns": 5 * DAY_NS, "modem": modem, "samples": 10, "served": 10, "slots": slots})
    measured.add({"time_ns": 6 * DAY_NS, "modem": "a", "samples": 10, "served": 10, "slots": 30})
    assert sorted(measured.slots.values()) == [30, 250]
    assert (len(measured.days), measured.modems, measured.summary.samples) == (2, {"a", "b", "c"}, 40)
