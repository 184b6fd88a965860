"""Files and links that are wholly old or wholly new after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file; a key is never readable by more than `mode` says, whatever the umask. Raises OSError."""
    part = path.with_name(path.name + ".part")  # a fixed name: what a power cut leaves is taken up by the next write
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        move_durably(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def link_durably(path: Path, target: Path) -> None:
    """Make a symlink or turn it, at once: there is no moment without it."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    move_durably(part, path)


def sync_file(path: Path) -> None:
    """Have the content of a file on the disk: a new name of it is not to outlive what is in it."""
    _sync(path)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk."""
    _sync(path)


def move_durably(part: Path, path: Path) -> None:
    """Give a file or folder its name, in place of what bears it. Raises OSError."""
    part.replace(path)
    sync_folder(path.parent)


def _sync(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
