"""`sinyal-dashboards`: serve, needs, minutes, helped, archive, recompute, publish."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from collector.server.program import add_commands, add_log_level, run

COMMANDS = {
    "serve": ("dashboards.web.serve", "the live page: map, halls, alerts, and a JSON API"),
    "needs": ("dashboards.needs.command", "the needs map of a period: HTML, XLSX, CSV, GeoJSON, PDF"),
    "minutes": ("dashboards.needs.minutes_command", "the minutes (berita acara) of a proposal, to be signed: PDF"),
    "helped": ("dashboards.needs.helped", "what a proposal that was built changed, against the nearest halls"),
    "archive": ("dashboards.needs.archive", "the raw samples as one open Parquet file a day, with hashes"),
    "recompute": ("dashboards.needs.recompute", "the needs map's table again, from an archive alone"),
    "publish": ("dashboards.grafana.publish", "put the dashboards into a Grafana"),
}
ABOUT = """\
What people look at: a page for offices, a needs map for policy, dashboards for engineers. Page and Grafana only read the store.

  sinyal-dashboards serve --config /etc/sinyal/collector.toml
  sinyal-dashboards needs --help
  sinyal-dashboards publish --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    return run(_parser, argv)


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of every command: for man page, completion and reference."""
    return _parser([*COMMANDS])


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sinyal-dashboards", description=ABOUT, formatter_class=raw)
    add_log_level(parser)
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"), COMMANDS, words, whole_parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
