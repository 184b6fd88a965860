"""The dirty hours (`touched`): which hours of which sites got samples of any stream, so that rollups and accounts are recomputed.

An entry lies at the start of the 10 minutes in which the samples were stored, so it is written at most once in them for each
site and hour, whoever writes it. A reader must therefore look back that long behind what it has read.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from collector.store.store import Placed, Point, Store
from ground.wita import WITA

MEASUREMENT = "touched"
WINDOW_NS = 600 * 1_000_000_000
HOUR_MS = 3_600_000
MOST_REMEMBERED = 50_000


class DirtyHours:
    """Writes the entries of one line. Safe in several threads."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, int], int] = {}  # (site, hour) -> the window of its last entry

    def write(self, store: Store, batch: Sequence[Placed]) -> None:
        """Store frames together with the entries that they need. Raises as Store.write does."""
        window = time.time_ns() // WINDOW_NS
        fresh = [key for key in _hours(batch) if self._written.get(key) != window]
        store.write(batch, [entry(site, hour, window) for site, hour in fresh])
        if len(self._written) + len(fresh) > MOST_REMEMBERED:
            self._written.clear()  # forgetting only means to write an entry again
        self._written.update(dict.fromkeys(fresh, window))


def _hours(batch: Sequence[Placed]) -> set[tuple[str, int]]:
    """Return the hours with samples of any stream, by site."""
    found: set[tuple[str, int]] = set()
    for frame, site in batch:
        first, last = min(frame.t_ms) // HOUR_MS, max(frame.t_ms) // HOUR_MS
        hours = {first, last} if last - first <= 1 else {t // HOUR_MS for t in frame.t_ms}
        found.update((site.code, hour) for hour in hours)
    return found


def entry(site: str, hour: int, window: int) -> Point:
    """Make an entry; hour and window are counted from 1970. The hour is in the time too, so that no entry hides another."""
    return Point(MEASUREMENT, {"site": site}, {"hour": hour * 3600}, window * WINDOW_NS + hour)


def days_since(store: Store, since_ns: int) -> dict[str, set[date]]:
    """Return the days of WITA that got samples since a moment, by site. Raises StoreUnavailableError."""
    found: defaultdict[str, set[date]] = defaultdict(set)
    for row in store.samples(MEASUREMENT, max(0, since_ns - 2 * WINDOW_NS), 2**62):
        found[str(row["site"])].add(datetime.fromtimestamp(int(row["hour"]), WITA).date())
    return found
