"""Two A4 pages per kecamatan: the map with method and limits, then the table. Text is Indonesian, headings in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from dashboards.atlas.areas import Area
from dashboards.atlas.drawing import Projection, around, ink
from dashboards.needs.labels import DIAGNOSIS_WORDS, STATE_WORDS, both, english, indonesian, operator_words
from dashboards.needs.method import LIMITS, MAP_NOTE, METHOD, SOURCES, TITLE, Style, span, styles, weights
from dashboards.needs.model import Diagnosis, Report, State, Village
from dashboards.needs.pdftable import draw_table
from dashboards.needs.priority import FORMULA, FORMULA_WORDS
from ground.words import Said, joined, phrase

WIDTH, HEIGHT = A4
EDGE = 14 * mm
BLUE, GREY, PALE = HexColor("#1f3864"), HexColor("#57606a"), HexColor("#eef3f7")
MAP_HEIGHT = 112 * mm
NAME_SIZE = 5.8
FLOOR, ROOM_FOR_ONE = 16 * mm, 14 * mm
SMALL = ParagraphStyle("small", fontName="Vera", fontSize=6.6, leading=8.6)
HEADING = ParagraphStyle("heading", fontName="VeraBd", fontSize=8, leading=11, textColor=BLUE, spaceBefore=3)
NOTE = ParagraphStyle("note", fontName="Vera", fontSize=7, leading=9)


def write_pdf(report: Report, areas: Mapping[str, Area], path: Path) -> None:
    """Write the booklet, kecamatan in the order of the register."""
    fonts = Path(reportlab.__file__).parent / "fonts"
    for name in ("Vera", "VeraBd"):  # shipped with reportlab, embedded: the same on every machine
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{name}.ttf")))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="Vera", boldItalic="VeraBd")
    canvas = Canvas(str(path), pagesize=A4, pageCompression=1, lang="id")
    canvas.setTitle(f"{indonesian(TITLE)} {indonesian(span(report.period))}")
    canvas.setAuthor("Sinyal")
    pages = 2 * len(report.kecamatan)
    for number, (name, villages) in enumerate(report.kecamatan.items()):
        canvas.bookmarkPage(name)
        canvas.addOutlineEntry(name, name)
        _first(canvas, report, name, villages, areas)
        _footer(canvas, report, 2 * number + 1, pages)
        canvas.showPage()
        proof = both(phrase("table of evidence"))
        _header(canvas, report, f"Kecamatan {name}: {proof}")
        end = draw_table(canvas, report, villages, EDGE, HEIGHT - 42 * mm, WIDTH - 2 * EDGE, HEIGHT - 72 * mm)
        _reasons(canvas, villages, end)
        _footer(canvas, report, 2 * number + 2, pages)
        canvas.showPage()
    canvas.save()


def _header(canvas: Canvas, report: Report, title: str) -> None:
    canvas.setFillColor(BLUE)
    canvas.rect(0, HEIGHT - 18 * mm, WIDTH, 18 * mm, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont("VeraBd", 12)
    canvas.drawString(EDGE, HEIGHT - 9 * mm, indonesian(TITLE))
    canvas.setFont("Vera", 8)
    canvas.drawString(EDGE, HEIGHT - 14 * mm, english(TITLE))
    canvas.setFillColor(black)
    canvas.setFont("VeraBd", 13)
    canvas.drawString(EDGE, HEIGHT - 27 * mm, title)
    canvas.setFont("Vera", 8)
    said_period = [phrase("Period: {period}", period=span(report.period))]
    if report.earlier:
        said_period.append(phrase("Compared with: {period}", period=span(report.earlier)))
    canvas.drawString(EDGE, HEIGHT - 33 * mm, indonesian(joined(said_period, "   ")))
    canvas.setFillColor(GREY)
    thresholds = both(phrase("Thresholds"))
    canvas.drawString(EDGE, HEIGHT - 37 * mm, f"{thresholds}: {report.version}")
    canvas.setFillColor(black)


def _footer(canvas: Canvas, report: Report, page: int, pages: int) -> None:
    canvas.setFont("Vera", 6.5)
    canvas.setFillColor(GREY)
    made = phrase("Made {time} with Sinyal. Boundaries are indicative, not legal ones.", time=report.period.now)
    canvas.drawString(EDGE, 8 * mm, indonesian(made))
    canvas.drawRightString(WIDTH - EDGE, 8 * mm, f"{page} / {pages}")
    canvas.setFillColor(black)


def _first(canvas: Canvas, report: Report, name: str, villages: Sequence[Village], areas: Mapping[str, Area]) -> None:
    _header(canvas, report, f"Kecamatan {name}")
    top, found = HEIGHT - 42 * mm, styles(report.classes)
    map_width = 126 * mm
    _map(canvas, villages, areas, found, EDGE, top - MAP_HEIGHT, map_width, MAP_HEIGHT)
    _legend(canvas, villages, found, EDGE + map_width + 6 * mm, top)
    _texts(canvas, report, top - MAP_HEIGHT - 5 * mm)


def _map(
    canvas: Canvas,
    villages: Sequence[Village],
    areas: Mapping[str, Area],
    found: Mapping[State, Style],
    x: float,
    y: float,
    width: float,
    height: float,
) -> None:
    mine = [(v, areas[v.site.code]) for v in villages if v.site.code in areas]
    bounds = around((area.geometry.bounds for _, area in mine), [(v.site.lon, v.site.lat) for v in villages])
    flat = Projection.fit(bounds, width, height, margin=6 * mm)
    canvas.saveState()
    canvas.setFillColor(PALE)
    canvas.setStrokeColor(GREY)
    canvas.rect(x, y, width, height, stroke=1, fill=1)
    canvas.translate(x, y)
    canvas.setLineWidth(0.5)
    for village, area in mine:
        _polygon(canvas, area, flat, found[village.state].colour)
    for village in villages:
        px, py = flat.point(village.site.lon, village.site.lat)
        draw_chip(canvas, found[village.state], px, height - py, 2.3 * mm)
    for village in villages:
        px, py = flat.point(village.site.lon, village.site.lat)
        _name(canvas, village.site.desa, px, height - py - 5.2 * mm)
    canvas.restoreState()


def _polygon(canvas: Canvas, area: Area, flat: Projection, colour: str) -> None:
    path = canvas.beginPath()
    for ring in area.rings():
        for k, place in enumerate(ring):
            px, py = flat.point(*place)
            (path.moveTo if k == 0 else path.lineTo)(px, flat.height - py)
        path.close()
    canvas.setFillColor(HexColor(colour))
    canvas.setFillAlpha(0.35)
    canvas.drawPath(path, stroke=1, fill=1, fillMode=0)
    canvas.setFillAlpha(1)


def _name(canvas: Canvas, name: str, x: float, y: float) -> None:
    canvas.setFont("Vera", NAME_SIZE)
    canvas.setFillColor(white)
    for dx, dy in ((-0.6, 0), (0.6, 0), (0, -0.6), (0, 0.6)):  # a white rim, so that a name can be read on any colour
        canvas.drawCentredString(x + dx, y + dy, name)
    canvas.setFillColor(black)
    canvas.drawCentredString(x, y, name)


def _legend(canvas: Canvas, villages: Sequence[Village], found: Mapping[State, Style], x: float, top: float) -> None:
    count = Counter(village.state for village in villages)
    canvas.setFont("VeraBd", 8)
    canvas.drawString(x, top - 3 * mm, both(phrase("Legend")))
    canvas.setFont("Vera", 6.4)
    canvas.drawString(x, top - 7 * mm, indonesian(phrase("Number of villages, best measured operator")))
    for number, state in enumerate(State):
        y = top - (14 + 9 * number) * mm
        draw_chip(canvas, found[state], x + 3 * mm, y + 1 * mm, 2.3 * mm)
        canvas.setFont("Vera", 7.5)
        canvas.drawString(x + 8 * mm, y + 1.4 * mm, indonesian(STATE_WORDS[state]))
        canvas.setFont("Vera", 6)
        canvas.setFillColor(GREY)
        canvas.drawString(x + 8 * mm, y - 1.8 * mm, english(STATE_WORDS[state]))
        canvas.setFillColor(black)
        canvas.setFont("VeraBd", 9)
        canvas.drawRightString(WIDTH - EDGE, y, str(count[state]))
    centroids = sum(village.site.coordinate_source == "centroid" for village in villages)
    outside = sum(village.inside is False for village in villages)
    texts = [f"<b>{indonesian(MAP_NOTE)}</b>", english(MAP_NOTE)]
    if centroids:
        text = phrase("{n} of {all} points are the middle of the village, not the office.", n=centroids, all=len(villages))
        texts.append(indonesian(text))
    partly = sum(bool(village.unmeasured) for village in villages)
    if partly:
        text = phrase("In {n} of {all} villages a national operator could not be judged yet.", n=partly, all=len(villages))
        texts.append(indonesian(text))
    if outside:
        texts.append(indonesian(phrase("{n} coordinates lie outside the village: check them.", n=outside)))
    _flow(canvas, [Paragraph(text, NOTE) for text in texts], x, top - 80 * mm, WIDTH - EDGE - x)


def _texts(canvas: Canvas, report: Report, top: float) -> None:
    column = (WIDTH - 2 * EDGE - 6 * mm) / 2
    left = [
        Paragraph(both(phrase("Method")), HEADING),
        *_paragraphs(METHOD),
        Paragraph(both(phrase("Priority")), HEADING),
        Paragraph(f"<b>{indonesian(FORMULA)}</b>", SMALL),
        Paragraph(indonesian(phrase("Weights: {weights}.", weights=weights(report))), SMALL),
        Paragraph(indonesian(FORMULA_WORDS), SMALL),
    ]
    right = [
        Paragraph(both(phrase("Thresholds")), HEADING),
        *[Paragraph(f"{line}", SMALL) for line in _thresholds(report)],
        Paragraph(both(phrase("Limits")), HEADING),
        *_paragraphs(LIMITS),
        Paragraph(both(phrase("Sources")), HEADING),
        *_paragraphs(SOURCES),
    ]
    _flow(canvas, left, EDGE, top, column)
    _flow(canvas, right, EDGE + column + 6 * mm, top, column)


def _thresholds(report: Report) -> list[str]:
    limits, borders = report.parameters.limits, report.cuts
    levels = {"a": borders.strong_dbm, "b": borders.sufficient_dbm, "c": borders.edge_dbm, "q": borders.quality_db}
    shares = {"blank": limits.blank_spot_availability_percent.value, "least": limits.unstable_availability_percent.value}
    enough = {"n": limits.min_samples.value, "d": limits.min_days.value, "s": limits.min_slots.value}
    texts = (
        phrase(
            "Strong: RSRP ≥ {a} dBm. Weak: median < {b} dBm or 10th percentile < {c} dBm. Poor quality: SINR < {q} dB.", **levels
        ),
        phrase("Blank spot: availability ≤ {blank} %. Unstable: availability < {least} %.", **shares),
        phrase("Enough data: {n} samples, {d} days, {s} slots of 5 minutes or more.", **enough),
        phrase("Version {version}; all figures and their reasons are in the HTML and XLSX files.", version=report.version),
    )
    return [indonesian(text) for text in texts]


def _reasons(canvas: Canvas, villages: Sequence[Village], top: float) -> None:
    """Write the reason of each row, needs first, as far as the page has room; says where the rest is."""
    rows = [row for village in villages for row in village.rows if row.evidence]
    rows.sort(key=lambda row: (row.verdict.main.diagnosis is Diagnosis.ADEQUATE, -(row.priority.score or 0)))
    y = top
    if rows and top > FLOOR + ROOM_FOR_ONE:
        y = _flow(canvas, [Paragraph(both(phrase("Reasons")), HEADING)], EDGE, top, WIDTH - 2 * EDGE)
    for number, row in enumerate(rows):
        found = (row.verdict.main, *row.verdict.others)
        told = " ".join(f"{indonesian(DIAGNOSIS_WORDS[f.diagnosis])}: {indonesian(f.reason)}" for f in found)
        notes = " ".join(indonesian(note) for note in row.verdict.notes)
        head = f"<b>{escape(row.site.desa)}, {escape(indonesian(operator_words(row.operator)))}.</b>"
        paragraph = Paragraph(f"{head} {escape(told)} {escape(notes)}", SMALL)
        _, height = paragraph.wrap(WIDTH - 2 * EDGE, HEIGHT)
        if y - height < FLOOR:
            rest = phrase("The reasons of {n} more rows are in the HTML and XLSX files.", n=len(rows) - number)
            _flow(canvas, [Paragraph(indonesian(rest), SMALL)], EDGE, y, WIDTH - 2 * EDGE)
            return
        y = _flow(canvas, [paragraph], EDGE, y, WIDTH - 2 * EDGE)


def _paragraphs(texts: Sequence[Said]) -> list[Paragraph]:
    return [Paragraph(indonesian(text).replace("`", "'"), SMALL) for text in texts]


def _flow(canvas: Canvas, paragraphs: Sequence[Paragraph], x: float, top: float, width: float) -> float:
    """Set paragraphs under each other; return where they end."""
    y = top
    for paragraph in paragraphs:
        _, height = paragraph.wrap(width, HEIGHT)
        y -= height
        paragraph.drawOn(canvas, x, y)
        y -= 1.1 * mm
    return y


def draw_chip(canvas: Canvas, style: Style, x: float, y: float, radius: float) -> None:
    """Draw the mark of a state: a filled circle with its symbol, as a shape where the font has no such letter."""
    canvas.saveState()
    canvas.setLineWidth(0.5)
    canvas.setStrokeColor(black)
    canvas.setFillColor(HexColor(style.colour))
    canvas.circle(x, y, radius, stroke=1, fill=1)
    mark = HexColor(ink(style.colour))
    canvas.setFillColor(mark)
    canvas.setStrokeColor(mark)
    r = radius * 0.5
    shapes = {
        "\N{BLACK DIAMOND}": [(0, r), (r, 0), (0, -r), (-r, 0)],
        "\N{BLACK SQUARE}": [(-r, -r), (-r, r), (r, r), (r, -r)],
        "\N{BLACK UP-POINTING TRIANGLE}": [(-r, -r * 0.8), (0, r), (r, -r * 0.8)],
        "\N{BLACK DOWN-POINTING TRIANGLE}": [(-r, r * 0.8), (0, -r), (r, r * 0.8)],
    }
    if style.symbol in shapes:
        path = canvas.beginPath()
        for k, (dx, dy) in enumerate(shapes[style.symbol]):
            (path.moveTo if k == 0 else path.lineTo)(x + dx, y + dy)
        path.close()
        canvas.drawPath(path, stroke=0, fill=1)
    elif style.symbol in "\N{BLACK CIRCLE}\N{WHITE CIRCLE}":
        canvas.circle(x, y, r * 0.8, stroke=1, fill=int(style.symbol == "\N{BLACK CIRCLE}"))
    elif style.symbol == "\N{MULTIPLICATION X}":
        canvas.setLineWidth(1)
        canvas.lines([(x - r, y - r, x + r, y + r), (x - r, y + r, x + r, y - r)])
    else:
        canvas.setFont("VeraBd", radius * 1.3)
        canvas.drawCentredString(x, y - radius * 0.45, style.symbol)
    canvas.restoreState()
