"""One value of a file below /sys; absent where it is not there or says something else."""

from __future__ import annotations

from pathlib import Path


def text(path: Path) -> str | None:
    """Return the first line of a small file, None when it cannot be read or is empty."""
    try:
        return path.read_text(encoding="ascii").partition("\n")[0].strip("\0 ") or None
    except (OSError, ValueError):
        return None


def integer(path: Path, base: int = 10) -> int | None:
    """Return the number in a small file, None when there is none."""
    line = text(path)
    try:
        return None if line is None else int(line, base)
    except ValueError:
        return None
