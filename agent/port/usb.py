"""Serial ports of USB modems as sysfs shows them: which device, which interface, where it is again after renumbering.

`root` is "/" on a real machine; tests give a tree of their own.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path("/")
UNPOWERED_S = 3.0  # a modem's capacitors hold it for a second
OFF_S = 0.5  # how long a device stays unauthorised in a reset; hubs notice within 100 ms
# What factories leave in all units, so it tells none apart: nothing, one digit repeated, a count, the IMEI of Intel's samples.
NO_SERIAL = re.compile(r"(?:(.)\1+|0?123456789(?:0?ABCDEF|0)?|12345678|1234567890ABCDEF|004999010640000|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UsbPort:
    """One tty of a USB device. `device`: its place (1-1.2), `interface`: two hex digits, `kind`: class/subclass/protocol."""

    device: str
    vid_pid: str
    serial: str
    product: str
    interface: str
    kind: str
    tty: str
    link: str
    """Best path for a config: by-id where it names one device only, by-path else, the bare device if udev made neither."""
    shared: bool = False
    """Whether another device here has the same USB id and serial number: then only the place tells them apart."""

    @property
    def doubtful(self) -> bool:
        """Whether the serial number does not tell this modem from every other of its make."""
        return self.shared or NO_SERIAL.fullmatch(self.serial) is not None


def ports(root: Path = ROOT) -> list[UsbPort]:
    """Return the ttys of all USB devices, in the order of device and interface."""
    found = []
    for entry in sorted((root / "sys/bus/usb/devices").glob("*:*")):
        device = entry.parent / entry.name.split(":")[0]
        vid, pid = _text(device / "idVendor"), _text(device / "idProduct")
        for tty in _ttys(entry):
            serial = _text(device / "serial")
            kind = "/".join(_text(entry / f"bInterface{part}") for part in ("Class", "SubClass", "Protocol"))
            found.append(
                UsbPort(
                    device=device.name,
                    vid_pid=f"{vid}:{pid}".lower(),
                    serial=serial,
                    product=_text(device / "product"),
                    interface=_text(entry / "bInterfaceNumber"),
                    kind=kind,
                    tty=tty,
                    link="",
                )
            )
    return [_beside(port, found, root) for port in found]


def _beside(port: UsbPort, others: Sequence[UsbPort], root: Path) -> UsbPort:
    """Judge a serial number beside the other devices: by-id names only one of those that share it, and never says which."""
    places = {p.device for p in others if (p.vid_pid, p.serial) == (port.vid_pid, port.serial)}
    shared = len(places) > 1
    return replace(port, shared=shared, link=_link(root, port.tty, unique=not shared and not NO_SERIAL.fullmatch(port.serial)))


def port_of(path: str, root: Path = ROOT) -> UsbPort | None:
    """Return the USB port that a path leads to, through links; None for a UART, a pty or a path that is not there."""
    by_tty = {port.tty: port for port in ports(root)}
    step = Path(path)
    for _ in range(5):
        if step.parent.name == "dev" and step.name in by_tty and step.is_symlink() | step.exists():
            return by_tty[step.name]
        if not step.is_symlink():
            return None
        try:
            step = Path(*_without_dots((step.parent / step.readlink()).absolute().parts))
        except OSError:  # unplugged this very moment
            return None
    return None


def find_again(was: UsbPort, root: Path = ROOT) -> UsbPort | None:
    """Find a port after its device came back: by USB id and serial number, else by its place, else if it is the only one.

    Where several devices share a serial number, or did, only the place counts: the one that is left may be the other.
    """
    same = [p for p in ports(root) if (p.vid_pid, p.interface) == (was.vid_pid, was.interface)]
    if not NO_SERIAL.fullmatch(was.serial):
        same = [p for p in same if p.serial == was.serial]
    here = next((p for p in same if p.device == was.device), None)
    alone = len(same) == 1 and not was.shared
    return here or (same[0] if alone else None)


def is_same(was: UsbPort, now: UsbPort) -> bool:
    """Return whether two ports are the same interface of the same modem, though perhaps under another number."""
    if (was.vid_pid, was.interface) != (now.vid_pid, now.interface):
        return False
    return was.device == now.device if was.doubtful or now.doubtful else was.serial == now.serial


def reset(port: UsbPort, root: Path = ROOT) -> bool:
    """Make the kernel drop a device and find it anew; say whether its power was taken meanwhile, where hub and board can.

    `port/disable` (Linux 6.0, Documentation/ABI/testing/sysfs-bus-usb) also cuts the port's power where the hub switches single
    ports; elsewhere the device just goes. Raises OSError (PermissionError unless root or a udev rule allows it).
    """
    device = root / "sys/bus/usb/devices" / port.device
    power = (device / "port").resolve() / "disable"  # of the hub: it stays when the device goes
    if os.access(power, os.W_OK):
        try:
            power.write_text("1")
            time.sleep(UNPOWERED_S)
        finally:
            power.write_text("0")
        return True
    switch = device / "authorized"
    switch.write_text("0")
    time.sleep(OFF_S)
    switch.write_text("1")
    return False


def switch_on(root: Path = ROOT) -> None:
    """Switch ports on that a reset left off: where it was killed half-way, its modem would stay away until the next boot."""
    for port in (root / "sys/bus/usb/devices").glob("*/*-port*/disable"):
        if os.access(port, os.W_OK) and _text(port) == "1":
            with suppress(OSError):
                port.write_text("0")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _ttys(interface: Path) -> list[str]:
    """Return the ttys of an interface: usb-serial puts them beside the attributes, cdc-acm in a folder `tty`."""
    names = [p.name for p in interface.glob("ttyUSB*")] + [p.name for p in interface.glob("tty/tty*")]
    return sorted(names)


def _link(root: Path, tty: str, *, unique: bool) -> str:
    for folder in ("by-id", "by-path") if unique else ("by-path", "by-id"):
        for link in sorted((root / "dev/serial" / folder).glob("*")):
            if link.is_symlink() and link.readlink().name == tty:
                return str(link)
    return str(root / "dev" / tty)


def _without_dots(parts: tuple[str, ...]) -> list[str]:
    clean: list[str] = []
    for part in parts:
        if part == "..":
            clean.pop()
        else:
            clean.append(part)
    return clean
