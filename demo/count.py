"""What was measured, from the spools' own counters; what arrived, from the store. Nothing comes from a variable of the run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.spool.look import connect_to_look, numbers_given
from collector.store.sqlite import Sqlite

END_OF_TIME_NS = 2**62


@dataclass(frozen=True, slots=True)
class Count:
    """Samples over all halls. `lost`: measured and not in the store. `duplicated`: points in the store beyond one a sample."""

    measured: int
    stored: int
    lost: int
    duplicated: int

    @property
    def complete(self) -> bool:
        """Whether everything measured is in the store, once."""
        return self.measured == self.stored and not self.lost and not self.duplicated

    def as_dict(self) -> dict[str, int]:
        """Return the numbers by name."""
        return asdict(self)


def waiting(spool: Path) -> int | None:
    """Return the number of samples on a Pi's card that were not acknowledged; None while there is no spool to read."""
    try:
        with closing(connect_to_look(spool)) as db:
            return int(db.execute("SELECT count(*) FROM spool").fetchone()[0])
    except sqlite3.Error:
        return None


def refused(spool: Path) -> int:
    """Return the number of samples that the collector refused for ever, from the Pi's quarantine; 0 where there is none yet."""
    if not spool.exists():
        return 0
    with closing(connect_to_look(spool)) as db:
        made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'quarantine'").fetchone()
        return int(db.execute("SELECT count(*) FROM quarantine").fetchone()[0]) if made else 0


def numbers_of(spool: Path) -> int:
    """Return the highest sample number that a spool ever gave; 0 where its agent has not made it yet."""
    if not spool.exists():
        return 0
    with closing(connect_to_look(spool)) as db:
        return numbers_given(db)


def numbers_skipped(store: Sqlite, site: str) -> int:
    """Return how many numbers an agent left out on purpose after a torn log, so that none is used twice."""
    events = store.samples("event", 0, END_OF_TIME_NS, site)
    return sum(int(row.get("count", 0)) for row in events if row.get("kind") == "seq_skipped")


def count(store: Sqlite, spools: Mapping[str, Path]) -> Count:
    """Compare the spool of every site with the store."""
    measured = stored = lost = points = 0
    for site, spool in spools.items():
        seqs = store.seqs(site)
        here = numbers_of(spool) - numbers_skipped(store, site)
        measured += here
        stored += len(set(seqs))
        lost += max(0, here - len(set(seqs)) - (waiting(spool) or 0))  # what is still on the card is not lost
        points += len(seqs)
    return Count(measured, stored, lost, points - stored)
