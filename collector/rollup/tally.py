"""One modem's hour, from its samples to one summary for each operator."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from collector.rollup.summary import SLOT_S, Summary
from collector.store.store import Row

SLOT_NS = SLOT_S * 1_000_000_000
SLOTS_AN_HOUR = 3600 // SLOT_S


@dataclass(slots=True)
class ModemHour:
    """The hour by operator (None: not known), and the modem's last known operator at its end."""

    parts: dict[str | None, Summary] = field(default_factory=dict)
    last: str | None = None

    @property
    def named(self) -> bool:
        """Whether a sample of this hour named its operator."""
        return any(part.named for part in self.parts.values())


class Tally:
    """Counts the samples of a modem and hour, in the order of time.

    A sample without operator belongs to the last one that the modem named. Which one that was before the hour, `settle` is told.
    """

    def __init__(self) -> None:
        self._parts: defaultdict[str | None, Summary] = defaultdict(Summary)
        self._slots: defaultdict[str | None, int] = defaultdict(int)
        self._last: str | None = None
        self._cell: object = None

    def add(self, row: Row) -> None:
        """Count the next sample."""
        operator = row.get("operator")
        if operator is not None:
            self._last = str(operator)
        part = self._parts[self._last]
        part.count(row)
        self._slots[self._last] |= 1 << int(row["time_ns"]) // SLOT_NS % SLOTS_AN_HOUR
        cell = row.get("cell_id")
        if cell is not None:
            part.cell_changes += self._cell is not None and cell != self._cell
            self._cell = cell

    def settle(self, before: str | None) -> ModemHour:
        """Return the hour; `before`: the modem's last known operator before it."""
        hour = ModemHour(last=self._last or before)
        slots: defaultdict[str | None, int] = defaultdict(int)
        for operator, summary in self._parts.items():
            owner = operator or before
            hour.parts.setdefault(owner, Summary()).merge(summary)
            slots[owner] |= self._slots[operator]
        for owner, part in hour.parts.items():
            part.slots = slots[owner].bit_count()
        return hour
