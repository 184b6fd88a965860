"""The needs map as one HTML file that needs nothing else: map, ranked table, detail of each village, method, limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards.atlas.areas import Area, dotted
from dashboards.atlas.drawing import Projection, around, ink, name_place
from dashboards.needs.columns import bands, technologies
from dashboards.needs.evidence import Evidence
from dashboards.needs.labels import (
    ANTENNA,
    CHANGE_WORDS,
    COORDINATES,
    DIAGNOSIS_WORDS,
    POWER,
    STATE_WORDS,
    UNKNOWN,
    operator_words,
    yes_no,
)
from dashboards.needs.method import LIMITS, MAP_NOTE, METHOD, SOURCES, TITLE, Style, settings, span, styles, weights
from dashboards.needs.model import OPERATORS, Diagnosis, Report, State, Village
from dashboards.needs.priority import FORMULA, FORMULA_WORDS, INPUT_WORDS
from ground.words import Figure, Said, number, phrase, said

TEMPLATES = Path(__file__).parent / "templates"
MAP_WIDTH, MAP_MARGIN = 1000.0, 12.0
BEST = "best"
DASH = "\N{EN DASH}"


def write_html(report: Report, areas: Mapping[str, Area], kecamatan: Mapping[str, Area], path: Path) -> None:
    """Write the page."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {"num": _number, "id": partial(said, lang="id"), "en": partial(said, lang="en")}
    found = styles(report.classes)
    page = env.get_template("needs.html").render(
        report=report,
        ranked=list(enumerate(report.ranked, 1)),
        villages=report.villages,
        map=_map(report, areas, kecamatan),
        styles=found,
        ink=ink,
        legend=_legend(report, found),
        operators=_operators(report),
        states_json=_states(report),
        style=Markup((TEMPLATES / "needs.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        script=Markup((TEMPLATES / "needs.js").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        made=report.period.now,
        t=phrase,
        period=span(report.period),
        earlier=span(report.earlier) if report.earlier else None,
        settings=list(settings(report)),
        weights=weights(report),
        homes={village.site.code: village for village in report.villages},
        **_words(),
    )
    path.write_text(page, encoding="utf-8")


def _words() -> dict[str, Any]:
    return {
        "title": TITLE,
        "map_note": MAP_NOTE,
        "method": METHOD,
        "limits": LIMITS,
        "sources": SOURCES,
        "formula": FORMULA,
        "formula_words": FORMULA_WORDS,
        "states": STATE_WORDS,
        "diagnoses": DIAGNOSIS_WORDS,
        "changes": CHANGE_WORDS,
        "inputs": INPUT_WORDS,
        "facts": facts,
        "evidence_facts": evidence_facts,
        "not_measured": not_measured,
        "operator_words": operator_words,
        "dotted": dotted,
        "Diagnosis": Diagnosis,
    }


def _number(value: float | None, digits: int = 1) -> str:
    return number(value, "id", digits)


def _legend(report: Report, found: Mapping[State, Style]) -> list[tuple[State, Style, int]]:
    """Return each state with the number of villages whose best operator has it."""
    count = Counter(village.state for village in report.villages)
    return [(state, found[state], count[state]) for state in State]


def _operators(report: Report) -> list[str]:
    seen = {row.operator for village in report.villages for row in village.rows}
    return [*OPERATORS, *sorted(seen - set(OPERATORS))]


def _states(report: Report) -> Markup:
    """Return the state of each operator of each village for the script; `<` is escaped, so no name can end the element."""
    states = {
        village.site.code: {BEST: village.state, **{row.operator: row.verdict.state for row in village.rows}}
        for village in report.villages
    }
    return Markup(json.dumps(states).replace("<", "\\u003c"))  # noqa: S704 - JSON, escaped


def _map(report: Report, areas: Mapping[str, Area], kecamatan: Mapping[str, Area]) -> dict[str, Any]:
    points = [(village.site.lon, village.site.lat) for village in report.villages]
    mine = {village.site.code: areas[village.site.code] for village in report.villages if village.site.code in areas}
    bounds = around((area.geometry.bounds for area in mine.values()), points)
    flat = Projection.fit(bounds, MAP_WIDTH, margin=MAP_MARGIN)
    codes = {code[:6] for code in mine}
    outlines = [(area, flat) for code, area in kecamatan.items() if code in codes]
    return {
        "width": flat.width,
        "height": flat.height,
        "outlines": [flat.path(area.rings()) for area, _ in outlines],
        "names": _names([area for area, _ in outlines], points, flat),
        "villages": [_place(village, areas, flat) for village in sorted(report.villages, key=_unmeasured_first)],
    }


def _unmeasured_first(village: Village) -> bool:
    """Draw what was measured over what was not."""
    return village.best.evidence is not None


def _names(areas: Sequence[Area], points: Sequence[tuple[float, float]], flat: Projection) -> list[tuple[str, float, float]]:
    """Place the names of the kecamatan between the halls, and not on each other."""
    taken, names = list(points), []
    for area in areas:
        length, height = (4.2 * len(area.name) + 9) / flat.scale_x, 15 / flat.scale_y
        lon, lat = name_place(area.geometry, taken, length, height)
        taken += [(lon + k * length / 2, lat) for k in (-1, 0, 1)]
        names.append((area.name, *flat.point(lon, lat)))
    return names


def _place(village: Village, areas: Mapping[str, Area], flat: Projection) -> dict[str, Any]:
    area = areas.get(village.site.code)
    x, y = flat.point(village.site.lon, village.site.lat)
    return {
        "village": village,
        "path": flat.path(area.rings()) if area else "",
        "x": x,
        "y": y,
        "state": village.state,
    }


def facts(village: Village) -> list[tuple[Said, Said]]:
    """Return what is known of a hall itself: what, and its value."""
    site, context = village.site, village.context
    place = f"{site.lat:.5f}, {site.lon:.5f}"
    people = UNKNOWN if site.population is None else Figure(site.population)
    return [
        (phrase("Coordinate"), place),
        (phrase("Source of the coordinate"), COORDINATES[site.coordinate_source]),
        (phrase("Inside the village"), yes_no(village.inside)),
        (phrase("Population"), people),
        (phrase("Power of the hall"), POWER[site.power] if site.power else UNKNOWN),
        (phrase("Antenna"), ANTENNA[site.antenna] if site.antenna else UNKNOWN),
        (phrase("Signal booster"), yes_no(site.booster)),
        (phrase("On the list of 37 blank spots"), yes_no(context.blank_spot_list)),
        (phrase("Grid programme 2025"), yes_no(context.pln_programme)),
        (phrase("No grid by the plan of 2026"), yes_no(context.no_grid_plan)),
        (phrase("Restarts (last 31 days)"), Figure(village.supply.boots)),
        (
            phrase("Undervoltage or no mains, % of reports"),
            Figure(village.supply.bad_power_percent, 1),
        ),
    ]


def evidence_facts(e: Evidence) -> list[tuple[Said, str]]:
    """Return the evidence of a row: what, and its value with unit."""

    def pair(first: float | None, second: float | None, unit: str) -> str:
        return f"{_number(first)}; {_number(second)} {unit}"

    models = ", ".join(e.models) or said(phrase("model not known"), "id")
    return [
        (phrase("RSRP: median; 10th percentile"), pair(e.rsrp_median, e.rsrp_p10, "dBm")),
        (phrase("RSRP in the busy hour 19-22 WITA: median; 10th percentile"), pair(e.rsrp_busy_median, e.rsrp_busy_p10, "dBm")),
        (phrase("SINR: median; busy hour"), pair(e.sinr_median, e.sinr_busy_median, "dB")),
        (phrase("RSRQ: median"), f"{_number(e.rsrq_median)} dB"),
        (phrase("Service availability"), f"{_number(e.availability)} %"),
        (phrase("Samples; days measured"), f"{_number(e.samples)}; {e.days}"),
        (phrase("SIM refused, locked or faulty"), f"{_number(e.sim_share)} %"),
        (phrase("Own cell heard without service"), f"{_number(e.barred_share)} %"),
        (phrase("Completeness"), f"{_number(e.completeness)} % ({_number(e.slots)} / {_number(e.slots_possible)})"),
        (phrase("Time estimated"), f"{_number(e.estimated_share)} %"),
        (phrase("Modem unresponsive or no SIM"), f"{_number(e.fault_share)} %"),
        (phrase("Cell changes per hour"), _number(e.cell_changes_per_hour)),
        (phrase("Technology; band"), f"{technologies(e) or DASH}; {bands(e) or DASH}"),
        (phrase("PLMN"), ", ".join(f"{p[:3]}-{p[3:]}" for p in e.plmns) or DASH),
        (phrase("Modem; model"), f"{', '.join(e.modems) or DASH}; {models}"),
    ]


def not_measured(village: Village) -> list[str]:
    """Return the operators that were never measured at a hall."""
    return [row.operator for row in village.rows if row.verdict.state is State.NOT_MEASURED]
