"""The file of the agreement, `agreement.db`: entries one after the other, each with the hash of the one before it.

An entry that is changed, taken out or put in breaks the chain at its place. That the newest were cut off shows only against a
hash that somebody else has: the minutes print it, every backup holds it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from collector.errors import CollectorError

START = "0" * 64
"""What the first entry has before it."""
_TABLE = """
CREATE TABLE IF NOT EXISTS entry (
  n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, origin TEXT NOT NULL, body TEXT NOT NULL,
  previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER IF NOT EXISTS never_taken_out BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never taken out'); END;
"""


class LedgerError(CollectorError):
    """The file is not what was written into it; the text names the entry."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as it was written: number from 1, ms UTC, who (person, link or `office`), from where, what."""

    n: int
    at_ms: int
    who: str
    origin: str
    body: dict[str, Any]
    hash: str


class Ledger:
    """The file. Several programs may have it open; each append is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_TABLE}")
        path.chmod(0o600)
        belong_to_folder(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def records(self, after: int = 0) -> Iterator[Record]:
        """Yield the entries above a number, each checked against the one before it. Raises LedgerError at the first wrong one."""
        last = self._db.execute("SELECT hash FROM entry WHERE n = ?", (after,)).fetchone() if after else (START,)
        if last is None:
            raise LedgerError(f"{self.path}: entry {after} is gone")
        previous, number = str(last[0]), after
        for n, at_ms, who, origin, body, before, digest in self._db.execute(
            "SELECT n, at_ms, who, origin, body, previous, hash FROM entry WHERE n > ? ORDER BY n", (after,)
        ):
            number += 1
            if n != number or before != previous or digest != chained(n, at_ms, who, origin, body, before):
                raise LedgerError(f"{self.path}: entry {number} is not what was written; restore the file from a backup")
            previous = digest
            yield Record(n, at_ms, who, origin, orjson.loads(body), digest)

    def head(self) -> tuple[int, str]:
        """Return number and hash of the newest entry; (0, zeros) where there is none."""
        row = self._db.execute("SELECT n, hash FROM entry ORDER BY n DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else (0, START)

    @contextmanager
    def writing(self) -> Iterator[Callable[[int, str, str, dict[str, Any]], Record]]:
        """Hold the file alone, give the function that appends, commit at the end; nothing is written when something is raised."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._append
        except BaseException:
            if self._db.in_transaction:  # a full disk ended it already, and that is what is to be told
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _append(self, at_ms: int, who: str, origin: str, body: dict[str, Any]) -> Record:
        n, previous = self.head()
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()
        digest = chained(n + 1, at_ms, who, origin, text, previous)
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", (n + 1, at_ms, who, origin, text, previous, digest))
        return Record(n + 1, at_ms, who, origin, orjson.loads(text), digest)


def belong_to_folder(path: Path) -> None:
    """Give a file that root made to the owner of its folder: the programs that use it are not root."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def chained(n: int, at_ms: int, who: str, origin: str, body: str, previous: str) -> str:
    """Return the hash of an entry: SHA-256, hex, of the JSON list of everything in it and the hash before it."""
    return hashlib.sha256(orjson.dumps([n, at_ms, who, origin, body, previous])).hexdigest()
