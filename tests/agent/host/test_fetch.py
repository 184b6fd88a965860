"""Fetching over a bad link: what came stays on the card as long as it can be gone on with."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.host.fetch import fetch


class Torn(BaseHTTPRequestHandler):
    """A server whose link breaks after so many bytes of each answer."""

    content, breaks_after, ranges, asked = b"", 0, True, list[str]()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.asked.append(wanted)
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(self.content) - first))
        self.end_headers()
        self.wfile.write(self.content[first : first + self.breaks_after])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("ranges", "asked"), [(True, ["", "bytes=30000-", "bytes=60000-"]), (False, ["", "bytes=30000-"])])
def test_over_a_link_that_breaks_a_file_is_fetched_in_parts(tmp_path: Path, *, ranges: bool, asked: list[str]) -> None:
    content = os.urandom(70_000)
    handler = type("Link", (Torn,), {"content": content, "breaks_after": 30_000, "ranges": ranges, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def mended(_s: float) -> None:
            handler.breaks_after = 30_000 if ranges else 70_000  # type: ignore[attr-defined]

        got = fetch(f"http://127.0.0.1:{server.server_port}/x.pack", tmp_path, tmp_path, mended)
        server.shutdown()
    assert (got == content, handler.asked) == (True, asked)  # type: ignore[attr-defined]
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_too_large_does_not_stay_on_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.host.fetch.MAX_BYTES", 10)
    handler = type("Link", (Torn,), {"content": b"x" * 11, "breaks_after": 11, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(ConfigError, match="more than"):
            fetch(f"http://127.0.0.1:{server.server_port}/x.pack", tmp_path, tmp_path)
        server.shutdown()
    assert list(tmp_path.glob("*.part")) == []


def test_what_came_is_kept_for_the_next_try(tmp_path: Path) -> None:
    handler = type("Link", (Torn,), {"content": b"x" * 9000, "breaks_after": 0, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(ConfigError, match="0 bytes are kept, the same command goes on there"):
            fetch(f"http://127.0.0.1:{server.server_port}/x.pack", tmp_path, tmp_path, lambda _s: None)
        server.shutdown()


@contextmanager
def refusing(content: bytes, code: int, times: int) -> Iterator[tuple[str, Any]]:
    """A server that breaks after 4,000 bytes, then refuses so many times with this code, then gives the rest."""

    class Refusing(Torn):
        refusals = 0

        def do_GET(self) -> None:
            if self.asked and self.refusals < times:
                type(self).refusals += 1
                self.send_error(code)
                return
            super().do_GET()
            type(self).breaks_after = len(content)

    Refusing.content, Refusing.breaks_after, Refusing.asked = content, 4000, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x.pack", Refusing
        server.shutdown()


@pytest.mark.parametrize("code", [408, 425, 429, 500, 503])
def test_a_server_that_asks_for_patience_gets_it_and_the_fetch_goes_on_behind_what_came(tmp_path: Path, code: int) -> None:
    content = os.urandom(9000)
    with refusing(content, code, times=3) as (source, server):
        assert fetch(source, tmp_path, tmp_path, lambda _s: None) == content
    assert server.asked == ["", "bytes=4000-"]


def test_what_came_before_a_refusal_is_gone_on_with_once_that_is_cured(tmp_path: Path) -> None:
    content = os.urandom(9000)
    with refusing(content, 403, times=1) as (source, server):
        with pytest.raises(ConfigError, match="403"):
            fetch(source, tmp_path, tmp_path, lambda _s: None)
        assert fetch(source, tmp_path, tmp_path, lambda _s: None) == content
    assert server.asked == ["", "bytes=4000-"]


@pytest.mark.parametrize("code", [404, 410])
def test_of_a_file_that_is_no_longer_there_nothing_stays(tmp_path: Path, code: int) -> None:
    with refusing(b"x" * 9000, code, times=1) as (source, _), pytest.raises(ConfigError, match=str(code)):
        fetch(source, tmp_path, tmp_path, lambda _s: None)
    assert list(tmp_path.glob("*.part")) == []
