"""AT+CCED=0,1 and =0,2 (Unisoc 8910: Openluat Air724, China Mobile ML302): serving and neighbour cells, one row each.

`LTE current cell:MCC,MNC,IMSI,roaming,band,n<blocks>,EARFCN,cell,rsrp,rsrq,TAC,Srxlev,PCI`, all ids decimal, levels as indices
of TS 36.133. `LTE neighbor cell:MCC,MNC,EARFCN,cell,rsrp,rsrq,TAC,Srxlev,PCI`. `GSM current cell info:MCC,MNC,LAC(hex),cell(hex),
BSIC,rxlev,rxlev,ARFCN`. Source: Openluat AT manual, "+CCED". The IMSI is never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, plmn_of, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role
from telemetry.units import lte_resource_blocks_mhz, rsrp_dbm, rsrq_db

_ROW = re.compile(r"(LTE|GSM)\s*(current|neighbor)\s*cell(?: info)?\s*:(.*)", re.IGNORECASE)
_COLUMNS = {"lte current": 13, "lte neighbor": 9, "gsm current": 8}
"""Rows of another length have another layout, which no manual tells."""


def read_cced(lines: Sequence[str], reading: Reading) -> None:
    """Read +CCED. The level of a GSM row is left out: manual and examples disagree whether it is an index."""
    for record in records(lines, "+CCED"):
        if found := _ROW.fullmatch(record):
            kind = f"{found.group(1)} {found.group(2)}".lower()
            row = fields_of(found.group(3))
            if len(row) != _COLUMNS.get(kind):
                continue
            {"lte current": _lte, "lte neighbor": _neighbour, "gsm current": _gsm}[kind](row, reading)


def _lte(row: Sequence[str], reading: Reading) -> None:
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        plmn=plmn_of(row[0], row[1]),
        band=to_int(row[4]),
        bandwidth_dl_mhz=lte_resource_blocks_mhz(to_int(row[5].removeprefix("n"))),
        earfcn=to_int(row[6]),
        cell_id=to_int(row[7]),
        rsrp_dbm=rsrp_dbm(to_int(row[8])),
        rsrq_db=rsrq_db(to_int(row[9])),
        tac=to_int(row[10]),
        pci=to_int(row[12]),
    )


def _neighbour(row: Sequence[str], reading: Reading) -> None:
    cell = Cell(role=Role.NEIGHBOUR)
    set_plausible(
        cell,
        reading.notes,
        rat=Rat.LTE,
        earfcn=to_int(row[2]),
        pci=to_int(row[8]),
        rsrp_dbm=rsrp_dbm(to_int(row[4])),
        rsrq_db=rsrq_db(to_int(row[5])),
    )
    if cell.earfcn is not None:
        reading.cells.append(cell)


def _gsm(row: Sequence[str], reading: Reading) -> None:
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.GSM,
        plmn=plmn_of(row[0], row[1]),
        tac=hex_id(row[2]),
        cell_id=hex_id(row[3]),
        arfcn=to_int(row[7]),
    )
    reading.notes.append("+CCED of GSM: an index or dBm, the level is left out")
