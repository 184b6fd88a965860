"""The needs map as a workbook: summary, villages, handover table, evidence, method. Every sheet prints on A4, landscape.

Numbers are numbers, dates are dates, text is never a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.atlas.areas import dotted
from dashboards.needs.columns import COLUMNS, Cell, bands, handover, technologies
from dashboards.needs.figures import row_words
from dashboards.needs.labels import CHANGE_WORDS, DIAGNOSIS_WORDS, both, english, indonesian, operator_words
from dashboards.needs.method import LIMITS, METHOD, SOURCES, TITLE, settings, span, weights
from dashboards.needs.model import Report, Row, Verdict, Village
from dashboards.needs.need import NEED_FORMULA, ORDER, READINESS_FORMULA
from dashboards.needs.sheets import BOLD, on_paper, paint, put, summary_sheet, villages_sheet, write_table
from ground.wita import WITA
from ground.words import LANGUAGES, Said, phrase, said

EVIDENCE = (
    *("peringkat_desa", "kode_desa", "kecamatan", "desa", "operator", "kondisi", "diagnosis", "alasan", "reason_en"),
    *("temuan_lain", "skor_kebutuhan", "alasan_kebutuhan", "skor_kesiapan", "alasan_kesiapan", "masukan_tidak_diketahui"),
    *("perubahan", "alasan_perubahan"),
    *("rsrp_median_dbm", "rsrp_p10_dbm", "rsrp_jam_sibuk_median_dbm", "rsrp_jam_sibuk_p10_dbm", "rsrq_median_db"),
    *("sinr_median_db", "sinr_jam_sibuk_median_db", "ketersediaan_persen", "kelengkapan_persen", "hari_terukur"),
    *("slot_terukur", "slot_mungkin", "jumlah_sampel", "sampel_terlayani", "sampel_lte", "sampel_3g", "sampel_2g"),
    *("sampel_tanpa_layanan", "sampel_tanpa_sim", "sampel_modem_tidak_merespons"),
    *("sampel_lewat_operator_lain", "sampel_hanya_sel_lain", "sampel_sel_sendiri_tanpa_layanan", "sampel_sim_ditolak"),
    *("sampel_sim_terkunci_rusak", "sampel_data_ditolak", "bukti_alat_ukur", "jam_perkiraan_persen", "pindah_sel_per_jam"),
    *("ketersediaan_bawah", "ketersediaan_atas", "rsrp_median_bawah", "rsrp_median_atas", "rsrp_p10_bawah", "rsrp_p10_atas"),
    *("n_efektif", "kualitas_bukti", "alasan_kualitas", "menaikkan_kualitas"),
    *("teknologi", "band", "modem", "model_modem", "mulai_ulang", "listrik_buruk_persen", "catatan"),
)
WIDE = {
    "alasan": 60,
    "reason_en": 60,
    "catatan": 60,
    "temuan_lain": 40,
    "alasan_kebutuhan": 60,
    "alasan_kesiapan": 60,
    "alasan_perubahan": 50,
}
WIDE |= {"alasan_kualitas": 60, "menaikkan_kualitas": 60}
WIDE |= {"sumber_koordinat": 30, "nama_titik": 28, "versi_ambang": 36, "desa": 22, "kecamatan": 20, "model_modem": 24}
HANDED = WIDE | {"kecamatan": 15, "desa": 17, "nama_titik": 22, "sumber_koordinat": 20, "kondisi": 17, "kode_desa": 13}
"""Of the handover table: what is measured fits on a page."""
HANDED |= dict.fromkeys(("jenis_titik", "lat", "lon", "akurasi_m", "di_dalam_batas_desa", "plmn", "teknologi", "band"), 10)
HANDED |= dict.fromkeys(("rsrp_median", "rsrp_p10", "sinr_median"), 13) | {"ketersediaan_persen": 14}
WIDE |= {"kondisi": 17, "diagnosis": 20, "kode_desa": 13, "peringkat_desa": 18}


def write_xlsx(report: Report, path: Path, author: str | None = None) -> None:
    """Write the workbook; `author`: the office whose it is."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no sheet")
    summary_sheet(sheet, report)
    villages_sheet(book.create_sheet("Desa"), report)
    sheet = book.create_sheet("Peta Kebutuhan")
    pairs = [(village, row) for village in report.villages for row in village.rows]
    tables = [handover(report, village, row) for village, row in pairs]
    write_table(sheet, COLUMNS, ([cells[name] for name in COLUMNS] for cells in tables), HANDED, printed="ketersediaan_persen")
    homes = {village.site.code: village for village in report.villages}
    ranked = ([*_evidence(homes[row.site.code], row)] for row in report.ranked)
    proof = book.create_sheet("Bukti")
    write_table(proof, EVIDENCE, ranked, WIDE, printed="alasan")
    _colour(proof, report)
    _method(book.create_sheet("Metode"), report)
    book.properties.title = f"{indonesian(TITLE)} {indonesian(span(report.period))}"
    book.properties.creator = author or "Sinyal"
    book.save(path)


def _evidence(village: Village, row: Row) -> Iterable[Cell]:
    verdict, e, compared = row.verdict, row.evidence, row.compared
    yield from (
        village.rank.place,
        dotted(row.site.code),
        row.site.kecamatan,
        row.site.desa,
        indonesian(operator_words(row.operator)),
    )
    yield from (indonesian(row_words(row)), indonesian(DIAGNOSIS_WORDS[verdict.main.diagnosis]))
    yield from (indonesian(verdict.main.reason), english(verdict.main.reason), _found(verdict))
    yield from (
        village.need.value,
        indonesian(village.need.reason),
        village.readiness.value,
        indonesian(village.readiness.reason),
    )
    yield "; ".join([*village.need.unknown, *village.readiness.unknown]) or None
    yield from (indonesian(CHANGE_WORDS[compared.change]), indonesian(compared.reason)) if compared else (None, None)
    if e is None:
        yield from [None] * (EVIDENCE.index("mulai_ulang") - EVIDENCE.index("rsrp_median_dbm"))
    else:
        yield from (e.rsrp_median, e.rsrp_p10, e.rsrp_busy_median, e.rsrp_busy_p10, e.rsrq_median, e.sinr_median)
        yield from (e.sinr_busy_median, _round(e.availability), _round(e.completeness), e.days, e.slots, e.slots_possible)
        yield from (e.samples, e.served, e.lte, e.three_g, e.two_g, e.no_service, e.no_sim, e.silent)
        yield from (e.guest, e.limited, e.barred, e.refused, e.sim_fault, e.data_refused, e.proof)
        yield from (_round(e.estimated_share), _round(e.cell_changes_per_hour))
        for interval in (e.availability_ci, e.rsrp_median_ci, e.rsrp_p10_ci):
            yield from (None, None) if interval is None else (_round(interval.lo), _round(interval.hi))
        yield from (_round(e.effective_n), *_graded(row))
        yield from (technologies(e) or None, bands(e) or None)
        yield from ("; ".join(e.modems) or None, "; ".join(e.models) or None)
    yield from (village.supply.boots if e else None, _round(village.supply.bad_power_percent), _lines(list(verdict.notes)))


def _graded(row: Row) -> Iterable[Cell]:
    if row.grade is None:
        return (None, None, None)
    return (row.grade.grade.value, _lines([c.reason for c in row.grade.limiting]), _lines(row.grade.lifts))


def _found(verdict: Verdict) -> str | None:
    return "\n".join(f"{indonesian(DIAGNOSIS_WORDS[f.diagnosis])}: {indonesian(f.reason)}" for f in verdict.others) or None


def _lines(texts: Sequence[Said]) -> str | None:
    return "\n".join(indonesian(text) for text in texts) or None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _colour(sheet: Worksheet, report: Report) -> None:
    """Colour the state of each row as the map does."""
    for number, row in enumerate(report.ranked, 2):
        paint(sheet.cell(number, EVIDENCE.index("kondisi") + 1), report, row.verdict.state)


def _method(sheet: Worksheet, report: Report) -> None:
    made = report.period.now.astimezone(WITA)
    lines: list[tuple[Cell, ...]] = [
        (indonesian(TITLE), english(TITLE)),
        (both(phrase("Period")), both(span(report.period))),
        (both(phrase("Earlier period")), indonesian(span(report.earlier)) if report.earlier else "-"),
        (both(phrase("Made")), f"{made:%Y-%m-%d %H:%M} WITA ({made.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"),
        (both(phrase("Thresholds")), report.version),
        (both(phrase("Need, readiness and rank")), indonesian(NEED_FORMULA), english(NEED_FORMULA)),
        ("", indonesian(READINESS_FORMULA), english(READINESS_FORMULA)),
        *(("", indonesian(text), english(text)) for text in ORDER),
        (both(phrase("Weights")), both(weights(report))),
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
            cell = put(sheet, number, column, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if column == 1:
                cell.font = BOLD
    for letter, width in zip("ABCD", (38, 70, 70, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "B2"
    on_paper(sheet)
