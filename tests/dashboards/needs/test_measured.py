"""What the modems of one operator come to together."""

from __future__ import annotations

import pickle

from collector.store.store import Row
from dashboards.needs.gather import evidence
from dashboards.needs.measured import DAY_NS, Measured
from dashboards.needs.seen import Surroundings
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


def test_what_is_judged_is_what_is_printed() -> None:
    measured = Measured()
    for day in range(7):
        row: Row = {"time_ns": day * DAY_NS, "modem": "a", "samples": 997, "served": 990 - day, "no_service": 7 + day, "lte": 331}
        measured.add(row | {"slots": 200, "rsrp_hist": f"{-90 - day}:7 -95:{3 + day}"})
    e = evidence("6408022001", "IOH", measured, PERIOD, {}, Surroundings({}, {}, {}), [])
    ends = [end for i in (e.availability_ci, e.rsrp_median_ci, e.rsrp_p10_ci) if i is not None for end in (i.lo, i.hi)]
    shares = [share for share in (e.availability, e.lte_share, e.completeness) if share is not None]
    assert (len(ends), len(shares)) == (6, 3)
    assert [round(value, 1) for value in (*ends, *shares)] == [*ends, *shares]
