"""When a change is on the card: at once, or first in the tail and with others in one commit, twice an hour (P2, P9)."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from agent.spool import file as spoolfile
from agent.spool.tail import Tail, read

log = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Keep = Callable[[Tail], bool]
"""How a change is kept until the commit; returns whether it is."""

HOLD_S = 1800.0
"""How long a transaction stays open: a sample that is acknowledged meanwhile never reaches the file."""


class Commits:
    """A connection to the spool's file, whose transaction may stay open. Used under the spool's lock.

    `alone`: every change is a commit of its own, as of a program beside the running agent. `restored` is called when the
    transaction was lost and made again from the tail.
    """

    def __init__(self, db: sqlite3.Connection, path: Path, restored: Callable[[], None], *, alone: bool) -> None:
        self.db = db
        self._path, self._restored = path, restored
        self._tail = None if alone else Tail(path)
        self._open_since: float | None = None
        self._owed = False
        if self._tail is not None:
            self._tail.start(spoolfile.last_seq(db))

    def do(self, work: Work[T], later: Keep | None = None, *, take_in: bool = True) -> T:
        """Do work, all or nothing; it is on the card when this returns, or kept by `later`. Raises sqlite3.Error.

        `take_in` False leaves in the tail what a lost transaction held: for making room.
        """
        self._begin(take_in=take_in)
        before = self.db.total_changes
        self.db.execute("SAVEPOINT work")
        try:
            result = work(self.db)
            self.db.execute("RELEASE work")
        except BaseException:
            self._undo()
            raise
        changed = self.db.total_changes != before
        if changed and later is not None and self._tail is not None and later(self._tail):
            self._open_since = self._open_since or time.monotonic()
            self.tidy()
        elif changed or self._open_since is None:
            self.commit()
        return result

    def tidy(self) -> None:
        """Commit what is open when its time has come, or another program wants to write. What fails stays in the tail."""
        if self._open_since is None or self._tail is None:
            return
        if time.monotonic() - self._open_since >= HOLD_S or self._tail.wanted():
            try:
                self.commit()
            except sqlite3.Error as error:
                log.warning("event=commit_put_off reason=%r", str(error))

    def commit(self) -> None:
        """Have on the card, in the file itself, all that was done. Raises sqlite3.Error."""
        try:
            if self.db.in_transaction:
                self.db.execute("COMMIT")
        except sqlite3.Error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            self._lost()
            raise
        self._open_since = None
        if self._tail is not None and self._tail.used and not self._owed:
            self._tail.start(spoolfile.last_seq(self.db))

    def close(self) -> None:
        """Commit and close. What cannot be committed stays in the tail. Raises sqlite3.Error."""
        try:
            if not self._owed:
                self.commit()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without committing."""
        self.db.close()
        if self._tail is not None:
            self._tail.close()

    def _begin(self, *, take_in: bool) -> None:
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")
        if not (self._owed and take_in):
            return
        try:
            spoolfile.take_in(self.db, read(self._path))
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self._owed, self._open_since = False, time.monotonic()
        self._restored()

    def _undo(self) -> None:
        if not self.db.in_transaction:
            self._lost()  # SQLite gave up all that was open, as it may on a full disk
        elif self._open_since is None:
            self.db.execute("ROLLBACK")
        else:
            self.db.execute("ROLLBACK TO work")
            self.db.execute("RELEASE work")

    def _lost(self) -> None:
        self._owed = self._owed or self._open_since is not None
        self._open_since = None
