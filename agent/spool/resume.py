"""Numbers that never start again (P13): an old image, a copied or a new card goes on above what the collector has."""

from __future__ import annotations

import logging
import sqlite3

from agent.spool import file as spoolfile
from agent.spool.spool import Spool
from telemetry.streams import Event

log = logging.getLogger(__name__)


def go_on_above(spool: Spool, top: int) -> int:
    """Let numbers go on above `top`, the highest that the collector has; return how many samples on the card got another for it.

    Nothing happens as long as this card knows `top`: it gave that number out itself. Samples that left the card keep theirs.
    """
    if not 0 < top < spoolfile.MAX_SEQ // 2:
        return 0
    with spool.lock:
        spool.run(spool.sent.look)
        known = spool.sent.known
        if top <= known:
            return 0
        moved, newest = spool.run(lambda db: _move(db, spool, known, top))
    detail = f"the collector has numbers up to {top}, this card knew {known} (old image, copy or new card): on at {newest + 1}"
    log.warning("event=numbers_resumed top=%d known=%d moved=%d", top, known, moved)
    spool.notices.append(Event(kind="numbers_resumed", detail=detail, count=moved))
    return moved


def _move(db: sqlite3.Connection, spool: Spool, known: int, top: int) -> tuple[int, int]:
    rows = db.execute(f"SELECT {spoolfile.COLUMNS} FROM spool WHERE seq > ? ORDER BY seq", (known,)).fetchall()  # noqa: S608  (own constant)
    newest = top + len(rows)
    spool.reserve(newest)
    db.execute("DELETE FROM spool WHERE seq > ?", (known,))
    for seq, (old, *values, crc) in enumerate(rows, start=top + 1):
        if crc == spoolfile.row_crc(old, *values):  # one that the card damaged stays damaged, for the reader to find
            crc = spoolfile.row_crc(seq, *values)  # noqa: PLW2901
        db.execute(spoolfile.INSERT, (seq, *values, crc))
    spoolfile.raise_seq(db, newest)
    spool.sent.known = top
    return len(rows), newest
