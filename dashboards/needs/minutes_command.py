"""`sinyal-dashboards minutes`: prints the minutes (berita acara) of a proposal and writes their hash into the record."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from collector.agreement.entries import Minutes
from collector.agreement.papers import digest_of
from collector.agreement.rules import OFFICE
from collector.errors import ConfigError
from dashboards.needs.letterhead import letterhead_of
from dashboards.needs.minutes import About, minutes_pdf
from dashboards.needs.proposed import add_proposal, proposed
from ground.durable import write_durably
from ground.wita import wita
from ground.words import tr

DRAFT = Path("-")
ABOUT = """\
Prints the minutes (berita acara) of a proposal: letterhead, what was published of the village, what was said and answered, the
steps of the proposal, where village, kecamatan and office sign, the hash of the frozen evidence, and the newest hash of the
record. At most two pages. The paper is kept in the record's folder, its hash is written into the record. `--out -` is a draft: it
goes to standard output, nothing is kept or written down.

  sudo sinyal-dashboards minutes U-2026-0001 --out minutes.pdf
  sudo sinyal-collector agreement scan U-2026-0001 signed.pdf      # when it came back signed

exit: 0 written; 1 the record was tampered with; 2 bad usage or config, no such proposal, or this machine cannot print
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards minutes`."""
    parser.description, parser.formatter_class = ABOUT, argparse.RawDescriptionHelpFormatter
    add_proposal(parser)
    parser.add_argument("--out", "-o", type=Path, required=True, metavar="FILE", help="the PDF; - is a draft")
    parser.add_argument("--letterhead", type=Path, metavar="FILE", help="default: letterhead.toml beside sites.csv, where it is")


def run(args: argparse.Namespace) -> int:
    """Print, keep, write down; return the exit code. Raises ConfigError, LedgerError."""
    now_ms = time.time_ns() // 1_000_000
    with proposed(args) as one:
        head = letterhead_of(args.letterhead, one.config.sites.file.parent)
        document = minutes_pdf(About(one.found, one.site, one.state, head, wita(now_ms)), args.lang)
        if args.out == DRAFT:
            sys.stdout.buffer.write(document)
            return 0
        try:
            write_durably(args.out, document)
        except OSError as error:
            raise ConfigError(f"{args.out}: cannot be written: {error.strerror}") from None
        entry = Minutes(about=args.number, document=digest_of(document), evidence=one.found.proposal.evidence)
        n = one.agreement.add(entry, OFFICE, "server", now_ms, document)
    print(tr("{file}: written as entry {n}, SHA-256 {hash}", args.lang, file=str(args.out), n=n, hash=entry.document))
    return 0
