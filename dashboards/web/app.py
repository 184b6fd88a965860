"""The application: pages, open data, files, and the stream of news; everything from this host alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from collector.agreement.agreement import FILE as AGREEMENT
from collector.agreement.agreement import Agreement
from collector.agreement.ledger import LedgerError
from collector.agreement.links import FILE as LINK_KEY
from collector.agreement.links import read_key
from collector.agreement.people import People
from collector.errors import StoreUnavailableError
from collector.federate.table import Tables
from dashboards.atlas.areas import DESA, NATION
from dashboards.atlas.sheet import GAP
from dashboards.web import api, dossier, feed, meeting, models, nation, needs, office, pages, village
from dashboards.web.assets import Assets
from dashboards.web.cache import Cache
from dashboards.web.forms import Drafts
from dashboards.web.headers import Conditional, Guarded
from dashboards.web.limits import Limit
from dashboards.web.places import Places
from dashboards.web.printer import Printer
from dashboards.web.snapshot import Snapshot

ABOUT = (
    "Mobile signal at village halls: the state of each hall, its past, totals, alerts. Read-only, without a key, for anybody "
    f"({models.LICENCE}). Times are UTC. Ids stay; fields are added and never change their meaning within /api/v1."
)
WRITES_AT_ONCE, WRITE_EVERY_S = 30, 2.0
"""What one address may write on the office's page: three people at one desk, and nobody who guesses."""
log = logging.getLogger(__name__)
FOR_EVER = "public, max-age=31536000, immutable"


def create_app(
    snapshot: Snapshot,
    needs_folder: Path | None = None,
    contact: str = "",
    record: Path | None = None,
    printer: Printer | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
    tables: Tables | None = None,
) -> FastAPI:
    """Make the application for a snapshot. The interactive docs of FastAPI are off: they load from other hosts.

    `needs_folder`: the needs map that `sinyal-dashboards needs` wrote; `contact`: an address for reports of problems; `record`:
    the folder of the agreement, which gives villages their own pages; `printer` prints minutes; `clock_ns` dates what is written;
    `tables`: of a node above, whose page of regencies then stands in place of all that is of halls.
    """
    app = FastAPI(title="Sinyal", version="1", description=ABOUT, docs_url=None, redoc_url=None)
    assets = Assets(snapshot.classes)
    app.state.snapshot = snapshot
    app.state.assets = assets
    app.state.places = Places(DESA, GAP) if tables is None else Places(NATION, nation.GAP)
    app.state.tables, app.state.kept = tables, Cache()
    app.state.feed = feed.Feed(assets.version)
    app.state.needs = needs.Needs(needs_folder)
    app.state.contact = contact
    app.state.agreement = Agreement(record / AGREEMENT, snapshot.sites) if record else None
    app.state.people = People(record / AGREEMENT) if record else None
    app.state.link_key = read_key(record / LINK_KEY) if record else b""
    app.state.printer = printer
    app.state.clock_ns = clock_ns
    app.state.drafts = Drafts()
    app.state.office_limit = Limit(WRITES_AT_ONCE, WRITE_EVERY_S, clock_ns)
    app.add_middleware(Guarded, styles=assets.style_hash)
    app.add_middleware(Conditional, streams=lambda path: path == feed.STREAM)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=9)
    written_on = (village.router, office.router, dossier.router, meeting.router)
    of_halls = (api.router, feed.router, needs.router, *written_on, pages.router, api.before)
    for router in of_halls if tables is None else (nation.router,):
        app.include_router(router)
    app.add_api_route("/static/{address}", _static, include_in_schema=False)
    app.add_api_route("/livez", _alive, include_in_schema=False)
    app.add_api_route("/sw.js", _worker, include_in_schema=False)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(StoreUnavailableError, _store_down)
    app.add_exception_handler(LedgerError, _not_trusted)
    return app


async def _static(request: Request, address: str) -> Response:
    asset = request.app.state.assets.get(address)
    if asset is None:
        raise HTTPException(404)
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


async def _alive() -> Response:
    """Say that it answers: also without a store, for then the pages say so."""
    return Response(status_code=204)


async def _worker(request: Request) -> Response:
    """Give the service worker: at the root, so that it is asked for every page."""
    return Response(request.app.state.assets.worker, media_type="text/javascript; charset=utf-8")


async def _refused(request: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": detail}, status)
    answer = pages.refusal(request, status)
    answer.headers.update(error.headers or {} if isinstance(error, HTTPException) else {})
    return answer


async def _store_down(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(("/api/", feed.PATH)):
        return JSONResponse({"detail": f"the store does not answer: {error}"}, 503, {"Retry-After": "10"})
    return pages.refusal(request, 503, error if isinstance(error, StoreUnavailableError) else None)


async def _not_trusted(request: Request, error: Exception) -> Response:
    """Show nothing of a record that somebody changed; everything else of the page goes on."""
    log.error("event=agreement_not_read reason=%s", error)
    return pages.refusal(request, 503, record=True)
