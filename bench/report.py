"""What the needs map of 141 halls over a year costs, part by part, on SQLite and on a real InfluxDB.

    python -m bench.report [--halls 141] [--days 365] [--only sqlite]

A week is seeded with all its parts; its daily rollups and scans are written again for the weeks before it, its hours and events
for the month. That is what the command reads of a year: raw samples only of the last days. The command is called as people do,
all its files, its processes together; then each part is measured by itself, in one process. Seconds of wall and of the processor;
those of a database server are its own and not in them.
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
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from collector.errors import Fault, StoreUnavailableError
from collector.rollup import bring_up_to_date
from collector.sites.sites import read_sites
from collector.store.influx1 import Influx1
from collector.store.lines import POINT_TAGS
from collector.store.sqlite import Sqlite
from collector.store.store import MEASUREMENTS, Point, Store
from collector.store.store import Row as StoreRow
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

LAST = date(2026, 11, 1)
END = datetime(LAST.year, LAST.month, LAST.day, tzinfo=WITA)
END_NS = int(END.timestamp()) * NS
SITES = read_sites(shipped() / "sites.csv")
WEEK, BATCH = 7, 5000
COPIED = {"signal_1d": 366, "scan": 366, "signal_1h": 31, "event": 31}
"""What is written again, for how many days."""
DAY_NS = 86_400 * NS
TOLD = 20
"""Lines of the log of a command that failed."""
T = TypeVar("T")


@contextmanager
def _stores(folder: Path) -> Iterator[dict[str, tuple[str, Callable[[], Store]]]]:
    with influxd(folder / "influxd") as server:
        yield {
            "sqlite": (f'engine = "sqlite"\npath = "{folder / "store.db"}"', partial(Sqlite, folder / "store.db")),
            "influx1": (
                f'engine = "influx1"\nurl = "{server.url}"\ndatabase = "sinyal"',
                partial(Influx1, server.url, "sinyal"),
            ),
        }


def week(path: Path, halls: int) -> None:
    """Seed a week of everything into a file."""
    opened = partial(Sqlite, path)
    with closing(opened()) as store:
        seed(store, SITES, days=WEEK, halls=halls, end=END, interval_s=60, raw_days=2, progress=_tell, open_again=opened)


def _tell(what: str, share: float) -> None:
    """Say on stderr how far the filling is: it takes many minutes."""
    print(f"\r{what}: {share:.0%}   ", end="", file=sys.stderr, flush=True)


def fill(seeded: Store, store: Store, days: int) -> None:
    """Write the week into a store, and what is read of a year again for the weeks before it."""
    for measurement in MEASUREMENTS:
        weeks = -(-min(days, COPIED.get(measurement, 0)) // WEEK)
        first_ns = END_NS - min(days, COPIED.get(measurement, 0)) * DAY_NS
        for times in range(max(1, weeks)):
            _tell(f"fill {measurement}", times / max(1, weeks))
            points = (_before(measurement, row, times) for row in seeded.samples(measurement, 0, 2**62))
            wanted = (one for one in points if times == 0 or first_ns <= one.time_ns < END_NS - times * WEEK * DAY_NS)
            while batch := list(islice(wanted, BATCH)):
                _write(store, batch)
    bring_up_to_date(store, SITES, time.time_ns())


def _before(measurement: str, row: StoreRow, weeks: int) -> Point:
    tags = {name: str(row[name]) for name in POINT_TAGS if name in row}
    values = {name: value for name, value in row.items() if name not in (*POINT_TAGS, "time_ns")}
    return Point(measurement, tags, values, int(row["time_ns"]) - weeks * WEEK * DAY_NS)


def _write(store: Store, points: list[Point]) -> None:
    """Write, again where a database under load says that it is busy."""
    while True:
        try:
            return store.write_points(points)
        except StoreUnavailableError as error:
            if error.fault is not Fault.BUSY:
                raise


class Watch:
    """Takes the time of one part after the other, and prints it."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def __call__(self, part: str, work: Callable[[], T]) -> T:
        """Do a part and print what it took."""
        wall, cpu = time.monotonic(), time.process_time()
        found = work()
        self.took(part, time.monotonic() - wall, time.process_time() - cpu)
        return found

    def took(self, part: str, wall: float, cpu: float) -> None:
        """Print a line of the table."""
        print(f"{self._engine:8} {part:36} {wall:8.1f} {cpu:12.1f} {os.getloadavg()[0]:6.0f}", flush=True)


def parts(watch: Watch, store: Store, folder: Path, days: int) -> None:
    """Do each part of the command by itself, in one process."""
    beside = shipped()
    basis = read_basis(beside, beside / "classes.toml", beside / "sites.csv", None, None)
    period, head = Period(LAST - timedelta(days=days), LAST, datetime.now(UTC)), letterhead_of(None, beside)
    gathered: Gathered = watch("read and gather", lambda: gather(store, basis, period))
    made = watch("judge and rank", lambda: report(basis, period, gathered, None))
    details = watch("read the details of the halls", lambda: read_details(store, gathered.evidence, period))
    maps = watch("draw the maps", lambda: drawn(made, basis.areas))
    folder.mkdir()
    watch("HTML", lambda: write_html(made, maps, head, folder / f"{STEM}.html", set(details)))
    watch("CSV", lambda: write_csv(made, folder / f"{STEM}.csv", semicolon=False, decimal_comma=False))
    watch("GeoJSON", lambda: write_geojson(made, folder / f"{STEM}.geojson"))
    watch("XLSX", lambda: write_xlsx(made, folder / f"{STEM}.xlsx", head.author))
    watch(f"pages of evidence ({len(details)})", lambda: write_evidence(made, details, head, folder))
    watch("PDF", lambda: print_pdf(document(made, maps, head, "id"), folder / f"{STEM}.pdf"))


def command(folder: Path, section: str, engine: str, days: int, *more: str) -> tuple[float, float]:
    """Call the command as a person does; return seconds of wall and of the processor, of all its processes.

    Raises SystemExit with the end of its log where it fails.
    """
    config, beside = folder / f"{engine}.toml", shipped()
    files = f'[sites]\nfile = "{beside / "sites.csv"}"\n[classes]\nfile = "{beside / "classes.toml"}"\n'
    config.write_text(f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\n{section}\n{files}', encoding="utf-8")
    words = ["needs", "-c", str(config), "--from", str(LAST - timedelta(days=days)), "--to", str(LAST), *more]
    out = folder / f"report-{engine}{'-'.join(more)}"
    before = os.times()
    log = folder / f"{out.name}.log"
    with log.open("wb") as told:
        code = subprocess.run(
            [sys.executable, "-m", "dashboards.cli", *words, "-o", str(out)], check=False, stderr=told
        ).returncode
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TOLD:]
        raise SystemExit("\n".join([f"sinyal-dashboards {' '.join(words)}: ended with {code}", *last]))
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
    print(f"{'engine':8} {'part':36} {'wall s':>8} {'processor s':>12} {'load':>6}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sinyal-report-") as name, _stores(Path(name)) as stores:
        week(Path(name) / "week.db", args.halls)
        seeded = Sqlite(Path(name) / "week.db")
        for engine, (section, opened) in stores.items():
            if args.only in (None, engine):
                watch = Watch(engine)
                with closing(opened()) as store:
                    watch("fill (not of the report)", partial(fill, seeded, store, args.days))
                for words in ([], ["--no-pdf"]):
                    watch.took(" ".join(["the command", *words]), *command(Path(name), section, engine, args.days, *words))
                with closing(opened()) as store:
                    parts(watch, store, Path(name) / f"parts-{engine}", args.days)
    return 0


if __name__ == "__main__":
    sys.exit(main())
