"""`sinyal-dashboards archive`: the raw samples as one open file a day, what a map is judged by, and the hash of everything."""

from __future__ import annotations

import argparse
import logging
import shutil
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from collector.errors import ConfigError
from collector.server.program import add_store, store_config
from collector.sites.sites import read_sites
from collector.store.dirty_hours import days_since
from collector.store.open import open_store
from collector.store.store import Store
from dashboards.needs.parquet import arrow, bounds, columns, write_day
from dashboards.needs.periods import a_day
from dashboards.needs.seal import SUMS, file_hash
from ground.durable import move_durably, sync_file, sync_folder, write_durably
from ground.table import read_table
from ground.wita import WITA

BASIS = ("sites.csv", "needs.toml", "classes.toml", "kutim_context.csv")
"""What a map is judged by beside the samples; copied as it is now. What changes is kept in `basis/until-DAY/`."""
UNTIL = "until-"
FOLDER = Path("/var/lib/sinyal/archive")
STATE = "written.txt"
"""Holds up to when (UTC ns) the dirty hours are in the files."""
ABOUT = """\
Writes the raw samples of every day of WITA as one Parquet file with a fixed schema, for anybody to read without our programs, and
SHA256SUMS over all. Without --from it writes the days that got samples since the last time, also late ones: what
sinyal-archive.timer does every night. Today is never in it. `sinyal-dashboards recompute` makes the needs map from it.
"""
EPILOG = """\
examples:
  sinyal-dashboards archive                                    # into /var/lib/sinyal/archive
  sinyal-dashboards archive --from 2026-10-01 --to 2026-11-01 --out /media/usb/archive
  duckdb -c "select site, median(rsrp_dbm) from '/media/usb/archive/2026-10-*.parquet' where stream = 'signal' group by site"

exit: 0 written, or nothing new; 1 the store is down; 2 bad usage or config
"""
README = """\
# Raw samples of Sinyal

One file a day of WITA (UTC+8), Apache Parquet, zstd. A row is a sample of one stream; what a modem did not give is null, never 0.
`basis/` holds what the needs map is judged by. Check everything: `sha256sum --check SHA256SUMS`.
Make the map of a period again: `sinyal-dashboards recompute THIS_FOLDER --from 2026-10-01 --to 2026-11-01`.
`basis/sites.csv` is needed for names and places; the code of a village is `site`. `basis/until-2026-10-20/` holds what was
judged by until it changed on that day, also halls that were taken off the list: `recompute --as-of 2026-10-19` judges by it.

| column | type | unit | streams |
|---|---|---|---|
"""
log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards archive`."""
    parser.description, parser.epilog = ABOUT, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_store(parser)
    parser.add_argument("--from", dest="first", type=a_day, metavar="DAY", help="first day in; with --to")
    parser.add_argument("--to", dest="end", type=a_day, metavar="DAY", help="first day out")
    parser.add_argument("--out", "-o", type=Path, default=FOLDER, metavar="DIR", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Write the days; return the exit code."""
    arrow()
    config, began, now_ns = store_config(args), time.monotonic(), time.time_ns()
    if (args.first is None) != (args.end is None):
        raise ConfigError("--from and --to belong together; give both or none")
    today = datetime.now(UTC).astimezone(WITA).date()
    sites = {*read_sites(config.sites.file), *_known_before(args.out)}
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        with closing(open_store(config.store)) as store:
            days = _span(args.first, args.end) if args.first else set[date]().union(*days_since(store, _done(args.out)).values())
            for day in sorted(day for day in days if day < today):
                _write(store, sites, day, args.out)
        _beside(args.out, config.sites.file.parent, config.classes.file, today)
        if args.first is None:
            seen_ns = min(now_ns, bounds(today)[0])  # what came today is of a day that is not written yet
            write_durably(args.out / STATE, f"{seen_ns}\n".encode())
        _sums(args.out)
    except OSError as error:
        raise ConfigError(f"{args.out}: cannot be written: {error}") from None
    log.info("event=archive_done folder=%s seconds=%.1f", args.out, time.monotonic() - began)
    return 0


def _write(store: Store, sites: Iterable[str], day: date, folder: Path) -> None:
    half = folder / f".{day}.half"
    rows = write_day(store, sites, day, half)
    path = folder / f"{day}.parquet"
    if rows == 0:
        half.unlink()
        return
    sync_file(half)
    half.replace(path)
    sync_folder(folder)
    log.info("event=archive_day day=%s rows=%d bytes=%d", day, rows, path.stat().st_size)


def _done(folder: Path) -> int:
    try:
        return int((folder / STATE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0  # a first time, or the file was lost: everything is written again


def _span(first: date, end: date) -> set[date]:
    return {first + timedelta(days=k) for k in range((end - first).days)}


def basis_of(folder: Path, day: date | None) -> Path:
    """Return the folder of what maps were judged by at the end of a day; None: now."""
    kept = sorted((folder / "basis").glob(f"{UNTIL}*"))
    return next((path for path in kept if day is not None and path.name > f"{UNTIL}{day}"), folder / "basis")


def _known_before(folder: Path) -> set[str]:
    """Return the codes of every register that this archive was written by: a hall that left it keeps the days it measured."""
    codes = set()
    for path in (folder / "basis").rglob("sites.csv"):
        codes |= {row.cells["code"] for row in read_table(path, ("code",))[0] if row.cells["code"]}
    return codes


def _beside(folder: Path, beside: Path, classes: Path, today: date) -> None:
    basis = folder / "basis"
    basis.mkdir(exist_ok=True)
    sources = {name: classes if name == classes.name else beside / name for name in BASIS}
    now = {name: source.read_bytes() for name, source in sources.items() if source.is_file()}
    before = {name: (basis / name).read_bytes() for name in BASIS if (basis / name).is_file()}
    kept, half = basis / f"{UNTIL}{today}", basis / ".half"
    shutil.rmtree(half, ignore_errors=True)  # of a run that was cut off
    if before and now != before and not kept.exists():  # a second change of a day was in force on no day
        half.mkdir()
        for name, content in before.items():
            write_durably(half / name, content)
        move_durably(half, kept)
    for name, content in now.items():
        write_durably(basis / name, content)
    for name in before.keys() - now.keys():
        (basis / name).unlink()
    lines = [f"| `{name}` | {kind.__name__} | {unit} | {streams} |" for name, (kind, unit, streams) in columns().items()]
    write_durably(folder / "README.md", (README + "\n".join(lines) + "\n").encode())


def _sums(folder: Path) -> None:
    """Hash what is new or changed; the other lines stay as they were."""
    sums = folder / SUMS
    changed = sums.stat().st_mtime if sums.exists() else 0.0
    known = dict(line.split("  ", 1)[::-1] for line in sums.read_text("utf-8").splitlines()) if sums.exists() else {}
    files = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in {SUMS, STATE} and path.name[0] != "."
    ]
    lines = []
    for path in files:
        name = path.relative_to(folder).as_posix()
        same = name in known and path.stat().st_mtime < changed - 1
        lines.append(f"{known[name] if same else file_hash(path)}  {name}")
    write_durably(sums, ("\n".join(lines) + "\n").encode())
