"""Thinning the backlog when the card is full: the oldest half loses every second poll of each series, counted, never silent."""

from __future__ import annotations

import logging
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from agent.spool.file import COLUMNS, INSERT
from telemetry.streams import Event

if TYPE_CHECKING:
    from agent.spool.spool import Spool

log = logging.getLogger(__name__)

CHUNK = 1000
"""Rows rewritten in one transaction: bounds memory, the log, and the time the writer waits."""
SAME_POLL_MS = 1000

Turns = dict[tuple[str, str | None], tuple[int, bool]]


def thin(spool: Spool, reason: str) -> int:
    """Drop every second poll of each series in the oldest half, chunk by chunk; give how many samples. Raises sqlite3.Error."""
    middle = spool.transaction(lambda db: db.execute(_MIDDLE, (max(0, spool.depth // 2 - 1),)).fetchone())
    turns: Turns = {}
    dropped, after = 0, 0
    while middle is not None and after < middle[0]:
        gone, after = spool.transaction(partial(_chunk, after=after, middle=middle[0], turns=turns))
        dropped += gone
        spool.depth -= gone
    if dropped:
        spool.notices.append(Event(kind="spool_thinned", detail=f"oldest half lost every second sample: {reason}", count=dropped))
        log.warning("event=spool_thinned n=%d reason=%r", dropped, reason)
    return dropped


_MIDDLE = "SELECT seq FROM spool ORDER BY seq LIMIT 1 OFFSET ?"
_ROWS = f"SELECT {COLUMNS} FROM spool WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608  (own constant)
_COUNT = "INSERT INTO meta (key, value) VALUES ('thinned', ?1) ON CONFLICT (key) DO UPDATE SET value = value + ?1"


def _chunk(db: sqlite3.Connection, after: int, middle: int, turns: Turns) -> tuple[int, int]:
    """Thin one chunk; give how many samples went, and the number to go on from. `turns` carries the rhythm of each series."""
    rows = db.execute(_ROWS, (after, middle, CHUNK)).fetchall()
    kept = []
    for row in rows:
        stream, modem, mono_ms = row[1], row[2], row[4]
        poll, keep = turns.get((stream, modem), (-SAME_POLL_MS, False))
        if abs(mono_ms - poll) >= SAME_POLL_MS:  # the cells of one poll stay or go together
            poll, keep = mono_ms, not keep
        turns[stream, modem] = (poll, keep)
        if keep:
            kept.append(row)
    # Written anew: deleting every second row would only leave half-empty pages, and no room for a new sample.
    db.execute("DELETE FROM spool WHERE seq > ? AND seq <= ?", (after, rows[-1][0] if rows else middle))
    db.executemany(INSERT, kept)
    db.execute(_COUNT, (len(rows) - len(kept),))
    return len(rows) - len(kept), rows[-1][0] if len(rows) == CHUNK else middle
