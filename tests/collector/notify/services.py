"""Real receivers on loopback whose faults a test chooses: an HTTP endpoint and an SMTP server. Both can go away and come back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.servers import free_port

Answer = Callable[[int], int]
"""Gives the HTTP status (or SMTP code) for the n-th request, counted from 0; it may wait as a slow service does."""


def fine(_number: int) -> int:
    return 200


@dataclass
class Hook:
    """An HTTP endpoint. `got` has what it answered with 2xx, `asked` counts all requests."""

    answer: Answer = fine
    port: int = field(default_factory=free_port)
    got: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    _server: ThreadingHTTPServer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of the messages that arrived, those of a digest one by one."""
        return [part for body in self.got for part in str(body["id"]).split(",")]

    def start(self) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body["header"] = self.headers.get("X-Sinyal-Id")
                self._reply(hook.take(body))

            def do_GET(self) -> None:
                self._reply(hook.take({"path": self.path}))

            def _reply(self, status: int) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:  # who asked has given up: that is what slow answers are for
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def take(self, body: dict[str, Any]) -> int:
        with self._lock:
            number, self.asked = self.asked, self.asked + 1
        status = self.answer(number)
        if 200 <= status < 300:
            with self._lock:
                self.got.append(body)
        return status

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


@dataclass
class Mailbox:
    """An SMTP server. `got` has the mails that it accepted."""

    answer: Answer = fine
    port: int = field(default_factory=free_port)
    got: list[Mail] = field(default_factory=list)
    asked: int = 0
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=sinyal@kutim.example&to=teknisi@kutim.example&mode=insecure"

    @property
    def subjects(self) -> list[str]:
        return [str(make_header(decode_header(mail["Subject"]))) for mail in self.got]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - name given by aiosmtpd
        number, self.asked = self.asked, self.asked + 1
        code = self.answer(number)
        if code != 200:
            return f"{code} not now"
        self.got.append(message_from_bytes(bytes(envelope.original_content or b"")))
        return "250 taken"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
