"""`sinyal-demo look` as a person meets it: one command, then a page that lives and a needs map; nothing stays."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.bar import Bar
from lab.servers import fetch, wait_for

SMALL = "look.HALLS, look.DAYS, look.FEED_S = 10, 3, 0.2"
PROGRAM = f"import sys; from demo import cli, look; {SMALL}; sys.exit(cli.main(sys.argv[1:]))"
LOOK = [sys.executable, "-c", PROGRAM, "look"]


@pytest.fixture
def look(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SINYAL_GRAFANA_URL")
    env = {name: value for name, value in os.environ.items() if name not in hidden} | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(LOOK, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        yield process
        process.kill()


def test_page_and_needs_map_are_there_the_data_are_of_now_and_go_on(look: subprocess.Popen[str], tmp_path: Path) -> None:
    assert look.stdout is not None
    lines = [look.stdout.readline() for _ in range(3)]
    [page] = re.findall(r"live page +(http://\S+)", lines[0])
    [needs] = re.findall(r"needs map +file://(\S+)", lines[1])
    assert "ready in" in lines[2]
    assert Path(needs).read_text().startswith("<!doctype html>")

    def newest() -> str:
        return str(json.loads(fetch(f"{page}/api/health")[1])["newest"])

    halls = json.loads(fetch(f"{page}/api/sites")[1])
    assert halls["counts"]["very_good"] + halls["counts"]["good"] > 0
    assert halls["counts"]["two_g_only"] > 0
    first = newest()
    wait_for(lambda: newest() > first, "newer samples on the page")
    look.send_signal(signal.SIGTERM)
    assert look.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = subprocess.run([*LOOK, "--folder", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"--folder {tmp_path}: cannot be made" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_bar_without_a_terminal_says_each_tenth_once(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    for share in range(101):
        bar("filling", share / 100)
    bar.end()
    assert capsys.readouterr().err.splitlines() == [f"{tenth:3d} %  filling" for tenth in range(0, 101, 10)]
