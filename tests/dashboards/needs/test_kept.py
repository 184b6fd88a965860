"""The verdicts in the store: the newest of a village and operator is never one of an older report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from collector.store.sqlite import Sqlite
from dashboards.needs.kept import MEASUREMENT, points
from dashboards.needs.model import Report

DAY = timedelta(days=1)
EVER_NS = 1 << 62


def newest(store: Sqlite, operator: str) -> dict[str, tuple[str, str]]:
    """Return the newest state and grade of each hall, as a reader of the store takes them."""
    rows = [row for row in store.samples(MEASUREMENT, 0, EVER_NS) if row["operator"] == operator]
    return {str(row["site"]): (str(row["state"]), str(row.get("grade", ""))) for row in rows}


def a_day_later(made: Report) -> Report:
    period = made.period
    return replace(made, period=replace(period, first=period.first + DAY, end=period.end + DAY, now=period.now + DAY))


def test_a_hall_that_a_later_report_does_not_judge_keeps_no_old_verdict(made: Report, tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    store.write_points(list(points(made)))
    before = newest(store, "Telkomsel")
    gone = next(code for code, (_, grade) in sorted(before.items()) if grade)
    later = a_day_later(made)
    later = replace(later, villages=tuple(village for village in made.villages if village.site.code != gone))
    store.write_points(list(points(later, store.samples(MEASUREMENT, 0, later.period.end_ns))))
    after = newest(store, "Telkomsel")
    store.close()
    assert after[gone] == ("not_measured", "")
    assert {code: said for code, said in after.items() if code != gone} == {
        code: said for code, said in before.items() if code != gone
    }


def test_a_report_of_an_older_period_withdraws_nothing_that_is_newer(made: Report, tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    store.write_points(list(points(a_day_later(made))))
    before = newest(store, "Telkomsel")
    store.write_points(list(points(replace(made, villages=()), store.samples(MEASUREMENT, 0, made.period.end_ns))))
    after = newest(store, "Telkomsel")
    store.close()
    assert after == before
