"""AT+GTSENRDTEMP=1 (Fibocom): `sensor,temperature` in thousandths of a degree Celsius."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading


def read_gtsenrdtemp(lines: Sequence[str], reading: Reading) -> None:
    """Read +GTSENRDTEMP; a number under 1000 would be under 1 degree and is left out as not in thousandths."""
    for record in records(lines, "+GTSENRDTEMP")[:1]:
        value = to_int(pick(fields_of(record), 1))
        if value is not None and abs(value) >= 1000:
            set_plausible(reading.signal, reading.notes, temperature_c=value / 1000)
