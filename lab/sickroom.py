"""A sick store: stands in front of a real InfluxDB 1.x and speaks as 1.x or 2.x do, well until told to be sick.

What is stored is stored in the real one behind it. How 2.x answers is recorded from InfluxDB 2.7.12 (answers below).
"""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

from collector.store.answers import MARK

PAGE = b"<!doctype html><html><head><title>InfluxDB</title></head><body><div id='root'></div></body></html>"
JSON, HTML = "application/json", "text/html; charset=utf-8"
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What the sick store says. `cut`: the connection ends in the middle of the body."""

    status: int
    body: bytes = b""
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """A request: `what` is write or query, `text` the lines or the question."""

    what: str
    text: str
    path: str


Sickness = Callable[[Asked], Answer | None]
"""What a sick store says to a request; None where it does what it should."""


def well(_asked: Asked) -> Answer | None:
    """Do what is asked."""
    return None


class Sickroom:
    """The stand-in. `url` is its address, `sickness` what ails it."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.sickness: Sickness = well
        room = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._say(room.answer(self.path, body))

            def do_GET(self) -> None:
                self._say(Answer(200, PAGE, HTML))

            def _say(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
                self.close_connection = answer.cut

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> Answer:
        """Answer a request: as the sickness says, or as the real one behind does."""
        parts = urlsplit(path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        what = {"/write": "write", "/api/v2/write": "write", "/query": "query"}.get(parts.path)
        if what is None:
            return Answer(200, PAGE, HTML)  # a web interface has a page for whatever it does not know
        text = body.decode() if what == "write" else params.get("q", "")
        sick = self.sickness(Asked(what, text, parts.path))
        if sick is not None:
            return sick
        if parts.path == "/api/v2/write":
            params = {"db": params["bucket"], "precision": params["precision"]}
            return retold(self._real("/write", params, body), params["db"])
        return self._real(parts.path, params, body)

    def _real(self, path: str, params: dict[str, str], body: bytes) -> Answer:
        try:
            with _NO_PROXY.open(f"{self.behind}{path}?{urlencode(params)}", body, timeout=30) as reply:
                return Answer(reply.status, reply.read(), headers={MARK: reply.headers[MARK]})
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read())


def retold(answer: Answer, bucket: str) -> Answer:
    """Return an answer of 1.x to a write as 2.7.12 gives it."""
    text = answer.body.decode()
    if answer.status == 404:
        return Answer(404, b'{"code":"not found","message":"bucket \\"%s\\" not found"}' % bucket.encode())
    text = re.sub(
        r"points beyond retention policy dropped=(\d+)",
        r"dropped \1 points outside retention policy of duration 48h0m0s - oldest point signal at 2026-10-28T14:58:29Z dropped "
        r"because it violates a Retention Policy Lower Bound",
        text,
    )
    if answer.status == 400 and "partial write" in text and "unable to parse" not in text:
        return Answer(
            422,
            text.replace('{"error":"', '{"code":"unprocessable entity","message":"failure writing points to database: ').encode(),
        )
    if answer.status == 400:
        return Answer(400, text.replace('{"error":"', '{"code":"invalid","message":"').encode())
    return answer
