"""One line of an export file (`sinyal-SITE-UTC.jsonl.gz`): a frame as plain JSON that carries its own check.

The last keys of the object are `of`, how many samples the file has up to here and in all, and `crc`, the CRC-32 of all bytes
before `,"crc"`. A reader that does not know them ignores them; a file of an older agent has neither.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

_END = re.compile(rb',"of":\[(\d{1,16}),(\d{1,16})\],"crc":"([0-9a-f]{8})"\}\Z')


class Check(NamedTuple):
    """What a line says of itself: whether it is as it was written, and how many samples there are up to it and in all."""

    sound: bool
    upto: int
    total: int


def seal(frame: bytes, upto: int, total: int) -> bytes:
    """Return the line of a frame in plain JSON; `upto` counts the samples of the file up to and with this frame."""
    head = frame[:-1] + b',"of":[%d,%d]' % (upto, total)
    return head + b',"crc":"%08x"}' % zlib.crc32(head)


def check(line: bytes) -> Check | None:
    """Return what a line says of itself; None where it carries no check."""
    found = _END.search(line)
    if found is None:
        return None
    head = line[: found.start(3) - len(b',"crc":"')]
    return Check(zlib.crc32(head) == int(found[3], 16), int(found[1]), int(found[2]))
