"""Installations of server and hall, broken in one way each: what `doctor` says, its cure, and whether that cures; as a table.

usage: python -m tests.doctor        (a minute or two; needs Mosquitto)

The tests of both doctors assert the same. What `systemctl` does with a unit is a start of the same part here.
exit: 0 every cure cures; 1 one does not, or nothing was said
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from ground.doctor import Found
from ground.words import said
from lab.servers import free_port
from tests.agent.host import test_doctor as hall
from tests.integration import test_doctor as server


def shown(program: str, name: str, found: list[Found], left: list[Found]) -> bool:
    """Print one broken installation; return whether its cure cures."""
    good = bool(found) and not left
    print(f"{program}  {name}" + ("" if good else "        NOT CURED"))
    for each in found:
        print(f"    {each.check}: {said(each.finding.text, 'en')}")
        print(f"      -> {'' if each.finding.cure is None else said(each.finding.cure, 'en')}", flush=True)
    for each in left:
        print(f"    then: {each.check}: {said(each.finding.text, 'en')}")
    return good


def of_server(name: str) -> tuple[list[Found], list[Found]]:
    """Try one broken server."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        made = server.Installation(Path(folder) / "root")
        try:
            return server.tried(made, name, free_port())
        finally:
            made.stop()


def of_hall(name: str) -> tuple[list[Found], list[Found]]:
    """Try one broken hall."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        made = hall.Broken(Path(folder))
        with made.broker:
            return hall.tried(made, name)


def main() -> int:
    """Try all; print the table and a line with the sums."""
    cured = [shown("server", name, *of_server(name)) for name in server.BROKEN]
    cured += [shown("hall  ", name, *of_hall(name)) for name in hall.BROKEN]
    print(f"{len(cured)} broken installations, {sum(cured)} named and cured")
    return 0 if all(cured) else 1


if __name__ == "__main__":
    sys.exit(main())
