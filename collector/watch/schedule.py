"""Learns when a hall is usually off, by half-hours of the WITA day: gaps that recur are its schedule, not an outage.

A half-hour is usually off when the hall was off then, or up to an hour around it, on two of the last three days (a generator in
the evening, a solar panel at night, a schedule that drifts), or on the same weekday of the last two weeks (Friday prayer,
weekends).
A day teaches only where the watch itself was awake, and only in a week in which the hall was seen: one that is dark for weeks
learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from ground.wita import WITA_MS

DATA, AWAKE = "data", "awake"
SLOT_MS = 30 * 60_000
DAY_MS = 24 * 3_600_000
SLOTS = DAY_MS // SLOT_MS
ALL = (1 << SLOTS) - 1
AROUND = 2
"""Half-hours that power may come or go off its time."""
RECENT, WEEKS = (1, 2, 3), (7, 14)
NEEDED = 2
SEEN_IN_WEEK = 3
_NOBODY = ""


def day_slot(at_ms: int) -> tuple[int, int]:
    """Return the WITA day (counted from 1970) and the half-hour of it, 0..47."""
    day, rest = divmod(at_ms + WITA_MS, DAY_MS)
    return day, rest // SLOT_MS


class Schedule:
    """Half-hours seen, by site, as 48-bit masks a day."""

    def __init__(self, learn_days: int, min_days: int, rows: Iterable[tuple[str, str, int, int]] = ()) -> None:
        self._learn_days = max(learn_days, WEEKS[-1] + 1)
        self._min_days = min_days
        self._masks: dict[tuple[str, str], dict[int, int]] = {}
        self._dirty: set[tuple[str, str, int]] = set()
        self._off: dict[str, tuple[int, int | None]] = {}
        for site, kind, day, mask in rows:
            self._masks.setdefault((site, kind), {})[day] = mask

    def mark(self, site: str, at_ms: int) -> None:
        """Note that a hall was on at that moment."""
        self._mark((site, DATA), at_ms)

    def awake(self, at_ms: int) -> None:
        """Note that the watch saw this half-hour."""
        self._mark((_NOBODY, AWAKE), at_ms)

    def on(self, site: str, at_ms: int) -> bool | None:
        """Whether a hall is usually on at that time; None while too few days were seen."""
        day, slot = day_slot(at_ms)
        cached = self._off.get(site)
        if cached is None or cached[0] != day:
            cached = self._off[site] = (day, self._off_mask(site, day))
        return None if cached[1] is None else not cached[1] >> slot & 1

    def changed(self) -> list[tuple[str, str, int, int]]:
        """Return what changed since `saved`."""
        return [(site, kind, day, self._masks[(site, kind)][day]) for site, kind, day in self._dirty]

    def saved(self) -> None:
        """Forget what is on disk now."""
        self._dirty.clear()

    def forget(self, now_ms: int) -> int:
        """Forget the days that are too old to teach anything; return the first that is kept."""
        oldest = day_slot(now_ms)[0] - self._learn_days
        for days in self._masks.values():
            for day in [day for day in days if day < oldest]:
                del days[day]
        return oldest

    def _mark(self, key: tuple[str, str], at_ms: int) -> None:
        day, slot = day_slot(at_ms)
        days = self._masks.setdefault(key, {})
        mask = days.get(day, 0)
        if not mask >> slot & 1:
            days[day] = mask | 1 << slot
            self._dirty.add((*key, day))

    def _off_mask(self, site: str, today: int) -> int | None:
        seen, awake = self._masks.get((site, DATA), {}), self._masks.get((_NOBODY, AWAKE), {})
        if sum(day in seen for day in range(today - self._learn_days, today)) < self._min_days:
            return None

        def gone(day: int) -> int:
            """Return the half-hours off on a day; nothing of a day that teaches nothing."""
            week = sum(other in seen for other in range(day - 3, day + 4))
            return awake.get(day, 0) & ~seen.get(day, 0) & ALL if week >= SEEN_IN_WEEK and day < today else 0

        def off(back: int) -> int:
            """Return the half-hours off on a day, widened, also over midnight."""
            day = today - back
            wide = line = gone(day - 1) | gone(day) << SLOTS | gone(day + 1) << 2 * SLOTS
            for step in range(1, AROUND + 1):
                wide |= line << step | line >> step
            return wide >> SLOTS & ALL

        recent = [off(back) for back in RECENT if today - back in seen]  # a whole day off is a weekday's habit, or an outage
        return _often(recent) | _often([off(back) for back in WEEKS])


def _often(masks: list[int]) -> int:
    """Return the half-hours that are set in at least NEEDED masks."""
    found = 0
    for i, a in enumerate(masks):
        for b in masks[i + 1 :]:
            found |= a & b
    return found
