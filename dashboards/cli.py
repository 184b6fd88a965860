"""`sinyal-dashboards`: serve, needs, archive, recompute, publish."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from collector.server.program import add_log_level, perform
from ground import manual
from ground.words import add_lang, print_anywhere

COMMANDS = {
    "serve": ("dashboards.web.serve", "the live page: map, halls, alerts, and a JSON API"),
    "needs": ("dashboards.needs.command", "the needs map of a period: HTML, XLSX, CSV, GeoJSON, PDF"),
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
    print_anywhere()
    words = list(sys.argv[1:] if argv is None else argv)
    return perform(_parser(words).parse_args(words))


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of every command: for man page, completion and reference."""
    return _parser([*COMMANDS])


def _manual(args: argparse.Namespace) -> int:
    return manual.write(whole_parser(), version("sinyal"), args.into)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sinyal-dashboards", description=ABOUT, formatter_class=raw)
    add_log_level(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    book = commands.add_parser("manual", help="write man page and shell completion")
    manual.add_arguments(book)
    book.set_defaults(do=_manual)
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name in words:  # each command brings packages of its own: only the one that is asked for is loaded
            part = import_module(module)
            part.add_arguments(command)
            command.set_defaults(do=part.run)
        with contextlib.suppress(argparse.ArgumentError):  # that of `publish` chooses dashboards
            add_lang(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
