"""The JSON API under /api: what the page shows, read-only. /openapi.json describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from dashboards.web.models import Alerts, HallDetail, Halls, Health, Series
from dashboards.web.series import Range
from dashboards.web.snapshot import ALERT_DAYS, Snapshot

router = APIRouter(prefix="/api", tags=["sinyal"])
Code = Annotated[str, Path(description="Site code: the Kemendagri village code without dots", pattern=r"^[a-z0-9-]{1,32}$")]
NOT_FOUND: dict[int | str, dict[str, str]] = {404: {"description": "No site of this code in the register"}}


def snapshot_of(request: Request) -> Snapshot:
    """Return the snapshot that this application shows."""
    snapshot: Snapshot = request.app.state.snapshot
    return snapshot


@router.get("/sites", response_model_exclude_none=True, summary="All halls now, as GeoJSON")
def sites(request: Request) -> Halls:
    """Return every hall of the register with its state; a hall without any data is `not_measured`."""
    return snapshot_of(request).halls()


@router.get("/sites/{code}", response_model_exclude_none=True, responses=NOT_FOUND, summary="One hall now")
def site(request: Request, code: Code) -> HallDetail:
    """Return a hall with its modems, device, recent events and alerts."""
    try:
        return snapshot_of(request).hall(code)
    except KeyError:
        raise HTTPException(404, f"no site {code!r} in the register") from None


@router.get("/sites/{code}/series", responses=NOT_FOUND, summary="Curves of one hall")
def series(request: Request, code: Code, span: Annotated[Range, Query(alias="range")] = "24h") -> Series:
    """Return the curves per modem and operator: 24 hours in steps of 5 minutes, 7 and 30 days in hours."""
    try:
        return snapshot_of(request).series(code, span)
    except KeyError:
        raise HTTPException(404, f"no site {code!r} in the register") from None


@router.get("/alerts", response_model_exclude_none=True, summary="Alerts")
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


@router.get("/health", response_model_exclude_none=True, summary="Whether the page can work")
def health(request: Request, response: Response) -> Health:
    """Return 200 while the store answers, else 503."""
    state = snapshot_of(request).health()
    if state.status != "ok":
        response.status_code = 503
    return state
