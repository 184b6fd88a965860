"""The form that a village fills: a workbook with the words to choose from, and what comes back from it into `sites.csv`.

Whole or not at all: where one cell of a form is wrong, nothing of it is taken. An empty cell changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from collector.errors import ConfigError
from collector.sites.facts import FIELDS, INSTALLER, Field
from collector.sites.sites import LAT, LON, OPTIONAL, REQUIRED, Site, degrees, read_sites
from ground.durable import write_durably
from ground.edited import same
from ground.table import Row, read_table
from ground.words import LANGUAGES, Lang, phrase, said, tr

NAMES = ("code", "kecamatan", "desa")
LIMITS = {"lat": LAT, "lon": LON}
PLACE = (
    Field("lat", phrase("latitude of the village office, degrees"), INSTALLER, kind=float),
    Field("lon", phrase("longitude of the village office, degrees"), INSTALLER, kind=float),
)
ASKED = (*PLACE, *FIELDS)
BY_NAME = {field.name: field for field in ASKED}
HEAD = PatternFill("solid", fgColor="1F3864")
WIDTH, LONG_LIST = 24, 255
"""Width of a column; the longest list of words that a spreadsheet takes in a rule."""


@dataclass(frozen=True, slots=True)
class Change:
    """A cell of the register that a form filled or changed."""

    code: str
    name: str
    old: str
    new: str


def write_form(sites: Sequence[Site], path: Path, lang: Lang) -> None:
    """Write the workbook: a row per village, what is known already filled in, words to choose from where there is a list.

    The second row, hidden, names the columns for the way back. Raises ConfigError.
    """
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no sheet")
    sheet.title = tr("Form", lang)
    heads = [tr("village code", lang), tr("kecamatan", lang), tr("village", lang), *(said(f.question, lang) for f in ASKED)]
    givers = ["", "", "", *(said(field.giver, lang) for field in ASKED)]
    sheet.append(heads)
    sheet.append([*NAMES, *BY_NAME])
    sheet.append([tr("who can give it", lang), *givers[1:]])
    for site in sites:
        sheet.append([site.code, site.kecamatan, site.desa, *(_shown(field, known(site, field.name), lang) for field in ASKED)])
    _dress(sheet, len(sites), lang)
    try:
        book.save(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from None


def _dress(sheet: Worksheet, count: int, lang: Lang) -> None:
    sheet.row_dimensions[2].hidden = True
    sheet.freeze_panes = "D4"
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, field in enumerate((None, None, None, *ASKED), 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = WIDTH
        words = ",".join(_plain(said(word, lang)) for word in field.words.values()) if field and field.words else ""
        if words and len(words) <= LONG_LIST and count:
            rule = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True)
            rule.add(f"{letter}4:{letter}{count + 3}")
            sheet.add_data_validation(rule)
    for row in sheet.iter_rows(min_row=4, max_col=1):
        row[0].number_format = "@"


def _plain(word: str) -> str:
    """Return a word without the comma that would part it in a spreadsheet's list."""
    return word.replace(",", "")


def _shown(field: Field, value: object, lang: Lang) -> object:
    if value is None:
        return None
    if field.words is None:
        return value
    word = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    return _plain(said(field.words[word], lang))


def known(site: Site, name: str) -> object:
    """Return what the register knows; None where nobody has told it."""
    if name in LIMITS and site.coordinate_source == "centroid":
        return None  # the middle of the village is not where the office is
    return getattr(site, name) if hasattr(site, name) else getattr(site.facts, name)


def read_form(path: Path) -> list[Row]:
    """Read a form, workbook or CSV: one row per village, cells by the name of the column. Raises ConfigError."""
    if path.suffix.casefold() != ".xlsx":
        rows, faults = read_table(path, ["code"])
        if faults:
            raise ConfigError("\n".join(faults))
        return rows
    try:
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        lines = list(sheet.iter_rows(values_only=True))
    except (OSError, InvalidFileException, KeyError, ValueError) as error:
        raise ConfigError(f"{path.name}: is not a workbook ({error}); save it as .xlsx or .csv") from None
    names = [str(cell or "").strip() for cell in lines[1]] if len(lines) > 1 else []
    if "code" not in names:
        raise ConfigError(f"{path.name}:2: the hidden row with the names of the columns is gone; take a fresh form")
    found = []
    for number, line in enumerate(lines[3:], 4):
        cells = {name: _text(cell) for name, cell in zip(names, line, strict=False) if name}
        if any(text for name, text in cells.items() if name not in NAMES):
            found.append(Row(f"{path.name}:{number}", cells))
    return found


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def take_in(form: Sequence[Row], register: Path, *, dry_run: bool = False) -> list[Change]:
    """Put what a form says into the register; return what changed. Raises ConfigError, and then nothing has changed."""
    rows, _ = read_table(register, REQUIRED, OPTIONAL)
    read_sites(register)
    by_code = {row.cells["code"]: row.cells for row in rows}
    changes, faults = [], []
    for row in form:
        code = row.cells["code"].replace(".", "")
        if code not in by_code:
            faults.append(f"{row.where}: code: {code or 'is empty'}: no such village in {register.name}")
            continue
        answers = dict(_answers(row, faults))
        if answers.keys() & LIMITS.keys():
            if not LIMITS.keys() <= answers.keys():
                faults.append(f"{row.where}: lat: latitude and longitude belong together; give both or none")
            if any(by_code[code][name] != answers.get(name) for name in LIMITS):
                answers["coordinate_source"] = "office"
        for name, new in answers.items():
            old = by_code[code].get(name, "")
            if new != old:
                changes.append(Change(code, name, old, new))
                by_code[code][name] = new
    if faults:
        raise ConfigError("\n".join(faults))
    if changes and not dry_run:
        _write(register, rows)
    return changes


def _answers(row: Row, faults: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the answers of a row as the register writes them, and note what cannot be read."""
    for name, text in row.cells.items():
        field = BY_NAME.get(name)
        if field is None or not text:
            continue
        try:
            if name in LIMITS:
                yield name, repr(degrees(text, LIMITS[name]))
                continue
            value = field.parse(_key(field.words, text) if field.words else text)
        except ValueError as error:
            faults.append(f"{row.where}: {name}: {error} (got {text})")
            continue
        yield name, f"{value:g}" if isinstance(value, float) else str(value)


def _key(words: Mapping[str, object], text: str) -> str:
    """Return the key of a word, which people choose in their language."""
    for key, word in words.items():
        if same(text) in {same(key), *(same(_plain(said(word, lang))) for lang in LANGUAGES)}:  # type: ignore[arg-type]
            return key
    return text


def _write(register: Path, rows: Sequence[Row]) -> None:
    """Write the register anew, with a column for everything that is known; what was there stays."""
    used = {name for row in rows for name, text in row.cells.items() if text}
    names = [*REQUIRED, *(name for name in OPTIONAL if name in used or name in rows[0].cells)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row.cells.get(name, "") for name in names] for row in rows)
    try:
        write_durably(register, out.getvalue().encode())
    except OSError as error:
        raise ConfigError(f"{register}: cannot be written: {error}") from None
