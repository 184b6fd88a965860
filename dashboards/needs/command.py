"""`sinyal-dashboards needs`: writes the needs map of a period into a new folder, whole or not at all."""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from collector.errors import ConfigError
from collector.rollup import bring_up_to_date
from collector.server.program import add_store, store_config
from collector.store.open import open_store
from collector.store.store import Store
from dashboards.needs.assemble import Basis, gather, report
from dashboards.needs.basis import read_basis
from dashboards.needs.csv import write_csv
from dashboards.needs.detail import Detail, read_details
from dashboards.needs.document import Drawn, drawn
from dashboards.needs.geojson import write_geojson
from dashboards.needs.html import write_html
from dashboards.needs.kept import MEASUREMENT, points
from dashboards.needs.letterhead import Letterhead, letterhead_of
from dashboards.needs.model import NS, Period, Report
from dashboards.needs.pdf import document, print_pdf, printer
from dashboards.needs.periods import add_period, periods
from dashboards.needs.proof import evidenced, write_evidence
from dashboards.needs.seal import write_sums
from dashboards.needs.shared import uncollected
from dashboards.needs.xlsx import write_xlsx
from ground.durable import sync_file, sync_folder
from ground.pool import pool_of, unheard
from ground.words import Lang, add_lang

OK, NOTHING = 0, 3
STEM = "peta-kebutuhan"
ABOUT = """\
Writes the needs map: for each village and operator the state of the service at the hall over a period, its evidence, the
diagnosis with its reason, and a rank. In a new folder: HTML, XLSX, CSV, GeoJSON, the official PDF (letterhead, summary, a page a
kecamatan, method, annexes), a page of evidence for each hall, and SHA256SUMS. Days are days of WITA; --from is in, --to is out.

It judges by needs.toml and classes.toml beside sites.csv, and reads kutim_context.csv and letterhead.toml there; without the
first its inputs count as not known, without the second the paper has no office. Not measured is never shown as no signal.
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
    add_period(parser)
    parser.add_argument("--out", "-o", type=Path, metavar="DIR", help=f"new folder; default: {STEM}-FROM-TO here")
    parser.add_argument("--parameters", type=Path, metavar="FILE", help="default: needs.toml beside sites.csv")
    parser.add_argument("--context", type=Path, metavar="FILE", help="default: kutim_context.csv beside sites.csv, where it is")
    parser.add_argument("--letterhead", type=Path, metavar="FILE", help="default: letterhead.toml beside sites.csv, where it is")
    parser.add_argument("--no-pdf", action="store_true", help="without the official document, which needs Debian's Pango")
    add_lang(parser, village=True)
    parser.add_argument("--csv-semicolon", action="store_true", help="semicolons between the cells of the CSV")
    parser.add_argument("--decimal-comma", action="store_true", help="comma as decimal sign in the CSV")


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Write the report; return the exit code. Raises ConfigError and StoreUnavailableError for the program to tell."""
    began = time.monotonic()
    now = datetime.now(UTC)
    period, earlier = periods(args, now)
    config = store_config(args)
    beside = config.sites.file.parent
    basis = read_basis(beside, config.classes.file, config.sites.file, args.parameters, args.context)
    paper = Paper(letterhead_of(args.letterhead, beside), printed=not args.no_pdf, lang=args.lang)
    if paper.printed:
        printer()  # better now than after a minute of reading
    folder = args.out or Path(f"{STEM}-{args.first}-{args.end}")
    if folder.exists():
        raise ConfigError(f"{folder}: already exists; name another folder with --out, or remove it")
    again = partial(open_store, config.store)
    with closing(again()) as store:
        hours = bring_up_to_date(store, basis.sites, int(now.timestamp() * NS))
        log.info("event=needs_rollup hours=%d", hours)
        made = _make(store, again, basis, period, earlier)
        if made is None:
            log.error("event=needs_nothing first=%s end=%s cure=choose_a_period_with_measurements", args.first, args.end)
            return NOTHING
        details = partial(read_details, store, [v.site.code for v in made.villages if evidenced(v)], period)
        write_report(made, folder, basis, paper, details, semicolon=args.csv_semicolon, decimal_comma=args.decimal_comma)
        store.write_points(list(points(made, store.samples(MEASUREMENT, 0, period.end_ns))))
    log.info("event=needs_written folder=%s seconds=%.1f", folder, time.monotonic() - began)
    return OK


def _make(store: Store, again: Callable[[], Store], basis: Basis, period: Period, earlier: Period | None) -> Report | None:
    now = gather(store, basis, period, again)
    if not now.evidence:
        return None
    return report(basis, period, now, None if earlier is None else (earlier, gather(store, basis, earlier, again)))


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose paper it is, whether the official document is printed, in which language."""

    head: Letterhead
    printed: bool = True
    lang: Lang = "id"


def write_report(
    made: Report,
    folder: Path,
    basis: Basis,
    paper: Paper,
    details: Callable[[], Mapping[str, Detail]],
    *,
    semicolon: bool,
    decimal_comma: bool,
) -> None:
    """Write all files into a hidden folder beside the target, then give it its name: never half a report.

    `details` reads what the pages of evidence show; it is called while the paper is printed. Raises what it raises.
    """
    maps, head = drawn(made, basis.areas), paper.head
    writers: dict[str, Callable[[Path], None]] = {
        "xlsx": lambda path: write_xlsx(made, path, head.author),
        "csv": lambda path: write_csv(made, path, semicolon=semicolon, decimal_comma=decimal_comma),
        "geojson": lambda path: write_geojson(made, path),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error}") from None
    try:
        with _printing(made, maps, half, paper):  # half of the time goes into print, so that has a core of its own
            found = details()
            proven = {village.site.code for village in made.villages if village.site.code in found and evidenced(village)}
            writers["html"] = lambda path: write_html(made, maps, head, path, proven)
            for kind, write in writers.items():
                write(half / f"{STEM}.{kind}")
                log.info("event=needs_file kind=%s bytes=%d", kind, (half / f"{STEM}.{kind}").stat().st_size)
            write_evidence(made, found, head, half)
        log.info("event=needs_file kind=evidence pages=%d", len(proven))
        write_sums(half)
        half.chmod(0o755)
        for path in half.rglob("*"):
            sync_file(path)  # of a folder it is its names
        sync_folder(half)
        half.rename(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error}") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


@contextmanager
def _printing(made: Report, maps: Drawn, folder: Path, paper: Paper) -> Iterator[None]:
    """Print the official document in a process beside what is done meanwhile. Raises OSError."""
    if not paper.printed:
        yield
        return
    path = folder / f"{STEM}.pdf"
    text = document(made, maps, paper.head, paper.lang)
    with pool_of(1) as pool:
        with unheard():
            printed = pool.submit(print_pdf, text, path)
        yield
        printed.result()
    log.info("event=needs_file kind=pdf bytes=%d", path.stat().st_size)
