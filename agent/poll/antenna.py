"""Is the antenna well: levels of the receive branches against each other, and a level that fell and stays down. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from agent.modems.settle import BRANCHES
from agent.poll.notices import event
from telemetry.streams import Event, Signal

HOUR_S = 3600.0
IMBALANCE_DB = 12.0
"""Branches of one antenna pair lie within 3 to 6 dB; without a plug on one it is 15 and more."""
IMBALANCE_READINGS = 6
"""Hours, at a sample every 30 s: the branches are told once an hour."""
DROP_DB = 12.0
"""More than the slow fading of a place that does not move."""
BASE_HOURS = 24
TELL_EVERY_S = 86400.0


def median(values: Collection[float]) -> float:
    """Return the middle of values, the upper one of two; `statistics` would cost every hall its memory for this."""
    return sorted(values)[len(values) // 2]


class Antenna:
    """What one modem's levels say of its antenna. Events come once a day as long as it lasts."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=IMBALANCE_READINGS)
        self._cell: tuple[object, ...] | None = None
        self._hours: deque[float] = deque(maxlen=BASE_HOURS)
        self._now: list[float] = []
        self._hour_s = 0.0
        self._told: dict[str, float] = {}

    def after(self, signal: Signal, now_s: float) -> list[Event]:
        """Return the events of a sample. `now_s` is monotonic, s."""
        return [*self._imbalance(signal, now_s), *self._drop(signal, now_s)]

    def _imbalance(self, signal: Signal, now_s: float) -> list[Event]:
        levels = [level for name in BRANCHES if (level := getattr(signal, name)) is not None]
        if len(levels) < 2:
            return []
        self._gaps.append(max(levels) - min(levels))
        gap = median(self._gaps)
        if len(self._gaps) < IMBALANCE_READINGS or gap < IMBALANCE_DB:
            return []
        text = f"receive branches differ by {gap:.0f} dB (median of {len(self._gaps)} readings): is every antenna plugged in?"
        return self._once("antenna_imbalance", text, now_s)

    def _drop(self, signal: Signal, now_s: float) -> list[Event]:
        """Compare the hour that ended with the median of the day before it, on one and the same cell."""
        cell = (signal.plmn, signal.earfcn, signal.nrarfcn, signal.pci)
        if signal.rsrp_dbm is None or signal.pci is None:
            return []
        if cell != self._cell:
            self._cell, self._now, self._hour_s = cell, [], now_s
            self._hours.clear()
        self._now.append(signal.rsrp_dbm)
        if now_s - self._hour_s < HOUR_S:
            return []
        level, self._now, self._hour_s = median(self._now), [], now_s
        base = median(self._hours) if len(self._hours) >= 3 else None
        if base is None or base - level < DROP_DB:
            self._hours.append(level)
            return []
        text = f"RSRP of the same cell fell from {base:.0f} to {level:.0f} dBm for an hour: antenna, cable, or the cell itself"
        return self._once("antenna_drop", text, now_s)

    def _once(self, kind: str, text: str, now_s: float) -> list[Event]:
        told = self._told.get(kind)
        if told is not None and now_s - told < TELL_EVERY_S:
            return []
        self._told[kind] = now_s
        return [event(kind, text)]
