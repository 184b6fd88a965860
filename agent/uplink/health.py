"""The Pi's own health as a `device` sample. What cannot be read is absent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from agent.board.board import Board
from agent.board.read import integer, text
from agent.spool.clock import Clock
from agent.spool.spool import Spool
from agent.uplink.meter import Meter
from telemetry.streams import Device

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
HWMON = Path("/sys/class/hwmon")
UNDERVOLTAGE = 0x1 | 0x10000
"""Bits of get_throttled: under-voltage now, under-voltage since boot (Raspberry Pi documentation, vcgencmd)."""


def cpu_temperature_c(path: Path = THERMAL) -> float | None:
    """Read the temperature of the processor, degrees Celsius."""
    millis = integer(path)
    return None if millis is None else round(millis / 1000, 1)


def undervoltage(path: Path = THROTTLED, hwmon: Path = HWMON) -> bool | None:
    """Return whether the supply is or was too low since boot; None on a machine that cannot tell.

    The kernel's own alarm (`rpi_volt`) needs no right; it tells of now alone where `get_throttled` is gone.
    """
    if (bits := integer(path, 16)) is not None:
        return bool(bits & UNDERVOLTAGE)
    told = _vcgencmd()
    if told is None:
        alarms = [integer(chip / "in0_lcrit_alarm") for chip in hwmon.glob("hwmon*") if text(chip / "name") == "rpi_volt"]
        return next((bool(alarm) for alarm in alarms if alarm is not None), None)
    return bool(told & UNDERVOLTAGE)


def _vcgencmd() -> int | None:
    try:
        answer = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=True).stdout
        return int(answer.partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def disk_free_mb(folder: Path) -> float | None:
    """Return the free space where the spool is, MB."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return round(disk.f_bavail * disk.f_frsize / 1e6, 1)


def spool_age_s(spool: Spool, clock: Clock) -> int | None:
    """Return the age of the oldest sample on the card, s; None when there is none or its time is not known yet."""
    oldest = spool.oldest()
    if oldest is None:
        return None
    boot, mono_ms, t_ms = oldest
    if boot == spool.boot:
        return max(0, clock.mono_ms() - mono_ms) // 1000
    now_ms = clock.now_ms()
    return None if t_ms is None or now_ms is None else max(0, now_ms - t_ms) // 1000


def device_row(spool: Spool, clock: Clock, meter: Meter, budget_month: int, version: str, board: Board) -> Device:
    """Read everything that is known of this Pi now."""
    return Device(
        uptime_s=clock.mono_ms() // 1000,
        cpu_temperature_c=cpu_temperature_c(),
        undervoltage=undervoltage(),
        disk_free_mb=disk_free_mb(spool.path.parent),
        spool_depth=spool.depth,
        spool_age_s=spool_age_s(spool, clock),
        quarantined=spool.quarantined,
        thinned=spool.count("thinned"),
        clock_state=clock.state,
        bytes_month=meter.month_bytes(),
        budget_month=budget_month,
        agent_version=version,
        **board.values(),
    )
