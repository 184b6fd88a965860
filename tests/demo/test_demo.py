"""The demo as a person meets it: started as a program, with its incidents; and its counting, which must not flatter."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.spool.high_water import HighWaterMark
from agent.spool.spool import Entry, Spool
from collector.sites.sites import Site
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Row
from demo.cli import main
from demo.count import Count, count
from demo.halls import HALLS
from demo.table import state
from telemetry.frame import Sample, pack
from telemetry.streams import present

DEMO = [sys.executable, "-m", "demo.cli"]
SITE = Site(HALLS[0].code, "Sangatta Utara", "Teluk Lingga", 0.5, 117.5, "centroid")


def test_nothing_is_lost_while_a_hall_loses_power_a_modem_hangs_and_the_broker_dies() -> None:
    done = subprocess.run(
        [*DEMO, "run", "--halls", "3", "--seconds", "25", "--json"], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert list(counted) == ["measured", "stored", "lost", "duplicated"]
    assert (counted["lost"], counted["duplicated"]) == (0, 0)
    assert counted["measured"] == counted["stored"] > 50
    for incident in ("power cut", "power is back", "hangs", "the broker dies", "the broker is back"):
        assert incident in done.stderr


def test_without_a_terminal_it_prints_lines_and_ends_with_the_summary() -> None:
    done = subprocess.run([*DEMO, "--halls", "1", "--seconds", "6"], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any("modems reporting" in line for line in lines)
    assert lines[-1].startswith("measured ")
    assert lines[-1].endswith("lost 0, duplicated 0")


def test_in_a_terminal_it_shows_the_table_until_ctrl_c() -> None:
    master, slave = pty.openpty()
    with subprocess.Popen([*DEMO, "--halls", "2"], stdin=slave, stdout=slave, stderr=slave, start_new_session=False) as demo:
        os.close(slave)
        try:
            seen = _read_until(master, "lte home")
            assert "RSRP dBm" in seen
            demo.send_signal(2)
            seen = _read_until(master, "duplicated 0")
            assert "lost 0" in seen
            assert demo.wait(30) == 0
        finally:
            demo.kill()  # where something above failed, leaving would wait for it for ever
    os.close(master)


def _read_until(terminal: int, word: str, seconds: float = 120.0) -> str:
    end, seen = time.monotonic() + seconds, ""
    while word not in seen:
        assert time.monotonic() < end, f"{word!r} did not appear in {seen!r}"
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


@pytest.mark.parametrize("words", [["run", "--halls", "0"], ["run", "--halls", "19"], ["--seconds", "x"], ["walk"], ["modem"]])
def test_wrong_usage_is_explained_and_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: sinyal-demo" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["modem", "--help"]])
def test_help_teaches_with_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_a_sample_that_is_not_in_the_store_counts_as_lost_and_a_second_point_as_duplicated(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool.append([Entry("event", None, n, 1_700_000_000_000 + n, "ntp", b'{"kind":"boot"}') for n in range(5)])
    store = Sqlite(tmp_path / "store.db")

    def put(seq: int, t_ms: int) -> None:
        store.write([Placed(pack(SITE.code, "event", None, [Sample(seq, t_ms, "ntp", {"kind": "boot"})]), SITE)])

    for seq in (1, 2, 3):
        put(seq, 1_700_000_000_000 + seq)
    put(3, 1_700_000_009_999)  # the same sample at another time is a second point
    spool.delete([1, 2, 3, 4])  # 4 left the card without being in the store; 5 still waits there
    assert count(store, {SITE.code: tmp_path / "spool.db"}) == Count(measured=5, stored=3, lost=1, duplicated=1)


def test_numbers_that_an_agent_skipped_on_purpose_were_not_measured(tmp_path: Path) -> None:
    HighWaterMark(tmp_path / "seq.floor").reserve(1)  # a card whose spool was deleted: its numbers up to 1000 may have been used
    spool = Spool(tmp_path / "spool.db", "boot-1")
    skipped = present(spool.notices[0])
    assert skipped["kind"] == "seq_skipped"
    [seq] = spool.append([Entry("event", None, 1, 1_700_000_000_000, "ntp", b"{}")])
    store = Sqlite(tmp_path / "store.db")
    store.write([Placed(pack(SITE.code, "event", None, [Sample(seq, 1_700_000_000_000, "ntp", skipped)]), SITE)])
    assert seq == 1001
    assert count(store, {SITE.code: tmp_path / "spool.db"}) == Count(measured=1, stored=1, lost=0, duplicated=0)


@pytest.mark.parametrize(
    ("row", "age_s", "words"),
    [
        ({}, None, "not measured yet"),
        ({"registration": "home", "rat": "lte"}, 2.0, "lte home"),
        ({"registration": "home", "rat": "lte"}, 60.0, "no contact"),
        ({"registration": "searching"}, 2.0, "no service"),
        ({"registration": "modem_silent"}, 2.0, "modem silent"),
    ],
)
def test_state_tells_not_measured_from_no_service_from_a_sick_modem(row: Row, age_s: float | None, words: str) -> None:
    assert state(row, age_s) == words
