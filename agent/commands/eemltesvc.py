"""AT+EEMGINFO? (ASR, Unisoc: Openluat Air720, Air724, Air780): engineering mode. The cells come *after* the final result.

`+EEMLTESVC: mcc,digits of mnc,mnc,TAC,PCI,EARFCN,uplink EARFCN,band,bandwidth 0..5,cell[,mode],rsrp,rsrq,sinr,...`; MCC and
MNC are the decimal form of their BCD digits (1120 = 0x460), levels are indices of TS 36.133. `+EEMLTEINTRA: n,PCI,EARFCN,rsrp,
rsrq`, `+EEMLTEINTER:` likewise. Source: Openluat AT manual, "+EEMLTESVC", "+EEMLTEINTRA". The M-TMSI at the end is never read.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, plmn_of, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role
from telemetry.units import lte_bandwidth_mhz, rsrp_dbm, rsrq_db

WITHOUT_MODE = 27
"""Columns of the older layout, in which the transmission mode is missing behind the cell id."""
SHORTEST = 20


def read_eemltesvc(lines: Sequence[str], reading: Reading) -> None:
    """Read the engineering rows. The scale of SINR is not settled: left out."""
    for record in records(lines, "+EEMLTESVC")[-1:]:
        row = fields_of(record)
        if len(row) >= SHORTEST:
            _serving(row, reading)
    for name in ("+EEMLTEINTRA", "+EEMLTEINTER"):
        for record in records(lines, name):
            _neighbour(fields_of(record), reading)


def _serving(row: Sequence[str], reading: Reading) -> None:
    place = 10 if len(row) == WITHOUT_MODE else 11
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        plmn=_plmn(row),
        tac=to_int(row[3]),
        pci=to_int(row[4]),
        earfcn=to_int(row[5]),
        band=to_int(row[7]),
        bandwidth_dl_mhz=lte_bandwidth_mhz(to_int(row[8])),
        cell_id=to_int(row[9]),
        rsrp_dbm=rsrp_dbm(to_int(row[place])),
        rsrq_db=rsrq_db(to_int(row[place + 1])),
    )
    reading.notes.append("+EEMLTESVC: the scale of SINR is not settled, left out")


def _plmn(row: Sequence[str]) -> str | None:
    mcc, digits, mnc = (to_int(text) for text in row[:3])
    if mcc is None or mnc is None or digits not in (2, 3):
        return None
    return plmn_of(f"{mcc:03x}", f"{mnc:0{digits}x}")


def _neighbour(row: Sequence[str], reading: Reading) -> None:
    pci, channel = to_int(pick(row, 1)), to_int(pick(row, 2))
    if channel is None or (pci, channel) == (reading.signal.pci, reading.signal.earfcn):
        return
    if any((cell.pci, cell.earfcn) == (pci, channel) for cell in reading.cells):
        return
    cell = Cell(role=Role.NEIGHBOUR)
    level, quality = rsrp_dbm(to_int(pick(row, 3))), rsrq_db(to_int(pick(row, 4)))
    set_plausible(cell, reading.notes, rat=Rat.LTE, pci=pci, earfcn=channel, rsrp_dbm=level, rsrq_db=quality)
    reading.cells.append(cell)
