"""`watch` and `alerts list|ack|maintenance` as people call them."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.store.sqlite import Sqlite
from collector.watch import command, manage
from collector.watch.db import WatchDb
from lab.servers import wait_for
from tests.collector.watch.world import CONFIG, HOUR, MINUTE, START_MS, Fault, Watch, World, fleet, power_off, run

TELEN = "6408072001"
KEY = f"hall_dark/{TELEN}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = (CONFIG / "alerts.toml").read_text(encoding="utf-8")
    (tmp_path / "alerts.toml").write_text(
        text.replace('state = "/var/lib/sinyal/watch.db"', 'state = "watch.db"'), encoding="utf-8"
    )
    (tmp_path / "sites.csv").write_bytes((CONFIG / "sites.csv").read_bytes())
    (tmp_path / "collector.toml").write_text(
        '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "store.db"\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def outage(folder: Path) -> Path:
    """Return a folder in which one hall is dark and told of."""
    sites, store = fleet(["Telen"]), Sqlite(folder / "store.db")
    world = World(store, sites, [Fault(HOUR, 9 * HOUR, lambda hall: hall.site.code == TELEN, power_off)])
    watch = Watch(folder / "watch.db", store, sites)
    run(world, watch, 0, 2 * HOUR, lambda _t: 2 * MINUTE)
    watch.db.close()
    return folder


def alerts(folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    manage.add_arguments(parser)
    return manage.run(parser.parse_args([*words, "--alerts", str(folder / "alerts.toml")]))


def watch_arguments(folder: Path) -> list[str]:
    return ["--config", str(folder / "collector.toml"), "--alerts", str(folder / "alerts.toml")]


def watch_once(folder: Path) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*watch_arguments(folder), "--once"]))


def test_list_says_that_nothing_is_open(folder: Path) -> None:
    assert alerts(folder, "list") == 3
    assert not (folder / "watch.db").exists()  # made by root it would keep the service out
    assert watch_once(folder) == 0
    assert alerts(folder, "list") == 3


def test_nothing_can_be_noted_before_the_watch_ran(folder: Path) -> None:
    with pytest.raises(ConfigError, match="start `sinyal-collector watch` first"):
        alerts(folder, "ack", KEY)


def test_list_shows_what_is_open_and_who_deals_with_it(outage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert alerts(outage, "list") == 0
    line = capsys.readouterr().out
    assert line.startswith(KEY)
    assert " open " in line
    assert "1 December 2026 00:5" in line
    assert alerts(outage, "list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["key"], found["state"], found["count"], found["halls"]) == (KEY, "open", 1, [TELEN])


def test_ack_reaches_the_watch(outage: Path) -> None:
    assert alerts(outage, "ack", KEY, "--ticket", "TSEL-77") == 0
    store = Sqlite(outage / "store.db")
    watch = Watch(outage / "watch.db", store, fleet(["Telen"]))
    watch.tick(2 * HOUR)
    assert [row["state"] for row in store.samples("alert", 0, 2**62)] == ["open", "acknowledged"]


def test_ack_of_what_is_not_open_says_what_is_meant(outage: Path) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{KEY}'"):
        alerts(outage, "ack", f"hall_drak/{TELEN}")


def test_maintenance_takes_halls_and_kecamatan_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(folder / "collector.toml")]
    with pytest.raises(ConfigError, match="did you mean 'Telen'"):
        alerts(folder, "maintenance", "Telem", "--hours", "2", *config)
    watch_once(folder)
    assert alerts(folder, "maintenance", "Telen", "--hours", "2", *config) == 0
    assert "WITA" in capsys.readouterr().out
    assert set(WatchDb(folder / "watch.db").maintained(0)) == {"Telen"}
    marks = Sqlite(folder / "store.db").latest("maintenance")
    assert {mark["kecamatan"] for mark in marks} == {"Telen"}
    with pytest.raises(SystemExit) as caught:
        alerts(folder, "maintenance", "Telen", "--hours", "many", *config)
    assert caught.value.code == 2


def test_once_looks_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch_once(folder) == 0
    assert capsys.readouterr().out == ""
    assert WatchDb(folder / "watch.db").state().meta["tick_ms"] > START_MS - 10 * HOUR * 24 * 365


PROGRAM = """
import argparse, logging, sys
from collector.watch import command
logging.basicConfig(stream=sys.stderr, level="INFO")
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(command.run(parser.parse_args()))
"""


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", PROGRAM, *watch_arguments(folder)]
    with subprocess.Popen(argv, stderr=(folder / "log").open("w"), text=True, cwd=CONFIG.parent) as process:
        wait_for(lambda: "watch_started" in (folder / "log").read_text(), "the watch to start")
        yield process
        process.kill()


def test_two_watches_on_one_state_are_refused(folder: Path, running: subprocess.Popen[str]) -> None:
    assert running.poll() is None
    with pytest.raises(ConfigError, match="another watch works with"):
        watch_once(folder)


def test_it_takes_new_sites_and_ends_when_told(folder: Path, running: subprocess.Popen[str]) -> None:
    lines = (folder / "sites.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "sites.csv").write_text("".join(lines[:11]), encoding="utf-8")
    running.send_signal(signal.SIGHUP)
    wait_for(lambda: "event=sites_reloaded sites=10" in (folder / "log").read_text(), "the sites to be read")
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0
    assert "event=watch_stopped" in (folder / "log").read_text()
