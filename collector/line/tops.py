"""How far the store has the numbers of a hall: told to an agent that connects, so that no card gives a number out twice (P13)."""

from __future__ import annotations

from collector.store.ledger import DAY_NS, FIRST_DAY_NS, MEASUREMENT, SPAN_NS
from collector.store.store import Store

OLD_DAYS = 2
"""Days that are counted at each question: what is older only gets late samples, whose numbers are lower."""


class Tops:
    """Reads the store; what lies before yesterday is kept in memory. Safe in several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stored: dict[str, dict[str, int]] = {}
        self._older: dict[str, tuple[int, dict[str, int]]] = {}  # site -> counted up to this day, highest number by installation

    def stored(self, site: str, inst: str | None, seq: int) -> None:
        """Note the highest number of a frame that this collector has stored."""
        tops = self._stored.setdefault(site, {})
        tops[inst or ""] = max(tops.get(inst or "", 0), seq)

    def top(self, site: str, inst: str, now_ns: int) -> int:
        """Return the highest number stored of an installation, of the whole site where it is new there; 0 for a new site.

        Raises StoreUnavailableError.
        """
        today = now_ns // DAY_NS * DAY_NS
        since, older = self._older.get(site) or self._read(site, now_ns)
        tops = dict(older)
        for one, seq in list(self._stored.get(site, {}).items()):  # a backlog may be older than the days that are counted
            tops[one] = max(tops.get(one, 0), seq)
        self._count(tops, site, since, today + OLD_DAYS * DAY_NS)
        self._older[site] = (today - (OLD_DAYS - 1) * DAY_NS, tops)
        return tops.get(inst, max(tops.values(), default=0))

    def _read(self, site: str, now_ns: int) -> tuple[int, dict[str, int]]:
        """Take up the accounts of the fleet, so that only what came since has to be counted."""
        tops: dict[str, int] = {}
        for row in self._store.samples(MEASUREMENT, FIRST_DAY_NS, now_ns + SPAN_NS, site):
            if "last" in row:
                inst = str(row.get("inst", ""))
                tops[inst] = max(tops.get(inst, 0), int(row["last"]))
        counted = max((int(row["time_ns"]) for row in self._store.latest("fleet", site)), default=None)
        since = FIRST_DAY_NS if counted is None else counted // DAY_NS * DAY_NS - (OLD_DAYS - 1) * DAY_NS
        return since, tops

    def _count(self, tops: dict[str, int], site: str, start: int, end: int) -> None:
        for first in range(start, end, SPAN_NS):
            for day in self._store.seq_days(first, min(end, first + SPAN_NS), site):
                tops[day.inst] = max(tops.get(day.inst, 0), day.last)
