"""`sinyal-dashboards needs`: writes the needs map of a period into a new folder, whole or not at all."""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from collector.config import Config
from collector.errors import ConfigError
from collector.rollup import bring_up_to_date
from collector.server.program import add_store, store_config
from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from collector.store.open import open_store
from collector.store.store import Store
from dashboards.atlas.areas import DESA, KECAMATAN, read_areas
from dashboards.needs.assemble import Basis, gather, report
from dashboards.needs.boundaries import read_context
from dashboards.needs.csv import write_csv
from dashboards.needs.geojson import write_geojson
from dashboards.needs.html import write_html
from dashboards.needs.model import NS, Period, Report
from dashboards.needs.parameters import read_parameters
from dashboards.needs.pdf import write_pdf
from dashboards.needs.xlsx import write_xlsx

OK, NOTHING = 0, 3
STEM = "peta-kebutuhan"
ABOUT = """\
Writes the needs map: for each village and operator the state of the service at the hall over a period, its evidence, the
diagnosis with its reason, and a priority. Five files in a new folder: HTML, XLSX, CSV, GeoJSON, and PDF with two pages a
kecamatan. Days are days of WITA; --from is in, --to is out.

It judges by needs.toml and classes.toml beside sites.csv, and reads kutim_context.csv there; without that file its inputs count
as not known. Not measured is never shown as no signal.
"""
EPILOG = """\
examples:
  sinyal-dashboards needs --config /etc/sinyal/collector.toml --from 2026-10-01 --to 2026-11-01
  sinyal-dashboards needs --from 2026-10-01 --to 2026-11-01 --compare-from 2026-07-01 --compare-to 2026-08-01 -o oktober
  sinyal-dashboards needs --from 2026-10-01 --to 2026-11-01 --csv-semicolon --decimal-comma      # for Indonesian Excel

exit: 0 written; 1 the store is down; 2 bad usage or config, or the folder already exists; 3 nothing measured in that period
"""
log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards needs`."""
    parser.description, parser.epilog = ABOUT, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_store(parser)
    parser.add_argument("--from", dest="first", type=_day, required=True, metavar="DAY", help="first day in, as 2026-10-01")
    parser.add_argument("--to", dest="end", type=_day, required=True, metavar="DAY", help="first day out, as 2026-11-01")
    parser.add_argument("--compare-from", type=_day, metavar="DAY", help="first day of an earlier period to compare with")
    parser.add_argument("--compare-to", type=_day, metavar="DAY", help="first day after it")
    parser.add_argument("--out", "-o", type=Path, metavar="DIR", help=f"new folder; default: {STEM}-FROM-TO here")
    parser.add_argument("--parameters", type=Path, metavar="FILE", help="default: needs.toml beside sites.csv")
    parser.add_argument("--context", type=Path, metavar="FILE", help="default: kutim_context.csv beside sites.csv, where it is")
    parser.add_argument("--csv-semicolon", action="store_true", help="semicolons between the cells of the CSV")
    parser.add_argument("--decimal-comma", action="store_true", help="comma as decimal sign in the CSV")


def run(args: argparse.Namespace) -> int:
    """Write the report; return the exit code. Raises ConfigError and StoreUnavailableError for the program to tell."""
    began = time.monotonic()
    now = datetime.now(UTC)
    period, earlier = _periods(args, now)
    config = store_config(args)
    basis = _basis(args, config)
    folder = args.out or Path(f"{STEM}-{args.first}-{args.end}")
    if folder.exists():
        raise ConfigError(f"{folder}: already exists; name another folder with --out, or remove it")
    with closing(open_store(config.store)) as store:
        hours = bring_up_to_date(store, basis.sites, int(now.timestamp() * NS))
        log.info("event=needs_rollup hours=%d", hours)
        made = _make(store, basis, period, earlier)
    if made is None:
        log.error("event=needs_nothing first=%s end=%s cure=choose_a_period_with_measurements", args.first, args.end)
        return NOTHING
    write_report(made, folder, basis, semicolon=args.csv_semicolon, decimal_comma=args.decimal_comma)
    log.info("event=needs_written folder=%s seconds=%.1f", folder, time.monotonic() - began)
    return OK


def _make(store: Store, basis: Basis, period: Period, earlier: Period | None) -> Report | None:
    now = gather(store, basis, period)
    if not now.evidence:
        return None
    return report(basis, period, now, None if earlier is None else (earlier, gather(store, basis, earlier)))


def write_report(made: Report, folder: Path, basis: Basis, *, semicolon: bool, decimal_comma: bool) -> None:
    """Write all files into a hidden folder beside the target, then give it its name: never half a report."""
    kecamatan = read_areas(KECAMATAN)
    writers: dict[str, Callable[[Path], None]] = {
        "html": lambda path: write_html(made, basis.areas, kecamatan, path),
        "xlsx": lambda path: write_xlsx(made, path),
        "csv": lambda path: write_csv(made, path, semicolon=semicolon, decimal_comma=decimal_comma),
        "geojson": lambda path: write_geojson(made, path),
        "pdf": lambda path: write_pdf(made, basis.areas, path),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error}") from None
    try:
        for kind, write in writers.items():
            write(half / f"{STEM}.{kind}")
            log.info("event=needs_file kind=%s bytes=%d", kind, (half / f"{STEM}.{kind}").stat().st_size)
        half.chmod(0o755)
        half.rename(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error}") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _basis(args: argparse.Namespace, config: Config) -> Basis:
    beside = config.sites.file.parent
    context = args.context or beside / "kutim_context.csv"
    known = args.context is not None or context.exists()
    if not known:
        log.warning("event=needs_no_context file=%s effect=inputs_not_known", context)
    return Basis(
        sites=read_sites(config.sites.file),
        contexts=read_context(context) if known else {},
        areas=read_areas(DESA),
        parameters=read_parameters(args.parameters or beside / "needs.toml"),
        classes=read_classes(config.classes.file),
    )


def _periods(args: argparse.Namespace, now: datetime) -> tuple[Period, Period | None]:
    period = _period("--from", "--to", args.first, args.end, now)
    if args.compare_from is None and args.compare_to is None:
        return period, None
    if args.compare_from is None or args.compare_to is None:
        raise ConfigError("--compare-from and --compare-to belong together; give both or none")
    earlier = _period("--compare-from", "--compare-to", args.compare_from, args.compare_to, now)
    if earlier.end > period.first:
        raise ConfigError("--compare-to: the earlier period must end before --from begins")
    return period, earlier


def _period(first_name: str, end_name: str, first: date, end: date, now: datetime) -> Period:
    if end <= first:
        raise ConfigError(f"{end_name}: must be after {first_name} (got {first} to {end})")
    period = Period(first, end, now)
    if period.slots == 0:
        raise ConfigError(f"{first_name}: lies in the future (got {first})")
    return period


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as 2026-10-01") from None
