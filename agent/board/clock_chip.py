"""The clock chip of a board: which one, what it says, whether that can be believed.

A chip whose power was gone starts in 1970 or 2000, or has lost nothing but its honesty: then the driver refuses the time
(`since_epoch` cannot be read) or RTC_VL_READ says so. The kernel's driver of the DS3231 clears its oscillator-stop flag itself;
what is left of it is the year 2000.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from agent.board.read import integer, text

CLASS = Path("/sys/class/rtc/rtc0")
DEVICE = Path("/dev/rtc0")
RTC_VL_READ = 0x80047013
"""_IOR('p', 0x13, unsigned int), linux/rtc.h."""
VL_INVALID, VL_LOW, VL_EMPTY = 1, 2, 4
"""Bits of the answer: time is not valid, battery low, battery empty."""


@dataclass(frozen=True, slots=True)
class ClockChip:
    """A clock chip: its name (`ds3231`, `rpi` of a Pi 5, …), UTC ms that it tells (None: it does not), battery.

    `battery_ok` is False where the chip says that its battery is low or empty, None where it cannot tell; `battery_v` in V.
    """

    name: str
    utc_ms: int | None
    battery_ok: bool | None = None
    battery_v: float | None = None


def read_chip(folder: Path = CLASS, device: Path = DEVICE) -> ClockChip | None:
    """Read the first clock chip; None on a board without one."""
    if (driver := text(folder / "name")) is None:
        return None
    flags, seconds = _voltage_flags(device), integer(folder / "since_epoch")
    broken = flags is not None and flags & (VL_INVALID | VL_EMPTY)
    microvolts = integer(folder / "device/battery_voltage")
    return ClockChip(
        _name(folder, driver),
        None if seconds is None or broken else seconds * 1000,
        None if flags is None else not flags & (VL_LOW | VL_EMPTY),
        None if not microvolts else round(microvolts / 1e6, 2),
    )


def _name(folder: Path, driver: str) -> str:
    """Return what the device tree calls the chip (`maxim,ds3231`), else the driver: one driver serves a dozen chips."""
    compatible = text(folder / "device/of_node/compatible")
    if compatible is None:
        return driver.split(maxsplit=1)[0].removeprefix("rtc-")
    return compatible.split("\0")[0].rpartition(",")[2].removesuffix("-rtc")


def _voltage_flags(device: Path) -> int | None:
    try:
        handle = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return int.from_bytes(fcntl.ioctl(handle, RTC_VL_READ, bytes(4)), "little")
    except OSError:
        return None  # this chip's driver does not know
    finally:
        os.close(handle)
