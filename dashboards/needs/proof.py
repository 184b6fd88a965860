"""A page of evidence for each hall: what an engineer of a ministry or an operator asks after reading the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.sites.facts import ANTENNA, POWER
from dashboards.needs.charts import HEIGHT, LETTERS, WIDTH, Curve, Strip, level_y, over_the_day, over_the_days, strip
from dashboards.needs.columns import bands, technologies
from dashboards.needs.detail import MOST_RAW, RAW, Detail, Seen, gaps, strip_start
from dashboards.needs.document import EVIDENCE_FOLDER, NONE, environment, text_of, words
from dashboards.needs.evidence import Evidence
from dashboards.needs.figures import with_interval
from dashboards.needs.labels import COORDINATES, UNKNOWN, yes_no
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.method import span, styles
from dashboards.needs.model import Report, Row, Village
from dashboards.needs.seal import fingerprint, grouped
from ground.wita import WITA
from ground.words import Figure, Said, joined, phrase

MOST_GAPS = 12
DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One operator: its row, figures and drawings; None where the store has no hours of it."""

    row: Row
    facts: list[tuple[Said, Said]]
    strip: Strip | None
    day: Curve | None
    days: Curve | None


def write_evidence(report: Report, details: Mapping[str, Detail], head: Letterhead, folder: Path) -> None:
    """Write a page for every hall with samples into a folder of its own."""
    (folder / EVIDENCE_FOLDER).mkdir()
    template, shared = environment("id").get_template("evidence.html"), _shared(report, head)
    for village in report.villages:
        detail = details.get(village.site.code)
        if detail is not None and evidenced(village):
            page = template.render(
                **shared,
                village=village,
                facts=facts(village),
                parts=[_part(report, row, detail) for row in village.rows if row.evidence],
                heard=[row for row in village.rows if row.evidence is None],
                gaps=gaps(detail, report.period)[:MOST_GAPS],
                cells=detail.cells,
                neighbours=detail.neighbours,
                raw=detail.raw[-MOST_RAW:],
            )
            (folder / EVIDENCE_FOLDER / f"{village.site.code}.html").write_text(page, encoding="utf-8")


def _shared(report: Report, head: Letterhead) -> dict[str, Any]:
    return {
        **words(),
        "report": report,
        "paper": False,
        "period": span(report.period),
        "made": report.period.now,
        "head": head,
        "grouped": grouped(fingerprint(report)),
        "styles": styles(report.classes),
        "classes": report.classes,
        "style": text_of("common.css") + text_of("page.css"),
        "script": text_of("evidence.js"),
        "width": WIDTH,
        "height": HEIGHT,
        "letters": LETTERS,
        "level_y": level_y,
        "raw_names": RAW,
        "told": told,
        "when": when,
        "range_of": range,
    }


def evidenced(village: Village) -> bool:
    """Return whether a village has a page of evidence: a device measured there."""
    return any(row.evidence for row in village.rows)


def _part(report: Report, row: Row, detail: Detail) -> Part:
    e, hours, start = row.evidence, detail.hours.get(row.operator, []), strip_start(report.period)
    days = max(1, -(-(report.period.end_ns - start) // DAY_NS))
    if e is None or not hours:
        return Part(row, list(evidence_facts(e)) if e else [], None, None, None)
    drawn = strip(hours, start, days, report.classes)
    return Part(row, list(evidence_facts(e)), drawn, over_the_day(hours), over_the_days(hours, start, days))


def told(cell: Seen) -> str:
    """Write what identifies a cell."""
    return ", ".join(f"{name} {value}" for name, value in cell.names)


def when(time_ns: int) -> str:
    """Write a moment of the raw extract, WITA."""
    return f"{datetime.fromtimestamp(time_ns / 1e9, WITA):%Y-%m-%d %H:%M:%S}"


def facts(village: Village) -> list[tuple[Said, Said]]:
    """Return what is known of a hall itself: what, and its value."""
    site, context = village.site, village.context
    return [
        (phrase("Coordinate"), f"{site.lat:.5f}, {site.lon:.5f}"),
        (phrase("Source of the coordinate"), COORDINATES[site.coordinate_source]),
        (phrase("Inside the village"), yes_no(village.inside)),
        (phrase("Population"), UNKNOWN if site.population is None else Figure(site.population)),
        (phrase("Power of the hall"), POWER[site.power] if site.power else UNKNOWN),
        (phrase("Antenna"), ANTENNA[site.antenna] if site.antenna else UNKNOWN),
        (phrase("Signal booster"), yes_no(site.booster)),
        (phrase("On the list of 37 blank spots"), yes_no(context.blank_spot_list)),
        (phrase("Grid programme 2025"), yes_no(context.pln_programme)),
        (phrase("No grid by the plan of 2026"), yes_no(context.no_grid_plan)),
        (phrase("Restarts (last 31 days)"), Figure(village.supply.boots)),
        (phrase("Undervoltage or no mains, % of reports"), Figure(village.supply.bad_power_percent, 1)),
    ]


def evidence_facts(e: Evidence) -> Iterator[tuple[Said, Said]]:
    """Yield the evidence of a row: what, and its value with unit."""
    yield phrase("RSRP: median"), with_interval(e.rsrp_median, e.rsrp_median_ci, "dBm", 1)
    yield phrase("RSRP: 10th percentile"), with_interval(e.rsrp_p10, e.rsrp_p10_ci, "dBm", 1)
    yield phrase("RSRP in the busy hour 19-22 WITA: median; 10th percentile"), _pair(e.rsrp_busy_median, e.rsrp_busy_p10, "dBm")
    yield phrase("SINR: median; busy hour"), _pair(e.sinr_median, e.sinr_busy_median, "dB")
    yield phrase("RSRQ: median"), with_interval(e.rsrq_median, None, "dB", 1)
    yield phrase("Service availability"), with_interval(e.availability, e.availability_ci, "%", 1)
    yield phrase("Samples; days measured"), joined([Figure(e.samples), Figure(e.days)])
    yield phrase("Independent samples (effective)"), Figure(e.effective_n)
    yield phrase("SIM refused, locked or faulty"), with_interval(e.sim_share, None, "%", 1)
    yield phrase("Own cell heard without service"), with_interval(e.barred_share, None, "%", 1)
    slots = joined([Figure(e.slots), Figure(e.slots_possible)], " / ")
    yield phrase("Completeness"), joined([with_interval(e.completeness, None, "%", 1), slots], ", ")
    yield phrase("Time estimated"), with_interval(e.estimated_share, None, "%", 1)
    yield phrase("Modem unresponsive or no SIM"), with_interval(e.fault_share, None, "%", 1)
    yield phrase("Cell changes per hour"), Figure(e.cell_changes_per_hour, 1)
    yield phrase("Technology; band"), f"{technologies(e) or NONE}; {bands(e) or NONE}"
    supported = NONE if e.supported is None else ", ".join(f"B{band}" for band in e.supported)
    yield phrase("Bands that the modem supports"), supported
    yield phrase("PLMN"), ", ".join(f"{p[:3]}-{p[3:]}" for p in e.plmns) or NONE
    models: Said = ", ".join(e.models) or phrase("model not known")
    yield phrase("Modem; model"), joined([", ".join(e.modems) or NONE, models])


def _pair(first: float | None, second: float | None, unit: str) -> Said:
    return joined([joined([Figure(first, 1), Figure(second, 1)]), unit], " ")
