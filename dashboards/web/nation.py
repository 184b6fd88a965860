"""The page of a node above: a map and a table of regencies, worst served first, from monthly rollups and what they published.

Nothing of a reading and nothing of a hall is on it. Who reads it signs in with a reader's secret (`federate reader`), and sees
the regencies of that scope alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from collector.errors import ConfigError
from collector.federate.keys import scope_in
from collector.federate.table import Tables
from collector.sites.classes import AVAILABILITY_PERCENT, Classes
from dashboards.web.api import snapshot_of
from dashboards.web.places import Map
from dashboards.web.render import page
from dashboards.web.texts import utc_now
from ground.wita import WITA

router = APIRouter(include_in_schema=False)
PATH = "/nation"
SIZE, GAP = 26, 30.0
"""Height of a symbol and room between two, units of the sheet: 514 of them still stand apart."""
PART = 4
"""A scope is shown at least as large as this part of the nation, or its coasts would not be known again."""
KEPT_S = 60
ASK = {"WWW-Authenticate": 'Basic realm="Sinyal", charset="UTF-8"'}


@router.get("/")
def index() -> Response:
    """Lead to the page."""
    return RedirectResponse(PATH)


@router.get(PATH)
def nation(request: Request, month: Annotated[str, Query(pattern="^([0-9]{4}-[0-9]{2})?$")] = "") -> Response:
    """Show the regencies of a month; without one, of this one."""
    tables: Tables = request.app.state.tables
    scope = scope_in(tables.folder, request.headers.get("Authorization", ""))
    if scope is None:
        raise HTTPException(401, headers=ASK)
    try:
        rows = request.app.state.kept.get((month, scope), KEPT_S, lambda: tables.regencies(month or None, scope))
    except ConfigError:
        raise HTTPException(404) from None
    classes = snapshot_of(request).classes
    states = {row["regency"]: state_of(row["availability_percent"], classes) for row in rows}
    shown = date.fromisoformat(f"{month}-01") if month else utc_now().astimezone(WITA).date()
    located = {row["regency"]: (row["lon"], row["lat"]) for row in rows if row["lat"] is not None}
    measured = [row for row in rows if row["availability_percent"] is not None]
    answer = page(
        request,
        "nation.html",
        rows=rows,
        states=states,
        worst=measured[0] if measured else None,
        sums={name: sum(row[name] or 0 for row in rows) for name in ("halls", "halls_measured", "villages_blank_spot")},
        cuts=cuts(classes),
        month=shown,
        map=_drawn(request.app.state.places.map(located), states, scope),
        settings={},
    )
    answer.headers.update({"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"})
    return answer


def state_of(availability_percent: float | None, classes: Classes) -> str:
    """Return the class whose colour and symbol a share of service has; a regency without one is not measured."""
    if availability_percent is None:
        return "not_measured"
    return classes.classes[-1 - bisect_right(AVAILABILITY_PERCENT, availability_percent)].key


def cuts(classes: Classes) -> list[tuple[str, float | None]]:
    """Return the classes, best first, each with the least share of service; the last has none."""
    return list(zip((one.key for one in classes.classes), (*reversed(AVAILABILITY_PERCENT), None), strict=True))


def _drawn(whole: Map, states: dict[str, str], scope: str) -> dict[str, Any]:
    """Place the symbols, the worst on top; of a scope only its part of the map is shown."""
    order: Sequence[str] = [code for code in reversed(states) if code in whole.spots]
    view = whole.around("", order, part=PART) if scope and order else whole.whole
    scale = view[2] / whole.whole[2]
    spots = []
    for code in order:
        spot = whole.spots[code]
        x, y = spot.x + (spot.shown_x - spot.x) * scale, spot.y + (spot.shown_y - spot.y) * scale
        spots.append({"state": states[code], "spot": spot, "x": round(x), "y": round(y)})
    return {"sheet": whole.sheet, "view": view, "scale": scale, "spots": spots, "size": round(SIZE * scale, 1)}
