"""A card of its own: a file system in a file, on a loop device. Needs root; what is refused ends the program with its reason."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FICLONE = 0x40049409
"""linux/fs.h: a file becomes a copy of another one at one moment; btrfs and xfs can."""
SECTOR_BYTES = 512


def run(*command: str | Path) -> str:
    """Run a command and return what it printed; its complaint is the reason that ends the program."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()


def make(image: Path, megabytes: int, *mkfs: str) -> Path:
    """Make a file system in a file."""
    with image.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    run(*mkfs, image)
    return image


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """Mount an image on a loop device."""
    place.mkdir(exist_ok=True)
    run("mount", "-o", "loop", image, place)
    try:
        yield place
    finally:
        for wait_s in (0.1, 0.5, 2, 5, 0):  # a loop device inside is closed a moment after its own umount
            if not wait_s:
                run("umount", place)
            elif subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(wait_s)


def clone(source: Path, target: Path) -> None:
    """Copy an image as it is at this moment, also while it is mounted."""
    with source.open("rb") as old, target.open("wb") as new:
        fcntl.ioctl(new.fileno(), FICLONE, old.fileno())
        os.fsync(new.fileno())


def device_bytes(place: Path) -> int:
    """Return what the file system has written to its device so far, its own journal and tables included."""
    device = place.stat().st_dev
    stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text().split()
    return int(stat[6]) * SECTOR_BYTES
