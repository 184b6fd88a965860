"""What any modem said, as values with units: the function `parse` for other programs, and `sinyal-agent parse`.

Pure: it opens no port and loads neither pyserial nor paho nor pydantic; Python's own library is enough.
"""

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

__all__ = ["parse"]

EPILOG = """examples:
  sinyal-agent parse session.txt               detect the family from the session
  sinyal-agent parse --family quectel -        read the session from standard input
lines that begin with AT are the commands, what follows are the replies; other lines in between may be unsolicited.
exit status: 0 something was read, 2 bad usage or file, 3 nothing could be read"""


def parse(session: str | bytes, family: str | None = None) -> dict[str, object]:
    r"""Read a terminal session with a modem.

    Args:
        session: what was sent and received, as a terminal shows it: lines that begin with `AT` are commands, what follows are
            the replies. Echo, blank lines, unsolicited lines, NMEA sentences and messages in between do not matter.
        family: name of the modem's family (`quectel`, `simcom`, …); by default found from the session.

    Returns:
        The serving cell by the names of `telemetry.streams.Signal`, which end with their unit (`rsrp_dbm`, `plmn`, …); `cells`, a
        list of the others by `telemetry.streams.Cell`; `family`; `operator` where its name was read; `notes`, why values
        were left out. What the modem did not say, or what is not sure, is absent: never 0, never a sentinel.

    Raises:
        KeyError: `family` is not known; its text lists the names. Nothing else is raised, whatever the session.

    Example:
        >>> parse("AT+CESQ\n+CESQ: 99,99,255,255,20,44\nOK")
        {'rsrp_dbm': -97.0, 'rsrq_db': -10.0, 'cells': [], 'family': 'generic'}

    """
    text = session.decode(errors="replace") if isinstance(session, bytes) else session
    text = text.removeprefix("\ufeff")
    return as_json(text, *read_session(text, family))


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
    try:
        out = parse(data, args.family)
    except KeyError as error:
        print(f"sinyal-agent parse: --family: {error.args[0]}", file=sys.stderr)
        return 2
    print(json.dumps(out))
    return 0 if out.keys() - {"family", "operator", "notes", "cells"} or out["cells"] else 3


def main(argv: list[str] | None = None) -> int:
    """Run as `python -m agent.parse`."""
    parser = argparse.ArgumentParser(prog="sinyal-agent parse", description="Read a raw terminal session of a modem.")
    add_arguments(parser)
    return parse_main(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
