from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config import ModemSection
from agent.host.detect import add_arguments, candidates, detect_main
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from tests.agent.poll.sick import fake_usb, held_by_other


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[SimulatedModem]:
    fake_usb(tmp_path, "ttyUSB2", serial="A1")
    by_id = tmp_path / "dev/serial/by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-Quectel_EC25_A1-if02-port0").symlink_to("../../ttyUSB2")
    with SimulatedModem(family_answers("quectel", Radio()), tmp_path / "dev/ttyUSB2") as modem:
        yield modem


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return detect_main(parser.parse_args(words))


def test_prints_a_section_that_the_config_accepts(
    modem: SimulatedModem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--root", str(tmp_path)) == 0
    (section,) = tomllib.loads(capsys.readouterr().out)["modem"]
    config = ModemSection(**section)
    assert (config.name, config.family) == ("quectel-1", "quectel")
    assert config.port == str(tmp_path / "dev/serial/by-id/usb-Quectel_EC25_A1-if02-port0")
    assert "AT+CFUN=1,1" not in modem.asked


def test_says_who_holds_the_port(modem: SimulatedModem, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with held_by_other(Path(modem.device)) as process:
        assert run("--root", str(tmp_path)) == 3
    error = capsys.readouterr().err
    assert f"(pid {process.pid})" in error
    assert 'ATTR{idVendor}=="2c7c", ATTR{idProduct}=="0125", ENV{ID_MM_DEVICE_IGNORE}="1"' in error


def test_nothing_attached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--root", str(tmp_path)) == 3
    assert "tidak ada modem yang merespons" in capsys.readouterr().err


def test_the_at_interface_of_the_family_is_asked_first(tmp_path: Path) -> None:
    interface = fake_usb(tmp_path, "ttyUSB2")
    for number in ("00", "01", "03"):
        other = interface.with_name(f"1-1.2:1.{int(number)}")
        (other / f"ttyUSB{int(number)}").mkdir(parents=True)
        (other / "bInterfaceNumber").write_text(number)
    (candidate,) = candidates(tmp_path)
    assert [port.interface for port in candidate.ports] == ["02", "00", "01", "03"]


def test_huawei_is_found_by_protocol(tmp_path: Path) -> None:
    interface = fake_usb(tmp_path, "ttyUSB2", vid="12d1", pid="1506")
    other = interface.with_name("1-1.2:1.3")
    (other / "ttyUSB3").mkdir(parents=True)
    for name, text in {"Number": "03", "Class": "ff", "SubClass": "02", "Protocol": "02"}.items():
        (other / f"bInterface{name}").write_text(text)
    (candidate,) = candidates(tmp_path)
    assert candidate.family is not None
    assert candidate.family.name == "huawei"
    assert candidate.ports[0].tty == "ttyUSB3"


def test_unknown_boards_are_left_alone_unless_asked(tmp_path: Path) -> None:
    fake_usb(tmp_path, "ttyUSB0", vid="2341", pid="0043")
    assert not candidates(tmp_path)
    assert len(candidates(tmp_path, everything=True)) == 1


def test_a_uart_is_asked_by_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SimulatedModem(family_answers("simcom", Radio()), tmp_path / "serial0"):
        assert run("--root", str(tmp_path), "--port", str(tmp_path / "serial0")) == 0
    (section,) = tomllib.loads(capsys.readouterr().out)["modem"]
    assert section["family"] == "simcom"
