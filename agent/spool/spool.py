"""The spool: every sample is on the card before anything else happens to it, and leaves only when the collector has it.

SQLite with a write-ahead log, and a tail in front of it (tail.py): samples are synced there, and committed in batches, which
keeps the bytes written to the card low (P2, P9). Each row carries a CRC, so a sample that the card damaged is told from a good
one. One writer at a time; safe to use from threads.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from agent.errors import SpoolError
from agent.spool import file as spoolfile
from agent.spool.commits import Commits, Keep
from agent.spool.high_water import HighWaterMark
from agent.spool.installation import Installations, enter, hardware
from agent.spool.rows import Entry, Row
from agent.spool.sent import Sent
from agent.spool.tail import Tail, read, turn
from agent.spool.thin import BACKLOG_ROWS, Limits, crowded, thin
from telemetry.streams import Event

log = logging.getLogger(__name__)
T = TypeVar("T")


class Spool:
    """Samples on disk, numbered once and for ever. `notices` collects events for the caller to record."""

    def __init__(self, path: Path, boot_id: str, limits: Limits | None = None, *, owner: bool = True) -> None:
        """Open or make the spool. A damaged one is set aside. Raises SpoolError when nothing can be written there.

        `owner` is False for a program that works beside the running agent: it leaves judging the file to the agent.
        """
        self.path = path
        self.notices: list[Event] = []
        self._boot_id, self._owner = boot_id, owner
        self._limits = limits or Limits()
        self.lock = threading.RLock()
        """Held by whoever must see no change between two calls."""
        self.dating = False
        """Whether samples wait to be dated anew: until then none may leave."""
        self._high_water = HighWaterMark(path.with_name("seq.floor"))
        self._turn = ExitStack()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if owner:
                self._db, notices = spoolfile.open_spool(path, self._high_water)
                self.notices += notices
            else:
                self._turn.enter_context(turn(path))
                self._db = spoolfile.connect(path)
                self._db.execute("BEGIN IMMEDIATE")  # whoever has the lock and finds more in the tail is after a power cut
                spoolfile.take_in(self._db, read(path))
                self._db.execute("COMMIT")
            self._enter()
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise SpoolError(f"{path}: the spool cannot be written ({error}); check the card and [agent] data_dir") from error

    def _enter(self) -> None:
        db = self._db
        db.execute("INSERT OR IGNORE INTO boots (boot_id) VALUES (?)", (self._boot_id,))
        self.boot: int = db.execute("SELECT n FROM boots WHERE boot_id = ?", (self._boot_id,)).fetchone()[0]
        newest = spoolfile.last_seq(db)
        self.sent = Sent(db, newest, owner=self._owner)
        if self._owner:
            self.notices += enter(db, newest, hardware(self.path.parent))
        self.installations = Installations(db)
        self._recount()
        self._commits = Commits(db, self.path, self._recount, alone=not self._owner)

    def _recount(self) -> None:
        """Count once; from then on every transaction keeps the figures, as counting a long backlog reads all of it."""
        self.depth: int = self._db.execute("SELECT count(*) FROM spool").fetchone()[0]
        self.quarantined: int = self._db.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        self._version = self._db.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Fold tail and log into the file and close it."""
        with self.lock, self._turn:
            try:
                self._commits.close()
            except sqlite3.Error as error:
                log.warning("event=commit_put_off reason=%r", str(error))

    def tidy(self) -> None:
        """Commit what waits for it when it is time, or when another program wants to write. To be called every second or so."""
        with self.lock:
            self._commits.tidy()

    def run(self, work: Callable[[sqlite3.Connection], T], later: Keep | None = None) -> T:
        """Do work in one transaction; thin a full disk, replace a damaged file, and try once more. Raises SpoolError.

        It is committed at once, or with what follows when `later` keeps it until then.
        """
        with self.lock:
            try:
                return self._attempt(work, later)
            except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
                raise SpoolError(f"{self.path}: {error}") from error

    def _attempt(self, work: Callable[[sqlite3.Connection], T], later: Keep | None) -> T:
        try:
            return self.transaction(work, later)
        except spoolfile.DAMAGE as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                self._thin_when_full()
            elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                self._replace(str(error))
            else:
                raise
        return self.transaction(work, later)

    def transaction(self, work: Callable[[sqlite3.Connection], T], later: Keep | None = None, *, take_in: bool = True) -> T:
        """Do work in one transaction, all or nothing. Raises sqlite3.Error as it comes; `run` is what most callers want."""
        with self.lock:
            depth, quarantined = self.depth, self.quarantined
            try:
                return self._commits.do(work, later, take_in=take_in)
            except BaseException:
                self.depth, self.quarantined = depth, quarantined
                with suppress(sqlite3.Error):
                    self._recount()  # a lost transaction may have been made again from the tail meanwhile
                raise

    def _replace(self, reason: str) -> None:
        log.error("event=spool_damaged reason=%r", reason)
        self._commits.abandon()
        self._db, notices = spoolfile.replace_spool(self.path, self._high_water, reason)
        self.notices += notices
        self._enter()

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Store samples, synced; return their numbers. Raises SpoolError when the card refuses."""
        stored: list[tuple[object, ...]] = []

        def work(db: sqlite3.Connection) -> list[int]:
            first = spoolfile.last_seq(db) + 1
            self.reserve(first + len(entries) - 1)
            rows = [
                (seq, e.stream, e.modem, self.boot, e.mono_ms, e.t_ms, e.clock, e.body)
                for seq, e in enumerate(entries, start=first)
            ]
            stored[:] = [(*row, spoolfile.row_crc(*row)) for row in rows]
            db.executemany(spoolfile.INSERT, stored)
            spoolfile.note_seq(db, rows[-1][0])
            self.depth += len(rows)
            return [row[0] for row in rows]

        return self.run(work, lambda tail: tail.add(stored))

    def reserve(self, seq: int) -> None:
        """Make sure that numbers up to this one are never given out again, whatever happens to the spool's file."""
        self._high_water.reserve(seq)

    def window(self, limit: int, up_to: int, slow_up_to: int | None = None) -> list[Row]:
        """Return the newest samples whose time is final, newest first; damaged ones met on the way go to quarantine.

        `up_to` is the highest number wanted, `slow_up_to` that of all streams but signal.
        """

        def work(db: sqlite3.Connection) -> tuple[list[Row], list[int]]:
            query = "SELECT seq, stream, modem, boot, mono_ms, t_ms, clock, body, crc FROM spool"
            query += " WHERE t_ms IS NOT NULL AND seq <= ? AND (seq <= ? OR stream = 'signal') ORDER BY seq DESC LIMIT ?"
            good, damaged = [], []
            for *row, crc in db.execute(query, (up_to, up_to if slow_up_to is None else slow_up_to, limit)):
                if crc == spoolfile.row_crc(*row):
                    good.append(Row(row[0], row[1], row[2], row[5], row[6], row[7]))
                else:
                    damaged.append(row[0])
            return good, damaged

        rows, damaged = self.run(work)
        if damaged:
            self.quarantine(damaged, "damaged on the card")
            self.notices.append(Event(kind="sample_damaged", detail="samples damaged on the card", count=len(damaged)))
        return rows

    def leaving(self, seqs: Sequence[int]) -> None:
        """Note that samples are about to be sent, under the lock under which they were read."""
        self.run(lambda db: self.sent.leaving(db, seqs))

    def resting(self) -> None:
        """Note that nothing leaves any more before the next `leaving`."""
        self.run(self.sent.resting)

    def newest(self) -> int:
        """Return the highest number used so far; 0 when none was."""
        return self.run(spoolfile.last_seq)

    def oldest(self) -> tuple[int, int, int | None] | None:
        """Return (boot, mono_ms, t_ms) of the oldest sample, None when the spool is empty."""
        row = self.run(lambda db: db.execute("SELECT boot, mono_ms, t_ms FROM spool ORDER BY seq LIMIT 1").fetchone())
        return None if row is None else (row[0], row[1], row[2])

    def delete(self, seqs: Iterable[int], last_ms: int | None = None) -> int:
        """Drop samples that the collector has; return how many were still here. `last_ms`: UTC now, kept for placing boots."""
        numbers = [(seq,) for seq in seqs]

        def work(db: sqlite3.Connection) -> int:
            self.sent.answered(seq for (seq,) in numbers)
            gone = db.executemany("DELETE FROM spool WHERE seq = ?", numbers).rowcount
            if last_ms is not None:
                db.execute("UPDATE boots SET last_ms = ? WHERE n = ?", (last_ms, self.boot))
            self.depth -= gone
            return gone

        return self.run(work, lambda tail: tail.drop(seq for (seq,) in numbers))

    def quarantine(self, seqs: Iterable[int], reason: str) -> int:
        """Set samples aside that can never be stored, with the collector's reason; return how many."""
        numbers = [(seq,) for seq in seqs]

        def work(db: sqlite3.Connection) -> int:
            copy = f"INSERT OR REPLACE INTO quarantine SELECT {spoolfile.COLUMNS}, ? FROM spool WHERE seq = ?"  # noqa: S608  (own constant)
            self.sent.answered(seq for (seq,) in numbers)
            moved = db.executemany(copy, [(reason[:300], seq) for (seq,) in numbers]).rowcount
            db.executemany("DELETE FROM spool WHERE seq = ?", numbers)
            self.depth -= moved
            self.quarantined += moved
            return moved

        return self.run(work)

    def release(self) -> int:
        """Move everything in quarantine back to the spool, to be sent again; return how many."""

        def work(db: sqlite3.Connection) -> int:
            copy = f"INSERT OR IGNORE INTO spool SELECT {spoolfile.COLUMNS} FROM quarantine WHERE reason != ?"  # noqa: S608  (own constant)
            moved = db.execute(copy, ("damaged on the card",)).rowcount
            db.execute("DELETE FROM quarantine WHERE reason != ?", ("damaged on the card",))
            self.depth += moved
            self.quarantined -= moved
            return moved

        return self.run(work)

    def earlier(self) -> int:
        """Return how many samples are here, waiting or refused, that an earlier installation numbered."""
        after = self.installations.after
        if not after:
            return 0
        question = "SELECT count(*) FROM spool WHERE seq <= ?1 UNION ALL SELECT count(*) FROM quarantine WHERE seq <= ?1"
        return self.run(lambda db: sum(int(row[0]) for row in db.execute(question, (after,))))

    def count(self, key: str) -> int:
        """Return a counter of the installation (`thinned`, `bytes:2026-11`); 0 when it was never raised."""
        row = self.run(lambda db: db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return int(row[0]) if row else 0

    def add(self, key: str, amount: int) -> None:
        """Raise a counter of the installation."""
        sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = value + ?2"
        self.run(lambda db: db.execute(sql, (key, amount)), _unkept)

    def keep_bounds(self) -> int:
        """Thin the oldest half of the backlog when a bound is passed; return how many samples that cost."""
        with self.lock:
            if self._db.execute("PRAGMA data_version").fetchone()[0] != self._version:
                self._recount()  # another program (quarantine resend) changed the file
            reason = crowded(self._db, self.path.parent, self._limits, self.depth, self.quarantined)
        try:
            return 0 if reason is None else self._thin(reason)
        except sqlite3.Error as error:
            log.warning("event=thin_failed reason=%r", str(error))
            return 0

    def _thin(self, reason: str) -> int:
        dropped = 0
        if self.depth < BACKLOG_ROWS:
            return 0
        with self.lock:
            for gone in thin(partial(self.transaction, take_in=False), self.depth, self.sent.in_flight):
                dropped += gone
                self.depth -= gone
        if dropped:
            detail = f"oldest half lost every second sample: {reason}"
            self.notices.append(Event(kind="spool_thinned", detail=detail, count=dropped))
            log.warning("event=spool_thinned n=%d reason=%r", dropped, reason)
        return dropped

    def _thin_when_full(self) -> None:
        spoolfile.release_reserve(self.path)
        self._thin("disk full")
        self._commits.commit()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spoolfile.make_reserve(self.path)


def _unkept(_tail: Tail) -> bool:
    """Let a power cut take back what was added to a counter since the last commit."""
    return True
