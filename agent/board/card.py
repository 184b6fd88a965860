"""How worn the card is on which the spool lies: what was written, what an eMMC tells of its life, faults of the file system."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agent.board.read import integer, text
from telemetry.streams import PreEol

SYS = Path("/sys")
SECTOR_BYTES = 512
"""Unit of /sys/block/*/stat, whatever the device's own (Documentation/block/stat.rst)."""
PRE_EOL = {1: PreEol.NORMAL, 2: PreEol.WARNING, 3: PreEol.URGENT}
"""PRE_EOL_INFO of the extended CSD (JEDEC JESD84-B51 7.4.43)."""
WORST = 11
"""DEVICE_LIFE_TIME_EST: 1 is up to 10 % used, 10 up to 100 %, 11 more than its estimated life (JESD84-B51 7.4.44)."""


@dataclass(frozen=True, slots=True)
class Card:
    """MB written since boot, share of its life that is used (%, upper end), its own warning, faults that ext4 counts."""

    written_mb: float | None = None
    life_used_percent: float | None = None
    pre_eol: PreEol | None = None
    fs_errors: int | None = None


def read_card(folder: Path, sys: Path = SYS) -> Card:
    """Read the card that a folder lies on. What it does not tell is absent: an SD card tells no life."""
    try:
        number = folder.stat().st_dev
        part = (sys / f"dev/block/{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return Card()  # btrfs, overlayfs, tmpfs: no one device
    whole = part.parent if (part / "partition").exists() else part
    pre_eol = PRE_EOL.get(integer(whole / "device/pre_eol_info", 16) or 0)
    return Card(_written_mb(whole), _life(whole), pre_eol, integer(sys / "fs/ext4" / part.name / "errors_count"))


def _written_mb(whole: Path) -> float | None:
    numbers = (text(whole / "stat") or "").split()
    return round(int(numbers[6]) * SECTOR_BYTES / 1e6, 1) if len(numbers) > 6 and numbers[6].isdecimal() else None


def _life(whole: Path) -> float | None:
    """Return the worse of the two kinds of memory; 0 is a part that does not say."""
    try:
        steps = [int(step, 16) for step in (text(whole / "device/life_time") or "").split()]
    except ValueError:
        return None
    told = [step for step in steps if 0 < step <= WORST]
    return max(told) * 10.0 if told else None
