"""Reading a month and a year of 141 halls from the rollups, on SQLite and on a real InfluxDB.

One day is seeded with a sample every 5 minutes and rolled up; its rows are then written again for every other day, so that a year
is there in a minute. The rows are nearly as long as those of samples every 30 s; only their counts are smaller.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from collector.rollup import Summary, recompute
from collector.sites.sites import read_sites
from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import Point, Row, Store
from demo import seed
from demo.profiles import plan
from ground.paths import shipped
from lab.servers import influxd

END = datetime(2026, 11, 23, 16, tzinfo=UTC)  # midnight in WITA
HALLS, MONTH, YEAR, STEP_S = 141, 30, 365, 300
DAY_NS = 86400 * 1_000_000_000
END_NS = int(END.timestamp()) * 1_000_000_000
TAGS = ("site", "kecamatan", "desa", "modem", "operator")
WRITE_ROWS = 5000
Figure = tuple[str, str, str]


@contextmanager
def _stores(folder: Path) -> Iterator[dict[str, Store]]:
    with influxd(folder / "influxd") as server:
        yield {"SQLite": Sqlite(folder / "store.db"), "InfluxDB": Influx1(server.url, "sinyal")}


def _copies(rows: Iterable[Row], measurement: str, days: int) -> Iterator[Point]:
    """Yield the rows of the seeded day for each day before it."""
    for row in rows:
        tags = {name: str(row[name]) for name in TAGS if name in row}
        values = {name: value for name, value in row.items() if name not in (*TAGS, "time_ns")}
        for back in range(1, days):
            yield Point(measurement, tags, values, int(row["time_ns"]) - back * DAY_NS)


def _fill(store: Store) -> tuple[int, float]:
    """Make a year of daily and a month of hourly rows; return the samples of the seeded day and how long its rollup took, s."""
    sites = read_sites(shipped() / "sites.csv")
    seed.seed(store, sites, days=1, halls=HALLS, end=END, interval_s=STEP_S)
    hours = set(range((END_NS - DAY_NS) // (DAY_NS // 24), END_NS // (DAY_NS // 24)))
    touched = dict.fromkeys(plan(sites.values(), HALLS), hours)
    spent, _ = _timed(lambda store: recompute(store, sites, touched), store)
    for measurement, days in (("signal_1h", MONTH), ("signal_1d", YEAR)):
        rows = list(store.samples(measurement, END_NS - DAY_NS, END_NS))
        points = sorted(_copies(rows, measurement, days), key=lambda point: point.time_ns)
        for first in range(0, len(points), WRITE_ROWS):
            store.write_points(points[first : first + WRITE_ROWS])
    samples = sum(1 for _ in store.samples("signal", END_NS - DAY_NS, END_NS, None, ["seq"]))
    return samples, spent


def _timed(work: Callable[[Store], int], store: Store) -> tuple[float, int]:
    start = time.perf_counter()
    count = work(store)
    return time.perf_counter() - start, count


def _summaries(store: Store, measurement: str, days: int, site: str | None = None) -> int:
    """Read and parse rows as a report does, merged by hall; return their number."""
    halls: dict[str, Summary] = {}
    count = 0
    for row in store.samples(measurement, END_NS - days * DAY_NS, END_NS, site):
        halls.setdefault(str(row["site"]), Summary()).merge(Summary.from_row(row))
        count += 1
    return count


def _reads(hall: str) -> dict[str, Callable[[Store], int]]:
    return {
        f"{HALLS} halls x {MONTH} days, daily rows": lambda store: _summaries(store, "signal_1d", MONTH),
        f"{HALLS} halls x {YEAR} days, daily rows": lambda store: _summaries(store, "signal_1d", YEAR),
        f"{HALLS} halls x {MONTH} days, hourly rows": lambda store: _summaries(store, "signal_1h", MONTH),
        f"one hall x {MONTH} days, hourly rows": lambda store: _summaries(store, "signal_1h", MONTH, hall),
        f"newest row of each modem of {HALLS} halls": lambda store: len(store.latest("signal_1h")),
    }


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the figures of both engines."""
    some_hall = next(iter(plan(read_sites(shipped() / "sites.csv").values(), HALLS)))
    with _stores(folder) as stores:
        for name, store in stores.items():
            samples, spent = _fill(store)
            yield f"{name}: rolling up a day of {HALLS} halls, samples/s", f"{samples / spent:,.0f}", ""
            for what, read in _reads(some_hall).items():
                spent, rows = _timed(read, store)
                yield f"{name}: {what} ({rows:,} rows), s", f"{spent:.2f}", ""
            store.close()


def main() -> int:
    """Print the figures alone."""
    with tempfile.TemporaryDirectory(prefix="sinyal-reports-") as name:
        for what, value, _ in figures(Path(name)):
            print(f"{what:<72}{value:>12}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
