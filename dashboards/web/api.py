"""Open data under /api/v1, read-only, for anybody: JSON, GeoJSON and CSV. /openapi.json describes it, /api explains it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse

from dashboards.web import opendata
from dashboards.web.history import MOST_DAYS, Step, periods
from dashboards.web.models import LICENCE, Alerts, HallDetail, HallNow, Halls, Health, History, Regency, Series, Totals
from dashboards.web.series import Range
from dashboards.web.snapshot import ALERT_DAYS, Snapshot
from dashboards.web.texts import utc_now
from dashboards.web.totals import by_kecamatan, of_halls
from ground.wita import WITA
from ground.words import mark

router = APIRouter(prefix="/api/v1", tags=["sinyal"])
before = APIRouter(prefix="/api", include_in_schema=False)
"""Addresses without a version, as they were at first: they lead on."""
Code = Annotated[str, Path(description="Site code: the Kemendagri village code without dots", pattern=r"^[a-z0-9-]{1,32}$")]
From = Annotated[date | None, Query(alias="from", description="First day (WITA); default: 30 days before `to`")]
To = Annotated[date | None, Query(description="Last day (WITA), with it; default: today")]
NOT_FOUND: dict[int | str, dict[str, str]] = {404: {"description": "No site of this code in the register"}}
CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {}}, "description": "CSV, UTF-8 with BOM"}}
NO_KECAMATAN: dict[int | str, dict[str, str]] = {404: {"description": "No kecamatan of this id"}}


class GeoJSON(JSONResponse):
    """JSON with the media type of RFC 7946."""

    media_type = "application/geo+json"


def snapshot_of(request: Request) -> Snapshot:
    """Return the snapshot that this application shows."""
    snapshot: Snapshot = request.app.state.snapshot
    return snapshot


def every_hall(request: Request) -> list[HallNow]:
    """Return all halls now."""
    return [feature.properties for feature in snapshot_of(request).halls().features]


def _known(request: Request, code: str) -> None:
    if code not in snapshot_of(request).sites:
        raise HTTPException(404, f"no site {code!r} in the register")


@router.get(
    "/sites",
    response_model=Halls,
    response_model_exclude_none=True,
    response_class=GeoJSON,
    summary=mark("All halls now, as GeoJSON"),
)
def sites(request: Request) -> Halls:
    """Return every hall of the register with its state; a hall without any data is `not_measured`."""
    return snapshot_of(request).halls()


@router.get("/sites.csv", response_class=Response, responses=CSV, summary=mark("All halls now, as CSV: a row per modem"))
def sites_csv(request: Request) -> Response:
    """Return a row for each modem, and one for each hall without any."""
    return opendata.csv(opendata.HALLS, opendata.hall_rows(every_hall(request)), "sinyal-halls")


@router.get(
    "/sites/{code}", response_model_exclude_none=True, responses=NOT_FOUND, summary=mark("One hall now: modems, events, alerts")
)
def site(request: Request, code: Code) -> HallDetail:
    """Return a hall with its modems, device, recent events and alerts."""
    _known(request, code)
    return snapshot_of(request).hall(code)


@router.get("/sites/{code}/series", responses=NOT_FOUND, summary=mark("Curves of one hall: a day, a week, a month, a year"))
def series(request: Request, code: Code, span: Annotated[Range, Query(alias="range")] = "24h") -> Series:
    """Return the curves per modem and operator: 24 hours in steps of 5 minutes, 7 and 30 days in hours, a year in days."""
    _known(request, code)
    return snapshot_of(request).series(code, span)


@router.get(
    "/sites/{code}/history",
    response_model_exclude_none=True,
    responses=NOT_FOUND,
    summary=mark("History of one hall by hour or day, as far back as data go"),
)
def history(request: Request, code: Code, start: From = None, to: To = None, step: Step = "day") -> History:
    """Return hours or days, exact: each is computed from all its samples."""
    _known(request, code)
    first, end = _period(start, to, step)
    found = snapshot_of(request).read(code, lambda store, site: periods(store, site, step, first, end))
    return History(site=code, licence=LICENCE, step=step, start=first, end=end, periods=found)


@router.get("/sites/{code}/history.csv", response_class=Response, responses=CSV | NOT_FOUND, summary=mark("The same as CSV"))
def history_csv(request: Request, code: Code, start: From = None, to: To = None, step: Step = "day") -> Response:
    """Return hours or days as CSV."""
    found = history(request, code, start, to, step)
    return opendata.csv(opendata.PERIODS, opendata.period_rows(found), f"sinyal-{code}")


@router.get("/kecamatan", response_model_exclude_none=True, summary=mark("Totals of the regency and of each kecamatan"))
def kecamatan(request: Request) -> Regency:
    """Return how many halls have enough, and how many lack what; each hall counts once, with its best operator."""
    halls = snapshot_of(request).halls()
    every = [feature.properties for feature in halls.features]
    classes = snapshot_of(request).classes
    return Regency(
        generated=halls.generated,
        classes_version=halls.classes_version,
        licence=LICENCE,
        regency=of_halls("Kutai Timur", "6408", every, classes),
        kecamatan=by_kecamatan(every, classes),
    )


@router.get("/kecamatan.csv", response_class=Response, responses=CSV, summary=mark("The same as CSV"))
def kecamatan_csv(request: Request) -> Response:
    """Return the totals as CSV; the last row is the regency."""
    found = kecamatan(request)
    return opendata.csv(opendata.TOTALS, opendata.total_rows([*found.kecamatan, found.regency]), "sinyal-kecamatan")


@router.get("/kecamatan/{key}", response_model_exclude_none=True, responses=NO_KECAMATAN, summary=mark("Totals of one kecamatan"))
def one_kecamatan(request: Request, key: Code) -> Totals:
    """Return the totals of one kecamatan by its id."""
    found = next((totals for totals in kecamatan(request).kecamatan if totals.id == key), None)
    if found is None:
        raise HTTPException(404, f"no kecamatan {key!r}")
    return found


@router.get("/alerts", response_model_exclude_none=True, summary=mark("Alerts, each once, as its newest change left it"))
def alerts(
    request: Request,
    days: Annotated[int, Query(ge=1, le=90, description="Alerts that changed in the last days")] = ALERT_DAYS,
    state: Annotated[Literal["open", "acknowledged", "resolved"] | None, Query(description="Only these")] = None,
) -> Alerts:
    """Return the alerts that changed in a period, each once, as its newest change left it."""
    found = snapshot_of(request).alerts(days)
    if state is None:
        return found
    return found.model_copy(update={"alerts": [alert for alert in found.alerts if alert.state == state]})


@router.get("/health", response_model_exclude_none=True, summary=mark("Whether the page can work"))
@before.get("/health", response_model_exclude_none=True)
def health(request: Request, response: Response) -> Health:
    """Return 200 while the store answers, else 503."""
    state = snapshot_of(request).health()
    if state.status != "ok":
        response.status_code = 503
    return state


@before.get("/{path:path}")
def lead_on(request: Request, path: str) -> Response:
    """Lead an address without version to version 1."""
    if path.partition("/")[0] not in {"sites", "alerts"}:
        raise HTTPException(404)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/api/v1/{path}{query}", 308)


def _period(start: date | None, to: date | None, step: Step) -> tuple[datetime, datetime]:
    """Return the first moment, and the first one after. Raises HTTPException."""
    last = to or utc_now().astimezone(WITA).date()
    try:
        first = start or last - timedelta(days=29)
        end = last + timedelta(days=1)
        days = (end - first).days
    except OverflowError:
        days = 0
    if not 0 < days <= MOST_DAYS[step]:
        wrong = f"from {start} to {to}: `from` must not be after `to`, and at most {MOST_DAYS[step]} days before"
        raise RequestValidationError([{"type": "period", "loc": ("query", "from"), "msg": wrong}])
    return _midnight(first), _midnight(end)


def _midnight(at: date) -> datetime:
    return datetime(at.year, at.month, at.day, tzinfo=WITA)
