"""AT+XMCI=0|1 (Intel XMM: Fibocom L850, L860): serving and neighbour cells. "L8-Family AT Commands Manual", +XMCI."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_hex, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from telemetry.streams import Cell, Rat, Role
from telemetry.units import rsrp_dbm, rsrq_db

_NONE = frozenset((0xFFFE, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF))


def read_xmci(lines: Sequence[str], reading: Reading) -> None:
    """Read +XMCI: `type,MCC,MNC,TAC,CI,PCI,DL,UL,pathloss,rsrp,rsrq,rssnr,TA,CQI`; type 4 LTE serving, 5 LTE neighbour.

    Of types 0 and 2 (2G, 3G serving) only place and identity are read: their other columns are not documented.
    """
    for record in records(lines, "+XMCI"):
        row = fields_of(record)
        kind = pick(row, 0)
        if kind == "4":
            _serving(row, reading)
        elif kind == "5":
            cell = Cell(role=Role.NEIGHBOUR)
            set_plausible(cell, reading.notes, rat=Rat.LTE, **_values(row))
            if cell.earfcn is not None:
                reading.add_neighbour(cell, plmn_of(pick(row, 1), pick(row, 2)))
        elif kind in ("0", "2"):
            set_plausible(reading.signal, reading.notes, rat=Rat.GSM if kind == "0" else Rat.WCDMA, **_place(row))


def _number(text: str) -> int | None:
    value = to_hex(text)
    return None if value in _NONE else value


def _place(row: Sequence[str]) -> dict[str, Value]:
    return {"plmn": plmn_of(pick(row, 1), pick(row, 2)), "tac": hex_id(pick(row, 3)), "cell_id": hex_id(pick(row, 4))}


def _values(row: Sequence[str]) -> dict[str, Value]:
    return {
        "pci": _number(pick(row, 5)),
        "earfcn": _number(pick(row, 6)),
        "rsrp_dbm": rsrp_dbm(to_int(pick(row, 9))),
        "rsrq_db": rsrq_db(to_int(pick(row, 10))),
    }


def _serving(row: Sequence[str], reading: Reading) -> None:
    """RSSNR in half dB: 0 is a real 0 dB, 255 is unknown."""
    ratio = to_int(pick(row, 11))
    advance = to_hex(pick(row, 12))
    cqi = to_hex(pick(row, 13))
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        **_place(row),
        **_values(row),
        sinr_db=None if ratio in (None, 255) else ratio / 2,
        timing_advance=None if advance in _NONE else advance,
        cqi=None if cqi in (0, *_NONE) else cqi,
    )
