"""AT+XLEC? (Intel XMM: Fibocom L850, L860): aggregated LTE carriers: `n,cells,width code...,band...`."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.commands.labels import band_of
from telemetry.streams import Cell, Rat, Role
from telemetry.units import lte_bandwidth_mhz


def read_xlec(lines: Sequence[str], reading: Reading) -> None:
    """Read +XLEC: as many width codes 0..5 as cells, then `BAND_LTE_3` and the bands of the others, where given."""
    for record in records(lines, "+XLEC")[-1:]:
        row = fields_of(record)
        count = to_int(pick(row, 1))
        start = next((i for i, field in enumerate(row) if field.upper().startswith("BAND_LTE")), None)
        if not count or start != count + 2:
            continue
        widths = [lte_bandwidth_mhz(to_int(field)) for field in row[2:start]]
        rat = reading.signal.rat
        set_plausible(
            reading.signal,
            reading.notes,
            rat=Rat.LTE if rat is None else None,
            band=band_of(row[start]),
            bandwidth_dl_mhz=widths[0],
        )
        for width, code in zip(widths[1:], row[start + 1 :], strict=False):
            band = to_int(code)
            if band:
                cell = Cell(role=Role.SCC)
                set_plausible(cell, reading.notes, rat=Rat.LTE, band=band, bandwidth_dl_mhz=width)
                reading.cells.append(cell)
