"""The demo as a person meets it: started as a program, with its incidents; and its counting, which must not flatter."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agent.spool.high_water import HighWaterMark
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from collector.sites.sites import Site
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Row
from demo.cli import main
from demo.count import Count, count
from demo.halls import HALLS
from demo.line import DemoLine
from demo.program import LineError, free_port
from demo.table import screen, state
from ground.paths import shipped
from telemetry.frame import Sample, pack
from telemetry.streams import present
from tests.foreign import foreign

DEMO = [str(Path(sys.executable).with_name("sinyal-demo"))]
RUN = "import sys; from demo import broker, cli; {change}; sys.exit(cli.main(sys.argv[1:]))"
SITE = Site(HALLS[0].code, "Sangatta Utara", "Teluk Lingga", 0.5, 117.5, "centroid")
INCIDENTS = ("power cut", "power is back", "hangs", "the broker dies", "the broker is back")


def changed(change: str) -> list[str]:
    """Return a demo with something changed in its modules."""
    return [sys.executable, "-c", RUN.format(change=change)]


def run(demo: list[str], words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*demo, *words.split()], capture_output=True, text=True, timeout=280, check=False, **more)


@pytest.mark.parametrize("demo", [DEMO, changed("broker.SEARCH_PATH = ''")], ids=["mosquitto", "embedded broker"])
def test_nothing_is_lost_while_a_hall_loses_power_a_modem_hangs_and_the_broker_dies(demo: list[str]) -> None:
    done = run(demo, "run --halls 3 --seconds 23 --json")
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert list(counted) == ["measured", "stored", "lost", "duplicated"]
    assert (counted["lost"], counted["duplicated"]) == (0, 0)
    assert counted["measured"] == counted["stored"] > 50
    for incident in INCIDENTS:
        assert incident in done.stderr


def test_what_still_waits_on_a_card_is_named_and_is_no_success(tmp_path: Path) -> None:
    known = [line for line in (shipped() / "sites.csv").read_text().splitlines() if not line.startswith("6408012001")]
    (tmp_path / "sites.csv").write_text("\n".join(known))
    held = f"from demo import halls; halls.COLLECTOR = halls.COLLECTOR.replace('{{sites}}', '\"{tmp_path}/sites.csv\"')"
    done = run(changed(f"{held}; cli.DRAIN_S = 5.0"), "run --halls 2 --seconds 4 --json")
    counted = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert (counted["lost"], counted["duplicated"]) == (0, 0)
    left = {name: int(number) for number, name in re.findall(r"(\d+) still wait on the card of ([\w ]+) \(", done.stderr)}
    assert left["Senyiur"] > 0
    assert counted["stored"] + sum(left.values()) >= counted["measured"]  # more where answers were still on their way
    [kept] = re.findall(r"logs and data are in (\S+)", done.stderr)
    shutil.rmtree(kept)


def test_two_at_once_without_a_terminal_each_with_a_page_in_folders_with_odd_names(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ('a "b" c', "d'é")]
    demos = []
    for folder in folders:
        folder.mkdir()
        env = os.environ | {"TMPDIR": str(folder), "HOME": "/nowhere"}
        demos.append(subprocess.Popen([*DEMO, "--halls", "1", "--seconds", "3"], env=env, stdout=subprocess.PIPE, text=True))
    outputs = [demo.communicate(timeout=280)[0].splitlines() for demo in demos]
    assert [demo.returncode for demo in demos] == [0, 0], outputs
    for lines in outputs:
        assert any("modems report" in line for line in lines)
        assert max(map(len, lines)) < 80
        assert re.fullmatch(r"measured (\d+), stored \1, lost 0, duplicated 0", lines[-1])
    pages = [line for lines in outputs for line in lines if line.startswith("live page")]
    assert len(set(pages)) == 2
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


def test_foreign_modules_of_the_working_directory_are_never_run(tmp_path: Path) -> None:
    foreign(tmp_path)
    done = run(DEMO, "run --halls 1 --seconds 3 --json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "foreign_code_ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="all tests run without root already")
def test_it_runs_without_root_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"TMPDIR={tmp_path}", "HOME=/"]
    if subprocess.run([*nobody, *DEMO, "--help"], capture_output=True, check=False).returncode:
        pytest.skip(f"other users cannot read {sys.executable}")
    done = run([*nobody, *DEMO], "run --halls 1 --seconds 3 --json")
    assert done.returncode == 0, done.stderr


def test_a_machine_without_loopback_is_told_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.program.HOST", "203.0.113.1")
    with pytest.raises(LineError, match="is the network interface lo up"):
        free_port()


def test_in_a_terminal_of_24_lines_it_shows_the_table_until_ctrl_c() -> None:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")} | {"TERM": "xterm"}
    with subprocess.Popen([*DEMO, "--halls", "2"], stdin=slave, stdout=slave, stderr=slave, env=env) as demo:
        os.close(slave)
        try:
            seen = _read_until(master, "4G registered")
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


@pytest.mark.parametrize("halls", [1, 6, len(HALLS)])
@pytest.mark.parametrize("height", [10, 24, 50])
def test_every_table_fits_its_terminal(halls: int, height: int, tmp_path: Path) -> None:
    line = DemoLine(tmp_path, HALLS[:halls])
    news = [f"{n:4d} s  {HALLS[n].desa}: power cut (kill -9 of its agent)" for n in range(8)]
    for happened in ([], news[:1], news):
        console = Console(width=80, height=height, file=io.StringIO(), force_terminal=True)
        lines = console.render_lines(screen(line, happened, 99999.0, height, "en"), pad=False)
        assert len(lines) < height
        text = ["".join(part.text for part in parts) for parts in lines]
        assert happened[-1:] == text[-1:] or not happened
        assert not [one for one in text if "…" in one and not re.fullmatch(r"… and \d+ more", one)]


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
        ({"registration": "home", "rat": "lte"}, 2.0, "4G home"),
        ({"registration": "home", "rat": "lte"}, 60.0, "no contact"),
        ({"registration": "searching"}, 2.0, "no service"),
        ({"registration": "denied"}, 2.0, "SIM refused"),
        ({"registration": "home"}, 2.0, "served"),
        ({"registration": "modem_silent"}, 2.0, "modem silent"),
    ],
)
def test_state_tells_not_measured_from_no_service_from_a_sick_modem(row: Row, age_s: float | None, words: str) -> None:
    assert state(row, age_s) == words
