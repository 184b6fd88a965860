"""One agent a data folder: two would give the same numbers to different samples."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import SpoolError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder for one agent. Raises SpoolError when another one has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        raise SpoolError(f"{folder}: cannot be written ({error}); correct [agent] data_dir or its owner") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SpoolError(f"{folder}: another sinyal-agent runs here; stop it or give this one its own data_dir") from None
        yield
    finally:
        os.close(handle)
