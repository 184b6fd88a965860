"""The pages: made whole on the server, so that they say something before any script runs, and without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from collector.errors import StoreUnavailableError
from collector.sites.classes import METRICS, Classes
from collector.store.health import telling
from dashboards.web.api import snapshot_of
from dashboards.web.listing import UNKNOWN, Filter, lines
from dashboards.web.models import AlertItem, HallNow
from dashboards.web.snapshot import ALERT_DAYS
from dashboards.web.state import STRIP, WINDOW_S, rank
from dashboards.web.texts import Texts, utc_now
from ground.doctor import noted
from ground.paths import HEALTH
from ground.words import LANGUAGES, Lang

router = APIRouter(include_in_schema=False)
COOKIE = "lang"
COOKIE_S = 365 * 86_400
BAR_S = 7 * 86_400
REFRESH_S = 30
SHAPES = {"◆": "diamond", "●": "circle", "■": "square", "▲": "triangle", "▼": "inverted_triangle", "○": "ring"}
"""Symbols of classes.toml that are drawn as BokehJS markers; any other one is a letter on a disc."""
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
Word = Annotated[str, Query(max_length=64)]


@router.get("/")
def index(request: Request, q: Word = "", kecamatan: Word = "", state: Word = "", operator: Word = "") -> Response:
    """Show the map and the list."""
    halls = snapshot_of(request).halls()
    every = [feature.properties for feature in halls.features]
    wanted = Filter(q, kecamatan, state, operator)
    return _page(
        request,
        "map.html",
        halls=halls,
        faults=[telling(fault, _language(request)[0]) for fault in snapshot_of(request).faults()],
        health=noted(HEALTH, utc_now()),
        lines=lines(every, wanted),
        total=len(every),
        newest=max((hall.updated for hall in every if hall.updated), default=None),
        centroids=sum(hall.coordinate_source == "centroid" for hall in every),
        wanted=wanted,
        choices={
            "kecamatan": sorted({hall.kecamatan for hall in every}),
            "operator": _operators(every),
        },
        settings={"wanted": asdict(wanted)},
    )


def _operators(halls: Iterable[HallNow]) -> list[str]:
    """Return the operators that can be asked for; the unknown one last, where a modem is of it."""
    every = list(halls)
    nameless = any(modem.operator is None for hall in every for modem in hall.modems)
    return [*sorted({name for hall in every for name in hall.operators}), *([UNKNOWN] if nameless else [])]


@router.get("/site/{code}")
def hall(request: Request, code: str) -> Response:
    """Show one hall."""
    try:
        detail = snapshot_of(request).hall(code)
    except KeyError:
        raise HTTPException(404) from None
    return _page(request, "hall.html", detail=detail, hall=detail.hall, settings={"code": code}, bar=_bar)


@router.get("/alerts")
def alerts(request: Request) -> Response:
    """Show the alerts over time."""
    found = snapshot_of(request).alerts(ALERT_DAYS)
    return _page(request, "alerts.html", alerts=found.alerts, days=found.days, settings={}, bar=_bar)


@router.get("/api")
def api_page(request: Request) -> Response:
    """Show what the JSON API has, without a script from elsewhere."""
    paths = request.app.openapi()["paths"]
    rows = [(path, operation["summary"]) for path, methods in paths.items() for operation in methods.values()]
    return _page(request, "api.html", rows=rows, settings={})


def refusal(request: Request, status: int, error: StoreUnavailableError | None = None) -> Response:
    """Show that something is not there (404) or that the store is away, and why (503)."""
    kind = "store_down" if status == 503 else "not_found"
    why = telling(error, _language(request)[0]) if error is not None else ""
    return _page(request, "refusal.html", status, kind=kind, why=why, settings={})


def _page(request: Request, template: str, status: int = 200, *, settings: dict[str, Any], **values: Any) -> Response:
    language, chosen = _language(request)
    snapshot, assets, texts = snapshot_of(request), request.app.state.assets, Texts(language)
    legend = legend_of(snapshot.classes, language)
    page = TEMPLATES.get_template(template).render(
        t=texts,
        asset=assets.url,
        here=request.url,
        legend=legend,
        label={entry["key"]: entry["label"] for entry in legend},
        classes=snapshot.classes,
        now=utc_now(),
        settings={
            **settings,
            "language": language,
            "texts": texts.script(),
            "legend": legend,
            "services": [
                {"key": key, "label": texts.name("service", key), "colour": colour, "hatch": hatch}
                for key, (colour, hatch) in STRIP.items()
            ],
            "refresh_s": REFRESH_S,
            "window_s": WINDOW_S,
            "urls": {name: assets.url(name) for name in ("bokeh.js", "boundaries.json")},
        },
        **values,
    )
    response = Response(page, status, media_type="text/html; charset=utf-8", headers={"Vary": "Cookie"})
    if chosen:
        response.set_cookie(COOKIE, language, max_age=COOKIE_S, samesite="lax", httponly=True)
    return response


def _language(request: Request) -> tuple[Lang, bool]:
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


def _bar(alert: AlertItem) -> tuple[float, float]:
    """Return start and length of an alert on the bar of the last seven days, percent."""
    now = utc_now()
    ages = [min(max((now - at).total_seconds() / BAR_S, 0.0), 1.0) for at in (alert.since, alert.until or now)]
    start = round(100 * (1 - ages[0]), 2)
    return min(start, 99.0), max(round(100 * (ages[0] - ages[1]), 2), 1.0)
