"""The end of the spool: what was measured since its last commit, appended to a small file and synced (P2, P9).

A commit of SQLite dirties seven pages of 4 kB, an append to this file one or two. So a sample is on the card here first, while
SQLite holds it in a transaction that is committed twice an hour; after a power cut the spool takes from here what it lacks.

The file is made of zeros once and written in place: a header (who was the last before), records (length, check, JSON), and a
record of zeros that ends it. What lies behind is left over. Bytes that are synced are only ever written again as they are.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ground.durable import sync_folder

log = logging.getLogger(__name__)

ROOM_BYTES = 262_144
"""An hour of two modems that see many neighbours; when it is full the spool commits."""
MAGIC = b"SPT1"
HEADER = struct.Struct(">4sQI")
RECORD = struct.Struct(">II")
END = bytes(RECORD.size)
BODY = 7
"""Place of a row's values, which JSON cannot hold as bytes."""


@dataclass(slots=True)
class Kept:
    """What a tail holds: rows in the order of their numbers, and numbers that left the spool since."""

    start: int = 0
    """The highest number that the file had when this began."""
    last: int = 0
    """The highest number that this tells of."""
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    torn: bool = False
    """Whether it ends in something that is neither a record nor an end: a power cut in the middle of one, or a damaged card."""


def tail_of(spool: Path) -> Path:
    """Return where a spool's tail is."""
    return spool.with_name(spool.name + "-tail")


def read(spool: Path) -> Kept:
    """Read what the tail of a spool holds; nothing when there is none."""
    try:
        handle = _open(spool, os.O_RDONLY)
        with os.fdopen(handle, "rb", buffering=0) as file:
            data = file.read()
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        log.warning("event=tail_unreadable reason=%r", str(error))
        return Kept(torn=True)
    if not any(data):
        return Kept()
    last = _header(data)
    if last is None:
        return Kept(torn=True)
    kept, at, seed = Kept(last, last), HEADER.size, last & 0xFFFFFFFF
    while at + RECORD.size <= len(data):
        size, check = RECORD.unpack_from(data, at)
        if size == check == 0:
            return kept
        body = data[at + RECORD.size : at + RECORD.size + size]
        if len(body) < size or zlib.crc32(body, seed) != check:
            break
        _take(kept, orjson.loads(body))
        at += RECORD.size + size
    kept.torn = True
    return kept


def _open(spool: Path, how: int) -> int:
    """Open a tail. Read page by page: pages that the kernel has read ahead together it also counts and writes together."""
    handle = os.open(tail_of(spool), how | os.O_CLOEXEC, 0o640)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)
    return handle


def _header(data: bytes) -> int | None:
    if len(data) < HEADER.size:
        return None
    magic, last, check = HEADER.unpack_from(data)
    return last if magic == MAGIC and check == zlib.crc32(data[: HEADER.size - 4]) else None


def _take(kept: Kept, record: dict[str, Any]) -> None:
    for row in record.get("rows", ()):
        row[BODY] = row[BODY].encode()
        kept.rows.append(tuple(row))
        kept.last = row[0]
    gone = set(record.get("gone", ()))
    if gone:
        kept.gone |= gone
        kept.rows = [row for row in kept.rows if row[0] not in gone]


class Tail:
    """Writes the tail of a spool. A card that has no room for the file, or does not sync it, makes every `add` say so."""

    def __init__(self, spool: Path) -> None:
        """Make room for it, once."""
        self._seed = 0
        self._at = HEADER.size
        self._handle: int | None = None
        try:
            self._handle = _open(spool, os.O_RDWR | os.O_CREAT)
            missing = ROOM_BYTES - os.fstat(self._handle).st_size
            if missing > 0:  # zeros, not a hole: writing in place later changes nothing but the page itself
                os.pwrite(self._handle, bytes(missing), ROOM_BYTES - missing)
                os.fsync(self._handle)
                sync_folder(spool.parent)
            os.posix_fadvise(self._handle, 0, 0, os.POSIX_FADV_DONTNEED)  # the zeros are large pages of the cache by now
        except OSError as error:
            self._give_up(error)

    def start(self, last: int) -> None:
        """Begin anew: all up to the number `last` is in the spool's file. Not synced; the next `add` does that."""
        self._seed, self._at = last & 0xFFFFFFFF, HEADER.size
        head = HEADER.pack(MAGIC, last, 0)[:-4]
        self._write(head + struct.pack(">I", zlib.crc32(head)) + END, 0)

    @property
    def used(self) -> bool:
        """Whether anything was added since it began anew."""
        return self._at > HEADER.size

    def add(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Append rows and sync them; False when they are not on the card by this."""
        values = [[*row[:BODY], row[BODY].decode(), *row[BODY + 1 :]] for row in rows]
        return self._append({"rows": values}, sync=True)

    def drop(self, seqs: Iterable[int]) -> bool:
        """Append that samples left the spool. Not synced: one that comes back is sent again, and the store knows it."""
        return self._append({"gone": list(seqs)}, sync=False)

    def wanted(self) -> bool:
        """Whether another program waits for the spool (see `turn`), or this file cannot be used."""
        if self._handle is None:
            return True
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _append(self, record: dict[str, Any], *, sync: bool) -> bool:
        body = orjson.dumps(record)
        data = RECORD.pack(len(body), zlib.crc32(body, self._seed)) + body
        if self._at + len(data) + len(END) > ROOM_BYTES or not self._write(data + END, self._at, sync=sync):
            return False
        self._at += len(data)
        return True

    def _write(self, data: bytes, at: int, *, sync: bool = False) -> bool:
        if self._handle is None:
            return False
        try:
            os.pwrite(self._handle, data, at)
            if sync:
                os.fdatasync(self._handle)
        except OSError as error:
            self._give_up(error)
            return False
        return True

    def _give_up(self, error: OSError) -> None:
        """Do without: every sample is a commit of its own then."""
        log.warning("event=no_tail reason=%r", str(error))
        self.close()


@contextmanager
def turn(spool: Path) -> Iterator[None]:
    """Ask the running agent to commit, and to go on committing at once while this lasts, so that its lock is free in between."""
    try:
        handle = _open(spool, os.O_RDONLY)
    except OSError:
        yield  # no tail, so nobody holds the lock for long
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
