"""The application: pages, JSON API, files; with the headers that keep everything on this host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from collector.errors import StoreUnavailableError
from dashboards.web import api, pages
from dashboards.web.assets import Assets
from dashboards.web.snapshot import Snapshot

ABOUT = "Mobile signal at village halls: the state of each hall, its curves, alerts. Read-only. Times are UTC."
HEADERS = {
    # BokehJS sets styles from its script, which only 'unsafe-inline' allows; scripts come from our files alone.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
FOR_EVER = "public, max-age=31536000, immutable"


def create_app(snapshot: Snapshot) -> FastAPI:
    """Make the application for a snapshot. The interactive docs of FastAPI are off: they load from other hosts."""
    app = FastAPI(title="Sinyal", version="1", description=ABOUT, docs_url=None, redoc_url=None)
    app.state.snapshot = snapshot
    app.state.assets = Assets(snapshot.classes)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    app.middleware("http")(_secure)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.add_api_route("/static/{address}", _static, include_in_schema=False, methods=["GET", "HEAD"])
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(StoreUnavailableError, _store_down)
    return app


async def _secure(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


async def _static(request: Request, address: str) -> Response:
    asset = request.app.state.assets.get(address)
    if asset is None:
        raise HTTPException(404)
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": detail}, status)
    return pages.refusal(request, status)


async def _store_down(request: Request, error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": f"the store does not answer: {error}"}, 503, {"Retry-After": "10"})
    return pages.refusal(request, 503, error if isinstance(error, StoreUnavailableError) else None)
