"""What is worth sending at once: a change of registration, or of the class of RSRP past its border by the hysteresis."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetry.streams import Registration, Signal

BURST = 6
PER_HOUR = 12
"""A modem that flaps is not allowed to spend the SIM: after six changes at once, one every five minutes."""


@dataclass(slots=True)
class _Seen:
    registration: Registration | None
    level: int | None


class ChangeDetector:
    """Remembers registration and class of each modem."""

    def __init__(self, cuts_dbm: Sequence[float], hysteresis_db: float, now: Callable[[], float] = time.monotonic) -> None:
        self._cuts = tuple(cuts_dbm)
        self._hysteresis_db = hysteresis_db
        self._now = now
        self._seen: dict[str | None, _Seen] = {}
        self._tokens, self._filled_at = float(BURST), now()

    def level(self, rsrp_dbm: float | None, before: int | None) -> int | None:
        """Return the class (0 = below the lowest border) of a level, dBm; a reading near a border stays in the class before."""
        if rsrp_dbm is None:
            return None
        level = bisect_right(self._cuts, rsrp_dbm)
        if before is None or level == before:
            return level
        # One border was crossed at least; move only to where the reading is past it by the hysteresis.
        toward = self._hysteresis_db if level < before else -self._hysteresis_db
        firm = bisect_right(self._cuts, rsrp_dbm + toward)
        return min(before, firm) if level < before else max(before, firm)

    def changed(self, modem: str | None, signal: Signal) -> bool:
        """Return whether this reading must be sent at once. The first reading of a modem is no change."""
        before = self._seen.get(modem)
        rsrp = signal.rsrp_dbm if signal.rsrp_dbm is not None else signal.nr_rsrp_dbm
        level = self.level(rsrp, before.level if before else None)
        self._seen[modem] = _Seen(signal.registration, level)
        if before is None or (before.registration == signal.registration and before.level == level):
            return False
        now = self._now()
        self._tokens = min(float(BURST), self._tokens + (now - self._filled_at) * PER_HOUR / 3600)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
