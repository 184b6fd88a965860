"""What the modems of one operator come to together."""

from __future__ import annotations

import pickle

from collector.store.store import Row
from dashboards.needs.measured import DAY_NS, Measured
from tests.dashboards.needs.halls import PERIOD


def test_two_modems_at_a_time_do_not_make_a_day_longer() -> None:
    measured = Measured()
    for modem, slots in (("a", 200), ("b", 250), ("c", 100)):
        measured.add({"time_ns": 5 * DAY_NS, "modem": modem, "samples": 10, "served": 10, "slots": slots})
    measured.add({"time_ns": 6 * DAY_NS, "modem": "a", "samples": 10, "served": 10, "slots": 30})
    assert sorted(measured.slots.values()) == [30, 250]
    assert (len(measured.days), measured.modems, measured.summary.samples) == (2, {"a", "b", "c"}, 40)


def test_what_is_summed_up_in_another_process_tells_the_same() -> None:
    here, there = Measured(), Measured()
    for day in range(20):
        row: Row = {"time_ns": day * DAY_NS, "modem": "a", "samples": 10, "served": 10 - day % 3, "no_service": day % 3}
        for measured in (here, there):
            measured.add(row | {"slots": 10, "rsrp_hist": f"{-90 - day}:7 -95:{3 + day}"})
    there.settle("6408022001", "IOH", PERIOD)
    there = pickle.loads(pickle.dumps(there))  # noqa: S301 - of our own
    assert there.summary == here.summary
    assert there.intervals("6408022001", "IOH", PERIOD) == here.intervals("6408022001", "IOH", PERIOD)
    assert (there.days, there.slots, there.modems) == (here.days, here.slots, here.modems)
