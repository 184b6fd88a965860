"""How a page is made: its language, its words, and what every page holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from collector.sites.classes import METRICS, Classes
from dashboards.web.api import snapshot_of
from dashboards.web.assets import TEMPLATES
from dashboards.web.feed import EVERY_S, PATH, STREAM
from dashboards.web.state import STRIP, WINDOW_S, rank
from dashboards.web.texts import Texts, utc_now
from ground.words import LANGUAGES, Lang, said
from telemetry.operators import NAMES, operator_name

COOKIE = "lang"
COOKIE_S = 365 * 86_400
SHAPES = {"◆": "diamond", "●": "circle", "■": "square", "▲": "triangle", "▼": "inverted_triangle", "○": "ring"}
"""Symbols of classes.toml that are drawn as shapes; any other one is a letter on a disc."""
ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
ENVIRONMENT.filters["operator"] = operator_name
ENVIRONMENT.filters["said"] = said
ENVIRONMENT.filters["date"] = date.fromisoformat


def page(request: Request, template: str, status: int = 200, *, settings: dict[str, Any], **values: Any) -> Response:
    """Make a page; `settings` are for its scripts."""
    language, chosen = language_of(request)
    snapshot, assets, texts = snapshot_of(request), request.app.state.assets, Texts(language)
    legend = legend_of(snapshot.classes, language)
    body = ENVIRONMENT.get_template(template).render(
        t=texts,
        asset=assets.url,
        first=assets.first,
        style=assets.style,
        here=request.url,
        legend=legend,
        label={entry["key"]: entry["label"] for entry in legend},
        levels={entry["key"] for entry in legend if entry["level"]},
        classes=snapshot.classes,
        now=utc_now(),
        needs=request.app.state.needs.page is not None,
        settings={
            **settings,
            "language": language,
            "texts": texts.script(),
            "legend": [{name: entry[name] for name in ("key", "label", "colour", "cuts", "level")} for entry in legend],
            "operators": NAMES,
            "refresh_s": EVERY_S,
            "window_s": WINDOW_S,
            "live": {"path": PATH, "stream": STREAM},
        },
        **values,
    )
    response = Response(body, status, media_type="text/html; charset=utf-8", headers={"Vary": "Cookie"})
    if chosen:
        response.set_cookie(COOKIE, language, max_age=COOKIE_S, samesite="lax", httponly=True)
    return response


def language_of(request: Request) -> tuple[Lang, bool]:
    """Return the language, and whether it was chosen by this request: the address, else the cookie, else Indonesian."""
    asked, kept = request.query_params.get("lang"), request.cookies.get(COOKIE)
    for language in LANGUAGES:
        if asked == language:
            return language, True
    return next((language for language in LANGUAGES if kept == language), "id"), False


def legend_of(classes: Classes, language: Lang) -> list[dict[str, Any]]:
    """Return all classes and states, best first, as page and script show them."""
    known = {c.key: c for c in classes.classes} | classes.state
    cuts = {c.key: c.cuts for c in classes.classes}
    return [
        {
            "key": key,
            "label": known[key].word(language),
            "colour": known[key].colour,
            "symbol": known[key].symbol,
            "shape": SHAPES.get(known[key].symbol),
            "cuts": {metric: cuts[key][metric] for metric in METRICS} if cuts.get(key) else None,
            "level": key in cuts,
        }
        for key in rank(classes)
    ]


def services(texts: Texts) -> list[dict[str, str]]:
    """Return the words, colours and patterns of the strip of service, best first."""
    return [
        {"key": key, "label": texts.name("service", key), "colour": colour, "hatch": hatch}
        for key, (colour, hatch) in STRIP.items()
    ]
