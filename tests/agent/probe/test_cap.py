"""A download costs the SIM what it may cost, by the counters of a real interface to another network namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.port.interface import moved
from agent.probe.child import Job, perform
from lab.servers import wait_for

BODY_BYTES = 8_000_000
SERVER = f"""
import http.server, socket, socketserver

class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size, asked = {BODY_BYTES}, self.headers.get("Range")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        if pace := int(self.path.split("/")[2]):
            self.connection.setsockopt(socket.SOL_SOCKET, 47, pace)  # SO_MAX_PACING_RATE, B/s
        if self.path.startswith("/range/") and asked:
            size = int(asked.rpartition("-")[2]) + 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 0-{{size - 1}}/{BODY_BYTES}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            self.wfile.write(bytes(size))
        except OSError:
            self.close_connection = True

    def log_message(self, *args):
        pass

with socketserver.ThreadingTCPServer(("10.213.77.2", 8013), Page) as server:
    print("ready", flush=True)
    server.serve_forever()
"""


def ip(*words: str, check: bool = True) -> bool:
    return subprocess.run(["ip", *words], check=check, capture_output=True, timeout=20).returncode == 0


@pytest.fixture(scope="module")
def modem() -> Iterator[str]:
    """Make an interface whose other end is a namespace with a server; give its name."""
    name, space = f"sy{os.getpid()}"[:14], f"sinyal-{os.getpid()}"
    if os.geteuid() != 0 or shutil.which("ip") is None or not ip("netns", "add", space, check=False):
        pytest.skip("network namespaces need root and iproute2")
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", space)
        ip("addr", "add", "10.213.77.1/30", "dev", name)
        ip("link", "set", name, "up")
        for words in (("addr", "add", "10.213.77.2/30", "dev", "far"), ("link", "set", "far", "up"), ("link", "set", "lo", "up")):
            ip("-n", space, *words)
        argv = ["ip", "netns", "exec", space, sys.executable, "-c", SERVER]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
            try:
                assert server.stdout is not None
                assert server.stdout.readline() == b"ready\n"
                yield name
            finally:
                server.kill()
    finally:
        ip("netns", "del", space)


@pytest.mark.parametrize("pace", [0, 5_000_000, 500_000])
@pytest.mark.parametrize("kind", ["whole", "range"])
@pytest.mark.parametrize("cap", [500_000, 2_000_000])
def test_a_download_ends_at_its_cap(modem: str, cap: int, kind: str, pace: int) -> None:
    """A server that knows no ranges and one that does; as fast as it goes, 40 Mbit/s, 4 Mbit/s."""
    before = moved(modem)
    assert before is not None
    (row,) = perform(Job(modem, download_url=f"http://10.213.77.2:8013/{kind}/{pace}", download_max_bytes=cap))
    seen = [before]

    def quiet() -> bool:
        seen.append(moved(modem) or 0)
        return seen[-1] == seen[-2]

    wait_for(quiet, "the server to have heard that it is enough")
    assert abs(seen[-1] - before - cap) <= cap * 0.02
    assert row.error is None
    assert row.download_capped, "the rate is the least that the line gives"
    assert row.download_kbps
    assert row.bytes_used is not None
    assert row.bytes_used <= cap * 1.02
