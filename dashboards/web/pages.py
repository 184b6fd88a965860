"""The pages: made whole on the server, so that they say something before any script runs, and without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from collector.errors import ConfigError, StoreUnavailableError
from collector.server.rollout import progress, read_rollout
from collector.sites.classes import Classes
from collector.store.health import telling
from dashboards.web.api import snapshot_of
from dashboards.web.feed import live_last
from dashboards.web.history import Day
from dashboards.web.listing import UNKNOWN, Filter, line, lines, urgency
from dashboards.web.live import Live
from dashboards.web.models import LICENCE, AlertItem, HallNow
from dashboards.web.places import SIZE, Map, View
from dashboards.web.render import language_of, page, services
from dashboards.web.snapshot import ALERT_DAYS
from dashboards.web.texts import Texts, utc_now
from dashboards.web.totals import KINDS, SENTENCE, by_kecamatan, count, kind, looks, parts
from ground.doctor import noted
from ground.paths import HEALTH, ROLLOUT
from ground.words import Lang

router = APIRouter(include_in_schema=False)
BAR_S = 7 * 86_400
SHOWN_CHANGES = 8
SHOWN_RESOLVED = 30
Word = Annotated[str, Query(max_length=64)]


def _every(request: Request) -> list[HallNow]:
    """Return all halls as they were last seen: who opens a page does not wait for the store."""
    return [feature.properties for feature in snapshot_of(request).last().features]


@router.get("/")
def index(
    request: Request, q: Word = "", kecamatan: Word = "", state: Word = "", operator: Word = "", sort: Word = ""
) -> Response:
    """Show the map and the list of all halls."""
    return _overview(request, _every(request), Filter(q, kecamatan, state, operator, sort))


@router.get("/kecamatan/{key}")
def kecamatan(request: Request, key: str, state: Word = "", operator: Word = "", sort: Word = "") -> Response:
    """Show one kecamatan: its halls on the map, in the list, and over 90 days."""
    halls = [hall for hall in _every(request) if hall.kecamatan_id == key]
    if not halls:
        raise HTTPException(404)
    days = {hall.code: snapshot_of(request).days(hall.code) for hall in halls if hall.modems}
    wanted = Filter(state=state, operator=operator, sort=sort)
    return _overview(request, halls, wanted, place=halls[0].kecamatan, key=key, days=days)


def _overview(
    request: Request,
    halls: list[HallNow],
    wanted: Filter,
    place: str = "",
    key: str = "",
    days: Mapping[str, list[Day]] | None = None,
) -> Response:
    snapshot = snapshot_of(request)
    order, classes = urgency(snapshot.classes), snapshot.classes
    listed = lines(halls, wanted, order)
    all_states = [line(hall, wanted.operator).state for hall in halls]
    whole = request.app.state.places.map({hall.code: (hall.lon, hall.lat) for hall in _every(request)})
    view = whole.around(place, [hall.code for hall in halls]) if place else whole.whole
    numbers = {code: number for number, code in enumerate(sorted(snapshot.sites))}
    kinds = count(all_states, classes)
    texts = Texts(language_of(request)[0])
    return page(
        request,
        "map.html",
        halls=snapshot.last(),
        lines=listed,
        shown={row.hall.code for row in listed},
        every=lines(halls, Filter(operator=wanted.operator, sort=wanted.sort), order),
        total=len(halls),
        counts={key: all_states.count(key) for key in order},
        kinds=kinds,
        parts=parts(kinds),
        newest=max((hall.updated for hall in halls if hall.updated), default=None),
        centroids=sum(hall.coordinate_source == "centroid" for hall in halls),
        wanted=wanted,
        choices={"kecamatan": sorted({hall.kecamatan for hall in halls}), "operator": _operators(halls)},
        map=_drawn(whole, view, listed, numbers, order),
        faults=[telling(fault, language_of(request)[0]) for fault in snapshot.faults()],
        health=noted(HEALTH, utc_now()),
        rollout=_rollout(language_of(request)[0]),
        totals=by_kecamatan(halls, classes),
        kind_words=KINDS,
        kind_looks=looks(classes),
        most=SHOWN_CHANGES,
        numbers=numbers,
        place=place,
        key=key,
        days=defaultdict(list, days or {}),
        changes=_changes(request, halls),
        settings=_settings(wanted, live_last(request), whole, view, order, classes, texts),
    )


def _rollout(lang: Lang) -> str | None:
    """Return how far a version is on its way to the halls; None where there is none."""
    try:
        rollout = read_rollout(ROLLOUT)
    except ConfigError:
        return None
    return None if rollout is None else progress(rollout).word(lang)


def _settings(
    wanted: Filter, live: Live, whole: Map, view: View, order: Mapping[str, int], classes: Classes, texts: Texts
) -> dict[str, Any]:
    """Return what the scripts of the overview begin with."""
    return {
        "wanted": asdict(wanted),
        "rows": {
            "version": live.version,
            "register": live.register,
            "names": live.names,
            "rows": live.rows,
            "newest": live.newest,
        },
        "spots": [[s.x, s.y, s.shown_x - s.x, s.shown_y - s.y] for _, s in sorted(whole.spots.items())],
        "view": view,
        "whole": whole.whole,
        "size": SIZE,
        "order": list(order),
        "kinds": {key: kind(key, classes) for key in order},
        "sentence": [[name, texts(message)] for name, message in SENTENCE.items()],
    }


def _drawn(whole: Map, view: View, listed: Sequence[Any], numbers: dict[str, int], order: dict[str, int] | Any) -> dict[str, Any]:
    """Place the symbols of the halls that are listed: bad news on top, each as large on a part of the map as on all of it."""
    scale = view[2] / whole.whole[2]
    spots = []
    for row in sorted(listed, key=lambda row: (row.state != "not_measured", -order[row.state], row.hall.code)):
        spot = whole.spots[row.hall.code]
        x, y = spot.x + (spot.shown_x - spot.x) * scale, spot.y + (spot.shown_y - spot.y) * scale
        spots.append({"n": numbers[row.hall.code], "state": row.state, "spot": spot, "x": round(x), "y": round(y)})
    return {"sheet": whole.sheet, "view": view, "scale": scale, "spots": spots, "size": round(SIZE * scale, 1)}


def _changes(request: Request, halls: Iterable[HallNow]) -> Any:
    """Return what changed since yesterday at these halls; None where the store does not tell."""
    codes = {hall.code for hall in halls}
    try:
        found = snapshot_of(request).changes()
    except StoreUnavailableError:
        return None
    return {
        name: [change for change in getattr(found, name) if change.hall.code in codes]
        for name in ("worse", "better", "lost", "again")
    }


def _operators(halls: Iterable[HallNow]) -> list[str]:
    """Return the operators that can be asked for; the unknown one last, where a modem is of it."""
    every = list(halls)
    nameless = any(modem.operator is None for hall in every for modem in hall.modems)
    return [*sorted({name for hall in every for name in hall.operators}), *([UNKNOWN] if nameless else [])]


@router.get("/site/{code}")
def hall(request: Request, code: str) -> Response:
    """Show one hall."""
    snapshot = snapshot_of(request)
    try:
        detail = snapshot.hall(code)
    except KeyError:
        raise HTTPException(404) from None
    live = live_last(request)
    texts = Texts(language_of(request)[0])
    return page(
        request,
        "hall.html",
        detail=detail,
        hall=detail.hall,
        days=snapshot.days(code) if detail.hall.modems else [],
        bar=_bar,
        settings={
            "code": code,
            "number": sorted(snapshot.sites).index(code),
            "rows": {"version": live.version, "register": live.register},
            "services": services(texts),
        },
    )


@router.get("/alerts")
def alerts(request: Request, every: Annotated[str, Query(alias="all", max_length=1)] = "") -> Response:
    """Show the alerts over time: those that are open and the newest of the others, or all."""
    found = snapshot_of(request).alerts(ALERT_DAYS)
    n_open = sum(alert.state != "resolved" for alert in found.alerts)
    shown = found.alerts if every else found.alerts[: n_open + SHOWN_RESOLVED]
    seen = ",".join(f"{a.key} {a.state} {_iso(a.since)} {_iso(a.until)}" for a in found.alerts)
    return page(request, "alerts.html", alerts=found.alerts, shown=shown, days=found.days, settings={"seen": seen}, bar=_bar)


@router.get("/api")
def api_page(request: Request) -> Response:
    """Show what open data there are, and how they are used, without a script from elsewhere."""
    paths = request.app.openapi()["paths"]
    rows = [(path, operation["summary"]) for path, methods in paths.items() for operation in methods.values()]
    return page(request, "api.html", rows=rows, example=min(snapshot_of(request).sites, default=""), licence=LICENCE, settings={})


@router.get("/report")
def report(request: Request, site: Word = "") -> Response:
    """Show how a problem is reported: what to send, ready to copy, and to whom where the office named an address."""
    found = next((hall for hall in _every(request) if hall.code == site), None)
    return page(request, "report.html", hall=found, contact=request.app.state.contact, settings={})


REFUSALS = {403: "forbidden", 413: "too_large", 429: "too_often", 503: "store_down"}


def refusal(request: Request, status: int, error: StoreUnavailableError | None = None, *, record: bool = False) -> Response:
    """Say why there is no page: not there, not allowed, too much, the store is away and why, the record is not to be trusted."""
    kind_of = "record" if record else REFUSALS.get(status, "not_found")
    why = telling(error, language_of(request)[0]) if error is not None else ""
    return page(request, "refusal.html", status, kind=kind_of, why=why, settings={})


def _iso(when: datetime | None) -> str:
    """Write a time as the open data have it."""
    return "" if when is None else when.isoformat().replace("+00:00", "Z")


def _bar(alert: AlertItem) -> tuple[float, float]:
    """Return start and length of an alert on the bar of the last seven days, percent."""
    now = utc_now()
    ages = [min(max((now - at).total_seconds() / BAR_S, 0.0), 1.0) for at in (alert.since, alert.until or now)]
    start = round(100 * (1 - ages[0]), 2)
    return min(start, 99.0), max(round(100 * (ages[0] - ages[1]), 2), 1.0)
