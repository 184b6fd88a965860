"""Thinning the backlog when the card is full: the oldest half loses every second poll of each series, counted, never silent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from agent.spool.file import COLUMNS, INSERT

CHUNK = 1000
"""Rows rewritten in one transaction: bounds memory, the log, and the time the writer waits."""
SAME_POLL_MS = 1000

Transaction = Callable[[Callable[[sqlite3.Connection], Any]], Any]
"""Does work in one transaction of the spool, all or nothing."""
Turns = dict[tuple[str, str | None], tuple[int, bool]]


def thin(transaction: Transaction, depth: int) -> Iterator[int]:
    """Drop every second poll of each series in the oldest half of `depth` rows; yield how many samples went, chunk by chunk.

    Raises sqlite3.Error.
    """
    middle = transaction(lambda db: db.execute(_MIDDLE, (max(0, depth // 2 - 1),)).fetchone())
    turns: Turns = {}
    after = 0
    while middle is not None and after < middle[0]:
        gone, after = transaction(partial(_chunk, after=after, middle=middle[0], turns=turns))
        yield gone


_MIDDLE = "SELECT seq FROM spool ORDER BY seq LIMIT 1 OFFSET ?"
_ROWS = f"SELECT {COLUMNS} FROM spool WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608  (own constant)
_COUNT = "INSERT INTO meta (key, value) VALUES ('thinned', ?1) ON CONFLICT (key) DO UPDATE SET value = value + ?1"


def _chunk(db: sqlite3.Connection, after: int, middle: int, turns: Turns) -> tuple[int, int]:
    """Thin one chunk; return how many samples went, and the number to go on from. `turns` carries the rhythm of each series."""
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
