"""The sheets of the workbook that are read on paper, and what every sheet shares: cells, tables, A4 landscape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from math import ceil

from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.atlas.areas import dotted
from dashboards.atlas.drawing import ink
from dashboards.needs.columns import Cell
from dashboards.needs.figures import row_words, village_words
from dashboards.needs.labels import STATE_WORDS, indonesian
from dashboards.needs.method import MAP_NOTE, TITLE, span, styles
from dashboards.needs.model import OPERATORS, Report, State, Village
from dashboards.needs.need import INPUT_WORDS
from dashboards.needs.seal import fingerprint
from dashboards.needs.summary import summarise
from ground.table import safe
from ground.words import phrase

HEAD = PatternFill("solid", fgColor="1F3864")
LETTERS = partial(Font, name="Calibri", size=11, family=2)
"""Of every cell; a font without a name is another one in LibreOffice."""
WHITE, BOLD = LETTERS(bold=True, color="FFFFFF"), LETTERS(bold=True)
WRAP = Alignment(wrap_text=True, vertical="top")
A4 = 9
LINE_PT = 13.5
"""Height of a line of text."""
BOLD_WIDER = 1.3
"""How much more room a letter of the head takes; it is broken where the column ends."""
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 cannot hold them, openpyxl refuses them
VILLAGES = (
    *("peringkat", "peringkat_terbaik", "peringkat_terburuk", "kode_desa", "kecamatan", "desa", "kondisi_desa", "kualitas_bukti"),
    *("kebutuhan", "kebutuhan_min", "kebutuhan_maks", "kesiapan", "kesiapan_min", "kesiapan_maks", "jumlah_penduduk"),
    *(*(name.lower() for name in OPERATORS), "belum_diketahui"),
)
VILLAGE_WIDTHS = {"kecamatan": 15, "desa": 17, "kondisi_desa": 17, "belum_diketahui": 26, "kode_desa": 13}
VILLAGE_WIDTHS |= dict.fromkeys((name for name in VILLAGES if name.startswith(("peringkat", "ke", "kualitas", "jumlah"))), 9)
VILLAGE_WIDTHS |= {"kecamatan": 15, "peringkat": 11, "kebutuhan": 11, "kebutuhan_min": 11, "kebutuhan_maks": 11}
VILLAGE_WIDTHS |= dict.fromkeys((name.lower() for name in OPERATORS), 15)


def put(sheet: Worksheet, row: int, column: int, value: Cell) -> SheetCell:
    """Write a cell in its own type; a text never becomes a formula."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, SheetCell):
        raise TypeError(f"{cell} is merged away; this workbook merges nothing")
    if isinstance(value, str):
        cell.value = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value)
        cell.data_type = "s"  # or a name that begins with = would be a formula
        cell.quotePrefix = safe(value) != value
        return cell
    cell.value = value
    if isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, int):
        cell.number_format = "#,##0"
    return cell


def write_table(
    sheet: Worksheet, names: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Mapping[str, float], *, printed: str
) -> None:
    """Write a table: head that stays in sight and comes again on every page, filters, widths.

    `printed`: the last column that goes on paper, one page wide; those after it are for the screen.
    """
    paper = names[: names.index(printed) + 1]
    for column, name in enumerate(names, 1):
        cell = put(sheet, 1, column, name)
        cell.font, cell.fill = WHITE, HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(column)].width = _width(name, widths)
    sheet.row_dimensions[1].height = LINE_PT * _lines(names, names, widths, BOLD_WIDER)
    number = 1
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            cell = put(sheet, number, column, value)
            if column <= len(paper):
                cell.alignment = WRAP
        sheet.row_dimensions[number].height = LINE_PT * _lines(paper, row, widths)
    sheet.freeze_panes = f"{get_column_letter(names.index('desa') + 2)}2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(names))}{number}"
    sheet.print_area = f"A1:{get_column_letter(len(paper))}{number}"
    sheet.print_title_rows = "1:1"
    on_paper(sheet)


def _width(name: str, widths: Mapping[str, float]) -> float:
    return widths.get(name, max(12, len(name) * 0.9))


def _lines(names: Sequence[str], row: Sequence[Cell], widths: Mapping[str, float], wider: float = 1) -> int:
    """Return how many lines the longest text of a row takes; a spreadsheet makes no room for it by itself."""
    return max(
        sum(ceil(max(1, wider * len(line)) / int(_width(name, widths))) for line in str(value).split("\n"))
        for name, value in zip(names, row, strict=False)
    )


def on_paper(sheet: Worksheet) -> None:
    """Print on A4, landscape, one page wide."""
    setup = sheet.page_setup
    setup.paperSize, setup.orientation = A4, "landscape"
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top = margins.bottom = 0.6
    margins.header = margins.footer = 0.25
    foot = sheet.oddFooter
    if foot is not None:
        foot.left.text, foot.right.text = indonesian(TITLE), "&A &P / &N"


def paint(cell: object, report: Report, state: State) -> None:
    """Colour a cell as the map does."""
    if not isinstance(cell, SheetCell):
        return
    colour = styles(report.classes)[state].colour
    cell.fill = PatternFill("solid", fgColor=colour.removeprefix("#").upper())
    if ink(colour) == "#ffffff":
        cell.font = LETTERS(color="FFFFFF")


def villages_sheet(sheet: Worksheet, report: Report) -> None:
    """Write one row a village, by rank: what fits on a page."""
    write_table(sheet, VILLAGES, map(_village, report.by_rank), VILLAGE_WIDTHS, printed="belum_diketahui")
    for number, village in enumerate(report.by_rank, 2):
        paint(sheet.cell(number, VILLAGES.index("kondisi_desa") + 1), report, village.verdict.state)


def _village(village: Village) -> list[Cell]:
    site, rank, need, ready = village.site, village.rank, village.need, village.readiness
    operators = {row.operator: indonesian(row_words(row)) for row in village.rows}
    unknown = [indonesian(INPUT_WORDS.get(name, name)) for name in dict.fromkeys([*need.unknown, *ready.unknown])]
    return [
        *(rank.place, rank.best, rank.worst, dotted(site.code), site.kecamatan, site.desa, indonesian(village_words(village))),
        village.verdict.grade.grade.value if village.verdict.grade else None,
        *(need.value, need.lo, need.hi, ready.value, ready.lo, ready.hi, site.population),
        *(operators.get(name) for name in OPERATORS),
        ", ".join(unknown) or None,
    ]


def summary_sheet(sheet: Worksheet, report: Report) -> None:
    """Write the regency on one page."""
    sheet.title = "Ringkasan"
    summary = summarise(report)
    lines: list[tuple[Cell, ...]] = [(indonesian(TITLE),), (indonesian(span(report.period)),), ()]
    lines += [(indonesian(text),) for text in summary.sentences]
    lines += [(), tuple(indonesian(word) for word in (phrase("Condition"), phrase("Villages"), phrase("People")))]
    counts_from = len(lines) + 1
    lines += [(indonesian(STATE_WORDS[s.state]), s.villages, s.people) for s in summary.shares]
    lines += [(), (indonesian(phrase("Not known yet (number of villages)")),)]
    lines += [(indonesian(INPUT_WORDS.get(name, name)), n) for name, n in summary.lacking]
    lines += [(), (indonesian(MAP_NOTE),), (f"SHA-256 (CSV): {fingerprint(report)}",)]
    for number, line in enumerate(lines, 1):
        for column, value in enumerate(line, 1):
            put(sheet, number, column, value)
    for number in (1, counts_from - 1):
        for column in (1, 2, 3):
            sheet.cell(number, column).font = BOLD
    for number, share in enumerate(summary.shares, counts_from):
        paint(sheet.cell(number, 1), report, share.state)
    for letter, width in zip("ABC", (44, 14, 18), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    on_paper(sheet)
