"""Which samples may be in the store although no answer said so: their number and time are final, or they would count twice."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from agent.spool.file import connect
from agent.spool.tail import turn

SENDING, SENT_TO, EXPORTED_TO = "sending", "sent_to", "exported_to"
log = logging.getLogger(__name__)


class Sent:
    """What left this card unanswered: exactly, of this process; of earlier ones, whatever they held once they had sent anything.

    Every method is called under the spool's lock.
    """

    def __init__(self, db: sqlite3.Connection, newest: int, *, owner: bool) -> None:
        self._out: set[int] = set()
        self._refused: set[int] = set()
        self._begun = False
        self._highest = 0
        self._owner = owner
        self.known = newest
        """The highest number that was on this card when it was opened, or left it since: the collector should know no higher."""
        kept = dict(db.execute("SELECT key, value FROM meta WHERE key IN (?, ?)", (SENDING, SENT_TO)))
        self._earlier = newest if kept.get(SENDING, 1) else kept.get(SENT_TO, 0)
        if owner and kept != {SENDING: 0, SENT_TO: self._earlier}:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", ((SENDING, 0), (SENT_TO, self._earlier)))

    def leaving(self, db: sqlite3.Connection, seqs: Sequence[int]) -> None:
        """Note that samples are about to be sent; the first time of a connection it is on the card when this returns."""
        if not self._begun:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, 1)", (SENDING,))
            self._begun = True
        self._out.update(seqs)
        self._highest = max(self._highest, *seqs)
        self.known = max(self.known, self._highest)

    def resting(self, db: sqlite3.Connection) -> None:
        """Note that the line is down: what is measured from now on cannot have left."""
        if self._begun:
            state = ((SENDING, 0), (SENT_TO, max(self._highest, self._earlier)))
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", state)
            self._begun = False

    def answered(self, seqs: Iterable[int]) -> None:
        """Note that samples left the card for good."""
        self._out.difference_update(seqs)

    def refused(self, seqs: Iterable[int]) -> None:
        """Note that the collector did not store them."""
        numbers = set(seqs)
        self._out -= numbers
        self._refused |= numbers

    def look(self, db: sqlite3.Connection) -> None:
        """Take note of what another program has put on a stick: it may come into the store from there."""
        row = db.execute("SELECT value FROM meta WHERE key = ?", (EXPORTED_TO,)).fetchone()
        if row is not None:
            self._earlier, self.known = max(self._earlier, row[0]), max(self.known, row[0])

    def in_flight(self, seq: int) -> bool:
        """Whether this process has sent a sample that is not answered yet."""
        return seq in self._out

    def may_be_stored(self, seq: int) -> bool:
        """Whether a sample may be in the store. Beside a running agent nobody knows, so it may."""
        return not self._owner or seq in self._out or (seq <= self._earlier and seq not in self._refused)


def note_exported(path: Path, newest: int) -> None:
    """Note on the card that samples up to this number are on a stick. A card that refuses is told in the log only."""
    try:
        with turn(path), closing(connect(path)) as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (EXPORTED_TO, newest))
    except sqlite3.Error as error:
        log.warning("event=export_not_noted reason=%r", str(error))
