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

from dashboards.needs.boundaries import Area, dotted
from dashboards.needs.columns import bands, technologies
from dashboards.needs.drawing import Projection, around, ink, name_place
from dashboards.needs.labels import CHANGE_WORDS, DIAGNOSIS_WORDS, STATE_WORDS, operator_words
from dashboards.needs.method import LIMITS, MAP_NOTE, METHOD, SOURCES, TITLE, Style, made_at, settings, span, styles, weights
from dashboards.needs.model import OPERATORS, Diagnosis, Evidence, Report, State, Village
from dashboards.needs.priority import FORMULA, FORMULA_WORDS, INPUT_WORDS
from dashboards.needs.words import ANTENNA, COORDINATES, POWER, UNKNOWN, Both, number, yes_no

TEMPLATES = Path(__file__).parent / "templates"
MAP_WIDTH, MAP_MARGIN = 1000.0, 12.0
BEST = "best"
DASH = "\N{EN DASH}"


def write_html(report: Report, areas: Mapping[str, Area], kecamatan: Mapping[str, Area], path: Path) -> None:
    """Write the page."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["num"] = _number
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
        made=made_at(report),
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
    return number(value, digits).id


def _legend(report: Report, found: Mapping[State, Style]) -> list[tuple[State, Style, int]]:
    """Return each state with the number of villages whose best operator has it."""
    count = Counter(village.best.verdict.state for village in report.villages)
    return [(state, found[state], count[state]) for state in State]


def _operators(report: Report) -> list[str]:
    seen = {row.operator for village in report.villages for row in village.rows}
    return [*OPERATORS, *sorted(seen - set(OPERATORS))]


def _states(report: Report) -> Markup:
    """Return the state of each operator of each village for the script; `<` is escaped, so no name can end the element."""
    states = {
        village.site.code: {BEST: village.best.verdict.state, **{row.operator: row.verdict.state for row in village.rows}}
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
        "state": village.best.verdict.state,
    }


def facts(village: Village) -> list[tuple[Both, Both]]:
    """Return what is known of a hall itself: what, and its value."""
    site, context = village.site, village.context
    place = f"{site.lat:.5f}, {site.lon:.5f}"
    people = UNKNOWN if site.population is None else number(site.population)
    supply = partial(number, digits=1)
    return [
        (Both("Koordinat", "Coordinate"), Both(place, place)),
        (Both("Sumber koordinat", "Source of it"), COORDINATES[site.coordinate_source]),
        (Both("Di dalam batas desa", "Inside the village"), yes_no(village.inside)),
        (Both("Jumlah penduduk", "Population"), people),
        (Both("Listrik balai desa", "Power of the hall"), POWER[site.power] if site.power else UNKNOWN),
        (Both("Antena", "Antenna"), ANTENNA[site.antenna] if site.antenna else UNKNOWN),
        (Both("Penguat sinyal", "Signal booster"), yes_no(site.booster)),
        (Both("Daftar blank spot 37 nama", "On the list of 37"), yes_no(context.blank_spot_list)),
        (Both("Program PLN 2025", "Grid programme 2025"), yes_no(context.pln_programme)),
        (Both("Tanpa PLN menurut rencana 2026", "No grid by the plan of 2026"), yes_no(context.no_grid_plan)),
        (Both("Menyala ulang (31 hari terakhir)", "Restarts (last 31 days)"), number(village.supply.boots)),
        (
            Both("Tegangan kurang atau padam, % laporan", "Undervoltage or no mains, % of reports"),
            supply(village.supply.bad_power_percent),
        ),
    ]


def evidence_facts(e: Evidence) -> list[tuple[Both, str]]:
    """Return the evidence of a row: what, and its value with unit."""

    def pair(first: float | None, second: float | None, unit: str) -> str:
        return f"{_number(first)}; {_number(second)} {unit}"

    models = ", ".join(e.models) or "model tidak diketahui"
    return [
        (Both("RSRP: nilai tengah; 10 % terburuk", "median; worst 10 %"), pair(e.rsrp_median, e.rsrp_p10, "dBm")),
        (Both("RSRP jam sibuk 19-22 WITA", "busy hour: median; worst 10 %"), pair(e.rsrp_busy_median, e.rsrp_busy_p10, "dBm")),
        (Both("SINR: nilai tengah; jam sibuk", "median; busy hour"), pair(e.sinr_median, e.sinr_busy_median, "dB")),
        (Both("RSRQ: nilai tengah", "median"), f"{_number(e.rsrq_median)} dB"),
        (Both("Ketersediaan layanan", "availability"), f"{_number(e.availability)} %"),
        (Both("Jumlah sampel; hari terukur", "samples; days"), f"{_number(e.samples)}; {e.days}"),
        (Both("Kelengkapan", "completeness"), f"{_number(e.completeness)} % ({_number(e.slots)} / {_number(e.slots_possible)})"),
        (Both("Jam diperkirakan", "estimated time"), f"{_number(e.estimated_share)} %"),
        (Both("Modem bisu atau tanpa SIM", "modem silent or no SIM"), f"{_number(e.fault_share)} %"),
        (Both("Pindah sel per jam", "cell changes per hour"), _number(e.cell_changes_per_hour)),
        (Both("Teknologi; pita", "technology; band"), f"{technologies(e) or DASH}; {bands(e) or DASH}"),
        (Both("PLMN", "PLMN"), ", ".join(f"{p[:3]}-{p[3:]}" for p in e.plmns) or DASH),
        (Both("Modem; model", "modem; model"), f"{', '.join(e.modems) or DASH}; {models}"),
    ]


def not_measured(village: Village) -> list[str]:
    """Return the operators that were never measured at a hall."""
    return [row.operator for row in village.rows if row.verdict.state is State.NOT_MEASURED]
