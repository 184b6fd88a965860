"""`sinyal-agent parse`: a raw terminal session in, one JSON object out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from agent.at.digest import split_session
from agent.at.reading import Reading
from agent.modems import generic, registry
from agent.modems.family import Family
from telemetry.streams import present

EPILOG = """examples:
  sinyal-agent parse session.txt               detect the family from the session
  sinyal-agent parse --family quectel -        read the session from standard input
lines that begin with AT are the commands, what follows are the replies; other lines in between may be unsolicited.
exit status: 0 something was read, 2 bad usage or file, 3 nothing could be read"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `parse` to a (sub)parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    names = ", ".join(family.name for family in registry.FAMILIES)
    parser.add_argument("--family", metavar="F", help=f"modem family, detected when left out: {names}")
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="session to read, - for standard input (default)")


def read_session(text: str, family_name: str | None = None) -> tuple[Reading, Family]:
    """Read a session. Raises KeyError for an unknown family name; nothing else, whatever the text."""
    replies = split_session(text)
    family = registry.by_name(family_name) if family_name else registry.detect(replies)
    return registry.read(family, replies), family


def as_json(text: str, reading: Reading, family: Family) -> dict[str, object]:
    """Return the object that is printed: the signal by contract names, cells, family, and operator and notes if any."""
    out: dict[str, object] = dict(present(reading.signal))
    out["cells"] = [present(cell) for cell in reading.cells]
    out["family"] = family.name
    operator = generic.operator_name(split_session(text))
    if operator:
        out["operator"] = operator
    if reading.notes:
        out["notes"] = list(dict.fromkeys(reading.notes))
    return out


def parse_main(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    try:
        data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except (OSError, ValueError) as error:
        print(f"sinyal-agent parse: cannot read {args.file}: {error}", file=sys.stderr)
        return 2
    text = data.decode(errors="replace")
    try:
        reading, family = read_session(text, args.family)
    except KeyError as error:
        print(f"sinyal-agent parse: --family: {error.args[0]}", file=sys.stderr)
        return 2
    print(json.dumps(as_json(text, reading, family)))
    return 0 if present(reading.signal) or reading.cells else 3


def main(argv: list[str] | None = None) -> int:
    """Run as `python -m agent.parse`."""
    parser = argparse.ArgumentParser(prog="sinyal-agent parse", description="Read a raw terminal session of a modem.")
    add_arguments(parser)
    return parse_main(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
