"""What the needs map of 141 halls over a year costs, part by part, on SQLite and on a real InfluxDB.

    python -m bench.report [--halls 141] [--days 365] [--only sqlite]

A month is seeded with all its parts; its daily rollups are written again for the months before it. That is what the command reads
of a year: raw samples, events and hours only of the last days. Each part is measured by itself in seconds of wall and of the
processor, in one process, then the command as it is called: all its files, its processes together.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from collector.rollup import bring_up_to_date
from collector.sites.sites import read_sites
from collector.store.influx1 import Influx1
from collector.store.lines import TAGS
from collector.store.sqlite import Sqlite
from collector.store.store import Point, Store
from dashboards.needs.assemble import Gathered, gather, report
from dashboards.needs.basis import read_basis
from dashboards.needs.command import STEM
from dashboards.needs.csv import write_csv
from dashboards.needs.detail import read_details
from dashboards.needs.document import drawn
from dashboards.needs.geojson import write_geojson
from dashboards.needs.html import write_html
from dashboards.needs.letterhead import letterhead_of
from dashboards.needs.model import NS, Period
from dashboards.needs.pdf import document, print_pdf
from dashboards.needs.proof import write_evidence
from dashboards.needs.xlsx import write_xlsx
from demo.seed import seed
from ground.paths import shipped
from ground.wita import WITA
from lab.servers import influxd

END = date(2026, 11, 1)
MONTH, BATCH = 31, 5000
DAY_NS = 86_400 * NS
T = TypeVar("T")
Row = tuple[str, float, float]


@contextmanager
def _stores(folder: Path) -> Iterator[dict[str, tuple[str, Callable[[], Store]]]]:
    with influxd(folder / "influxd") as server:
        yield {
            "sqlite": (f'engine = "sqlite"\npath = "{folder / "store.db"}"', lambda: Sqlite(folder / "store.db")),
            "influx1": (
                f'engine = "influx1"\nurl = "{server.url}"\ndatabase = "sinyal"',
                lambda: Influx1(server.url, "sinyal"),
            ),
        }


def fill(store: Store, halls: int, days: int) -> None:
    """Seed a month, and write its daily rollups again for the days before it."""
    sites, end = read_sites(shipped() / "sites.csv"), datetime(END.year, END.month, END.day, tzinfo=WITA)
    seed(store, sites, days=MONTH, halls=halls, end=end, interval_s=60, raw_days=2)
    end_ns = int(end.timestamp()) * NS
    rows = list(store.samples("signal_1d", end_ns - MONTH * DAY_NS, end_ns))
    points = []
    for times in range(1, -(-days // MONTH)):
        for row in rows:
            time_ns = int(row["time_ns"]) - times * MONTH * DAY_NS
            if time_ns >= end_ns - days * DAY_NS:
                tags = {name: str(row[name]) for name in TAGS if name in row}
                values = {name: value for name, value in row.items() if name not in (*TAGS, "time_ns")}
                points.append(Point("signal_1d", tags, values, time_ns))
    points.sort(key=lambda point: point.time_ns)
    for first in range(0, len(points), BATCH):
        store.write_points(points[first : first + BATCH])
    bring_up_to_date(store, sites, time.time_ns())


class Watch:
    """Takes the time of one part after the other."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, part: str, work: Callable[[], T]) -> T:
        """Do a part and note what it took."""
        wall, cpu = time.monotonic(), time.process_time()
        found = work()
        self.rows.append((part, time.monotonic() - wall, time.process_time() - cpu))
        return found


def parts(store: Store, folder: Path, days: int) -> list[Row]:
    """Do each part of the command by itself, in one process."""
    beside, watch = shipped(), Watch()
    basis = read_basis(beside, beside / "classes.toml", beside / "sites.csv", None, None)
    period, head = Period(END - timedelta(days=days), END, datetime.now(UTC)), letterhead_of(None, beside)
    gathered: Gathered = watch("read and gather", lambda: gather(store, basis, period))
    made = watch("judge and rank", lambda: report(basis, period, gathered, None))
    details = watch("read the details of the halls", lambda: read_details(store, period))
    maps = watch("draw the maps", lambda: drawn(made, basis.areas))
    folder.mkdir()
    watch("HTML", lambda: write_html(made, maps, head, folder / f"{STEM}.html", set(details)))
    watch("CSV", lambda: write_csv(made, folder / f"{STEM}.csv", semicolon=False, decimal_comma=False))
    watch("GeoJSON", lambda: write_geojson(made, folder / f"{STEM}.geojson"))
    watch("XLSX", lambda: write_xlsx(made, folder / f"{STEM}.xlsx", head.author))
    watch(f"pages of evidence ({len(details)})", lambda: write_evidence(made, details, head, folder))
    watch("PDF", lambda: print_pdf(document(made, maps, head, "id"), folder / f"{STEM}.pdf"))
    return watch.rows


def command(folder: Path, section: str, engine: str, days: int, *more: str) -> tuple[float, float]:
    """Call the command as a person does; return seconds of wall and of the processor, of all its processes."""
    config, beside = folder / f"{engine}.toml", shipped()
    files = f'[sites]\nfile = "{beside / "sites.csv"}"\n[classes]\nfile = "{beside / "classes.toml"}"\n'
    config.write_text(f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\n{section}\n{files}', encoding="utf-8")
    words = ["needs", "-c", str(config), "--from", str(END - timedelta(days=days)), "--to", str(END), *more]
    out = folder / f"report-{engine}{'-'.join(more)}"
    before = os.times()
    subprocess.run([sys.executable, "-m", "dashboards.cli", *words, "-o", str(out)], check=True, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return after.elapsed - before.elapsed, cpu


def main() -> int:
    """Fill, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halls", type=int, default=141)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--only", choices=("sqlite", "influx1"))
    args = parser.parse_args()
    print(f"{'engine':8} {'part':36} {'wall s':>8} {'processor s':>12}   (load {os.getloadavg()[0]:.0f})")
    with tempfile.TemporaryDirectory(prefix="sinyal-report-") as name, _stores(Path(name)) as stores:
        for engine, (section, opened) in stores.items():
            if args.only not in (None, engine):
                continue
            with closing(opened()) as store:
                fill(store, args.halls, args.days)
                rows = parts(store, Path(name) / f"parts-{engine}", args.days)
            rows.append(("the command, everything", *command(Path(name), section, engine, args.days)))
            rows.append(("the command, --no-pdf", *command(Path(name), section, engine, args.days, "--no-pdf")))
            for part, wall, cpu in rows:
                print(f"{engine:8} {part:36} {wall:8.1f} {cpu:12.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
