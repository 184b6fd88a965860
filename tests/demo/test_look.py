"""`sinyal-demo look` as a person meets it: one command, then a page that lives and a needs map; nothing stays."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboards.grafana.build import DASHBOARDS
from demo.bar import Bar
from ground.paths import shipped
from lab.servers import Server, fetch, free_port, influxd, wait_for
from tests.dashboards.grafana.fake_grafana import TOKEN, FakeGrafana, serving

SMALL = "look.HALLS, look.DAYS, look.RAW_DAYS, look.FEED_S = 10, 3, 0.2, 0.2"
PROGRAM = f"import sys; from demo import cli, look; {SMALL}; sys.exit(cli.main(sys.argv[1:]))"
LOOK = [sys.executable, "-c", PROGRAM, "look"]


@contextmanager
def looking(folder: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"TMPDIR": str(folder), "SINYAL_GRAFANA_URL": f"http://127.0.0.1:{free_port()}", **environment}
    with subprocess.Popen([*LOOK, *words], stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def test_page_and_needs_map_are_there_the_data_are_of_now_and_go_on(tmp_path: Path) -> None:
    with looking(tmp_path) as look:
        see(look)
        look.send_signal(signal.SIGTERM)
        assert look.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


def see(look: subprocess.Popen[str]) -> None:
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


def test_an_end_while_it_fills_leaves_nothing(tmp_path: Path) -> None:
    with looking(tmp_path) as look:
        wait_for(lambda: list(tmp_path.glob("*/month.db")), "the store")
        look.send_signal(signal.SIGTERM)
        assert look.wait(60) == 130
    assert list(tmp_path.iterdir()) == []


def test_with_an_influxdb_the_dashboards_come_too_and_a_store_in_use_is_refused(
    tmp_path: Path, start_server: Callable[[Callable[[], Server]], Server]
) -> None:
    influx = start_server(lambda: influxd(tmp_path / "influxd"))
    config = tmp_path / "collector.toml"
    store = f'[store]\nengine = "influx1"\nurl = "{influx.url}"\n'
    config.write_text(
        f'[broker]\nhost = "127.0.0.1"\ntls = false\n{store}[sites]\nfile = "{shipped()}/sites.csv"\n'
        f'[classes]\nfile = "{shipped()}/classes.toml"\n'
    )
    (tmp_path / "tmp").mkdir()
    with serving(FakeGrafana()) as grafana:
        known = {"SINYAL_GRAFANA_URL": grafana.url, "SINYAL_GRAFANA_TOKEN": TOKEN}
        with looking(tmp_path / "tmp", "--config", str(config), **known) as look:
            assert look.stdout is not None
            lines = [look.stdout.readline() for _ in range(4)]  # the fourth says that it is ready
            assert lines[2] == f"dashboards   {grafana.url}/dashboards\n"
            assert len(grafana.dashboards) == 2 * len(DASHBOARDS)
            assert grafana.datasources["sinyal-influxdb"]["url"] == influx.url
            look.send_signal(signal.SIGTERM)
            assert look.wait(60) == 0
    again = subprocess.run([*LOOK, "--config", str(config)], capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 2
    assert f"{config}: holds samples already" in again.stderr


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
