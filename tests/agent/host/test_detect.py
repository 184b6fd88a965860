from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
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
    assert 'ENV{ID_USB_INTERFACE_NUM}=="02", ENV{ID_MM_PORT_IGNORE}="1"' in error


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


RULE = (
    'SUBSYSTEM=="tty", ENV{ID_VENDOR_ID}=="2c7c", ENV{ID_MODEL_ID}=="0125", ENV{ID_USB_INTERFACE_NUM}=="02", '
    'ENV{ID_MM_PORT_IGNORE}="1"'
)


def test_a_rule_keeps_modem_manager_from_the_at_port_alone(modem: SimulatedModem, tmp_path: Path) -> None:
    path = tmp_path / "etc/udev/rules.d/78-sinyal-ports.rules"
    assert run("--root", str(tmp_path), "--write-udev") == 0
    written = path.read_text()
    assert written.splitlines()[1:] == [RULE]
    with held_by_other(Path(modem.device)):
        assert run("--root", str(tmp_path), "--write-udev") == 3
    assert path.read_text() == written, "a busy modem has its rule too"


@pytest.mark.usefixtures("modem")
def test_rules_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc").write_text("no folder")
    assert run("--root", str(tmp_path), "--write-udev") == 2
    assert "sudo" in capsys.readouterr().err


def test_modems_that_share_a_serial_are_given_by_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("by-id", "by-path"):
        (tmp_path / "dev/serial" / name).mkdir(parents=True)
    with ExitStack() as stack:
        for device, tty in (("1-1.2", "ttyUSB2"), ("1-1.3", "ttyUSB6")):
            fake_usb(tmp_path, tty, device=device, serial="5ca1ab1e")
            (tmp_path / f"dev/serial/by-path/platform-usb-0:{device}:1.2").symlink_to(f"../../{tty}")
            stack.enter_context(SimulatedModem(family_answers("quectel", Radio()), tmp_path / "dev" / tty))
        (tmp_path / "dev/serial/by-id/usb-Quectel_EC25_5ca1ab1e-if02").symlink_to("../../ttyUSB6")
        assert run("--root", str(tmp_path)) == 0
    sections = tomllib.loads(capsys.readouterr().out)["modem"]
    assert [Path(section["port"]).name for section in sections] == [
        "platform-usb-0:1-1.2:1.2",
        "platform-usb-0:1-1.3:1.2",
    ]
