"""Where the hall is, by a modem's GNSS: switched on seldom, one fix a poll, averaged, switched off. Pure but for the session."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from agent.commands import gnss
from agent.commands.gnss import Fix
from agent.modems.family import Gnss
from agent.poll.antenna import median
from agent.poll.memory import Memory
from agent.poll.session import Session
from telemetry.streams import Position

if TYPE_CHECKING:
    from agent.config import PositionSection

AFTER_POLLS = 10
"""A modem is measured with first; its position has time."""
PATIENCE = 4
"""The receiver is switched off after so many times the polls that the fixes would take: it sees no sky."""
TRY_AGAIN_S = 7 * 86400.0
ERROR_M = 5.0
"""Error of one fix at HDOP 1: range error of a single-frequency receiver under an open sky."""
NO_FIX = "+CME ERROR: 516"
"""Quectel's word for a receiver that is on and has no position yet."""
METRES_PER_DEGREE = 111_320.0


def average(fixes: list[Fix]) -> Position:
    """Return the mean of fixes, and the radius that holds 68 % of them, no less than their HDOP allows.

    Errors within half an hour hang together, so more fixes do not make the mean better than one good fix is.
    """
    lat, lon = sum(f.lat_deg for f in fixes) / len(fixes), sum(f.lon_deg for f in fixes) / len(fixes)
    metres = METRES_PER_DEGREE * math.cos(math.radians(lat))
    distances = sorted(math.hypot((f.lat_deg - lat) * METRES_PER_DEGREE, (f.lon_deg - lon) * metres) for f in fixes)
    spread_m = distances[min(len(distances) - 1, math.ceil(0.68 * len(distances)) - 1)]
    dilution = median([f.hdop for f in fixes if f.hdop is not None] or [2.0])
    return Position(round(lat, 6), round(lon, 6), round(max(spread_m, ERROR_M * dilution), 1), len(fixes))


class Locator:
    """The receiver of one modem. Call `step` after each good poll."""

    def __init__(self, settings: PositionSection, modem: str, memory: Memory) -> None:
        self._settings, self._modem, self._memory = settings, modem, memory
        self._seen = 0
        self._next_s: float | None = None
        self._session: Session | None = None
        self._own = False
        self._fixes: list[Fix] = []
        self._polls = 0

    def step(self, session: Session, now_s: float, utc_ms: int | None) -> Position | str | None:
        """Ask for one fix where one is due; return the position when enough came, or in words why there is none."""
        receiver = session.family.gnss if session.family else None
        if receiver is None or self._settings.every_days == 0:
            return None
        self._seen += 1
        if session is self._session:
            return self._ask(session, receiver, now_s, utc_ms)
        if not self._is_due(now_s, utc_ms):
            return None
        self._session, self._fixes, self._polls = session, [], 0
        reply = session.ask(receiver.on)
        self._own = reply is not None and reply.final == "OK"  # one that is on already answers an error: somebody else's
        return None

    def _is_due(self, now_s: float, utc_ms: int | None) -> bool:
        if self._next_s is not None:
            return now_s >= self._next_s
        last_ms = self._memory.number(self._modem, "position_ms")
        if last_ms is None:
            return self._seen > AFTER_POLLS
        return utc_ms is not None and utc_ms - last_ms >= self._settings.every_days * 86_400_000

    def _ask(self, session: Session, receiver: Gnss, now_s: float, utc_ms: int | None) -> Position | str | None:
        self._polls += 1
        reply = session.ask(receiver.ask)
        fix = gnss.parse(reply.lines) if reply else None
        if not self._own and fix is None and (reply is None or reply.final not in ("OK", NO_FIX)):
            self._session, self._next_s = None, math.inf  # neither on nor to be switched on: it has no receiver
            return None
        if fix is not None:
            self._fixes.append(fix)
        enough = len(self._fixes) >= self._settings.fixes
        if not enough and self._polls < PATIENCE * self._settings.fixes:
            return None
        if self._own:
            session.ask(receiver.off)
        self._session = None
        self._next_s = now_s + (self._settings.every_days * 86400.0 if self._fixes else TRY_AGAIN_S)
        if not self._fixes:
            return f"no fix in {self._polls} polls; does the modem have an antenna for GNSS, under the sky?"
        self._memory.keep(self._modem, position_ms=utc_ms or 0)
        return average(self._fixes)
