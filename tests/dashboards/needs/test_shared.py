"""The days of many halls, read by several processes, are those that one process reads."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

import pytest

from collector.store.sqlite import Sqlite
from collector.store.store import Point
from dashboards.needs import shared
from dashboards.needs.gather import read_days
from dashboards.needs.measured import DAY_NS
from telemetry.frame import Value
from tests.dashboards.needs.halls import PERIOD, sites

FIGURES: dict[str, Value] = {
    "samples": 10,
    "served": 8,
    "no_service": 2,
    "lte": 8,
    "slots": 10,
    "rsrp_hist": "-95:3 -90:5",
    "sinr_hist": "1.5:8",
}


def _day(site: str, time_ns: int) -> Point:
    return Point("signal_1d", {"site": site, "modem": "a", "operator": "IOH"}, FIGURES, time_ns)


def test_processes_beside_read_what_one_process_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = partial(Sqlite, tmp_path / "store.db")
    store, known = again(), sites()
    points = [_day(code, PERIOD.start_ns + k * DAY_NS) for code in [*known][:3] for k in range(5)]
    outside = [PERIOD.start_ns - DAY_NS, PERIOD.end_ns]
    store.write_points([*points, _day("stranger", PERIOD.start_ns), *(_day("gone", time_ns) for time_ns in outside)])
    monkeypatch.setattr(shared, "FEW", 0)
    with shared.days_of(store, again, known, PERIOD) as days:
        halls, unknown = days()
    alone, unknown_alone = read_days(store, known, PERIOD)
    assert unknown == unknown_alone == ("stranger",)
    assert halls.keys() == alone.keys() == {*[*known][:3]}
    for code, operators in halls.items():
        one, other = operators["IOH"], alone[code]["IOH"]
        assert (one.summary, one.days, one.slots) == (other.summary, other.days, other.slots)
        assert one.intervals(code, "IOH", PERIOD) == other.intervals(code, "IOH", PERIOD)


def test_the_search_for_cycles_is_as_it_was_after_a_report() -> None:
    with shared.uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
