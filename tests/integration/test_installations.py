"""One hall, one installation (P13), nothing from the future (P12): real agents, broker, collector; `fleet` says what happened."""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.spool.look import connect_to_look, numbers_given
from collector.config import load
from collector.run import Collector
from collector.server import fleet
from collector.store.store import Row
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.servers import Server, free_port, influxd, mosquitto, wait_for
from telemetry.frame import AHEAD_MS
from telemetry.streams import STREAMS
from tests.collector.frames import SITE
from tests.integration.office import SQLITE, write_config

FAMILY = "quectel"
LOST = 8
"""Readings that a dying card cannot read any more."""
Starter = Callable[[Callable[[], Server]], Server]


class Plant:
    """Broker, collector and the halls' folders."""

    def __init__(self, folder: Path, start: Starter, engine: str) -> None:
        self.folder = folder
        self.broker = start(lambda: mosquitto(folder / "mosquitto"))
        store = SQLITE
        if engine == "influx1":
            store = f'engine = "influx1"\nurl = "{start(lambda: influxd(folder / "influxd")).url}"'
        self._config = write_config(folder, self.broker.port, store)
        self.collector = Collector(load(self._config))
        self.collector.start()
        wait_for(lambda: self.collector.broker.subscribed, "collector to be subscribed")

    @contextmanager
    def agent(self, home: str, *, port: int | None = None, now_s: Callable[[], float] = time.time) -> Iterator[Path]:
        """Run the agent's program in a folder of its own; return its data folder."""
        folder = self.folder / home
        folder.mkdir(exist_ok=True)
        (folder / "agent.toml").write_text(
            f'[agent]\nsite = "{SITE.code}"\ndata_dir = "{folder}/data"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port or self.broker.port}\ntls = false\n'
            "[sampling]\ninterval_s = 1\nframe_interval_s = 1\ndevice_interval_s = 5\n"
            f'[[modem]]\nname = "a"\nport = "{folder}/tty"\nfamily = "{FAMILY}"\n'
        )
        command = [sys.executable, "-m", "agent.cli", "run", "--config", str(folder / "agent.toml")]
        log = folder / "agent.log"
        modem = SimulatedModem(family_answers(FAMILY, Radio(seed=1), now_s), folder / "tty")
        with modem, log.open("ab") as out, subprocess.Popen(command, stderr=out) as program:
            try:
                yield folder / "data"
            finally:
                program.terminate()
                program.wait(30)

    def rows(self) -> list[Row]:
        found = [row for stream in STREAMS for row in self.collector.store.samples(stream, 0, 2**62, SITE.code)]
        return [row for row in found if "seq" in row]

    def stored(self, inst: str | None = None) -> set[int]:
        return {int(row["seq"]) for row in self.rows() if inst is None or row.get("inst") == inst}

    def fleet(self, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
        """Return the hall as `fleet --json` shows it; the line for people goes to the test's output."""
        parser = argparse.ArgumentParser()
        fleet.add_arguments(parser)
        capsys.readouterr()
        assert fleet.run(parser.parse_args(["--config", str(self._config)])) == 0
        table = capsys.readouterr().out
        if more:
            assert fleet.run(parser.parse_args([*more, "--config", str(self._config)])) == 0
        assert fleet.run(parser.parse_args(["--json", "--config", str(self._config)])) == 0
        (hall,) = json.loads(capsys.readouterr().out)
        print(table)
        assert isinstance(hall, dict)
        return hall


def measured(data: Path) -> int:
    with closing(connect_to_look(data / "spool.db")) as db:
        return numbers_given(db)


def installation(data: Path) -> str:
    with sqlite3.connect(data / "spool.db") as db:
        return str(db.execute("SELECT inst FROM installations ORDER BY n DESC LIMIT 1").fetchone()[0])


def waiting(data: Path) -> int:
    with closing(connect_to_look(data / "spool.db")) as db:
        return int(db.execute("SELECT count(*) FROM spool").fetchone()[0])


@pytest.fixture(params=["sqlite", "influx1"])
def plant(request: pytest.FixtureRequest, tmp_path: Path, start_server: Starter) -> Iterator[Plant]:
    plant = Plant(tmp_path, start_server, request.param)
    yield plant
    plant.collector.stop()


def test_a_copied_card_is_seen_and_its_readings_stay_apart(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    with plant.agent("hall") as data:
        wait_for(lambda: len(plant.stored()) >= 5, "readings")
    known = max(plant.stored())
    assert plant.fleet(capsys)["at_once"] == 1
    shutil.copytree(plant.folder / "hall", plant.folder / "copy", ignore=shutil.ignore_patterns("tty"))
    with ExitStack() as stack:
        stack.enter_context(plant.agent("hall"))
        twin = stack.enter_context(plant.agent("copy"))
        first, second = installation(data), wait_for(lambda: _other(twin, installation(data)), "the copy to know that it is one")
        wait_for(lambda: len(plant.stored(first)) >= 10 and len(plant.stored(second)) >= 5, "readings of both")
    hall = plant.fleet(capsys)
    assert (hall["at_once"], hall["installations"]) == (2, 2)
    assert hall["lost"] == 0
    rows = Counter((row.get("inst"), row["seq"]) for row in plant.rows())
    assert set(rows.values()) == {1}, "one point for each sample"
    for _ in range(2):
        plant.fleet(capsys, "--write")
    kinds = [row.get("kind") for row in plant.collector.store.samples("event", 0, 2**62, SITE.code)]
    assert kinds.count("two_installations") == 1, "told once"
    for home, inst in ((data, first), (twin, second)):
        assert len(plant.stored(inst)) + waiting(home) >= 5
    assert min(plant.stored(second)) >= known, "the copy goes on above what the hall had stored"


def _other(data: Path, inst: str) -> str | None:
    found = installation(data)
    return found if found != inst else None


def test_an_old_image_put_back_gives_no_number_out_twice(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    image = plant.folder / "image.db"
    with plant.agent("hall") as data:
        wait_for(lambda: len(plant.stored()) >= 6, "readings")
    shutil.copy(data / "spool.db", image)
    old = measured(data)
    with plant.agent("hall"):
        wait_for(lambda: max(plant.stored()) > old + 4, "readings after the image was taken")
    before = {(int(row["seq"]), int(row["time_ns"])) for row in plant.rows()}
    newest = measured(data)
    for file in data.iterdir():
        file.unlink()
    shutil.copy(image, data / "spool.db")
    with plant.agent("hall"):
        wait_for(lambda: max(plant.stored()) > newest + 4, "numbers to go on above")
    numbers = Counter(int(row["seq"]) for row in plant.rows())
    assert [seq for seq, count in numbers.items() if count > 1] == []
    assert before <= {(int(row["seq"]), int(row["time_ns"])) for row in plant.rows()}
    kinds = {row.get("kind") for row in plant.collector.store.samples("event", 0, 2**62, SITE.code)}
    assert "numbers_resumed" in kinds
    gone = set(range(1, newest + 1)) - numbers.keys()  # what had not left the card yet when its files were taken away
    assert plant.fleet(capsys)["lost"] <= len(gone)


def test_what_was_on_a_card_that_was_replaced_is_lost_and_said(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    with plant.agent("hall") as data:
        wait_for(lambda: len(plant.stored()) >= 6, "readings")
    top = max(plant.stored())
    with plant.agent("hall", port=free_port()):  # no broker there: what is measured waits on the card
        wait_for(lambda: measured(data) >= top + LOST, "readings that wait")
    _keep_only_the_newest(data, top)
    with plant.agent("hall"):
        wait_for(lambda: max(plant.stored()) > top + LOST, "the newest to arrive")
    first = installation(data)
    shutil.rmtree(data)
    (plant.folder / "taken").mkdir()  # its inode is not to be the new folder's
    with plant.agent("hall"):
        wait_for(lambda: len(plant.stored() - plant.stored(first)) > 5 and installation(data) != first, "the new card's readings")
        wait_for(lambda: plant.fleet(capsys)["at_once"] == 1, "the hall to have one card")

        def gone() -> set[int]:
            kept = plant.stored(first)
            return set(range(min(kept), max(kept))) - kept  # also what was on its way when the card's agent ended

        wait_for(lambda: plant.fleet(capsys)["lost"] == len(gone()), "the account of what the old card took along")
        assert plant.fleet(capsys)["installations"] == 2
    assert len(gone() & set(range(top + 1, top + LOST + 1))) >= LOST // 2
    numbers = Counter(int(row["seq"]) for row in plant.rows())
    assert max(numbers.values()) == 1, "a new card goes on above the numbers of the old one"


def _keep_only_the_newest(data: Path, top: int) -> None:
    """Let what waits be what a dying card cannot read any more."""
    with sqlite3.connect(data / "spool.db") as db:
        db.execute("DELETE FROM spool WHERE seq > ? AND seq <= ?", (top, top + LOST))


def test_a_network_time_of_2036_is_corrected_before_anything_leaves(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    future_s = datetime(2036, 5, 1, tzinfo=UTC).timestamp()
    with plant.agent("hall", port=free_port(), now_s=lambda: future_s) as data:
        wait_for(lambda: _dated(data, 2036) >= 5, "readings dated 2036 while there is no link")
    with plant.agent("hall", now_s=lambda: future_s) as data:
        known = measured(data)
        wait_for(lambda: len(plant.stored()) >= known, "all of them to arrive")
        hall = plant.fleet(capsys)
    until_ns = (int(time.time() * 1000) + AHEAD_MS) * 1_000_000
    rows = plant.rows()
    assert set(range(1, known + 1)) <= {int(row["seq"]) for row in rows}
    assert [row for row in rows if int(row["time_ns"]) > until_ns] == []
    assert max(Counter(int(row["seq"]) for row in rows).values()) == 1
    assert abs(hall["last_seen_ms"] - time.time() * 1000) < 60_000
    assert hall["lost"] == 0


def _dated(data: Path, year: int) -> int:
    start_ms = int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)
    try:
        with closing(connect_to_look(data / "spool.db")) as db:
            return int(db.execute("SELECT count(*) FROM spool WHERE t_ms > ?", (start_ms,)).fetchone()[0])
    except sqlite3.OperationalError:  # the agent has not made it yet
        return 0


def test_a_server_that_was_eight_hours_ahead_rules_no_hall(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    ahead = 8 * 3600 * 10**9
    real = time.time_ns
    with pytest.MonkeyPatch.context() as wrong:
        wrong.setattr("collector.run.time.time_ns", lambda: real() + ahead)
        with plant.agent("hall") as data:
            wait_for(lambda: len(plant.stored()) >= 5, "readings by the wrong clock")
            wrong.undo()
            stored = len(plant.stored())
            wait_for(lambda: len(plant.stored()) >= stored + 4, "readings by the right clock, without a new connection", 60)
            assert plant.collector.counters.future_samples > 0
            newest = max(plant.rows(), key=lambda row: int(row["seq"]))
            assert abs(int(newest["time_ns"]) - real()) < 60 * 10**9
            hall = plant.fleet(capsys)
            assert hall["lost"] == 0
            assert hall["last_seen_ms"] < real() / 1e6 + AHEAD_MS, "never seen in the future"
            assert measured(data) - waiting(data) <= len(plant.stored())
