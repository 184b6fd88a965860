"""How long `sinyal-dashboards needs` takes for 141 halls over 30 and 365 days, on SQLite and InfluxDB 1.x.

    python -m tests.dashboards.needs.timing [--halls 141] [--interval-s 300]

The seeded month is real in all its parts. The year repeats the daily rollups of that month twelve times: the command reads
rollups, and raw samples and reports only of the last days, so a year of raw samples would not change the figure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

from collector.rollup import Summary
from collector.sites.sites import Site, read_sites
from collector.store.influx1 import Influx1
from collector.store.lines import TAGS
from collector.store.sqlite import Sqlite
from collector.store.store import Point, Row, Store
from dashboards.needs import command
from dashboards.needs.model import NS
from demo.seed import seed
from ground.wita import WITA
from lab.servers import influxd
from tests.dashboards.needs.halls import CONFIG

END = date(2026, 11, 1)
DAY_NS = 86_400 * NS
BATCH = 5000


def main() -> int:
    """Seed, measure, repeat the rollups, measure again; prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halls", type=int, default=141)
    parser.add_argument("--interval-s", type=int, default=300)
    args = parser.parse_args()
    sites = read_sites(CONFIG / "sites.csv")
    with tempfile.TemporaryDirectory(prefix="needs-timing-") as name:
        folder = Path(name)
        with influxd(folder / "influxd") as server:
            sections = {
                "sqlite": f'engine = "sqlite"\npath = "{folder / "store.db"}"',
                "influx1": f'engine = "influx1"\nurl = "{server.url}"\ndatabase = "sinyal"',
            }
            stores: dict[str, Store] = {"sqlite": Sqlite(folder / "store.db"), "influx1": Influx1(server.url, "sinyal")}
            for engine, store in stores.items():
                with closing(store):
                    _fill(store, sites, args.halls, args.interval_s)
                    _measure(folder, engine, sections[engine], 30)
                    rows = _repeat(store)
                    _measure(folder, engine, sections[engine], 365)
                    print(f"{engine}: {rows} daily rollups in the year", flush=True)
    return 0


def _fill(store: Store, sites: dict[str, Site], halls: int, interval_s: int) -> None:
    end = datetime(END.year, END.month, END.day, tzinfo=WITA)
    seed(store, sites, days=31, halls=halls, end=end, interval_s=interval_s)


def _repeat(store: Store) -> int:
    """Copy October's daily rollups to the eleven times 30 days and five days before it; return the rows of the year."""
    first_ns = int(datetime(2026, 10, 2, tzinfo=WITA).timestamp()) * NS
    month = list(store.samples("signal_1d", first_ns, first_ns + 30 * DAY_NS))
    count = len(month)
    points = list(_earlier(month, first_ns))
    for k in range(0, len(points), BATCH):
        store.write_points(points[k : k + BATCH])
    return count + len(points)


def _earlier(month: list[Row], first_ns: int) -> Iterator[Point]:
    for times in range(1, 13):
        for row in month:
            time_ns = int(row["time_ns"]) - times * 30 * DAY_NS
            if time_ns < first_ns - 335 * DAY_NS:
                continue
            tags = {name: str(row[name]) for name in TAGS if name in row}
            yield Point("signal_1d", tags, Summary.from_row(row).values(day=True), time_ns)


def _measure(folder: Path, engine: str, section: str, days: int) -> None:
    config = folder / f"{engine}.toml"
    head = f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\n{section}\n'
    files = f'[sites]\nfile = "{CONFIG / "sites.csv"}"\n[classes]\nfile = "{CONFIG / "classes.toml"}"\n'
    config.write_text(head + files, encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    first = END - timedelta(days=days)
    out = folder / f"{engine}-{days}"
    wall, cpu = time.monotonic(), time.process_time()
    command.run(parser.parse_args(["-c", str(config), "--from", str(first), "--to", str(END), "-o", str(out)]))
    spent = f"{time.monotonic() - wall:.1f} s wall, {time.process_time() - cpu:.1f} s CPU"
    print(f"{engine:8} {days:4} days: {spent}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
