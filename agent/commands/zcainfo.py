"""AT+ZCAINFO? (ZTE MF28x): the carriers, `PCI,band,?,EARFCN,MHz` of the primary, then `;PCI,state,band,EARFCN,MHz` of each other.

State 2 is an active secondary carrier. The third value of the primary is not documented and not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.bands import lte_fits
from agent.at.fields import fields_of, records, to_float, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role

COLUMNS = 5
ACTIVE = "2"


def read_zcainfo(lines: Sequence[str], reading: Reading) -> None:
    """Read the last +ZCAINFO; a row whose channel is not in its band has another layout and is left out."""
    for record in records(lines, "+ZCAINFO")[-1:]:
        primary, *others = (fields_of(part) for part in record.split(";"))
        if (values := _carrier(primary, 1, reading)) and reading.signal.rat in (None, Rat.LTE):
            set_plausible(reading.signal, reading.notes, rat=Rat.LTE, **values)
        for row in others:
            if len(row) == COLUMNS and row[1] == ACTIVE and (values := _carrier(row, 2, reading)):
                cell = Cell(role=Role.SCC)
                set_plausible(cell, reading.notes, rat=Rat.LTE, **values)
                reading.cells.append(cell)


def _carrier(row: Sequence[str], place: int, reading: Reading) -> dict[str, Value]:
    """Return the values of a row whose band stands at `place`; empty where they cannot be those."""
    if len(row) != COLUMNS:
        return {}
    band, channel = to_int(row[place]), to_int(row[3])
    if band is None or channel is None or not lte_fits(band, channel):
        reading.notes.append("+ZCAINFO: a channel that is not in its band, left out")
        return {}
    return {"pci": to_int(row[0]), "band": band, "earfcn": channel, "bandwidth_dl_mhz": to_float(row[4])}
