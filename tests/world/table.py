"""The world as a table: `python -m tests.world` prints each hall, what each operator must get and what it got."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.servers import MissingServerError
from tests.world.halls import world
from tests.world.play import Hall, play

Rows = Mapping[str, Sequence[Mapping[str, str]]]


def wrong(hall: Hall, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Name each operator that did not get the verdict it must get. A key that is no operator is a row without one."""
    found = []
    nameless = [row for row in rows if not row["operator"]]
    for operator, (condition, words) in hall.verdicts.items():
        named = [row for row in rows if row["operator"] == operator] if operator.isalpha() else nameless
        if not any(row["kondisi"] == condition and words in row["catatan"] for row in named):
            got = [(row["kondisi"], row["catatan"]) for row in named]
            found.append(f"{hall.row} {hall.what}: {operator or '?'} must be {condition!r} with {words!r}, is {got}")
    return found


def lines(halls: Sequence[Hall], rows: Rows) -> list[str]:
    """Return the table, a line for each hall and operator that has something to say."""
    out = [f"{'row':<21}{'hall':<52}{'operator':<11}{'condition':<42}{'score':>6}  remark"]
    for hall in halls:
        head = f"{hall.row:<21}{hall.what:<52}"
        for row in rows[hall.site]:
            if row["operator"] not in hall.verdicts and row["jumlah_sampel"] == "0":
                continue
            remark = row["catatan"].split(". ")[0][:90]
            out.append(f"{head}{row['operator'] or '?':<11}{row['kondisi']:<42}{row['skor_prioritas']:>6}  {remark}")
            head = " " * len(head)
    return out


def main() -> int:
    """Play the world and print it; exit 1 where a verdict is wrong."""
    halls = world()
    with tempfile.TemporaryDirectory() as folder:
        try:
            rows = play(Path(folder), halls)
        except MissingServerError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    faults = [fault for hall in halls for fault in wrong(hall, rows[hall.site])]
    verdicts = sum(len(hall.verdicts) for hall in halls)
    sys.stdout.write(
        "\n".join([*lines(halls, rows), *faults, f"{len(halls)} halls, {verdicts} verdicts, {len(faults)} wrong", ""])
    )
    return 1 if faults else 0
