"""The high-water mark of sample numbers: a small file beside the spool, so that none is used twice when the spool is lost."""

from __future__ import annotations

import zlib
from pathlib import Path

from ground.durable import write_durably

BLOCK = 1000
"""Numbers reserved at a time: one write of this file per thousand samples."""


class HighWaterMark:
    """`ceiling`: every number given out so far is at most this; 0 when the file is missing or damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ceiling = self._read()

    def _read(self) -> int:
        try:
            number, check = self._path.read_bytes().split()
            return int(number) if zlib.crc32(number) == int(check, 16) else 0
        except (OSError, ValueError):
            return 0

    def reserve(self, seq: int) -> None:
        """Make sure that `seq` may be used: raise the ceiling by whole blocks and have it on the disk before returning."""
        if seq <= self.ceiling:
            return
        self.ceiling = (seq // BLOCK + 1) * BLOCK
        number = str(self.ceiling).encode()
        write_durably(self._path, b"%s %08x\n" % (number, zlib.crc32(number)))
