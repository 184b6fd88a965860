"""Giving waiting samples their time: this boot's when the clock is trusted, those of earlier boots between their neighbours."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from agent.spool.clock import AGREE_MS, STEP_MS, SURE, Lost, Placement, spread
from agent.spool.file import COLUMNS, row_crc
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


def settle(spool: Spool, offset_ms: int | None, source: str) -> int:
    """Keep how this boot maps to UTC and give every sample that waits, or was dated otherwise, its time; return how many.

    `offset_ms` None: nobody is believed any more, and what this boot dated waits again. A sample that may be in the store already
    keeps its time, or it would be stored twice.
    """
    with spool.lock:
        spool.run(lambda db: db.execute(_OFFSET, (offset_ms, source, spool.boot)))
        _withdraw(spool, spool.boot, offset_ms)
        if offset_ms is None:
            return 0
        boots = _boots(spool)
        if source in SURE:
            boots = [_forget(spool, boot) if _contradicts(boot, spool.boot, offset_ms) else boot for boot in boots]
        placed = _place(spool, Placement(spool.boot, offset_ms), Clock.REBASED)
        for placement in estimates(boots):
            known = next(b for b in boots if b.n == placement.n).offset_ms is not None
            placed += _place(spool, placement, Clock.REBASED if known else Clock.ESTIMATED)
    if placed:
        log.info("event=rebased n=%d source=%s", placed, source)
    return placed


def last_known_ms(spool: Spool) -> int | None:
    """Return the last UTC that an earlier boot was sure of, None when none was."""
    return spool.run(lambda db: db.execute(_KNOWN, (spool.boot,)).fetchone()[0])  # type: ignore[no-any-return]


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


_OFFSET = "UPDATE boots SET offset_ms = ?, source = ?, last_ms = NULL WHERE n = ?"
_KNOWN = "SELECT max(max(offset_ms, ifnull(last_ms, 0))) FROM boots WHERE n != ? AND source IN ('ntp', 'collector', 'person')"
_LATEST = "SELECT boot, max(t_ms), max(CASE WHEN t_ms IS NULL THEN mono_ms END) FROM spool GROUP BY boot"
_ROWS = f"SELECT {COLUMNS} FROM spool WHERE seq > ? AND boot = ? AND "  # noqa: S608  (own constant)
_WAITING = _ROWS + "t_ms IS NULL ORDER BY seq LIMIT ?"
_OTHERWISE = _ROWS + "t_ms IS NOT NULL AND (?4 IS NULL OR abs(t_ms - mono_ms - ?4) > ?5) ORDER BY seq LIMIT ?3"
_TIME = "UPDATE spool SET t_ms = ?, clock = ?, crc = ? WHERE seq = ?"
CHUNK = 1000


def _boots(spool: Spool) -> list[Boot]:
    def work(db: sqlite3.Connection) -> list[Boot]:
        held = {n: (latest, waiting) for n, latest, waiting in db.execute(_LATEST)}
        boots = []
        for n, offset_ms, last_ms in db.execute("SELECT n, offset_ms, last_ms FROM boots ORDER BY n"):
            latest, waiting = held.get(n, (None, None))
            boots.append(Boot(n, offset_ms, max((t for t in (last_ms, latest) if t is not None), default=None), waiting))
        return boots

    return spool.run(work)


def _contradicts(boot: Boot, now: int, starts_ms: int) -> bool:
    """Whether an earlier boot claims to have ended after this one began, which somebody sure has dated."""
    ends = [t for t in (boot.offset_ms, boot.last_ms) if t is not None]
    return boot.n < now and bool(ends) and max(ends) > starts_ms + AGREE_MS


def _forget(spool: Spool, boot: Boot) -> Boot:
    """Take an earlier boot's time back: its samples wait to be placed between its neighbours."""
    log.warning("event=boot_misdated boot=%d", boot.n)
    spool.run(lambda db: db.execute("UPDATE boots SET offset_ms = NULL, last_ms = NULL WHERE n = ?", (boot.n,)))
    _withdraw(spool, boot.n, None)
    return next(b for b in _boots(spool) if b.n == boot.n)


def _withdraw(spool: Spool, boot: int, offset_ms: int | None) -> int:
    """Take the time back from a boot's samples that disagree with its offset (None: from all)."""
    return _date(spool, _OTHERWISE, (boot, CHUNK, offset_ms, STEP_MS), lambda _: None, Clock.UNKNOWN)


def _place(spool: Spool, placement: Placement, clock: Clock) -> int:
    """Return the waiting samples of a boot their time."""

    def utc(mono_ms: int) -> int:
        return placement.offset_ms + int(mono_ms * placement.scale)

    return _date(spool, _WAITING, (placement.n, CHUNK), utc, clock)


def _date(spool: Spool, query: str, values: tuple[int | None, ...], utc: Callable[[int], int | None], clock: Clock) -> int:
    """Date samples anew in one transaction; one that the card damaged is left for the reader to find."""

    def work(db: sqlite3.Connection) -> int:
        done, after = 0, 0
        spool.sent.look(db)
        while rows := db.execute(query, (after, *values)).fetchall():
            after = rows[-1][0]
            fresh = []
            for seq, stream, modem, boot, mono_ms, t_ms, old, body, crc in rows:
                whole = crc == row_crc(seq, stream, modem, boot, mono_ms, t_ms, old, body)
                if whole and not (t_ms is not None and spool.sent.may_be_stored(seq)):
                    new_ms = utc(mono_ms)
                    fresh.append((new_ms, clock, row_crc(seq, stream, modem, boot, mono_ms, new_ms, clock, body), seq))
            db.executemany(_TIME, fresh)
            done += len(fresh)
        return done

    return spool.run(work)
