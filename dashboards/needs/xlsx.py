"""The needs map as a workbook: handover table, evidence, method. Numbers are numbers, dates are dates, text never a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.atlas.areas import dotted
from dashboards.needs.columns import COLUMNS, Cell, bands, handover, technologies
from dashboards.needs.labels import CHANGE_WORDS, DIAGNOSIS_WORDS, STATE_WORDS, both, english, indonesian, operator_words
from dashboards.needs.method import LIMITS, METHOD, SOURCES, TITLE, settings, span, styles, weights
from dashboards.needs.model import Report, Row, Verdict, Village
from dashboards.needs.priority import FORMULA, FORMULA_WORDS
from ground.table import safe
from ground.wita import WITA
from ground.words import LANGUAGES, Said, phrase, said

HEAD = PatternFill("solid", fgColor="1F3864")
WHITE = Font(bold=True, color="FFFFFF")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 cannot hold them, openpyxl refuses them
EVIDENCE = (
    *("peringkat", "kode_desa", "kecamatan", "desa", "operator", "kondisi", "diagnosis", "alasan", "reason_en"),
    *("temuan_lain", "skor_prioritas", "alasan_prioritas", "masukan_tidak_diketahui", "perubahan", "alasan_perubahan"),
    *("rsrp_median_dbm", "rsrp_p10_dbm", "rsrp_jam_sibuk_median_dbm", "rsrp_jam_sibuk_p10_dbm", "rsrq_median_db"),
    *("sinr_median_db", "sinr_jam_sibuk_median_db", "ketersediaan_persen", "kelengkapan_persen", "hari_terukur"),
    *("slot_terukur", "slot_mungkin", "jumlah_sampel", "sampel_terlayani", "sampel_lte", "sampel_3g", "sampel_2g"),
    *("sampel_tanpa_layanan", "sampel_tanpa_sim", "sampel_modem_tidak_merespons"),
    *("sampel_lewat_operator_lain", "sampel_hanya_sel_lain", "sampel_sel_sendiri_tanpa_layanan", "sampel_sim_ditolak"),
    *("sampel_sim_terkunci_rusak", "sampel_data_ditolak", "bukti_alat_ukur", "jam_perkiraan_persen", "pindah_sel_per_jam"),
    *("teknologi", "band", "modem", "model_modem", "mulai_ulang", "listrik_buruk_persen", "catatan"),
)
WIDE = {"alasan": 60, "reason_en": 60, "catatan": 60, "temuan_lain": 40, "alasan_prioritas": 60, "alasan_perubahan": 50}
WIDE |= {"sumber_koordinat": 30, "nama_titik": 28, "versi_ambang": 36, "desa": 22, "kecamatan": 20, "model_modem": 24}


def write_xlsx(report: Report, path: Path) -> None:
    """Write the workbook."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no sheet")
    sheet.title = "Peta Kebutuhan"
    pairs = [(village, row) for village in report.villages for row in village.rows]
    tables = [handover(report, village, row) for village, row in pairs]
    _table(sheet, COLUMNS, ([cells[name] for name in COLUMNS] for cells in tables))
    homes = {village.site.code: village for village in report.villages}
    ranked = ([*_evidence(n, homes[row.site.code], row)] for n, row in enumerate(report.ranked, 1))
    proof = book.create_sheet("Bukti")
    _table(proof, EVIDENCE, ranked)
    _colour(proof, report)
    _method(book.create_sheet("Metode"), report)
    book.properties.title = f"{indonesian(TITLE)} {indonesian(span(report.period))}"
    book.properties.creator = "Sinyal"
    book.save(path)


def _table(sheet: Worksheet, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    for column, name in enumerate(names, 1):
        cell = _put(sheet, 1, column, name)
        cell.font, cell.fill = WHITE, HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(column)].width = WIDE.get(name, max(12, len(name) * 0.9))
    number = 1
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            _put(sheet, number, column, value)
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(names))}{number}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _put(sheet: Worksheet, row: int, column: int, value: Cell) -> SheetCell:
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


def _evidence(rank: int, village: Village, row: Row) -> Iterable[Cell]:
    verdict, e, compared = row.verdict, row.evidence, row.compared
    yield from (rank, dotted(row.site.code), row.site.kecamatan, row.site.desa, indonesian(operator_words(row.operator)))
    yield from (indonesian(STATE_WORDS[verdict.state]), indonesian(DIAGNOSIS_WORDS[verdict.main.diagnosis]))
    yield from (indonesian(verdict.main.reason), english(verdict.main.reason), _found(verdict))
    yield from (row.priority.score, indonesian(row.priority.reason), "; ".join(row.priority.unknown) or None)
    yield from (indonesian(CHANGE_WORDS[compared.change]), indonesian(compared.reason)) if compared else (None, None)
    if e is None:
        yield from [None] * (EVIDENCE.index("mulai_ulang") - EVIDENCE.index("rsrp_median_dbm"))
    else:
        yield from (e.rsrp_median, e.rsrp_p10, e.rsrp_busy_median, e.rsrp_busy_p10, e.rsrq_median, e.sinr_median)
        yield from (e.sinr_busy_median, _round(e.availability), _round(e.completeness), e.days, e.slots, e.slots_possible)
        yield from (e.samples, e.served, e.lte, e.three_g, e.two_g, e.no_service, e.no_sim, e.silent)
        yield from (e.guest, e.limited, e.barred, e.refused, e.sim_fault, e.data_refused, e.proof)
        yield from (_round(e.estimated_share), _round(e.cell_changes_per_hour), technologies(e) or None, bands(e) or None)
        yield from ("; ".join(e.modems) or None, "; ".join(e.models) or None)
    yield from (village.supply.boots if e else None, _round(village.supply.bad_power_percent), _lines(list(verdict.notes)))


def _found(verdict: Verdict) -> str | None:
    return "\n".join(f"{indonesian(DIAGNOSIS_WORDS[f.diagnosis])}: {indonesian(f.reason)}" for f in verdict.others) or None


def _lines(texts: Sequence[Said]) -> str | None:
    return "\n".join(indonesian(text) for text in texts) or None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _colour(sheet: Worksheet, report: Report) -> None:
    """Colour the state of each row as the map does."""
    found, column = styles(report.classes), EVIDENCE.index("kondisi") + 1
    for number, row in enumerate(report.ranked, 2):
        style, cell = found[row.verdict.state], sheet.cell(number, column)
        cell.fill = PatternFill("solid", fgColor=style.colour.removeprefix("#").upper())
        if _dark(style.colour):
            cell.font = Font(color="FFFFFF")


def _dark(colour: str) -> bool:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128


def _method(sheet: Worksheet, report: Report) -> None:
    made = report.period.now.astimezone(WITA)
    lines: list[tuple[Cell, ...]] = [
        (indonesian(TITLE), english(TITLE)),
        (both(phrase("Period")), both(span(report.period))),
        (both(phrase("Earlier period")), indonesian(span(report.earlier)) if report.earlier else "-"),
        (both(phrase("Made")), f"{made:%Y-%m-%d %H:%M} WITA ({made.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"),
        (both(phrase("Thresholds")), report.version),
        (both(phrase("Priority")), indonesian(FORMULA), english(FORMULA)),
        (both(phrase("Weights")), both(weights(report))),
        ("", indonesian(FORMULA_WORDS)),
        ("", english(FORMULA_WORDS)),
    ]
    for title, texts in ((phrase("Method"), METHOD), (phrase("Limits"), LIMITS), (phrase("Sources"), SOURCES)):
        lines += [(both(title) if k == 0 else "", indonesian(text), english(text)) for k, text in enumerate(texts)]
    lines += [("Parameter", both(phrase("Value")), *(said(phrase("Reason"), lang) for lang in LANGUAGES))]
    lines += [
        (setting.key, indonesian(setting.value), indonesian(setting.reason), english(setting.reason))
        for setting in settings(report)
    ]
    for number, line in enumerate(lines, 1):
        for column, value in enumerate(line, 1):
            cell = _put(sheet, number, column, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if column == 1:
                cell.font = Font(bold=True)
    for letter, width in zip("ABCD", (38, 70, 70, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "B2"
