"""Learns when a hall is usually on, by half-hours of the WITA day: nightly gaps that recur are its schedule, not an outage.

A day teaches only where the watch itself was awake, and only when the hall was seen at all: a hall that is dark for weeks
does not learn to be dark.
"""

from __future__ import annotations

from collections.abc import Iterable

DATA, MAINS, AWAKE = "data", "mains", "awake"
SLOT_MS = 30 * 60_000
DAY_MS = 24 * 3_600_000
SLOTS = DAY_MS // SLOT_MS
WITA_MS = 8 * 3_600_000
OFF_SHARE = 0.4
"""A half-hour seen on at most this share of the days is off: a recurring gap, not a coincidence."""
_NOBODY = ""


def day_slot(at_ms: int) -> tuple[int, int]:
    """Return the WITA day (counted from 1970) and the half-hour of it, 0..47."""
    day, rest = divmod(at_ms + WITA_MS, DAY_MS)
    return day, rest // SLOT_MS


class Schedule:
    """Half-hours seen, by site and kind, as 48-bit masks per day."""

    def __init__(self, learn_days: int, min_days: int, rows: Iterable[tuple[str, str, int, int]] = ()) -> None:
        self._learn_days = learn_days
        self._min_days = min_days
        self._masks: dict[tuple[str, str], dict[int, int]] = {}
        self._dirty: set[tuple[str, str, int]] = set()
        self._off: dict[tuple[str, str], tuple[int, int | None]] = {}
        for site, kind, day, mask in rows:
            self._masks.setdefault((site, kind), {})[day] = mask

    def mark(self, site: str, kind: str, at_ms: int) -> None:
        """Note that the hall (or its mains) was on at that moment."""
        day, slot = day_slot(at_ms)
        days = self._masks.setdefault((site, kind), {})
        mask = days.get(day, 0)
        if not mask >> slot & 1:
            days[day] = mask | 1 << slot
            self._dirty.add((site, kind, day))

    def awake(self, at_ms: int) -> None:
        """Note that the watch saw this half-hour."""
        self.mark(_NOBODY, AWAKE, at_ms)

    def on(self, site: str, kind: str, at_ms: int) -> bool | None:
        """Return whether a hall is usually on at that time of day; None while too few days were seen."""
        day, slot = day_slot(at_ms)
        cached = self._off.get((site, kind))
        if cached is None or cached[0] != day:
            cached = self._off[(site, kind)] = (day, self._off_mask(site, kind, day))
        return None if cached[1] is None else not cached[1] >> slot & 1

    def changed(self) -> list[tuple[str, str, int, int]]:
        """Return what changed since `saved`."""
        return [(site, kind, day, self._masks[(site, kind)][day]) for site, kind, day in self._dirty]

    def saved(self) -> None:
        """Say that `changed` is on disk."""
        self._dirty.clear()

    def forget(self, now_ms: int) -> int:
        """Forget the days that are too old to teach anything; return the first that is kept."""
        oldest = day_slot(now_ms)[0] - self._learn_days
        for days in self._masks.values():
            for day in [day for day in days if day < oldest]:
                del days[day]
        return oldest

    def _off_mask(self, site: str, kind: str, today: int) -> int | None:
        awake, seen = self._masks.get((_NOBODY, AWAKE), {}), self._masks.get((site, kind), {})
        days = [day for day in range(today - self._learn_days, today) if seen.get(day)]
        if len(days) < self._min_days:
            return None
        off = 0
        for slot in range(SLOTS):
            watched = [day for day in days if awake.get(day, 0) >> slot & 1]
            there = sum(seen[day] >> slot & 1 for day in watched)
            if len(watched) >= self._min_days and there <= OFF_SHARE * len(watched):
                off |= 1 << slot
        around = off << 1 | off >> 1 | (off & 1) << SLOTS - 1 | off >> SLOTS - 1  # power comes and goes half an hour off its time
        return (off | around) & (1 << SLOTS) - 1
