"""What every answer gets: headers that keep everything on this host, HEAD, and 304 where the asker has it already. Plain ASGI."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = "/api/v1/"
LICENCE = '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
PAGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}
"""Of pages alone: on data they say nothing and cost a third of a small answer."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' {styles}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Guarded:
    """Sets the headers; `styles` are the hashes of the style sheets that stand in our pages themselves."""

    def __init__(self, app: ASGIApp, styles: str) -> None:
        self._app = app
        self._page = {"Content-Security-Policy": POLICY.format(styles=styles), **PAGE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_open = scope["path"].startswith(OPEN)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-cache")
                headers["Cross-Origin-Resource-Policy"] = "cross-origin" if is_open else "same-origin"
                if is_open:
                    headers["Access-Control-Allow-Origin"] = "*"
                    headers["Access-Control-Expose-Headers"] = "ETag, Link"
                    headers["Link"] = LICENCE
                if headers.get("Content-Type", "").startswith("text/html"):
                    for name, value in self._page.items():
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)


class Conditional:
    """Answers HEAD, and gives each answer of a GET a tag of its content; who has that content gets 304. Streams pass through."""

    def __init__(self, app: ASGIApp, streams: Callable[[str], bool]) -> None:
        self._app = app
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or self._streams(scope["path"]):
            await self._app(scope, receive, send)
            return
        head, asked = scope["method"] == "HEAD", Headers(scope=scope)
        start: Message = {}
        body = bytearray()

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await _answer(start, bytes(body), asked, send, head=head)

        await self._app({**scope, "method": "GET"}, receive, kept)


async def _answer(start: Message, body: bytes, asked: Headers, send: Send, *, head: bool) -> None:
    headers = MutableHeaders(scope=start)
    if start["status"] == 200:
        # Weak: the same content may travel packed or plain.
        tag = headers.setdefault("ETag", f'W/"{hashlib.sha256(body).hexdigest()[:16]}"')
        if tag in {given.strip() for given in asked.get("If-None-Match", "").split(",")}:
            start, body = {**start, "status": 304}, b""
            headers = MutableHeaders(scope=start)
            for name in ("Content-Length", "Content-Type"):
                del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": b"" if head else body})
