"""How an open page hears of news: a stream of changed rows, and the same on demand where streams do not come through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from collector.errors import StoreUnavailableError
from dashboards.web.api import snapshot_of
from dashboards.web.live import Live, Versions, live_of

router = APIRouter(include_in_schema=False)
PATH, STREAM = "/live", "/live/events"
MOST_STREAMS = 500
"""More pages than that ask by themselves, as those behind a proxy that keeps streams back."""
EVERY_S = 30.0
"""How often a stream looks for news, seconds: halls send every 5 minutes, and at once when their class changes."""
STEP_S = 0.5
"""How long a stream may go on when the server ends."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Feed:
    """The versions that open pages have, and how many of them listen."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.versions = Versions()
        self.streams = 0
        self.ended = False


def live_now(request: Request) -> Live:
    """Return all rows now. Raises StoreUnavailableError."""
    snapshot, feed = snapshot_of(request), request.app.state.feed
    return live_of(snapshot.halls(), snapshot.classes, feed.page)


def live_last(request: Request) -> Live:
    """Return the rows a page is made with, and note them: it asks at once what changed. Raises StoreUnavailableError."""
    snapshot, feed = snapshot_of(request), request.app.state.feed
    made = live_of(snapshot.last(), snapshot.classes, feed.page)
    feed.versions.note(made)
    return made


@router.get(PATH)
def live(request: Request, since: str = "") -> Response:
    """Return what changed since a version: 204 for nothing."""
    found = request.app.state.feed.versions.answer(live_now(request), since)
    if found is None:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    return Response(orjson.dumps(found), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(STREAM)
async def events(request: Request, since: str = "") -> Response:
    """Send what changed, as it changes."""
    feed: Feed = request.app.state.feed
    if feed.streams >= MOST_STREAMS:
        return Response(status_code=503, headers={"Retry-After": "60"})
    return StreamingResponse(_news(request, feed, since), media_type="text/event-stream", headers=HEADERS)


async def _news(request: Request, feed: Feed, since: str) -> AsyncIterator[bytes]:
    feed.streams += 1
    try:
        yield b"retry: 20000\n\n"
        while not feed.ended:
            try:
                now = await run_in_threadpool(live_now, request)
                found = feed.versions.answer(now, since)
                since = now.version
                yield b":\n\n" if found is None else b"data: " + orjson.dumps(found) + b"\n\n"
            except StoreUnavailableError:
                return  # who asks again is told by the status
            waited = 0.0
            while waited < EVERY_S and not feed.ended:
                await asyncio.sleep(STEP_S)
                waited += STEP_S
    finally:
        feed.streams -= 1
