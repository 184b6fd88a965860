"""Each probe against a real server on loopback, bound to the interface `lo`."""

from __future__ import annotations

import http.server
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from agent.port.interface import addresses, moved
from agent.probe.child import Job, perform
from agent.probe.download import download
from agent.probe.lookup import NOERROR, NXDOMAIN, lookup
from agent.probe.ping import ping
from telemetry.streams import Probe, ProbeKind, fields, plausible, present

BODY = b"x" * 300_000


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/file":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(BODY)
        elif self.path == "/empty":
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.end_headers()
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's own name)
        pass


@pytest.fixture
def web() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def resolver(rcode: int, asked: list[bytes] | None = None) -> Iterator[int]:
    """Answer every question with a code, after a stray packet with a foreign number; return the port."""

    class Reply(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            if asked is not None:
                asked.append(data)
            for number in (bytes([data[0] ^ 1, data[1]]), data[:2]):
                sock.sendto(number + struct.pack("!H", 0x8180 | rcode) + data[4:], self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Reply) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def may_ping() -> bool:
    """Return whether this process may open an ICMP socket of either kind."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


needs_ping = pytest.mark.skipif(not may_ping(), reason="no right to ping here: net.ipv4.ping_group_range leaves this user out")


def in_contract(row: Probe) -> None:
    for name, value in present(row).items():
        field = fields("probe")[name]
        assert isinstance(value, field.type)
        assert isinstance(value, str) or plausible(field, value)


@needs_ping
def test_ping_gives_round_trip_jitter_and_loss() -> None:
    row = ping("127.0.0.1", 3, "lo", gap_s=0.01)
    assert (row.kind, row.target, row.loss_percent, row.error) == (ProbeKind.PING, "127.0.0.1", 0.0, None)
    assert row.rtt_ms is not None
    assert 0 < row.rtt_ms < 1000
    assert row.jitter_ms is not None
    in_contract(row)


@needs_ping
def test_ping_stays_on_its_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """192.0.2.1 (TEST-NET, RFC 5737) is not reachable through `lo`, whatever the default route says."""
    monkeypatch.setattr("agent.probe.ping.WAIT_S", 0.1)
    row = ping("192.0.2.1", 2, "lo", gap_s=0.01)
    assert row.rtt_ms is None, "absent is absent, never 0"
    assert row.loss_percent == 100.0


@needs_ping
def test_an_interface_that_is_not_there_is_an_error() -> None:
    row = ping("127.0.0.1", 2, "nix0")
    assert row.error
    assert row.loss_percent is None, "nothing was sent, so nothing was lost"


def test_dns_times_an_answer_and_that_a_name_does_not_exist() -> None:
    for rcode in (NOERROR, NXDOMAIN):
        with resolver(rcode) as port:
            row = lookup("example.go.id", "127.0.0.1", "lo", port=port)
        assert row.error is None
        assert row.dns_ms is not None
        in_contract(row)


def test_the_question_is_what_the_standard_says() -> None:
    """RFC 1035 4.1: head with recursion desired and one question, labels with their lengths, type A, class IN."""
    asked: list[bytes] = []
    with resolver(NOERROR, asked) as port:
        lookup("kutaitimurkab.go.id", "127.0.0.1", "lo", port=port)
    assert asked[0][2:].hex() == (
        "01000001000000000000" + "0d" + b"kutaitimurkab".hex() + "02" + b"go".hex() + "02" + b"id".hex() + "0000010001"
    )
    assert lookup("a" * 70 + ".id", "127.0.0.1", "lo").error


def test_dns_refused_and_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with resolver(5) as port:
        row = lookup("example.go.id", "127.0.0.1", "lo", port=port)
    assert (row.error, row.dns_ms) == ("REFUSED", None)
    monkeypatch.setattr("agent.probe.lookup.WAIT_S", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        row = lookup("example.go.id", "127.0.0.1", "lo", port=deaf.getsockname()[1])
    assert (row.error, row.dns_ms) == ("timeout", None)


def test_download_ends_at_its_bound(web: str) -> None:
    row = download(f"{web}/file", 100_000, "lo")
    assert row.error is None
    assert row.download_kbps is not None
    assert row.download_kbps > 0
    in_contract(row)


def test_download_follows_nothing_and_says_what_failed(web: str) -> None:
    assert download(f"{web}/elsewhere", 100_000, "lo").error == "HTTP 302"
    assert download(f"{web}/none", 100_000, "lo").error == "HTTP 404"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        row = download(f"http://127.0.0.1:{closed.getsockname()[1]}/", 100_000, "lo")
    assert row.error
    assert row.download_kbps is None


@pytest.mark.skipif(moved("lo") is None, reason="the kernel's counters are not here: no /sys in this root")
def test_a_job_counts_what_the_interface_moved(web: str) -> None:
    before = moved("lo") or 0
    (row,) = perform(Job("lo", download_url=f"{web}/file", download_max_bytes=200_000))
    assert row.bytes_used is not None
    assert 150_000 <= row.bytes_used <= (moved("lo") or 0) - before  # others may use the loopback meanwhile
    assert row.download_capped


@needs_ping
def test_a_ping_and_a_look_up_count_nothing_but_their_own_packets(web: str) -> None:
    """What else passes on the interface, as MQTT does, is no part of them: here a file is fetched at the same time."""
    pings, done = Job("lo", ping_hosts=("127.0.0.1",), ping_count=2), threading.Event()

    def fetch() -> None:
        while not done.is_set():
            download(f"{web}/file", 10_000_000, "lo")

    other = threading.Thread(target=fetch)
    other.start()
    try:
        (row,) = perform(pings)
        with resolver(NOERROR) as port:
            name = lookup("a.id", "127.0.0.1", "lo", port=port)
    finally:
        done.set()
        other.join()
    assert row.bytes_used == 4 * 84
    assert name.bytes_used == (28 + 22) + (28 + 22)


def test_an_empty_file_is_an_error(web: str) -> None:
    row = download(f"{web}/empty", 100_000, "lo")
    assert (row.error, row.download_kbps, row.download_capped) == ("empty answer", None, None)


def test_a_file_that_ends_before_the_cap_is_not_capped(web: str) -> None:
    row = download(f"{web}/file", 2_000_000, "lo")
    assert (row.error, row.download_capped) == (None, None)
    assert row.download_kbps


def test_the_child_speaks_json_and_leaves_nothing_behind(web: str) -> None:
    job = {"interface": "lo", "download_url": f"{web}/file", "download_max_bytes": 50_000}
    argv = [sys.executable, "-m", "agent.probe.child"]
    done = subprocess.run(argv, input=orjson.dumps(job), capture_output=True, timeout=60, check=True)
    (row,) = orjson.loads(done.stdout)
    assert row["kind"] == "download"
    assert row["download_kbps"] > 0


def test_loopback_has_its_address() -> None:
    assert "127.0.0.1" in addresses("lo")
    assert addresses("nix0") == set()
