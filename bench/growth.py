"""What a year of a hall takes on the disk of each engine, measured on made-up days, and the arithmetic for 83,000 halls."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from collector.sites.sites import Site, read_sites
from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import KEPT_LONG, Store
from dashboards.needs.parquet import write_day
from demo.seed import seed
from ground.paths import shipped
from ground.wita import WITA
from lab.clickhouse import clickhouse
from lab.servers import influxd, wait_for

HALLS, DAYS, NATION, YEAR = 10, 2, 83_000, 365
RAW_DAYS = 60
AT_REST = 250
END = datetime(2026, 11, 24, tzinfo=WITA)
INFLUX_NOW = {"INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION": "1s", "INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION": "2s"}
"""InfluxDB packs what it was given after this long, not after 4 hours."""
Fill = Callable[[Store], None]


def growth() -> None:
    """Measure and print."""
    every = read_sites(shipped() / "sites.csv")
    sites = dict(list(every.items())[:HALLS])

    def fill(store: Store) -> None:
        seed(store, sites, days=DAYS, halls=HALLS, end=END)

    with tempfile.TemporaryDirectory(prefix="sinyal-growth-") as name:
        folder = Path(name)
        sqlite = Sqlite(folder / "store.db")
        fill(sqlite)
        modems = len(sqlite.latest("signal"))
        samples = sum(1 for _ in sqlite.samples("signal", 0, 2**62, names=("seq",)))
        print(f"{HALLS} made-up halls with {modems} modems, {DAYS} days, a sample every 30 s: {samples:,} of the signal")
        _told("SQLite, all", (folder / "store.db").stat().st_size)
        _told("archive, Parquet", _archived(sqlite, sites, folder))
        _told("InfluxDB 1.6.7, all", _influx(fill, folder / "influx"))
        found = _clickhouse(fill, folder / "clickhouse")
        long = sum(size for table, size in found.items() if table in KEPT_LONG)
        raw = sum(found.values()) - long
        _told("ClickHouse 18.16, samples and the rest", raw)
        _told("ClickHouse 18.16, rollups", long)
        a_day = NATION / HALLS / DAYS / 1e9
        print(f"{NATION:,} halls on ClickHouse, samples for {RAW_DAYS} days, rollups of a year, one copy:")
        shown = f"{raw:,} B x {NATION:,} / {HALLS} / {DAYS} x {RAW_DAYS} = {raw * a_day * RAW_DAYS:,.0f} GB"
        print(f"  {shown}; {long:,} B x {NATION:,} / {HALLS} / {DAYS} x {YEAR} = {long * a_day * YEAR:,.0f} GB")


def _told(what: str, size: int) -> None:
    a_year = size / HALLS / DAYS * YEAR
    print(f"{what}: {size:,} B / {HALLS} halls / {DAYS} days x {YEAR} = {a_year / 1e6:,.1f} MB a hall and year", end="; ")
    print(f"x {NATION:,} = {a_year * NATION / 1e12:,.2f} TB", flush=True)


def _size(folder: Path) -> int:
    """Return the bytes of all files, without the 8 of 4 MB that InfluxDB sets aside for the names of series."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "_series" not in path.parts)


def _archived(store: Store, sites: Mapping[str, Site], folder: Path) -> int:
    size = 0
    for day in {datetime.fromtimestamp(END.timestamp() - 86_400 * k, WITA).date() for k in (1, 2)}:
        write_day(store, sites, day, folder / f"{day}.parquet")
        size += (folder / f"{day}.parquet").stat().st_size
    return size


def _influx(fill: Fill, folder: Path) -> int:
    os.environ.update(INFLUX_NOW)
    with influxd(folder) as server:
        fill(Influx1(server.url, "sinyal"))
        wal = next(path for path in folder.rglob("wal") if path.is_dir())
        wait_for(lambda: _size(wal) < 100_000, "InfluxDB to pack what it has", 120)
        sizes: list[int] = []

        def rests() -> bool:
            sizes.append(_size(folder))
            return len(sizes) > AT_REST and len(set(sizes[-AT_REST:])) == 1

        wait_for(rests, "InfluxDB to come to rest", 120)
        return sizes[-1]


def _clickhouse(fill: Fill, folder: Path) -> dict[str, int]:
    with clickhouse(folder) as server:
        nodes = Nodes([server.url])
        fill(ClickHouse(nodes, "sinyal"))
        tables = [str(row["name"]) for row in nodes.rows(server.url, "SELECT name FROM system.tables WHERE database = 'sinyal'")]
        for table in tables:
            nodes.ask(server.url, f"OPTIMIZE TABLE sinyal.`{table}` FINAL")
        sizes = "SELECT table, sum(bytes_on_disk) AS size FROM system.parts WHERE database = 'sinyal' AND active GROUP BY table"
        return {str(row["table"]): int(row["size"]) for row in nodes.rows(server.url, sizes)}
