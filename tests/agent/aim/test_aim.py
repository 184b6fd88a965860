from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.aim import screen as aim_screen
from agent.aim.command import agent_name, held_by_agent
from agent.aim.poll import OLD_S, AimPoll, fast_commands
from agent.aim.screen import Style
from agent.aim.track import Track
from agent.modems.registry import FAMILIES
from agent.poll.recovery import Fault as Sickness
from agent.port.link import Link
from demo.modem import Fault, SimulatedModem
from demo.radio import Air, Radio
from demo.replies import family_answers
from telemetry.streams import Rat, Registration, Signal
from tests.agent.poll.sick import held_by_other, wait_for

CUTS = (-110.0, -100.0, -90.0, -80.0)
STYLE = Style("id", CUTS)
NOW_S = 1_790_000_000.0
SGR = re.compile(r"\x1b\[[0-9;]*m")
PIECE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|(.)", re.DOTALL)


class Turning(Radio):
    """An antenna that is turned between places."""

    def __init__(self, place: str) -> None:
        super().__init__(profile=place)
        self.place = place
        self._places = {name: Radio(seed=5, profile=name) for name in ("good", "fair", "weak", "none", "gsm")}

    def air(self, utc_s: float) -> Air:
        return self._places[self.place].air(utc_s)

    @property
    def dbm(self) -> int:
        return int(f"{self.air(NOW_S).cells[0].rsrp_dbm:.0f}")


def shown(data: bytes, rows: int) -> list[str]:
    """Return what a terminal shows after these bytes; what runs over the right edge is kept, so that a test sees it."""
    lines, row, column = [""] * rows, 0, 0
    for numbers, action, character in (found.groups() for found in PIECE.finditer(data.decode(errors="replace"))):
        if character and character >= " ":
            lines[row] = lines[row].ljust(column)[:column] + character + lines[row][column + 1 :]
            column += 1
        elif action == "H":
            row, column = (int(number) - 1 for number in numbers.split(";"))
        elif action == "K":
            lines[row] = ""
        elif action == "J":
            lines = [""] * rows
    return lines


class Terminal:
    """`sinyal-agent aim` on a real pty."""

    def __init__(self, columns: int, rows: int, *options: str) -> None:
        self.columns, self.rows = columns, rows
        self.raw = bytearray()
        self._ended = threading.Event()
        self._master, self._slave = os.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._slave)
        # With a controlling terminal, so that Ctrl-C typed is a signal.
        command = ["setsid", "--ctty", sys.executable, "-m", "agent.cli", "aim", *options]
        self.process = subprocess.Popen(command, stdin=self._slave, stdout=self._slave, stderr=self._slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            if select.select([self._master], [], [], 0.05)[0]:
                self.raw += os.read(self._master, 65536)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in shown(bytes(self.raw), self.rows) if line.strip()]

    def line(self, start: str) -> str:
        return next((line for line in self.lines if line.startswith(start)), "")

    def sees(self, pattern: str) -> None:
        wait_for(lambda: re.search(pattern, "\n".join(self.lines), re.MULTILINE), f"{pattern!r} on the screen")

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what stands on the terminal afterwards."""
        self.type(b"\x03")
        code = self.process.wait(20)
        wait_for(lambda: b"\x1b[?1049l" in self.raw, "the terminal to be given back")
        after = self.raw.rpartition(b"\x1b[?1049l")[2].decode()
        return code, after

    def hang_up(self) -> None:
        """Take the terminal away, as a broken ssh connection does."""
        if not self._ended.is_set():
            self._ended.set()
            self._reader.join(5)
            os.close(self._slave)
            os.close(self._master)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()


@contextmanager
def terminal(columns: int, rows: int, *options: str) -> Iterator[Terminal]:
    shell = Terminal(columns, rows, *options)
    try:
        yield shell
    finally:
        shell.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with ExitStack() as stack:
        yield Hall(tmp_path, stack)


class Hall:
    """A config with two simulated modems, one of them with an antenna that turns."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.turning = Turning("fair")
        self.first = stack.enter_context(
            SimulatedModem(family_answers("quectel", self.turning, lambda: NOW_S), folder / "first", away_s=0.5)
        )
        steady = family_answers("simcom", Radio(seed=4, profile="good"), lambda: NOW_S)
        self.second = stack.enter_context(SimulatedModem(steady, folder / "second"))
        self.config = folder / "agent.toml"
        ports = "".join(f'[[modem]]\nname = "{n}"\nport = "{folder / n}"\ncommand_timeout_s = 0.5\n' for n in ("first", "second"))
        broker = '[broker]\nhost = "127.0.0.1"\nport = 9\ntls = false\n[sampling]\ninterval_s = 1\n'
        self.config.write_text(f'[agent]\nsite = "6408012001"\ndata_dir = "{folder}/data"\n{broker}{ports}')


def test_level_best_and_distance_follow_the_antenna(hall: Hall) -> None:
    with terminal(80, 24, "--config", str(hall.config)) as shell:
        fair = hall.turning.dbm
        shell.sees(rf"^first +{fair} Cukup .* {fair} +0 ")
        hall.turning.place = "good"
        good = hall.turning.dbm
        assert good > fair
        shell.sees(rf"^first +{good} \S.* {good} +0 ")
        hall.turning.place = "fair"
        shell.sees(rf"^first +{fair} Cukup .*│.* {good} +{fair - good} ")
        assert re.search(r" 51010 B\d+ \d+ +\d+,\d$", shell.line("first")), "network and readings per second"
        shell.type(b"r")
        shell.sees(rf"^first +{fair} Cukup .* {fair} +0 ")
        assert all(len(line) <= 80 for line in shell.lines)


def test_ctrl_c_is_the_normal_end_with_the_best_and_when(hall: Hall) -> None:
    with terminal(80, 24, "--config", str(hall.config)) as shell:
        hall.turning.place = "good"
        good = hall.turning.dbm
        shell.sees(rf"^first +{good} ")
        hall.turning.place = "weak"
        shell.sees(rf"^first +{hall.turning.dbm} ")
        code, after = shell.end()
        assert code == 0
        assert re.search(
            rf"first: terbaik {good} dBm RSRP \(.*\), SINR -?\d+ dB, \d\d\.\d\d\.\d\d WITA \(\d+ detik lalu\)", after
        )
        assert "sudo systemctl start sinyal-agent" in after, "nobody forgets that the hall is not measured meanwhile"
        assert termios.tcgetattr(shell._slave) == shell.before
        assert b"\x1b[?25h" in shell.raw, "the cursor is back"
        assert b"\a" not in shell.raw, "no bell unless asked"


def test_a_phone_gets_short_lines_and_turning_it_gives_the_wide_picture(hall: Hall) -> None:
    with terminal(40, 20, "--config", str(hall.config)) as shell:
        shell.sees(rf"^first +{hall.turning.dbm} dBm Cukup\n█+.*\nmaks {hall.turning.dbm} beda 0  SINR .*/dtk\n51010 B")
        assert all(len(line) <= 40 for line in shell.lines)
        shell.resize(80, 12)
        shell.sees(r"^modem +RSRP kelas")
        assert all(len(line) <= 80 for line in shell.lines)


def test_a_sick_modem_shows_no_old_value_and_does_not_stop_the_other(hall: Hall) -> None:
    with terminal(80, 24, "--config", str(hall.config)) as shell:
        shell.sees(rf"^first +{hall.turning.dbm} ")
        shell.sees(r"^second +-\d+ ")
        hall.first.fault = Fault.SILENCE
        shell.sees(rf"^first +- tidak merespons, \d+ detik .* {hall.turning.dbm} +- +- - ")
        hall.second.asked.clear()
        wait_for(lambda: hall.second.asked, "the healthy modem to be asked on")
        shell.sees(r"^second +-\d+ .* \d+,\d$")
        hall.first.fault = None
        shell.sees(rf"^first +{hall.turning.dbm} ")


def test_absence_is_said_in_words(hall: Hall) -> None:
    hall.turning.place = "none"
    with terminal(80, 24, "--config", str(hall.config), "--lang", "en") as shell:
        shell.sees(r"^first +- searching")
        hall.turning.place = "gsm"
        shell.sees(r"^first +-\d+ RSSI ")
        hall.first.fault = Fault.SIM_REMOVED
        shell.sees(r"^first +- no SIM")
        hall.first.fault = Fault.VANISH
        shell.sees(r"^first +- port is not there, ")
        shell.sees(r"^first +-\d+ RSSI ")


def lines_of(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", "aim", *options], capture_output=True, text=True, timeout=60, check=False
    )


def said_until(wanted: Sequence[str], *options: str) -> str:
    """Return what aim says until it has said all of this, and at its end, which Ctrl-C makes a good one."""
    command = [sys.executable, "-m", "agent.cli", "aim", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as aim:
        assert aim.stdout is not None
        said = ""
        while not all(re.search(text, said) for text in wanted):
            line = aim.stdout.readline()
            assert line, f"it ended without {wanted}: {said}"
            said += line
        aim.send_signal(signal.SIGINT)
        said += aim.stdout.read()
    assert aim.returncode == 0, said
    return said


def test_without_a_terminal_each_reading_is_a_line(hall: Hall) -> None:
    done = lines_of("--config", str(hall.config), "--seconds", "3")
    assert done.returncode == 0, done.stderr
    air = hall.turning.air(NOW_S)
    readings = [line for line in done.stdout.splitlines() if line.startswith("event=reading ") and " modem=first " in line]
    assert len(readings) > 2
    assert f" rsrp_dbm={hall.turning.dbm}" in readings[-1]
    assert f" cell_id={air.cells[0].cell_id} " in readings[-1]
    assert " class=Cukup " in readings[-1]
    assert " nr_rsrp_dbm=- " in readings[-1]
    ends = [line for line in done.stdout.splitlines() if line.startswith("event=summary ")]
    assert [re.search(r"modem=(\w+) readings=\d+ best_dbm=-\d", line) is not None for line in ends] == [True, True]
    assert "\x1b" not in done.stdout


def test_a_port_alone_needs_no_config(hall: Hall) -> None:
    said = said_until([r"modem=modem state=home rat=lte rsrp_dbm=-\d"], "--port", str(hall.folder / "second"))
    assert "event=summary modem=modem readings=" in said


def test_nothing_that_answers_is_exit_3(tmp_path: Path) -> None:
    done = lines_of("--port", str(tmp_path / "nothing"), "--seconds", "1")
    assert done.returncode == 3
    assert "state=modem_gone" in done.stdout
    assert "is the modem plugged in?" in done.stdout


def test_a_wrong_port_is_exit_2() -> None:
    done = lines_of("--port", "ttyUSB2")
    assert done.returncode == 2
    assert "--port ttyUSB2: " in done.stderr
    assert "must be a full path" in done.stderr


def test_a_port_in_other_hands_is_exit_2_and_names_them(hall: Hall) -> None:
    with held_by_other(Path(hall.second.device)) as other:
        done = lines_of("--port", str(hall.folder / "second"))
        assert done.returncode == 2
        assert f"(pid {other.pid})" in done.stderr
        said_until(["modem=first .*rsrp_dbm=-", "modem=second state=port_busy"], "--config", str(hall.config))


def test_the_running_agent_is_named_with_the_cure(hall: Hall) -> None:
    command = [sys.executable, "-m", "agent.cli", "run", "--config", str(hall.config)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as agent:
        try:
            wait_for(lambda: "AT+QCSQ" in hall.first.asked, "the agent to measure")
            for source in (("--config", str(hall.config)), ("--port", str(hall.folder / "first"))):
                done = lines_of(*source)
                assert done.returncode == 2
                assert f"sinyal-agent (pid {agent.pid}). Hentikan dulu: kill {agent.pid}" in done.stderr
        finally:
            agent.send_signal(signal.SIGKILL)


def test_the_cure_for_the_service_is_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = tmp_path / "77"
    process.mkdir()
    (process / "cmdline").write_text("/opt/sinyal/bin/python\0/opt/sinyal/bin/sinyal-agent\0run\0")
    (process / "cgroup").write_text("0::/system.slice/sinyal-agent.service\n")
    assert agent_name(77, tmp_path) == "sinyal-agent.service"
    monkeypatch.setattr("agent.aim.command.agent_name", lambda pid: agent_name(pid, tmp_path))
    text = held_by_agent("/dev/ttyUSB2", 77, "en") or ""
    assert "sinyal-agent.service (pid 77)" in text
    assert "sudo systemctl stop sinyal-agent\n" in text
    (process / "cmdline").write_text("/opt/sinyal/bin/python\0/opt/sinyal/bin/sinyal-agent\0aim\0")
    assert agent_name(77, tmp_path) is None, "another aim is not the agent"


def test_the_bell_rings_when_asked(hall: Hall) -> None:
    with terminal(80, 24, "--port", str(hall.folder / "second"), "--beep") as shell:
        shell.sees(r"^modem +-\d+ ")
        wait_for(lambda: shell.raw.count(b"\a") >= 2, "the bell")


def test_a_dropped_connection_ends_it_and_lets_go_of_the_port(hall: Hall) -> None:
    with terminal(80, 24, "--config", str(hall.config)) as shell:
        shell.sees(rf"^first +{hall.turning.dbm} ")
        shell.hang_up()
        shell.process.wait(20)
    with Link(str(hall.folder / "first")) as link:
        assert link.ask("AT").final == "OK"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_has_something_fast_to_ask(family: object) -> None:
    fast = fast_commands(next(one for one in FAMILIES if one is family))
    assert fast
    assert not any(command.beside for command in fast)


def poll(at_s: float, **values: object) -> AimPoll:
    return AimPoll("m", at_s, datetime(2026, 11, 24, 6, 3, 22, tzinfo=UTC), Signal(**values))  # type: ignore[arg-type]


HOME = {"registration": Registration.HOME, "rat": Rat.LTE}


def test_a_value_is_of_now_for_five_seconds_only() -> None:
    track = Track("m", 0.0)
    track.take(poll(10.0, rsrp_dbm=-97.0, **HOME))
    assert aim_screen.row(track, 10.0 + OLD_S, STYLE).level == "-97"
    old = aim_screen.row(track, 17.0, STYLE)
    assert (old.level, old.state, old.sinr, old.net, old.best) == ("-", "belum ada jawaban, 7 detik", "-", "-", "-97")
    track.take(AimPoll("m", 18.0, datetime.now(UTC), fault=Sickness.GARBAGE))
    assert aim_screen.row(track, 18.0, STYLE).state == "jawaban tidak terbaca, 8 detik"


def test_a_level_without_service_is_shown_and_called_so() -> None:
    track = Track("m", 0.0)
    track.take(poll(1.0, registration=Registration.DENIED, rat=Rat.LTE, rsrp_dbm=-97.0, plmn="51010"))
    shown_row = aim_screen.row(track, 1.0, STYLE)
    assert (shown_row.level, shown_row.word, shown_row.net) == ("-97", "Cukup", "kartu SIM ditolak jaringan: 51010")


@pytest.mark.parametrize(
    ("dbm", "word"),
    [(-111, "Sangat buruk"), (-110, "Buruk"), (-100.4, "Buruk"), (-100, "Cukup"), (-90, "Baik"), (-80, "Sangat baik")],
)
def test_classes_have_the_borders_of_the_config(dbm: float, word: str) -> None:
    track = Track("m", 0.0)
    track.take(poll(1.0, rsrp_dbm=dbm, **HOME))
    assert aim_screen.row(track, 1.0, STYLE).word == word
    assert aim_screen.row(track, 1.0, Style("id", (-120.0, -105.0))).word in ("2/3", "3/3")


def test_the_best_of_2g_and_lte_are_kept_apart() -> None:
    track = Track("m", 0.0)
    track.take(poll(1.0, registration=Registration.HOME, rat=Rat.GSM, rssi_dbm=-60.0))
    track.take(poll(2.0, rsrp_dbm=-97.0, **HOME))
    now = aim_screen.row(track, 2.0, STYLE)
    assert (now.best, now.below) == ("-97", "0")
    assert "terbaik -97 dBm RSRP (Cukup), SINR -, 14.03.22 WITA (3 detik lalu)" in aim_screen.summary(
        track, 5.0, STYLE, plain=False
    )


@pytest.mark.parametrize("size", [(32, 5), (40, 10), (40, 30), (71, 24), (72, 24), (80, 24), (200, 50)])
def test_no_picture_is_larger_than_its_terminal(size: tuple[int, int]) -> None:
    tracks = [Track(f"a-long-name-of-a-modem-{k}", 0.0) for k in range(6)]
    for track in tracks[:3]:
        track.take(
            poll(1.0, rsrp_dbm=-122.0, sinr_db=-12.6, plmn="51010", band=40, cell_id=68719476735, nr_rsrp_dbm=-101.0, **HOME)
        )
    tracks[3].take(AimPoll("m", 1.0, datetime.now(UTC), fault=Sickness.GONE, detail="not there; " * 30))
    lines = [SGR.sub("", line) for line in aim_screen.drawing(tracks, 1.0, size, STYLE)]
    assert len(lines) <= size[1]
    assert max(map(len, lines)) <= size[0]


def test_readings_per_second() -> None:
    track = Track("m", 0.0)
    assert track.rate(0.0) is None
    for k in range(21):
        track.take(poll(k / 4, rsrp_dbm=-97.0, **HOME))
    assert track.rate(5.0) == pytest.approx(4.0)
    assert track.rate(time.monotonic() + 100) is None
