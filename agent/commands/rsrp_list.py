"""Lists of PCI, EARFCN, level: +RSRP and +RSRQ (XMM, u-blox SARA-R410), $QCRSRP and $QCRSRQ (Qualcomm)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, records, to_float, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role

Key = tuple[int, int]


def _level(text: str) -> float | None:
    """Read `-085.00`; `-7.-50` is how one firmware prints -7.50."""
    return to_float(re.sub(r"\.-(?=\d)", ".", text))


def triplets(lines: Sequence[str], prefix: str) -> dict[Key, float]:
    """Return the levels (dBm or dB) of a list by (PCI, EARFCN), in its order; a damaged entry keeps its place as (-1, n)."""
    found: dict[Key, float] = {}
    for record in records(lines, prefix):
        row = fields_of(record)
        for pci, channel, level in zip(row[0::3], row[1::3], row[2::3], strict=False):
            numbers = to_int(pci), to_int(channel), _level(level)
            key = (-1, len(found)) if None in numbers else (numbers[0] or 0, numbers[1] or 0)
            found.setdefault(key, numbers[2] or 0.0)
    return found


def read_rsrp_list(lines: Sequence[str], reading: Reading) -> None:
    """Read +RSRP and +RSRQ: the first cell of the list is the serving one, the others are neighbours."""
    _spread(triplets(lines, "+RSRP"), triplets(lines, "+RSRQ"), reading, first_is_serving=True)


def read_qcrsrp(lines: Sequence[str], reading: Reading) -> None:
    """Read $QCRSRP and $QCRSRQ: no serving mark, so only a cell that another reply called serving is that."""
    _spread(triplets(lines, "$QCRSRP"), triplets(lines, "$QCRSRQ"), reading, first_is_serving=False)


def _spread(levels: dict[Key, float], qualities: dict[Key, float], reading: Reading, *, first_is_serving: bool) -> None:
    row = reading.signal
    for position, (pci, earfcn) in enumerate(levels):
        if pci < 0:
            continue
        values = {"rsrp_dbm": levels[pci, earfcn], "rsrq_db": qualities.get((pci, earfcn))}
        if (row.pci, row.earfcn) == (pci, earfcn) or (first_is_serving and position == 0 and row.earfcn is None):
            set_plausible(
                row, reading.notes, rat=row.rat or (Rat.LTE if first_is_serving else None), pci=pci, earfcn=earfcn, **values
            )
            continue
        if row.earfcn == earfcn and row.pci is None:
            continue  # the serving cell or a neighbour on its channel
        known = (cell for cell in reading.cells if (cell.pci, cell.earfcn) == (pci, earfcn))
        cell = next(known, None)
        if cell is None:
            cell = Cell(role=Role.NEIGHBOUR)
            reading.cells.append(cell)
        set_plausible(cell, reading.notes, rat=Rat.LTE, pci=pci, earfcn=earfcn, **values)
