"""The door of the live page: the nginx that `install --public` writes, in front of the real page, on loopback."""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from collector.server import checks, install
from collector.server.subject import Server
from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.web.serve import serve_in_thread
from ground.doctor import State
from ground.paths import shipped
from ground.words import said
from lab.servers import find_program, free_port, listening, wait_for
from tests.collector.enrol.plant import HOST, run

NGINX = "daemon off; pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1; events {{ worker_connections 256; }}\n"
NGINX += "http {{ access_log off; client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;\n"
NGINX += "uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5; include {root}/site.conf; }}\n"


class Door:
    """nginx in front of a page, and how a phone asks it."""

    def __init__(self, root: Path, page_port: int) -> None:
        self.root = root
        self.port, self.plain = free_port(), free_port()
        text = (root / "etc/nginx/sites-available/sinyal").read_text()
        text = re.sub(r"    listen \[::\].*\n", "", text)  # not every machine has IPv6
        text = text.replace("listen 443", f"listen 127.0.0.1:{self.port}").replace(
            "listen 80;", f"listen 127.0.0.1:{self.plain};"
        )
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{page_port}")
        text = re.sub(r"(/etc/sinyal|/var/lib/nginx|/var/www|/var/log/nginx)", rf"{root}\1", text)
        for name in ("lib", "log"):
            (root / "var" / name / "nginx").mkdir(parents=True)
        self.log = root / "var/log/nginx/access.log"
        (root / "site.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (root / "nginx.conf").write_text(user + NGINX.format(root=root))
        argv = [find_program("nginx", "nginx"), "-c", str(root / "nginx.conf"), "-e", str(root / "error.log")]
        self.process = subprocess.Popen(argv)
        self._context = ssl.create_default_context(cafile=root / "etc/sinyal/pki/ca.crt")

    def flood(self, count: int, what: str = "HEAD /") -> list[int]:
        """Ask so often without waiting for answers; return what came for each."""
        ask = f"{what} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n".encode()
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        with self._context.wrap_socket(raw, server_hostname="localhost") as connection:
            connection.sendall((ask + b"\r\n") * (count - 1) + ask + b"Connection: close\r\n\r\n")
            answers = b"".join(iter(lambda: connection.recv(65536), b""))
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d{3}) ", answers)]

    def open(self, path: str) -> tuple[int, socket.socket]:
        """Ask and stay; return the status and the open connection."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection = self._context.wrap_socket(raw, server_hostname="localhost")
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        return int(connection.recv(65536).split(b" ", 2)[1]), connection

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
        """Ask; with the header Most read so many bytes alone."""
        url = f"https://localhost:{self.port}{path}"
        request = urllib.request.Request(url, method=method, headers={"Host": HOST, **headers})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context))
        try:
            with opener.open(request) as answer:
                return answer.status, answer.headers, answer.read(int(headers.get("Most", "-1")))
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    assert run(install, "--host", HOST, "--public", "localhost", "--root", tmp_path) == 0
    store = Sqlite(tmp_path / "store.db")
    config = shipped()
    with serve_in_thread(store, read_sites(config / "sites.csv"), read_classes(config / "classes.toml"), port=0) as page:
        door = Door(tmp_path, int(page.url.rpartition(":")[2]))
        try:
            wait_for(lambda: listening(door.port) and listening(door.plain), "nginx to listen", seconds=20)
            yield door
        finally:
            door.process.terminate()
            door.process.wait()
    store.close()


def test_the_page_comes_by_tls_with_a_certificate_of_its_name_and_its_own_headers(door: Door) -> None:
    status, headers, body = door.ask("/")
    assert status == 200
    assert b"<html" in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert headers["Cache-Control"] == "no-cache"
    assert "nginx/" not in headers["Server"]


def test_many_that_look_at_once_are_one_question_and_each_language_has_its_page(door: Door) -> None:
    assert [door.ask("/")[1]["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    indonesian = door.ask("/")[2]
    english = door.ask("/", Cookie="lang=en")
    assert english[1]["X-Cache"] == "MISS"
    assert english[2] != indonesian
    packed = door.ask("/", **{"Accept-Encoding": "gzip"})
    assert (packed[1]["X-Cache"], packed[1]["Content-Encoding"]) == ("MISS", "gzip")


def test_a_choice_of_language_is_never_given_to_somebody_else(door: Door) -> None:
    for _ in range(2):
        status, headers, _ = door.ask("/?lang=en")
        assert status == 200
        assert headers["X-Cache"] != "HIT"
        assert "lang=en" in headers["Set-Cookie"]


def test_files_are_kept_for_as_long_as_the_page_says(door: Door) -> None:
    address = re.search(rb'/static/[^"]+\.js', door.ask("/")[2])
    assert address is not None
    answers = [door.ask(address[0].decode())[1] for _ in range(2)]
    assert answers[1]["X-Cache"] == "HIT"
    assert "immutable" in answers[1]["Cache-Control"]


def test_news_come_through_as_they_are_sent(door: Door) -> None:
    status, headers, body = door.ask("/live/events", Most="14")  # it does not end: waits for its first line alone
    assert (status, headers["Content-Type"], body) == (200, "text/event-stream; charset=utf-8", b"retry: 20000\n\n")


def test_nothing_but_questions_comes_in(door: Door) -> None:
    assert door.ask("/", "HEAD")[0] == 200
    assert {door.ask("/", method)[0] for method in ("POST", "PUT", "DELETE")} == {403}


def test_a_flood_from_one_address_is_told_to_wait(door: Door) -> None:
    answers = door.flood(400)
    assert answers[:20].count(429) == 0
    assert 429 in answers


def test_no_village_keeps_another_out_and_its_key_is_in_no_log(door: Door) -> None:
    links = [f"6408012001-{n}-abcdefghijklmnopqrstuvwx" for n in (1, 2)]
    assert 429 in door.flood(60, f"POST /r/{links[0]}")
    assert door.ask(f"/r/{links[1]}", "POST")[0] == 404, "there is no such village here, but it was asked"
    wait_for(lambda: '"POST /r/6408012001-2" 404' in door.log.read_text(), "the log of nginx")
    logs = [door.log, door.root / "error.log", door.log.with_name("error.log")]
    assert all("abcdef" not in log.read_text() for log in logs)


def test_a_hundred_open_maps_behind_one_address_lock_nobody_out_of_the_page(door: Door) -> None:
    streams = [door.open("/live/events") for _ in range(103)]
    assert [status for status, _ in streams].count(429) >= 1, "who gets no stream asks instead"
    assert [status for status, _ in streams].count(200) == 100
    assert door.ask("/")[0] == 200
    assert door.ask("/live")[0] == 200
    for _, connection in streams:
        connection.close()


def test_doctor_sees_who_answers_and_until_when(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "HTTPS", door.port)
    server = Server(door=tmp_path / "etc/nginx/sites-available/sinyal")
    assert [said(found.text, "en") for found in checks.door(server)] == ["https://localhost answers"]
    server.now_s = dt.datetime(2049, 12, 30, tzinfo=dt.UTC).timestamp()
    assert [found.state for found in checks.door(server)] == [State.WARNING]


def test_plain_http_leads_to_tls_and_keeps_the_path(door: Door) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(f"http://localhost:{door.plain}/site/6408012001")
    assert caught.value.code == 308
    assert caught.value.headers["Location"] == "https://localhost/site/6408012001"
