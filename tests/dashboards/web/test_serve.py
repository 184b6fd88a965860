"""`sinyal-dashboards serve` as a program: its address, its end, its errors."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.store.sqlite import Sqlite
from dashboards.cli import main
from dashboards.web.serve import serve_in_thread
from lab.servers import fetch, wait_for
from tests.dashboards.web.plant import CLASSES, GOOD, ROOT, SITES

CONFIG = """
[broker]
host = "127.0.0.1"
tls = false
[store]
engine = "sqlite"
path = "store.db"
[sites]
file = "sites.csv"
[classes]
file = "{classes}"
"""
HEADER = "code,kecamatan,desa,lat,lon,coordinate_source\n"
ROW = f"{GOOD.code},Muara Ancalong,Senyiur,0.3,116.5,centroid\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "sites.csv").write_text(HEADER + ROW)
    path = tmp_path / "collector.toml"
    path.write_text(CONFIG.format(classes=ROOT / "config" / "classes.toml"))
    return path


@contextmanager
def program(config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    argv = [sys.executable, "-m", "dashboards.cli", "serve", "--config", str(config), "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def sites_of(url: str) -> int:
    return int(json.loads(fetch(f"{url}/api/health")[1])["sites"])


def test_serves_until_sigterm_and_reads_the_sites_again_on_sighup(config: Path) -> None:
    with program(config) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert sites_of(url) == 1
        (config.parent / "sites.csv").write_text(HEADER + ROW + "6408012002,Muara Ancalong,Kelinjau Ilir,0.4,116.4,centroid\n")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: sites_of(url) == 2, "the new hall to be known")
        process.terminate()
        assert process.wait(20) == 0


def test_ctrl_c_ends_with_130(config: Path) -> None:
    with program(config) as (process, url):
        assert fetch(url)[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_a_taken_port_is_named_with_a_cure(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--config", str(config), "--port", str(port)]) == 2
    assert f"--port {port}: cannot listen" in capsys.readouterr().err


def test_a_missing_config_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--config", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for argv, text in ((["--help"], "needs map"), (["serve", "--help"], "sinyal-dashboards serve --port 0")):
        with pytest.raises(SystemExit) as end:
            main(argv)
        assert end.value.code == 0
        assert text in capsys.readouterr().out


def test_served_by_a_thread_it_ends_when_told(store: Sqlite) -> None:
    server = serve_in_thread(store, SITES, CLASSES, port=0)
    assert fetch(f"{server.url}/api/health")[0] == 200
    server.stop()
    with pytest.raises(OSError, match="refused"):
        fetch(server.url)
