from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.port.link import Link
from demo.modem import SimulatedModem
from demo.modem_command import add_arguments, modem_main
from demo.radio import PROFILES, Radio
from demo.replies import IDENTITY, family_answers, read_session, session_answers

SESSION = "AT+CSQ\r\n+CSQ: 19,99\r\n\r\nOK\r\nat+cpin?\n+CME ERROR: 10\nAT+CGMI\nACME"
DAY_S = 86400


def test_a_session_is_a_table_with_finals() -> None:
    table = read_session(SESSION)
    assert table == {"AT+CSQ": ["+CSQ: 19,99", "OK"], "AT+CPIN?": ["+CME ERROR: 10"], "AT+CGMI": ["ACME", "OK"]}
    with pytest.raises(ValueError, match="no line begins with AT"):
        read_session("+CSQ: 19,99")


def test_echo_is_on_until_switched_off(tmp_path: Path) -> None:
    with SimulatedModem(session_answers(SESSION), tmp_path / "m") as modem:
        assert modem._bytes("AT+CSQ", ["OK"]).startswith(b"AT+CSQ\r\r\n")
        with Link(str(tmp_path / "m")) as link:
            assert link.ask("ATE0").final == "OK"
            assert link.ask("AT+CPIN?").final == "+CME ERROR: 10"
            assert link.ask("AT+NONSENSE").final == "ERROR"
        assert modem._bytes("AT+CSQ", ["OK"]) == b"\r\nOK\r\n"


def test_link_is_made_and_removed(tmp_path: Path) -> None:
    link = tmp_path / "m"
    with SimulatedModem(session_answers(SESSION), link) as modem:
        assert os.path.realpath(link) == modem.device
    assert not link.is_symlink()


def test_a_real_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("mine")
    with pytest.raises(FileExistsError, match="no symlink"), SimulatedModem(session_answers(SESSION), tmp_path / "m"):
        pass
    assert (tmp_path / "m").read_text() == "mine"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_program_runs_until_a_signal(stop: signal.Signals, tmp_path: Path) -> None:
    link = tmp_path / "m"
    command = [sys.executable, "-m", "demo.modem_command", "--family", "simcom", "--link", str(link), "--profile", "weak"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"modem at {link} -> /dev/pts/")
        with Link(str(link)) as port:
            assert port.ask("AT+CPSI?").lines[0].startswith("+CPSI: LTE,Online,510-10,")
        process.send_signal(stop)
        _, error = process.communicate(timeout=20)
    assert process.returncode == (130 if stop is signal.SIGINT else 0)
    assert not error
    assert not link.is_symlink()


def test_bad_session_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.txt").write_text("nothing here")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert modem_main(parser.parse_args(["--session", str(tmp_path / "s.txt"), "--link", str(tmp_path / "m")])) == 2
    assert f"{tmp_path / 's.txt'}: no line begins with AT" in capsys.readouterr().err


def test_same_seed_same_radio() -> None:
    moments = range(0, DAY_S, 600)
    for profile in PROFILES:
        first, again = (Radio(seed=7, profile=profile) for _ in range(2))
        assert [first.air(t) for t in moments] == [again.air(t) for t in moments]
    assert Radio(seed=7).air(0) != Radio(seed=8).air(0)


def test_radio_is_plausible_all_day() -> None:
    for profile, low, high in (("good", -95, -70), ("fair", -108, -86), ("weak", -122, -100)):
        for seed in range(5):
            radio = Radio(seed=seed, profile=profile)
            for t in range(0, DAY_S, 900):
                air = radio.air(t)
                cell = air.cells[0]
                assert air.rat == "lte"
                assert low < cell.rsrp_dbm < high
                assert -19.5 <= cell.rsrq_db <= -3
                assert -20 < cell.sinr_db < 40
                assert cell.rssi_dbm > cell.rsrp_dbm
    assert Radio(profile="none").air(0).rat is None


def test_quality_falls_in_the_busy_evening() -> None:
    def mean_rsrq(hour_wita: float) -> float:
        radios = [Radio(seed=seed, profile="good") for seed in range(20)]
        return sum(r.air((hour_wita - 8) * 3600 + DAY_S).cells[0].rsrq_db for r in radios) / 20

    assert mean_rsrq(20) < mean_rsrq(3) - 2


@pytest.mark.parametrize("family", sorted(IDENTITY))
@pytest.mark.parametrize("profile", PROFILES)
def test_every_family_answers_in_every_place(family: str, profile: str) -> None:
    answers = family_answers(family, Radio(profile=profile), lambda: 1e9)
    for command in ("AT", "ATI", "AT+CSQ", "AT+CESQ", "AT+CEREG?", "AT+COPS?", "AT+CCLK?"):
        reply = answers(command)
        assert reply is not None, command
        assert reply[-1] == "OK"
    assert answers("AT+UNHEARD") is None
