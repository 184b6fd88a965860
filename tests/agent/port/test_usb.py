"""Which modem is behind a port: serial numbers that factories leave in all units never swap two of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.poll.memory import Memory
from agent.poll.place import Place
from agent.port import usb
from agent.port.link import LinkClosed
from agent.port.usb import NO_SERIAL

SHARED = ("004999010640000", "1234567890ABCDEF", "0123456789ABCDEF", "5ca1ab1e", "")
"""Serials of factories, one that nobody knows, and none."""


def tree(root: Path, devices: Sequence[tuple[str, str, str]], by_id: str = "") -> None:
    """Make sysfs and /dev anew for (place, tty, serial); `by_id` is where udev's link of the last device leads."""
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("by-id", "by-path"):
        (root / "dev/serial" / folder).mkdir(parents=True)
    for place, tty, serial in devices:
        device = root / "sys/bus/usb/devices" / place
        device.mkdir(parents=True)
        for name, text in (("idVendor", "2cb7"), ("idProduct", "0007"), ("serial", serial), ("product", "L850-GL")):
            (device / name).write_text(f"{text}\n")
        interface = device.parent / f"{place}:1.2"
        (interface / "tty" / tty).mkdir(parents=True)
        (interface / "bInterfaceNumber").write_text("02\n")
        (root / "dev" / tty).touch()
        (root / f"dev/serial/by-path/platform-usb-0:{place}:1.2").symlink_to(f"../../{tty}")
    if by_id:
        (root / "dev/serial/by-id/usb-Fibocom_L850-GL-if02").symlink_to(f"../../{by_id}")


@pytest.mark.parametrize("serial", SHARED)
def test_renumbering_swaps_no_modems(serial: str, tmp_path: Path) -> None:
    root = tmp_path / "r"
    tree(root, [("1-1.2", "ttyACM0", serial), ("1-1.3", "ttyACM1", serial)], by_id="ttyACM1")
    first, second = usb.ports(root)
    assert (first.shared, second.shared) == (True, True)
    assert [Path(port.link).parent.name for port in (first, second)] == ["by-path", "by-path"]
    tree(root, [("1-1.2", "ttyACM1", serial), ("1-1.3", "ttyACM0", serial)], by_id="ttyACM0")
    now = usb.port_of(str(root / "dev/ttyACM0"), root)
    assert now is not None
    assert not usb.is_same(first, now)
    again = usb.find_again(first, root)
    assert again is not None
    assert (again.device, again.tty) == ("1-1.2", "ttyACM1")


@pytest.mark.parametrize("serial", SHARED)
def test_the_one_that_is_left_is_not_taken_for_the_other(serial: str, tmp_path: Path) -> None:
    root = tmp_path / "r"
    tree(root, [("1-1.2", "ttyACM0", serial), ("1-1.3", "ttyACM1", serial)])
    first, second = usb.ports(root)
    tree(root, [("1-1.3", "ttyACM0", serial)])
    assert usb.find_again(first, root) is None
    again = usb.find_again(second, root)
    assert again is not None
    assert again.tty == "ttyACM0"


def test_a_second_one_that_comes_later_makes_the_place_count(tmp_path: Path) -> None:
    root = tmp_path / "r"
    tree(root, [("1-1.2", "ttyACM0", "5ca1ab1e")])
    (alone,) = usb.ports(root)
    assert not alone.doubtful
    tree(root, [("1-1.2", "ttyACM1", "5ca1ab1e"), ("1-1.3", "ttyACM0", "5ca1ab1e")])
    now = usb.port_of(str(root / "dev/ttyACM0"), root)
    assert now is not None
    assert now.doubtful
    assert not usb.is_same(alone, now)


def test_a_serial_of_its_own_follows_the_modem(tmp_path: Path) -> None:
    root = tmp_path / "r"
    tree(root, [("1-1.2", "ttyACM0", "350000000000011"), ("1-1.3", "ttyACM1", "350000000000029")], by_id="ttyACM1")
    first, second = usb.ports(root)
    assert not first.doubtful
    assert Path(second.link).parent.name == "by-id"
    tree(root, [("1-1.4", "ttyACM1", "350000000000011"), ("1-1.3", "ttyACM0", "350000000000029")])
    again = usb.find_again(first, root)
    assert again is not None
    assert again.device == "1-1.4"


@pytest.mark.parametrize(
    ("serial", "tells"),
    [
        (serial, False)
        for serial in (*SHARED[:3], "", "0000", "FFFFFFFF", "12345678", "123456789", "1234567890", "123456789ABCDEF")
    ]
    + [(serial, True) for serial in ("350000000000011", "6f345e48", "1234567", "A", "01234567")],
)
def test_serials_of_factories(serial: str, tells: bool) -> None:
    assert (NO_SERIAL.fullmatch(serial) is None) is tells


@pytest.mark.parametrize("serial", SHARED)
def test_a_restart_after_a_power_cut_swaps_no_modems(serial: str, tmp_path: Path) -> None:
    root, card = tmp_path / "r", tmp_path / "memory.json"
    tree(root, [("1-1.2", "ttyACM0", serial), ("1-1.3", "ttyACM1", serial)])
    ports = {"tsel": str(root / "dev/ttyACM0"), "xl": str(root / "dev/ttyACM1")}
    for name, port in ports.items():
        place = Place(port, root, Memory(card), name)
        assert place.path() == port
        place.arrived(port, object())
    tree(root, [("1-1.2", "ttyACM1", serial), ("1-1.3", "ttyACM0", serial)])
    memory = Memory(card)
    assert {name: Place(port, root, memory, name).path() for name, port in ports.items()} == {
        "tsel": str(root / "dev/ttyACM1"),
        "xl": str(root / "dev/ttyACM0"),
    }
    other = str(root / "dev/ttyACM0")
    assert Place(other, root, memory, "new").path() == other
    changed = Place(ports["xl"], root, memory, "tsel")  # a person wrote another port into the configuration
    assert changed.path() == ports["xl"]
    tree(root, [("1-1.3", "ttyACM0", serial)])
    with pytest.raises(LinkClosed, match="by-path"):
        Place(ports["tsel"], root, memory, "tsel").path()
    assert Place(ports["xl"], root, memory, "xl").path() == ports["xl"]


def test_a_single_modem_may_move_to_another_socket(tmp_path: Path) -> None:
    root, memory = tmp_path / "r", Memory()
    tree(root, [("1-1.2", "ttyACM0", "0123456789ABCDEF")])
    port = str(root / "dev/ttyACM0")
    Place(port, root, memory, "m").arrived(port, object())
    tree(root, [("1-1.4", "ttyACM0", "0123456789ABCDEF")])
    assert Place(port, root, memory, "m").path() == port


def test_a_reset_takes_the_power_where_the_hub_has_a_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, seen = tmp_path / "r", list[str]()
    tree(root, [("1-1.2", "ttyACM0", "x")])
    device, hub = root / "sys/bus/usb/devices/1-1.2", root / "sys/bus/usb/devices/1-1:1.0/1-1-port2"
    (device / "authorized").write_text("1")
    monkeypatch.setattr(time, "sleep", lambda _s: seen.append((hub / "disable").read_text() if hub.is_dir() else "-"))
    port = usb.ports(root)[0]
    assert usb.reset(port, root) is False
    hub.mkdir(parents=True)
    (hub / "disable").write_text("0")
    (device / "port").symlink_to(hub)
    assert usb.reset(port, root) is True
    assert (seen, (hub / "disable").read_text(), (device / "authorized").read_text()) == (["-", "1"], "0", "1")
    (hub / "disable").write_text("1")  # killed meanwhile
    usb.switch_on(root)
    assert (hub / "disable").read_text() == "0"
