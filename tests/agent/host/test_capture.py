from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from agent.host.capture import add_arguments, capture_main
from agent.parse import as_json, read_session
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers, session_answers
from telemetry.streams import Signal

NOW_S = 1_790_000_000.0
SECRETS = "AT+CGMI\nACME\nOK\nATI\nACME\nIMEI: 867556040000001\nOK\nAT+CSQ\n+CSQ: 19,99\nOK\n"


def run(port: Path, out: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return capture_main(parser.parse_args(["--port", str(port), "--out", str(out), *more]))


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
def test_folder_reads_back_as_it_says(family: str, tmp_path: Path) -> None:
    with SimulatedModem(family_answers(family, Radio(), lambda: NOW_S), tmp_path / "m"):
        assert run(tmp_path / "m", tmp_path / "out") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"session.txt", "expected.json", "README.md"}
    session = (tmp_path / "out/session.txt").read_text()
    wanted = json.loads((tmp_path / "out/expected.json").read_text())
    assert as_json(session, *read_session(session)) == wanted
    assert wanted["family"] == family
    assert wanted["rsrp_dbm"] == pytest.approx(Radio().air(NOW_S).cells[0].rsrp_dbm, abs=1)
    assert family != "quectel" or len(wanted["cells"]) == 3


def test_an_unknown_modem_is_asked_for_every_dialect(tmp_path: Path) -> None:
    with SimulatedModem(family_answers("generic", Radio()), tmp_path / "m") as modem:
        assert run(tmp_path / "m", tmp_path / "out") == 0
    assert {'AT+QENG="SERVINGCELL"', "AT+CPSI?", "AT!GSTATUS?", "AT^HCSQ?", "AT#RFSTS"} <= set(modem.asked)
    assert not {"AT+COPS=?", "AT+CFUN=1,1"} & set(modem.asked), "these interrupt service"


def test_identities_are_masked(tmp_path: Path) -> None:
    with SimulatedModem(session_answers(SECRETS), tmp_path / "m"):
        assert run(tmp_path / "m", tmp_path / "out") == 0
    written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert "867556040000001" not in written
    assert "IMEI: 000000000000000" in written


def test_a_silent_modem_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SimulatedModem(family_answers("generic", Radio()), tmp_path / "m") as modem:
        modem.fault = Fault.SILENCE
        assert run(tmp_path / "m", tmp_path / "out") == 3
    assert not (tmp_path / "out").exists()
    assert "tidak ada hasil akhir" in capsys.readouterr().err


def test_a_capture_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/session.txt").write_text("mine")
    assert run(tmp_path / "m", tmp_path / "out") == 2
    assert "another folder" in capsys.readouterr().err


def test_test_commands_are_asked_but_never_the_scan(tmp_path: Path) -> None:
    with SimulatedModem(family_answers("quectel", Radio()), tmp_path / "m") as modem:
        assert run(tmp_path / "m", tmp_path / "out") == 0
    assert {"AT+CSQ=?", "AT+CESQ=?", "AT+QENG=?", "AT+QCAINFO=?"} <= set(modem.asked)
    assert "AT+COPS=?" not in modem.asked
    assert len([command for command in modem.asked if command == "AT+QENG=?"]) == 1


def test_ranges_are_no_values() -> None:
    session = 'AT+CSQ=?\n+CSQ: 31,0\nOK\nAT+CEREG=?\n+CEREG: (0-5)\nOK\nAT+QENG=?\n+QENG: ("servingcell")\nOK\n'
    assert read_session(session)[0].signal == Signal()


def test_what_was_taken_is_kept_when_the_modem_goes_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = family_answers("quectel", Radio())

    def answer(command: str) -> list[str] | None:
        if command == "AT+QENG=?":  # among the last that are asked
            modem.fault = Fault.DEAD
        return answers(command)

    with SimulatedModem(answer, tmp_path / "m") as modem:
        assert run(tmp_path / "m", tmp_path / "out", "--lang", "en") == 1
    assert "kept until here" in capsys.readouterr().err
    expected = json.loads((tmp_path / "out/expected.json").read_text())
    assert expected["family"] == "quectel"
    assert "rsrp_dbm" in expected
    assert "went away" in (tmp_path / "out/README.md").read_text()
