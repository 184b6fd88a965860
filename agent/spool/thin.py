"""The bounds of the backlog, and thinning it: the oldest half loses every second poll of each series, counted, never silent.

What is in flight is never touched. A backlog that fits into a small file is not what fills the card, so thinning would not help.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agent.spool.file import COLUMNS, INSERT

CHUNK = 1000
"""Rows rewritten in one transaction: bounds memory, the log, and the time the writer waits."""
SAME_POLL_MS = 1000
BACKLOG_ROWS = 100
"""Fewer samples than this are on their way, not a backlog."""
SMALL_BYTES = 5_000_000
"""A spool up to this size (two days of two modems) may grow on a nearly full card: something else fills it."""
GROW_BYTES = 256_000
"""What the next samples may need before the bounds are looked at again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the backlog; `min_free_mb` is what is left to the system."""

    max_rows: int = 2_000_000
    max_mb: int = 500
    min_free_mb: int = 100


Transaction = Callable[[Callable[[sqlite3.Connection], Any]], Any]
"""Does work in one transaction of the spool, all or nothing."""
Turns = dict[tuple[str, str | None], tuple[int, bool]]


def crowded(db: sqlite3.Connection, folder: Path, limits: Limits, depth: int, quarantined: int) -> str | None:
    """Return which bound of the backlog is passed, None when there is room."""
    pages, free, size = (db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("page_count", "freelist_count", "page_size"))
    if depth + quarantined > limits.max_rows:
        return f"more than {limits.max_rows} samples"
    if (pages - free) * size > limits.max_mb * 1_000_000:
        return f"more than {limits.max_mb} MB"
    if pages * size <= SMALL_BYTES or free * size >= GROW_BYTES:
        return None
    # A nearly full card: the file must not grow, so the next samples need free pages inside it.
    disk = os.statvfs(folder)
    full = disk.f_bavail * disk.f_frsize < limits.min_free_mb * 1_000_000
    return f"less than {limits.min_free_mb} MB free on the card" if full else None


def thin(transaction: Transaction, depth: int, in_flight: Callable[[int], bool]) -> Iterator[int]:
    """Drop every second poll of each series in the oldest half of `depth` rows; yield how many samples went, chunk by chunk.

    Raises sqlite3.Error.
    """
    middle = transaction(lambda db: db.execute(_MIDDLE, (max(0, depth // 2 - 1),)).fetchone())
    turns: Turns = {}
    after = 0
    while middle is not None and after < middle[0]:
        gone, after = transaction(partial(_chunk, after=after, middle=middle[0], turns=turns, in_flight=in_flight))
        yield gone


_MIDDLE = "SELECT seq FROM spool ORDER BY seq LIMIT 1 OFFSET ?"
_ROWS = f"SELECT {COLUMNS} FROM spool WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608  (own constant)
_COUNT = "INSERT INTO meta (key, value) VALUES ('thinned', ?1) ON CONFLICT (key) DO UPDATE SET value = value + ?1"


def _chunk(db: sqlite3.Connection, after: int, middle: int, turns: Turns, in_flight: Callable[[int], bool]) -> tuple[int, int]:
    """Thin one chunk; return how many samples went, and the number to go on from. `turns` carries the rhythm of each series."""
    rows = db.execute(_ROWS, (after, middle, CHUNK)).fetchall()
    kept = []
    for row in rows:
        stream, modem, mono_ms = row[1], row[2], row[4]
        poll, keep = turns.get((stream, modem), (-SAME_POLL_MS, False))
        if abs(mono_ms - poll) >= SAME_POLL_MS:  # the cells of one poll stay or go together
            poll, keep = mono_ms, not keep
        turns[stream, modem] = (poll, keep)
        if keep or in_flight(row[0]):
            kept.append(row)
    # Written anew: deleting every second row would only leave half-empty pages, and no room for a new sample.
    db.execute("DELETE FROM spool WHERE seq > ? AND seq <= ?", (after, rows[-1][0] if rows else middle))
    db.executemany(INSERT, kept)
    db.execute(_COUNT, (len(rows) - len(kept),))
    return len(rows) - len(kept), rows[-1][0] if len(rows) == CHUNK else middle
