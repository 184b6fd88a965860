"""Giving waiting samples their time: this boot's when the clock is trusted, those of earlier boots between their neighbours."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass

from agent.spool.clock import Lost, Placement, spread
from agent.spool.spool import Spool
from telemetry.streams import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Boot:
    """A boot as the spool knows it: UTC ms = `offset_ms` + monotonic ms; `last_ms` is the last UTC seen in it."""

    n: int
    offset_ms: int | None
    last_ms: int | None
    waiting: int | None
    """Monotonic ms of its last sample without a time, None when none waits."""


def settle(spool: Spool, offset_ms: int, source: str) -> int:
    """Keep how this boot maps to UTC and give every sample that waits its final time; return how many."""
    spool.run(lambda db: db.execute(_OFFSET, (offset_ms, source, spool.boot)))
    boots = _boots(spool)
    placed = _place(spool, Placement(spool.boot, offset_ms), Clock.REBASED)
    for placement in estimates(boots):
        known = next(b for b in boots if b.n == placement.n).offset_ms is not None
        placed += _place(spool, placement, Clock.REBASED if known else Clock.ESTIMATED)
    if placed:
        log.info("event=rebased n=%d source=%s", placed, source)
    return placed


def estimates(boots: list[Boot]) -> list[Placement]:
    """Place every boot that has waiting samples. Boots after the last known one are left: nothing bounds them yet."""
    placements: list[Placement] = []
    lost: list[Lost] = []
    last_ms: int | None = None
    for boot in boots:
        if boot.offset_ms is not None:
            if lost:
                placements += spread(lost, last_ms, boot.offset_ms)
                lost = []
            if boot.waiting is not None:
                placements.append(Placement(boot.n, boot.offset_ms))
            ends = [boot.last_ms, None if boot.waiting is None else boot.offset_ms + boot.waiting, boot.offset_ms]
            last_ms = max(t for t in ends if t is not None)
        elif boot.waiting is not None:
            lost.append(Lost(boot.n, boot.waiting))
    return placements


_OFFSET = "UPDATE boots SET offset_ms = ?, source = ? WHERE n = ?"
_LATEST = "SELECT boot, max(t_ms), max(CASE WHEN t_ms IS NULL THEN mono_ms END) FROM spool GROUP BY boot"
_TIME = """
UPDATE spool SET t_ms = ? + CAST(mono_ms * ? AS INTEGER), clock = ?
WHERE seq BETWEEN ? AND ? AND boot = ? AND t_ms IS NULL
"""
_CRC = """
UPDATE spool SET crc = row_crc(seq, stream, modem, boot, mono_ms, t_ms, clock, body)
WHERE seq BETWEEN ? AND ? AND boot = ? AND clock = ?
"""


def _boots(spool: Spool) -> list[Boot]:
    def work(db: sqlite3.Connection) -> list[Boot]:
        held = {n: (latest, waiting) for n, latest, waiting in db.execute(_LATEST)}
        boots = []
        for n, offset_ms, last_ms in db.execute("SELECT n, offset_ms, last_ms FROM boots ORDER BY n"):
            latest, waiting = held.get(n, (None, None))
            boots.append(Boot(n, offset_ms, max((t for t in (last_ms, latest) if t is not None), default=None), waiting))
        return boots

    return spool.run(work)


def _place(spool: Spool, placement: Placement, clock: Clock) -> int:
    def work(db: sqlite3.Connection) -> int:
        low, high = db.execute("SELECT min(seq), max(seq) FROM spool WHERE boot = ? AND t_ms IS NULL", (placement.n,)).fetchone()
        if low is None:
            return 0
        done = db.execute(_TIME, (placement.offset_ms, placement.scale, clock, low, high, placement.n)).rowcount
        db.execute(_CRC, (low, high, placement.n, clock))
        return done

    return spool.run(work)
