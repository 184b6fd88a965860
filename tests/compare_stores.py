"""`python -m tests.cluster compare`: one history in InfluxDB 1.6 and ClickHouse 18.16; all that is read of it, value by value.

Samples and rollups as the store gives them, the needs map's table, and everything that the page answers.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from collector.sites.classes import read_classes
from collector.sites.sites import Site, read_sites
from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from collector.store.influx1 import Influx1
from collector.store.store import Store
from dashboards.needs.assemble import gather, report
from dashboards.needs.basis import read_basis
from dashboards.needs.csv import csv_text
from dashboards.needs.model import Period
from dashboards.web.app import create_app
from dashboards.web.snapshot import Snapshot
from demo.seed import seed
from ground.paths import shipped
from ground.wita import WITA
from lab.clickhouse import clickhouse
from lab.servers import influxd
from telemetry.streams import STREAMS

HALLS, DAYS = 10, 3
OTHERS = ("site_status", "alert", "ingest", "site", "intake")
OF_NOW = frozenset({"generated", "time_generated"})
Values = dict[str, object]
"""Every value by where it stands."""


def compare(folder: Path) -> bool:
    """Fill both, read both, print how many values were compared and which are not the same."""
    sites, end = read_sites(shipped() / "sites.csv"), datetime.now(UTC).replace(second=0, microsecond=0)
    with ExitStack() as stack:
        influx, click = stack.enter_context(influxd(folder / "influx")), stack.enter_context(clickhouse(folder / "clickhouse"))
        stores: list[Store] = [Influx1(influx.url, "sinyal"), ClickHouse(Nodes([click.url]), "sinyal")]
        for store in stores:
            seed(store, sites, days=DAYS, halls=HALLS, end=end, interval_s=60)
        well = True
        for what, read in PARTS.items():
            one, other = (dict(read(store, sites, end)) for store in stores)
            every = one.keys() | other.keys()
            unlike = [where for where in every if one.get(where, "-") != other.get(where, "-")]
            different = [where for where in unlike if not _last_bits(one.get(where), other.get(where))]
            near = len(unlike) - len(different)
            print(f"{what}: {len(every):,} values compared, {len(different)} different, {near} in their last bits", flush=True)
            for where in sorted(different)[:3]:
                print(f"  {where}: {one.get(where, '-')!r:.80} and {other.get(where, '-')!r:.80}")
            well &= not different and bool(one)
    return well


def _last_bits(one: object, other: object) -> bool:
    """Say whether two numbers are as near as a reader of decimal digits comes: 18.16 does not always find the nearest double."""
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=1e-15)


def _rows(store: Store, measurements: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    for measurement in measurements:
        seen: dict[str, int] = {}
        for row in store.samples(measurement, 0, 2**62):
            key = f"{measurement} {row.get('site')} {row.get('modem')} {row['time_ns']}"
            seen[key] = seen.get(key, 0) + 1
            yield from ((f"{key} {seen[key]} {name}", value) for name, value in row.items())


def _needs(store: Store, _sites: dict[str, Site], end: datetime) -> Iterator[tuple[str, object]]:
    beside, day = shipped(), end.astimezone(WITA).date()
    basis = read_basis(beside, beside / "classes.toml", beside / "sites.csv", None, None)
    period = Period(day - timedelta(days=DAYS - 1), day, end)
    made = report(basis, period, gather(store, basis, period), None)
    for row in csv.DictReader(io.StringIO(csv_text(made))):
        yield from ((f"{row['kode_desa']} {row['operator']} {name}", value) for name, value in row.items())


def _page(store: Store, sites: dict[str, Site], end: datetime) -> Iterator[tuple[str, object]]:
    classes = read_classes(shipped() / "classes.toml")
    client = TestClient(create_app(Snapshot(store, sites, classes, clock_ns=lambda: _ns(end))))  # both are asked at one moment
    measured = sorted({str(row["site"]) for row in store.latest("signal")})
    first, last = (end - timedelta(days=DAYS)).date(), end.date()
    asked = ["/sites", "/sites.csv", "/kecamatan", "/kecamatan.csv", "/alerts"]
    for code in measured:
        asked += [f"/sites/{code}", f"/sites/{code}/series?range=7d", f"/sites/{code}/series?range=1y"]
        asked += [f"/sites/{code}/history?step={step}&from={first}&to={last}" for step in ("hour", "day")]
    for path in asked:
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        table = path.partition("?")[0].endswith(".csv")
        found = list(csv.DictReader(io.StringIO(answer.text))) if table else answer.json()
        yield from _leaves(path, found)


def _leaves(where: str, found: Any) -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        for name, value in found.items():
            if name not in OF_NOW:
                yield from _leaves(f"{where}.{name}", value)
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _leaves(f"{where}[{number}]", value)
    else:
        yield where, found


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


PARTS = {
    "samples of all streams": lambda store, _sites, _end: _rows(store, tuple(STREAMS)),
    "what else is stored": lambda store, _sites, _end: _rows(store, OTHERS),
    "rollups": lambda store, _sites, _end: _rows(store, ("signal_1h", "signal_1d")),
    "needs map": _needs,
    "page": _page,
}
