"""Tables that a person edits in a spreadsheet: commas, semicolons or tabs, Windows-1252, empty tails, line breaks in cells.

And the one rule for texts that go into one: a spreadsheet must not run them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ground.edited import QUOTES, called, damage, decode_file, plain_dashes, tidy
from ground.errors import ConfigError

SEPARATORS = ",;\t"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula (OWASP, CSV injection); the last four are full width."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `where` it begins as `sites.csv:17`, and its cells by the name of the column; an empty cell is empty text."""

    where: str
    cells: dict[str, str]


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] | None = None) -> tuple[list[Row], list[str]]:
    """Read the rows of a table, and the faults in its form, one line each: `sites.csv:17: reason; cure`.

    The first row names the columns. `optional` is None where other columns may stand beside the required ones. Rows without
    anything in them are left out. Raises ConfigError where the file cannot be read or a column is missing.
    """
    rows, faults = _rows(path)
    if not rows:
        raise ConfigError("\n".join(faults) or f"{path.name}:1: is empty; the first line must name {', '.join(required)}")
    (line, head), *rest = rows
    names = [name.casefold() for name in head]
    named = [column for column, name in enumerate(names) if name]
    if wrong := _header([names[column] for column in named], required, optional):
        raise ConfigError("\n".join(f"{path.name}:{line}: {fault}" for fault in wrong))
    found = []
    for line, cells in rest:
        where = f"{path.name}:{line}"
        if len(cells) <= named[-1] or any(cell for column, cell in enumerate(cells) if column not in named):
            odd = next((char for cell in cells for char in cell if char in QUOTES), None)
            cure = f"{called(odd)} is not the plain quote" if odd else "put quotes around a text with a separator in it"
            faults.append(f"{where}: row: has not as many cells as the first line; {cure}")
        else:
            found.append(Row(where, {names[column]: cells[column] for column in named}))
    return found, faults


def safe(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula: an apostrophe goes before it."""
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def number(text: str) -> float:
    """Return a number with a decimal point, or a comma as Indonesian spreadsheets write it. Raises ValueError."""
    text = plain_dashes(text)
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return float(text)


def _rows(path: Path) -> tuple[list[tuple[int, list[str]]], list[str]]:
    lines = [line + "\n" for line in decode_file(path, spreadsheet=True).split("\n")]
    first, separator = 0, None
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:
        first, separator = 1, lines[0].strip()[4]  # what Excel itself reads as the separator
    head = next((line for line in lines[first:] if line.strip(SEPARATORS + " \n")), "")
    reader = csv.reader(lines[first:], delimiter=separator or max(SEPARATORS, key=head.count), strict=True)
    rows: list[tuple[int, list[str]]] = []
    faults, line = [], first + 1
    try:
        for raw in reader:
            cells = [tidy(cell) for cell in raw]
            if any(cells):
                rows.append((line, cells))
                faults += [f"{path.name}:{line}: {fault}" for fault in map(damage, cells) if fault]
            line = first + reader.line_num + 1
    except csv.Error as error:
        faults.append(f"{path.name}:{line}: not CSV: {error}; check the quotes of this line")
    return rows, faults


def _header(names: Sequence[str], required: Sequence[str], optional: Sequence[str] | None) -> list[str]:
    known = [*required, *(optional or names)]
    faults = [f"{name}: column is missing; the first line must name it" for name in required if name not in names]
    faults += [f"{name!r}: unknown column; known are {', '.join(known)}" for name in names if name not in known]
    return faults + [f"{name}: two columns have this name; delete one" for name in sorted(set(names)) if names.count(name) > 1]
