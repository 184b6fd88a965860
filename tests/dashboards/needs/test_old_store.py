"""A store that an earlier version filled: no home network, no count of refusals, and the tag of whoever's cell was camped on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from collector.rollup import recompute
from collector.store.sqlite import Sqlite
from collector.store.store import Placed
from dashboards.needs.assemble import gather, report
from telemetry.frame import Sample, Value, pack
from tests.dashboards.needs.halls import PERIOD, basis, sites

NEW_SIGNAL = ("home_plmn", "sim", "reject_cause", "rsrp_0_dbm", "rsrp_1_dbm", "rsrp_2_dbm", "rsrp_3_dbm")
NEW_COUNTS = ("guest", "data_refused", "limited", "unnamed", "barred", "refused", "sim_fault", "heard_hist")
CODE, SLOTS = "6408022001", 8 * 288
DAY_ONE: dict[str, Value] = {"registration": "home", "rat": "lte", "plmn": "51010", "rsrp_dbm": -85.0}
LATER: dict[str, Value] = {"registration": "not_registered", "plmn": "51011"}


def old_store(path: Path, *, rolled_up: bool) -> None:
    """A day of Telkomsel, then a week without service on a cell of XL, as an earlier version stored it."""
    start_ms = PERIOD.start_ns // 1_000_000
    samples = [Sample(1 + k, start_ms + k * 300_000, "ntp", DAY_ONE if k < 288 else LATER) for k in range(SLOTS)]
    with closing(Sqlite(path)) as store:
        store.write([Placed(pack(CODE, "signal", "m1", samples[k : k + 1000]), sites()[CODE]) for k in range(0, SLOTS, 1000)])
        if rolled_up:
            _recompute(store)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE signal SET operator = 'XLSMART' WHERE plmn = '51011'")
        for name in NEW_SIGNAL:
            db.execute(f"ALTER TABLE signal DROP COLUMN {name}")
        for measurement in ("signal_1h", "signal_1d") if rolled_up else ():
            for name in NEW_COUNTS:
                db.execute(f"ALTER TABLE {measurement} DROP COLUMN {name}")
        for stream in ("scan", "instrument", "position"):
            db.execute(f"DROP TABLE {stream}")
        db.commit()


def _recompute(store: Sqlite) -> None:
    first = PERIOD.start_ns // 3_600_000_000_000
    recompute(store, sites(), {CODE: set(range(first, first + 8 * 24))})


def verdicts(path: Path, *, again: bool) -> dict[str, str]:
    with closing(Sqlite(path)) as store:
        if again:
            _recompute(store)
        made = report(basis(sites()), PERIOD, gather(store, basis(sites()), PERIOD), None)
    (village,) = (village for village in made.villages if village.site.code == CODE)
    return {row.operator: row.verdict.state.value for row in village.rows}


def test_old_samples_are_read_by_todays_meaning(tmp_path: Path) -> None:
    """The modem named Telkomsel once; what followed on a cell of XL is Telkomsel without service, whatever the old tag says."""
    old_store(tmp_path / "raw.db", rolled_up=False)
    found = verdicts(tmp_path / "raw.db", again=True)
    assert found == {"Telkomsel": "poor_service", "IOH": "not_measured", "XLSMART": "heard"}


def test_old_rollups_stay_readable(tmp_path: Path) -> None:
    old_store(tmp_path / "rolled.db", rolled_up=True)
    found = verdicts(tmp_path / "rolled.db", again=False)
    assert found["XLSMART"] == "not_measured"  # nobody counted who was heard
    assert found["Telkomsel"] == "poor_service"
