"""AT+CSQ: signal quality (TS 27.007 8.5). `+CSQ: <rssi>,<ber>`; rssi 0..31, 99 unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, records, to_int
from telemetry import units


@dataclass(frozen=True, slots=True)
class Csq:
    """Raw indices as printed."""

    rssi: int | None
    ber: int | None

    @property
    def rssi_dbm(self) -> float | None:
        """Received power in dBm. None when ber is off its scale: such firmware (Intel XMM) maps RSRP onto this command."""
        if self.ber is not None and not (0 <= self.ber <= 7 or self.ber == 99):
            return None
        return units.csq_rssi_dbm(self.rssi)


def parse(lines: Iterable[str]) -> list[Csq]:
    """Read every +CSQ line."""
    rows = [fields_of(record) for record in records(lines, "+CSQ")]
    return [Csq(to_int(pick(row, 0)), to_int(pick(row, 1))) for row in rows if row]
