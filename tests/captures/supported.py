"""SUPPORTED.md from the captures: which families were read in which mode, and on what evidence.

`python -m tests.captures.supported` writes it, `--check` says whether it is current, `--print` shows the table with pass counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.modems.registry import FAMILIES
from agent.parse import as_json, read_session
from tests.captures.judge import HERE, RAT, Json, every_item, judge, session

PATH = HERE.parents[1] / "SUPPORTED.md"
MODE = {
    "lte": "LTE",
    "nr_nsa": "5G NSA",
    "nr_sa": "5G SA",
    "wcdma": "3G (WCDMA)",
    "gsm": "2G (GSM)",
    "lte_m": "LTE-M",
    "nb_iot": "NB-IoT",
    "none": "no service",
    "error": "error reply",
    "part": "single values",
}
UNSERVED = ("NO SERVICE", "NOSERVICE", "SEARCH", "LIMSRV", "NOT REGISTERED")
HEAD = """# Supported modems

Written by `python -m tests.captures.supported` from [tests/captures](tests/captures/README.md).

- **captured**: printed by a modem, from a log or an issue, or recorded with `sinyal-agent capture`.
- **reported**: said to be printed by a modem, quoted in a public file of which only an excerpt was seen.
- **paper**: from a manual, a test fixture or a comment in source code. No modem was seen to print it.
- A row that says *paper only* reads what documents say, and may surprise on the real thing.
- A mode without a row was never checked for that family.
- **values**: readings compared one by one. *single values* are replies that name no technology (signal quality, temperature,
  operator, neighbour lists alone).

"""
TAIL = """
## HiLink sticks (no AT port)

Huawei sticks in HiLink mode are read over HTTP (`port = "http://192.168.8.1/"`, `pip install 'sinyal[hilink]'`).
**Untested on hardware**: the mapping was written from answers that others published, and is tested against a local server
that gives {answers} of them. [Their list](tests/captures/hilink/README.md) names each source, and which are only shapes.
Not read: 5G, and a stick that asks for a password.

## Not in this list?

Any modem with 3GPP commands is read as `generic`. [CONTRIBUTING.md](CONTRIBUTING.md) has the four steps to add one.
"""


@dataclass(slots=True)
class Row:
    """One family in one mode."""

    captured: int = 0
    reported: int = 0
    paper: int = 0
    values: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def captures(self) -> int:
        """Return the number of captures of any kind."""
        return self.captured + self.reported + self.paper

    @property
    def evidence(self) -> str:
        """Say in words what the best of them is."""
        if self.captured:
            return "captured"
        return "reported" if self.reported else "paper only"


@dataclass(slots=True)
class Found:
    """All rows by family and mode, and the models by family: True where something real of it was seen."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    models: dict[str, dict[str, bool]] = field(default_factory=dict)

    def add(self, family: str, mode: str, model: str | None, marks: Iterable[bool | None], kind: str) -> None:
        """Count one capture; a mark is True for right, False for wrong, None for missing."""
        row = self.rows.setdefault((family, mode), Row())
        row.captured += kind == "capture"
        row.reported += kind == "reported"
        row.paper += kind not in ("capture", "reported")
        for mark in marks:
            row.values += 1
            row.right += mark is True
            row.wrong += mark is False
        if model:
            known = self.models.setdefault(family, {})
            known[model] = known.get(model, False) or kind in ("capture", "reported")


def collect() -> Found:
    """Read every capture with the parser behind `sinyal-agent parse` and count."""
    found = Found()
    for item in every_item():
        _add_item(found, item)
    for folder in sorted(path.parent for path in HERE.glob("*/session.txt")):
        _add_folder(found, folder)
    return found


def _add_item(found: Found, item: Json) -> None:
    text = session(item)
    reading, family = read_session(text)
    verdicts = judge(item, as_json(text, reading, family))
    marks = (True if verdict.right else False if verdict.wrong else None for verdict in verdicts)
    found.add(family.name, _mode(item), item.get("model"), marks, item["kind"])


def _add_folder(found: Found, folder: Path) -> None:
    text = (folder / "session.txt").read_text(encoding="utf-8")
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    reading, family = read_session(text)
    got = as_json(text, reading, family)
    marks = [None if key not in got else got[key] == value for key, value in expected.items()]
    mode = str(expected.get("rat") or ("none" if "registration" in expected else "part"))
    found.add(family.name, mode, folder.name, marks, "capture")


def _mode(item: Json) -> str:
    """Return the mode that a capture shows, by what it expects."""
    expect = item.get("expect") or {}
    rat = RAT.get(str(expect.get("rat")))
    if rat:
        return "nr_nsa" if rat == "lte" and expect.get("nr") else rat
    text = (item.get("raw_escaped") or item["response"]).upper()
    if expect.get("registered") is False or any(word in text for word in UNSERVED):
        return "none"
    return "error" if "ERROR" in text else "part"


def _sorted(found: Found) -> Iterator[tuple[str, str, Row]]:
    families = [family.name for family in FAMILIES]
    for (family, mode), row in sorted(found.rows.items(), key=lambda e: (families.index(e[0][0]), list(MODE).index(e[0][1]))):
        yield family, MODE[mode], row


def table(found: Found) -> list[str]:
    """Return the rows of the table as Markdown."""
    lines = [
        "| family | mode | captures | captured | reported | paper | values | evidence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for family, mode, row in [*_sorted(found), ("**all**", "", _sum(found))]:
        counts = f"{row.captures} | {row.captured} | {row.reported} | {row.paper} | {row.values}"
        lines.append(f"| {family} | {mode} | {counts} | {row.evidence if mode else ''} |")
    return lines


def _models(found: Found) -> list[str]:
    lines = ["", "## Models seen", "", "Names as their sources give them; *italic*: on paper only.", ""]
    for family in FAMILIES:
        models = found.models.get(family.name, {})
        if models:
            names = ", ".join(name if real else f"*{name}*" for name, real in sorted(models.items()))
            lines.append(f"- **{family.title}** (`{family.name}`): {names}")
    silent = [f"`{family.name}`" for family in FAMILIES if not any(name == family.name for name, _ in found.rows)]
    return [*lines, *([f"- No capture at all: {', '.join(silent)}"] if silent else [])]


def render() -> str:
    """Write the document as Markdown."""
    found = collect()
    answers = len(list((HERE / "hilink").glob("*.xml")))
    return HEAD + "\n".join([*table(found), *_models(found), ""]) + TAIL.format(answers=answers)


def show() -> int:
    """Print the table with what passed; return 1 when a value is wrong."""
    found = collect()
    print(f"{'family':<10} {'mode':<14} {'captures':>8} {'captured':>8} {'values':>6} {'right':>6} {'missing':>7} {'wrong':>5}")
    for family, mode, row in [*_sorted(found), ("all", "", _sum(found))]:
        values = f"{row.values:>6} {row.right:>6} {row.values - row.right - row.wrong:>7} {row.wrong:>5}"
        print(f"{family:<10} {mode:<14} {row.captures:>8} {row.captured:>8} {values}")
    return int(any(row.wrong for row in found.rows.values()))


def _sum(found: Found) -> Row:
    rows = found.rows.values()
    return Row(*(sum(getattr(row, name) for row in rows) for name in Row.__slots__))


def main(argv: list[str] | None = None) -> int:
    """Write SUPPORTED.md, compare it, or print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.captures.supported", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether SUPPORTED.md is current; exit 1 when it is not")
    parser.add_argument("--print", action="store_true", dest="show", help="print the table with pass counts")
    args = parser.parse_args(argv)
    if args.show:
        return show()
    text = render()
    if not args.check:
        PATH.write_text(text, encoding="utf-8")
    elif not PATH.is_file() or PATH.read_text(encoding="utf-8") != text:
        print(f"{PATH} is stale: run python -m tests.captures.supported", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
