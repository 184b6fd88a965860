"""Which modem may carry the connection: what cannot be told counts as yes, so that no scan ever cuts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import ModemSection
from agent.uplink.carrier import interface_with, may_carry
from tests.agent.poll.sick import fake_usb


def net(root: Path, name: str, place: str | None, driver: str | None = None) -> None:
    """Make a network interface in a sysfs tree; `place`: its device, None for one without."""
    (root / "sys/class/net" / name).mkdir(parents=True)
    if place is None:
        return
    device = root / "sys/devices" / place
    device.mkdir(parents=True, exist_ok=True)
    (root / "sys/class/net" / name / "device").symlink_to(device)
    if driver:
        (root / "sys/drivers" / driver).mkdir(parents=True, exist_ok=True)
        (device / "driver").symlink_to(root / "sys/drivers" / driver)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    fake_usb(tmp_path, "ttyUSB2", device="1-1.2")
    (tmp_path / "dev/ttyUSB2").touch()
    net(tmp_path, "wwan0", "usb1/1-1/1-1.2/1-1.2:1.4", "qmi_wwan")
    net(tmp_path, "wwan1", "usb1/1-1/1-1.3/1-1.3:1.4", "qmi_wwan")
    net(tmp_path, "eth0", "platform/soc/fe300000.ethernet", "bcmgenet")
    net(tmp_path, "ppp0", None)
    net(tmp_path, "lo", None)
    return tmp_path


@pytest.mark.parametrize(
    ("port", "own", "interface", "carries"),
    [
        ("dev/ttyUSB2", None, "wwan0", True),  # the modem's own USB device
        ("dev/ttyUSB2", None, "wwan1", False),  # another modem's
        ("dev/ttyUSB2", None, "eth0", False),
        ("dev/ttyUSB2", None, "lo", False),
        ("dev/ttyUSB2", None, "ppp0", True),  # whose it is cannot be told
        ("dev/ttyUSB2", None, None, True),
        ("dev/ttyUSB2", "ppp0", "ppp0", True),  # the config says so
        ("dev/ttyUSB2", "ppp0", "wwan0", False),
        ("dev/serial0", None, "wwan0", True),  # a UART has no place: any modem's interface may be its own
        ("dev/serial0", None, "eth0", False),
    ],
)
def test_which_modem_may_carry(port: str, own: str | None, interface: str | None, carries: bool, root: Path) -> None:
    modem = ModemSection(name="m", port=str(root / port), interface=own)
    assert may_carry(modem, interface, root) is carries


def test_the_interface_of_an_address() -> None:
    assert interface_with("127.0.0.1") == "lo"
    assert interface_with("203.0.113.77") is None
