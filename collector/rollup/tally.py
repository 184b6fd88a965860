"""One modem's hour, from its samples to one summary for each operator."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from collector.rollup.summary import SLOT_S, Summary
from collector.store.store import Row
from telemetry.operators import operator_in

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

    A sample that does not tell its operator belongs to the last one that the modem named: `settle` is told which one that was
    before the hour.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[str | None, Row]] = []
        self._last: str | None = None

    def add(self, row: Row) -> None:
        """Take the next sample."""
        self._last = operator_in("signal", row) or self._last
        self._rows.append((self._last, row))

    def settle(self, before: str | None) -> ModemHour:
        """Return the hour; `before`: the modem's last known operator before it."""
        hour = ModemHour(last=self._last or before)
        slots: defaultdict[str | None, int] = defaultdict(int)
        known_cell: object = None
        for operator, row in self._rows:
            owner = operator or before
            part = hour.parts.get(owner)
            if part is None:
                part = hour.parts[owner] = Summary()
            part.count(row, owner)
            slots[owner] |= 1 << int(row["time_ns"]) // SLOT_NS % SLOTS_AN_HOUR
            cell = row.get("cell_id")
            if cell is not None:
                part.cell_changes += known_cell is not None and cell != known_cell
                known_cell = cell
        for owner, part in hour.parts.items():
            part.slots = slots[owner].bit_count()
        return hour
