"""`sinyal-dashboards`: serve, needs, publish."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from collector.server.program import add_log_level, perform

COMMANDS = {
    "serve": ("dashboards.web.serve", "the live page: map, halls, alerts, and a JSON API"),
    "needs": ("dashboards.needs.command", "the needs map of a period: HTML, XLSX, CSV, GeoJSON, PDF"),
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
    words = list(sys.argv[1:] if argv is None else argv)
    return perform(_parser(words).parse_args(words))


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sinyal-dashboards", description=ABOUT, formatter_class=raw)
    add_log_level(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name in words:  # each command brings packages of its own: only the one that is asked for is loaded
            part = import_module(module)
            part.add_arguments(command)
            command.set_defaults(do=part.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
