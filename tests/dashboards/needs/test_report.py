"""From raw samples in a real store to the report: every figure below is computed by hand from the comments in halls.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.sites.sites import Site
from collector.store.sqlite import Sqlite
from dashboards.needs.assemble import gather, report
from dashboards.needs.gather import attribute, read_days
from dashboards.needs.model import Change, Report, Row
from dashboards.needs.shared import read_part
from ground.words import said
from lab.engines import ENGINES, open_engine
from lab.servers import Server
from telemetry.frame import Value
from tests.dashboards.needs.halls import (
    EARLIER,
    NEVER,
    PERIOD,
    PLAN,
    adequate,
    basis,
    blank,
    fair,
    fill,
    full_report,
    sites,
    weak,
)


def _row(made: Report, code: str, operator: str) -> Row:
    return next(row for village in made.villages for row in village.rows if (row.site.code, row.operator) == (code, operator))


BY_HAND = [
    # code, operator, state, diagnosis, rsrp, p10, busy rsrp, sinr, busy sinr, available, samples, complete
    ("6408022001", "Telkomsel", "adequate", "adequate", -85, -95, -85, 15, 15, 100, 2304, 100),
    ("6408022002", "Telkomsel", "weak", "weak_coverage", -105, -112, -105, 6, 6, 100, 2304, 100),
    ("6408022003", "Telkomsel", "poor_service", "congested", -85, -85, -85, 14, -2, 100, 2304, 100),
    ("6408022004", "Telkomsel", "poor_service", "unstable", -85, -85, -85, 15, 15, 75, 2304, 100),
    ("6408022005", "IOH", "two_g_only", "two_g_only", None, None, None, None, None, 100, 2304, 100),
    ("6408022006", "Telkomsel", "blank_spot", "blank_spot", None, None, None, None, None, 0, 2304, 100),
    ("6408022007", "Telkomsel", "adequate", "power", -85, -85, None, 15, None, 100, 1152, 50),
    ("6408022008", "Telkomsel", "unjudgeable", "device_fault", -85, -85, -85, 15, 15, 100, 2304, 100),
    ("6408022009", "Telkomsel", "insufficient_data", "insufficient_data", -95, -95, -95, 10, 10, 100, 288, 12.5),
    ("6408042001", "Telkomsel", "insufficient_data", "device_fault", None, None, None, None, None, None, 2304, 100),
    ("6408042011", "Telkomsel", "fair", "adequate", -95, -95, -95, 10, 10, 100, 2304, 100),
]


@pytest.mark.parametrize("expected", BY_HAND, ids=[f"{row[3]}-{row[0]}" for row in BY_HAND])
def test_a_hall_of_each_diagnosis_comes_out_as_computed_by_hand(made: Report, expected: tuple[object, ...]) -> None:
    code, operator, *rest = expected
    row = _row(made, str(code), str(operator))
    e = row.evidence
    assert e is not None
    got = [row.verdict.state, row.verdict.main.diagnosis, e.rsrp_median, e.rsrp_p10, e.rsrp_busy_median]
    got += [e.sinr_median, e.sinr_busy_median, e.availability, e.samples, e.completeness]
    assert got == rest


def test_every_village_has_a_row_for_each_national_operator_and_what_was_never_measured_says_so(made: Report) -> None:
    never = next(v for v in made.villages if v.site.code == NEVER)
    assert [row.operator for row in never.rows] == ["Telkomsel", "IOH", "XLSMART"]
    assert {row.verdict.state for row in never.rows} == {"not_measured"}
    assert (
        sum(row.verdict.state == "not_measured" for v in made.villages for row in v.rows)
        == 3 * len(made.villages) - len(PLAN) - 2
    )


def test_reasons_name_figure_and_limit_in_both_languages(made: Report) -> None:
    reason = _row(made, "6408022002", "Telkomsel").verdict.main.reason
    assert said(reason, "id").startswith("Nilai tengah RSRP \N{MINUS SIGN}105 dBm di bawah \N{MINUS SIGN}100 dBm")
    assert said(reason, "en").startswith("Median RSRP of \N{MINUS SIGN}105 dBm is below \N{MINUS SIGN}100 dBm")
    power = _row(made, "6408022007", "Telkomsel").verdict.main.reason
    assert "8 kali (7 per minggu)" in said(power, "id")
    assert "50 % of the time" in said(power, "en")


def test_a_booster_limits_the_value_to_the_hall(made: Report) -> None:
    notes = _row(made, "6408042011", "Telkomsel").verdict.notes
    assert [said(note, "id") for note in notes] == ["Ada penguat sinyal: nilai hanya berlaku di dalam kantor desa."]


def test_model_and_plmn_come_from_events_and_samples(made: Report) -> None:
    e = _row(made, "6408022001", "Telkomsel").evidence
    assert e is not None
    assert (e.models, e.plmns, e.bands) == (("Quectel EG25-G",), ("51010",), (3,))


def test_every_hall_lies_in_its_polygon_and_a_strayed_one_is_found(made: Report, store: Sqlite) -> None:
    assert {village.site.code for village in made.villages if not village.inside} == {NEVER}  # a centroid proves nothing
    assert next(village for village in made.villages if village.site.code == NEVER).inside is None
    halls = sites()
    halls[NEVER] = Site(NEVER, "Sangatta Utara", "Elsewhere", 5.0, 100.0, "map")
    ground = basis(halls)
    strayed = report(ground, PERIOD, gather(store, ground, PERIOD), None)
    assert [v.site.code for v in strayed.villages if v.inside is False] == [NEVER]


def test_an_earlier_period_tells_better_worse_same_and_not_comparable(tmp_path: Path) -> None:
    store, halls = Sqlite(tmp_path / "two.db"), sites()
    one, two, three, four = (f"640802200{k}" for k in range(1, 5))
    fill(store, halls, EARLIER, [(one, "m", weak, 8), (two, "m", adequate, 8), (three, "m", fair, 8)])
    fill(store, halls, PERIOD, [(one, "m", adequate, 8), (two, "m", weak, 8), (three, "m", fair, 8), (four, "m", fair, 8)])
    made = full_report(store, compared=True)
    store.close()
    compared = [_row(made, code, "Telkomsel").compared for code in (one, two, three, four)]
    changes = [c.change for c in compared if c]
    assert changes == [Change.BETTER, Change.WORSE, Change.SAME, Change.NOT_COMPARABLE]


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_influxdb_gives_the_same_report(
    made: Report, tmp_path: Path, start_server: Callable[[Callable[[], Server]], Server], engine: str
) -> None:
    store = open_engine(engine, tmp_path, start_server)
    fill(store, sites())
    assert full_report(store).villages == made.villages
    store.close()


def test_an_unknown_operator_is_found_by_register_or_stays_unknown(tmp_path: Path) -> None:
    store, halls = Sqlite(tmp_path / "nameless.db"), sites()
    fill(store, halls, PERIOD, [("6408022001", "m1", blank, 8)])
    made = full_report(store)
    store.close()
    rows = {row.operator: row.verdict.state.value for row in made.villages[0].rows}
    assert rows == {"Telkomsel": "not_measured", "IOH": "not_measured", "XLSMART": "not_measured", "? m1": "unjudgeable"}
    site = Site("6408022001", "k", "d", 1, 116, "gnss", operators=("IM3",))
    assert attribute(site, ["m1"], {}) == {"m1": "IOH"}
    assert attribute(site, ["m1", "m2"], {}) == {"m1": "? m1", "m2": "? m2"}


def test_a_village_is_a_blank_spot_only_where_every_operator_is_known_to_be_none(made: Report, tmp_path: Path) -> None:
    villages = {village.site.code: village for village in made.villages}
    assert villages["6408022006"].state == "blank_spot"  # its scans found nobody
    assert villages["6408022001"].state == "adequate"
    store, halls = Sqlite(tmp_path / "one.db"), sites()
    fill(store, halls, PERIOD, [("6408022001", "m2", lambda *_: {"registration": "limited", **WHOSE}, 8)])
    (village, *_) = full_report(store).villages
    store.close()
    assert (village.best.verdict.state, village.state, village.unmeasured) == ("blank_spot", "heard", ("IOH", "XLSMART"))


WHOSE: dict[str, Value] = {"home_plmn": "51010", "plmn": "51011"}


def test_halls_read_in_parts_are_those_read_at_once(store: Sqlite) -> None:
    halls = sites()
    at_once, _ = read_days(store, halls, PERIOD)
    in_parts = read_part(lambda: Sqlite(store._path), list(halls.values()), PERIOD)
    assert {code: set(found) for code, found in in_parts.items()} == {code: set(found) for code, found in at_once.items()}
    for code, found in at_once.items():
        for name, measured in found.items():
            other = in_parts[code][name]
            assert other.summary == measured.summary
            assert other.intervals(code, name, PERIOD) == measured.intervals(code, name, PERIOD)
