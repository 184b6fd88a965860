"""Days rolled up over columns are those of the collector, value for value, whatever modems say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from collector.rollup import recompute
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Row
from dashboards.needs.archived import rolled_up
from dashboards.needs.parquet import write_day
from telemetry.frame import Sample, Value, pack
from telemetry.meaning import Rat, Registration
from tests.collector.frames import OTHER, SITE

SITES = {SITE.code: SITE, OTHER.code: OTHER}
START_MS = int(datetime(2026, 9, 30, 16, tzinfo=UTC).timestamp()) * 1000  # midnight in WITA
DAYS, STEP_MS, NS = (date(2026, 10, 1), date(2026, 10, 2)), 170_000, 1_000_000
FIELDS: dict[str, tuple[Value, ...]] = {
    "registration": tuple(word.value for word in Registration),
    "rat": tuple(word.value for word in Rat),
    "plmn": ("51010", "51010", "51001", "52505"),
    "home_plmn": ("51010", "51010", "51011", "50212"),
    "reject_cause": (15,),
    "cell_id": (1, 2, 3),
    "band": (3, 8, 40),
    "earfcn": (1850,),
    "uarfcn": (10_588,),
    "arfcn": (62,),
    "nrarfcn": (500_000,),
    "rscp_dbm": (-90.0,),
    "nr_rsrp_dbm": (-99.0,),
    "rsrp_dbm": (-97.0, -96.5, -95.5, -120.25),
    "rsrq_db": (-11.5, -10.5, -9.0),
    "sinr_db": (0.25, 0.35, -0.04, 12.4),
    "rssi_dbm": (-67.0, -68.5),
}


def said(rng: Random) -> Iterator[dict[str, Value]]:
    """Modems that say everything, little, and nothing at all for a while."""
    while True:
        share = rng.choice((0.05, 0.5, 0.9))
        for _ in range(rng.randrange(1, 40)):
            yield {name: rng.choice(values) for name, values in FIELDS.items() if rng.random() < share}


def fill(store: Sqlite, seed: int) -> None:
    rng, end_ms = Random(seed), START_MS + len(DAYS) * 86_400_000
    for site, modem, inst in (
        *((SITE, "m1", "000001"), (SITE, "m2", "000001"), (SITE, None, None)),
        *((OTHER, "m1", "000002"), (OTHER, "m1", "000003"), (OTHER, "m2", None)),
    ):
        values, first_ms = said(rng), START_MS + rng.randrange(86_400_000) * (site is OTHER)
        last_ms = end_ms if inst != "000002" else first_ms + 50_000_000
        times = range(first_ms, last_ms, STEP_MS + rng.randrange(1000))
        samples = [
            Sample(seq, t_ms, rng.choice(("ntp", "estimated", "unknown", "network")), next(values))
            for seq, t_ms in enumerate(times, 1)
        ]
        for first in range(0, len(samples), 200):
            store.write([Placed(pack(site.code, "signal", modem, samples[first : first + 200], inst), site)])


def by_key(rows: Iterator[Row] | list[Row]) -> dict[tuple[str, ...], Row]:
    return {tuple(str(row.get(name, "")) for name in ("site", "modem", "operator", "time_ns")): row for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_they_are_the_collectors_days(seed: int, tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    fill(store, seed)
    first, end = START_MS * NS, (START_MS + len(DAYS) * 86_400_000) * NS
    hours = set(range(first // (3_600_000 * NS), end // (3_600_000 * NS)))
    recompute(store, SITES, dict.fromkeys(SITES, hours))
    files = {day: tmp_path / f"{day}.parquet" for day in DAYS}
    for day, path in files.items():
        write_day(store, SITES, day, path)
    asked = by_key(store.samples("signal_1d", first, end))
    found = by_key(rolled_up(SITES, files))
    store.close()
    assert len({key[2] for key in asked}) > 4  # of several operators, also of none
    assert found.keys() == asked.keys()
    for key, row in asked.items():
        assert found[key] == row, key
