"""AT^CA_INFO? (Foxconn, Dell): the aggregated carriers in words: `PCC info: Band is LTE_B3, Band_width is 20.0 MHz`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role

_CARRIER = re.compile(
    r"(PCC|SCC)\s*\d*\s*info:\s*Band\s*is\s*(LTE_B|NR5G_N)(\d+)\s*,\s*Band_width\s*is\s*(\d+(?:\.\d+)?)\s*MHz", re.IGNORECASE
)


def read_ca_info(lines: Sequence[str], reading: Reading) -> None:
    """Read ^CA_INFO?: band and width of the primary, and secondary carriers that ^DEBUG? has not described already."""
    described = any(cell.role is Role.SCC for cell in reading.cells)
    row = reading.signal
    for role, kind, band, width in _CARRIER.findall(" ".join(lines)):
        nr = kind.upper().startswith("NR")
        if role.upper() == "SCC":
            if not described:
                cell = Cell(role=Role.SCC)
                set_plausible(
                    cell, reading.notes, rat=Rat.NR_NSA if nr else Rat.LTE, band=int(band), bandwidth_dl_mhz=float(width)
                )
                reading.cells.append(cell)
        elif nr and row.rat in (Rat.LTE, Rat.NR_NSA):
            set_plausible(row, reading.notes, rat=Rat.NR_NSA, nr_band=int(band), nr_bandwidth_dl_mhz=float(width))
        else:
            set_plausible(
                row, reading.notes, rat=Rat.NR_SA if nr else row.rat or Rat.LTE, band=int(band), bandwidth_dl_mhz=float(width)
            )
