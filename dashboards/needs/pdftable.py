"""The table of a kecamatan on one page: a line a measured operator; what is not measured shares a line a village."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from dashboards.needs.labels import CHANGE_WORDS, DIAGNOSIS_WORDS, STATE_WORDS, indonesian, operator_words
from dashboards.needs.model import Report, Row, State, Village
from ground.words import Figure, phrase

Line = tuple[str, ...]
"""The cells of a line; one of only two cells lets the second run through to the end."""
HEAD = (
    ("Desa", "village", 31.0),
    ("Operator", "", 19.0),
    ("Kondisi", "condition", 25.0),
    ("Diagnosis", "", 33.0),
    ("RSRP dBm", "med. / p10", 17.0),
    ("19-22", "RSRP / SINR", 15.0),
    ("SINR", "dB", 8.5),
    ("Tersedia", "%", 11.0),
    ("Lengkap", "%", 11.0),
    ("Sampel", "samples", 11.5),
)
SCORE, CHANGE = ("Skor", "score", 9.0), ("Perubahan", "change", 9.0)
RIGHT_FROM = 4
TALLEST, SMALLEST = 6.4 * mm, 2.0 * mm
STRIPE, RULE = HexColor("#f3f6f9"), HexColor("#c9d1d9")
ARROWS = {"better": "+", "same": "=", "worse": "\N{MINUS SIGN}", "not_comparable": "?"}


def draw_table(
    canvas: Canvas, report: Report, villages: Sequence[Village], x: float, top: float, width: float, room: float
) -> float:
    """Draw all rows into the room, with letters as small as it takes; return where it ends."""
    head = [*HEAD, SCORE, *([CHANGE] if report.earlier else [])]
    scale = width / sum(wide * mm for *_, wide in head)
    widths = [wide * mm * scale for *_, wide in head]
    lines = [(k, line) for k, village in enumerate(villages) for line in _lines(village, compared=report.earlier is not None)]
    total = sum(_share(line) for _, line in lines)
    high = max(SMALLEST, min(TALLEST, (room - 10 * mm) / max(1.0, total)))
    _head(canvas, head, widths, x, top)
    y = top - 9 * mm
    for k, line in lines:
        tall = high * _share(line)
        if k % 2:
            canvas.setFillColor(STRIPE)
            canvas.rect(x, y - tall, width, tall, stroke=0, fill=1)
        size = min(7.0, tall * 0.62)
        _line(canvas, line, widths, x, y - tall + (tall - size * 0.72) / 2, size)
        y -= tall
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.3)
        canvas.line(x, y, x + width, y)
    _foot(canvas, x, y - 4 * mm, compared=report.earlier is not None)
    return y - 13 * mm


def _head(canvas: Canvas, head: Sequence[tuple[str, str, float]], widths: Sequence[float], x: float, top: float) -> None:
    canvas.setFillColor(HexColor("#1f3864"))
    canvas.rect(x, top - 9 * mm, sum(widths), 9 * mm, stroke=0, fill=1)
    canvas.setFillColor(white)
    for k, ((name, under, _), wide) in enumerate(zip(head, widths, strict=True)):
        canvas.setFont("VeraBd", 6)
        _cell(canvas, name, "VeraBd", 6, x, top - 3.8 * mm, wide, right=k >= RIGHT_FROM)
        _cell(canvas, under, "Vera", 5.2, x, top - 7 * mm, wide, right=k >= RIGHT_FROM)
        x += wide
    canvas.setFillColor(black)


def _share(line: Line) -> float:
    """Return the height of a line: the one that only says which operators beside the measured ones were not is lower."""
    return 0.65 if len(line) == 2 and not line[0] else 1.0


def _line(canvas: Canvas, line: Line, widths: Sequence[float], x: float, y: float, size: float) -> None:
    canvas.setFillColor(black)
    if len(line) == 2:
        widths = [widths[0], sum(widths[1:])]
    for k, (text, wide) in enumerate(zip(line, widths, strict=True)):
        _cell(canvas, text, "VeraBd" if k == 0 else "Vera", size, x, y, wide, right=k >= RIGHT_FROM)
        x += wide


def _cell(canvas: Canvas, text: str, font: str, size: float, x: float, y: float, wide: float, *, right: bool) -> None:
    room = wide - 1.6 * mm
    natural = stringWidth(text, font, size)
    size = size if natural <= room else size * room / natural  # a long name gets narrower letters, never cut
    canvas.setFont(font, size)
    if right:
        canvas.drawRightString(x + wide - 0.8 * mm, y, text)
    else:
        canvas.drawString(x + 0.8 * mm, y, text)


def _lines(village: Village, *, compared: bool) -> list[Line]:
    lines = [_measured(row, compared=compared) for row in village.rows if row.evidence is not None]
    others: dict[State, list[str]] = {}
    for row in village.rows:
        if row.evidence is None:
            others.setdefault(row.verdict.state, []).append(indonesian(operator_words(row.operator)))
    for state, names in others.items():
        words = indonesian(phrase("All operators")) if len(names) == len(village.rows) else ", ".join(names)
        lines.append(("", f"{words}: {indonesian(STATE_WORDS[state]).lower()}"))
    first = lines[0]
    return [(village.site.desa, *first[1:]), *lines[1:]]


def _measured(row: Row, *, compared: bool) -> Line:
    e = row.evidence
    if e is None:
        raise ValueError(f"{row.site.code} {row.operator}: measured without evidence")
    diagnosis = indonesian(DIAGNOSIS_WORDS[row.verdict.main.diagnosis])
    operator = indonesian(operator_words(row.operator))
    change = (ARROWS[row.compared.change] if row.compared else "",) if compared else ()
    return (
        "",
        operator,
        indonesian(STATE_WORDS[row.verdict.state]),
        diagnosis,
        f"{indonesian(Figure(e.rsrp_median))} / {indonesian(Figure(e.rsrp_p10))}",
        f"{indonesian(Figure(e.rsrp_busy_median))} / {indonesian(Figure(e.sinr_busy_median))}",
        indonesian(Figure(e.sinr_median)),
        indonesian(Figure(e.availability, 1)),
        indonesian(Figure(e.completeness, 1)),
        indonesian(Figure(e.samples)),
        indonesian(Figure(row.priority.score, 1)),
        *change,
    )


def _foot(canvas: Canvas, x: float, y: float, *, compared: bool) -> None:
    canvas.setFont("Vera", 6)
    text = phrase("RSRP, SINR: median and 10th percentile (p10) of the LTE samples; 19-22: busy hour WITA.")
    more = phrase(
        "Available: without time of power cuts, an unresponsive modem or no SIM. Complete: 5-minute slots with data. Score: "
        "see the formula."
    )
    canvas.drawString(x, y, indonesian(text))
    canvas.drawString(x, y - 2.8 * mm, indonesian(more))
    if compared:
        signs = ", ".join(f"{ARROWS[change]} {indonesian(words)}" for change, words in CHANGE_WORDS.items())
        canvas.drawString(x, y - 5.6 * mm, indonesian(phrase("Change: {signs}.", signs=signs)))
