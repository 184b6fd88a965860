"""The report of a seeded history, one hall of each kind, against figures computed straight from its raw samples."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import pytest

from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from collector.store.store import Row as StoreRow
from dashboards.needs.assemble import gather, report
from dashboards.needs.csv import write_csv
from dashboards.needs.model import Report, Row
from demo.profiles import PROFILES, plan
from demo.seed import seed
from ground.wita import WITA
from tests.dashboards.needs.halls import CONFIG, PERIOD, basis
from tests.recount.__main__ import recount, same

DIAGNOSES = {
    "good": "adequate",
    "fair": "adequate",
    "weak": "weak_coverage",
    "two_g_only": "two_g_only",
    "blank_spot": "blank_spot",
    "congested": "congested",
    "unstable": "unstable",
    "power": "power",
    "device_fault": "device_fault",
    "barely_measured": "insufficient_data",
}
SITES = read_sites(CONFIG / "sites.csv")
KINDS = {code: profile.name for code, profile in plan(SITES.values(), len(PROFILES)).items()}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sqlite, Report]:
    store = Sqlite(tmp_path_factory.mktemp("seeded") / "store.db")
    end = datetime(PERIOD.end.year, PERIOD.end.month, PERIOD.end.day, tzinfo=WITA)
    seed(store, SITES, days=PERIOD.days, halls=len(PROFILES), end=end, interval_s=300)
    ground = basis(SITES)
    return store, report(ground, PERIOD, gather(store, ground, PERIOD), None)


def _measured(made: Report) -> list[Row]:
    return [row for village in made.villages for row in village.rows if row.evidence]


def test_each_kind_of_hall_gets_its_diagnosis(seeded: tuple[Sqlite, Report]) -> None:
    found = {(KINDS[row.site.code], row.verdict.main.diagnosis.value) for row in _measured(seeded[1])}
    assert found == set(DIAGNOSES.items())


def test_every_figure_is_that_of_the_raw_samples(seeded: tuple[Sqlite, Report]) -> None:
    store, made = seeded
    for row in _measured(made):
        e = row.evidence
        assert e is not None
        told = store.samples("signal", PERIOD.start_ns, PERIOD.end_ns, row.site.code, ("registration", "rsrp_dbm", "sinr_db"))
        raw = [r for r in told if r.get("modem") in e.modems]
        served = [r for r in raw if r["registration"] == "home"]
        away = sum(r["registration"] in {"searching", "not_registered"} for r in raw)
        assert (e.samples, e.served, e.no_service) == (len(raw), len(served), away)
        levels = [round(float(r["rsrp_dbm"])) for r in served if "rsrp_dbm" in r]
        assert e.rsrp_median == (median(levels) if levels else None)
        assert e.rsrp_p10 == (pytest.approx(quantiles(levels, n=10, method="inclusive")[0]) if levels else None)
        busy = [round(float(r["sinr_db"]), 1) for r in served if "sinr_db" in r and _hour(r) in range(19, 22)]
        assert e.sinr_busy_median == (pytest.approx(median(busy)) if busy else None)
        slots = {(r["modem"], int(r["time_ns"]) // 300_000_000_000) for r in raw}
        assert e.slots <= len(slots)
        assert e.completeness == pytest.approx(100 * len({slot for _, slot in slots}) / PERIOD.slots, abs=0.2)


def test_the_whole_table_is_counted_again_by_arithmetic_that_shares_nothing_with_it(
    seeded: tuple[Sqlite, Report], tmp_path: Path
) -> None:
    store, made = seeded
    write_csv(made, tmp_path / "table.csv", semicolon=False, decimal_comma=False)
    for name in ("sites.csv", "needs.toml", "classes.toml"):
        (tmp_path / name).symlink_to(CONFIG / name)
    rows = [f"{code},0,0" for code in SITES]
    (tmp_path / "kutim_context.csv").write_text("\n".join(["code,blankspot_list_37,no_pln_grid_2026_13", *rows]))
    compared = list(recount(store._path, tmp_path / "table.csv", tmp_path))
    assert [figure for figure in compared if not same(figure[2], figure[3])] == []
    assert len(compared) > 10 * len(SITES)


def _hour(row: StoreRow) -> int:
    return datetime.fromtimestamp(int(row["time_ns"]) / 1e9, WITA).hour
