"""What the template of page and paper is filled with: one document, in both languages or in the one of the paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards.atlas.areas import Area, dotted
from dashboards.atlas.drawing import ink
from dashboards.needs.figures import cell_lines, row_words, village_words
from dashboards.needs.grade import table as grade_table
from dashboards.needs.labels import CHANGE_WORDS, DIAGNOSIS_WORDS, STATE_WORDS, operator_words
from dashboards.needs.letterhead import Letterhead, picture
from dashboards.needs.maps import Map, draw
from dashboards.needs.method import LIMITS, MAP_NOTE, METHOD, SOURCES, TITLE, settings, span, styles, weights
from dashboards.needs.model import OPERATORS, Diagnosis, Report, Row, State, Village
from dashboards.needs.need import INPUT_WORDS, NEED_FORMULA, ORDER, READINESS_FORMULA
from dashboards.needs.seal import fingerprint, grouped, qr_svg
from dashboards.needs.summary import Share, shares, summarise
from ground.words import Figure, Lang, Said, joined, phrase, said
from telemetry.operators import operator_name

TEMPLATES = Path(__file__).parent / "templates"
EVIDENCE_FOLDER, CSV_NAME = "bukti", "peta-kebutuhan.csv"
REGION = "Kabupaten Kutai Timur"
REGENCY_WIDTH, KECAMATAN_WIDTH, KECAMATAN_HEIGHT = 1000.0, 1000.0, 470.0
WHOLE = "village"
NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Kecamatan:
    """One kecamatan: its villages by rank, its counts, its map."""

    name: str
    villages: list[Village]
    shares: tuple[Share, ...]
    map: Map

    @property
    def counts(self) -> Said:
        """Say how many villages have which service."""
        told = [joined([STATE_WORDS[s.state], Figure(s.villages)], ": ") for s in self.shares]
        return joined([phrase("{n} villages", n=Figure(len(self.villages))), *told], " · ")

    @property
    def label(self) -> Said:
        """Say what the map shows, for those who do not see it."""
        return phrase("Map of kecamatan {name}; the table below has the same content", name=self.name)


def environment(lang: Lang) -> Environment:
    """Return what reads the templates; `here` is the language of a text that stands alone."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {
        "id": partial(said, lang="id"),
        "en": partial(said, lang="en"),
        "here": partial(said, lang=lang),
        "operator": operator_name,
    }
    return env


def text_of(name: str) -> Markup:
    """Return a file of the templates as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


@dataclass(frozen=True, slots=True)
class Drawn:
    """The maps of a report, drawn once for page and paper."""

    regency: Map
    kecamatan: tuple[Kecamatan, ...]


def drawn(report: Report, areas: Mapping[str, Area]) -> Drawn:
    """Draw the regency and every kecamatan, in the order of the register; villages of one by rank."""
    homes = []
    for name, villages in report.kecamatan.items():
        flat = draw(villages, areas, KECAMATAN_WIDTH, KECAMATAN_HEIGHT)
        homes.append(Kecamatan(name, sorted(villages, key=_place), shares(villages), flat))
    return Drawn(draw(report.villages, areas, REGENCY_WIDTH), tuple(homes))


def _place(village: Village) -> int:
    return village.rank.place


def render(
    report: Report, maps: Drawn, head: Letterhead, lang: Lang, *, paper: bool, evidenced: Collection[str] = frozenset()
) -> str:
    """Fill the template. Raises ConfigError for a logo that cannot be read."""
    env = environment(lang)
    digest, found = fingerprint(report), styles(report.classes)
    # On paper a kecamatan is looked up, on a phone the worst one comes first.
    homes = maps.kecamatan if paper else tuple(sorted(maps.kecamatan, key=lambda k: _place(k.villages[0])))
    letter = head.letter
    return env.get_template("report.html").render(
        **words(),
        report=report,
        paper=paper,
        lang=lang,
        head=head,
        logo=picture(head.office.logo) if paper else None,
        letter_place=f"{letter.place}, " if letter.place else "",
        letter_date=letter.date or report.period.now.date(),
        digest=digest,
        grouped=grouped(digest),
        qr=Markup(qr_svg(f"{said(TITLE, lang)}\n{said(span(report.period), lang)}", digest, head, lang)) if paper else "",  # noqa: S704 - segno escapes its title
        csv_name=CSV_NAME,
        summary=summarise(report),
        lacking=_lacking(report),
        regency=maps.regency,
        kecamatan=homes,
        operators=_operators(report),
        diagnoses_here=[d for d in Diagnosis if any(r.verdict.main.diagnosis is d for v in report.villages for r in v.rows)],
        styles=found,
        states_json=_states(report),
        style=text_of("common.css") + text_of("paper.css" if paper else "page.css"),
        script=text_of("page.js"),
        made=report.period.now,
        period=span(report.period),
        earlier=span(report.earlier) if report.earlier else None,
        settings=list(settings(report)),
        weights=weights(report),
        grades=grade_table(report.parameters.grade),
        evidenced=evidenced,
        picture=lambda drawing, label: _picture(str(drawing), said(label, lang)),
        annex=lambda n: said(phrase("Annex {n}.", n=n), lang),
    )


def _picture(drawing: str, label: str) -> Markup:
    """Return a drawing as an image with its text: paper sets it as one thing, which takes half the time."""
    svg = drawing.strip().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    data = base64.b64encode(svg.encode()).decode()
    return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}">').format(data, label)


def words() -> dict[str, Any]:
    """Return what the templates say with: texts, and functions that make texts."""
    return {
        "title": TITLE,
        "region": REGION,
        "map_note": MAP_NOTE,
        "method": METHOD,
        "limits": LIMITS,
        "sources": SOURCES,
        "formulas": (NEED_FORMULA, READINESS_FORMULA, phrase("Order of the rank: {order}.", order=joined(ORDER))),
        "states": STATE_WORDS,
        "diagnoses": DIAGNOSIS_WORDS,
        "changes": CHANGE_WORDS,
        "evidence_folder": EVIDENCE_FOLDER,
        "national": OPERATORS,
        "national_rows": national_rows,
        "village_words": village_words,
        "row_words": row_words,
        "cell_lines": cell_lines,
        "not_measured": not_measured,
        "operator_words": operator_words,
        "dotted": dotted,
        "ink": ink,
        "t": phrase,
        "none": NONE,
        "figure": Figure,
        "range": lambda lo, hi: joined([Figure(lo, 1), Figure(hi, 1)], NONE),
        "listed": lambda texts: joined(texts, "; "),
    }


def national_rows(village: Village) -> list[Row]:
    """Return the rows of the national operators, in their order."""
    rows = {row.operator: row for row in village.rows}
    return [rows[name] for name in OPERATORS]


def not_measured(village: Village) -> list[str]:
    """Return the operators that were never measured at a hall."""
    return [row.operator for row in village.rows if row.verdict.state is State.NOT_MEASURED]


def _lacking(report: Report) -> Said:
    return joined([joined([INPUT_WORDS.get(name, name), Figure(n)], ": ") for name, n in summarise(report).lacking], ", ")


def _operators(report: Report) -> list[str]:
    seen = {row.operator for village in report.villages for row in village.rows}
    return [*OPERATORS, *sorted(seen - set(OPERATORS))]


def _states(report: Report) -> Markup:
    """Return states and their looks for the script; `<` is escaped, so no name can end the element."""
    villages = {
        village.site.code: {WHOLE: village.verdict.state, **{row.operator: row.verdict.state for row in village.rows}}
        for village in report.villages
    }
    looks = {
        state: {"colour": look.colour, "symbol": look.symbol, "ink": ink(look.colour)}
        for state, look in styles(report.classes).items()
    }
    text = json.dumps({"villages": villages, "styles": looks})
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - JSON, escaped
