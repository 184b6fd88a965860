"""`sinyal-dashboards recompute`: the handover table from an archive, byte for byte what the map's folder has."""

from __future__ import annotations

import argparse
import logging
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dashboards.needs.archive import basis_of
from dashboards.needs.archived import Archive
from dashboards.needs.assemble import gather, report
from dashboards.needs.basis import read_basis
from dashboards.needs.csv import write_csv
from dashboards.needs.model import Period
from dashboards.needs.parquet import arrow
from dashboards.needs.periods import a_day, add_period, periods
from dashboards.needs.seal import fingerprint

OK, DIFFERENT, NOTHING = 0, 1, 3
LEAD_DAYS = 7
"""Days read before a period: samples that do not name their operator belong to the one that the modem named last."""
ABOUT = """\
Makes the handover table (CSV) of a period again, from the raw samples of an archive alone: no database, no server. What is
judged by (sites, thresholds) is in the archive's basis/. Prints the SHA-256 of the table: the fingerprint that the PDF shows.
"""
EPILOG = """\
examples:
  sinyal-dashboards recompute /media/usb/archive --from 2026-10-01 --to 2026-11-01
  sinyal-dashboards recompute archive --from 2026-10-01 --to 2026-11-01 --expect FINGERPRINT --out again.csv

exit: 0 made (and as expected); 1 another fingerprint than expected; 2 bad usage; 3 nothing measured in that period
"""
log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards recompute`."""
    parser.description, parser.epilog = ABOUT, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("archive", type=Path, help="folder that `sinyal-dashboards archive` wrote")
    add_period(parser)
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="write the table there")
    parser.add_argument(
        "--expect", metavar="SHA256", help="end with 1 where the fingerprint is another one; spaces do not matter"
    )
    parser.add_argument("--as-of", type=a_day, metavar="DAY", help="judge by the register and thresholds of that day")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: all cores)")


def run(args: argparse.Namespace) -> int:
    """Recompute; return the exit code."""
    arrow()
    began = time.monotonic()
    period, earlier = periods(args, datetime.now(UTC))
    archive = Archive(args.archive)
    beside = basis_of(args.archive, args.as_of)
    basis = read_basis(beside, beside / "classes.toml")
    days = sorted({*_wanted(archive, period), *(_wanted(archive, earlier) if earlier else ())})
    archive.roll_up(basis.sites, days, max(1, min(args.workers, len(basis.sites))))
    now = gather(archive, basis, period)  # type: ignore[arg-type]
    if not now.evidence:
        log.error("event=recompute_nothing first=%s end=%s days=%d", args.first, args.end, len(days))
        return NOTHING
    before = None if earlier is None else (earlier, gather(archive, basis, earlier))  # type: ignore[arg-type]
    made = report(basis, period, now, before)
    if args.out:
        write_csv(made, args.out)
    found = fingerprint(made)
    log.info("event=recomputed days=%d seconds=%.1f", len(days), time.monotonic() - began)
    print(found)
    expected = "".join((args.expect or found).split()).lower()
    return OK if found == expected else DIFFERENT


def _wanted(archive: Archive, period: Period) -> list[date]:
    first = period.first - timedelta(days=LEAD_DAYS)
    return [day for day in archive.days if first <= day < period.end]
