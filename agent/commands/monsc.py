"""AT^MONSC (Huawei, HiSilicon Balong): the serving cell in one row, layout by technology. "MH5000 AT Command Manual", ^MONSC."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_hex, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat


def read_monsc(lines: Sequence[str], reading: Reading) -> None:
    """Read ^MONSC; cell id and TAC/LAC are hexadecimal. An NR row beside an LTE row is the leg of EN-DC; `NONE` is no cell."""
    rows = {pick(row, 0).upper(): row for row in map(fields_of, records(lines, "^MONSC"))}
    for mode, read in (("GSM", _gsm), ("WCDMA", _wcdma), ("LTE", _lte)):
        if mode in rows:
            read(rows[mode], reading)
            set_plausible(reading.signal, reading.notes, plmn=plmn_of(pick(rows[mode], 1), pick(rows[mode], 2)))
    if "NR" in rows:
        _nr(rows["NR"], reading, leg="LTE" in rows)


def _code(text: str, top: int, what: str, reading: Reading) -> int | None:
    """PCI or scrambling code: documented as hexadecimal, seen in decimal. Given only where one reading is possible."""
    decimal, hexadecimal = to_int(text), to_hex(text)
    possible = {value for value in (decimal, hexadecimal) if value is not None and 0 <= value <= top}
    if len(possible) > 1:
        reading.notes.append(f"^MONSC {what} {text} may be decimal or hexadecimal: left out")
    return possible.pop() if len(possible) == 1 else None


def _lte(row: Sequence[str], reading: Reading) -> None:
    """`LTE,MCC,MNC,EARFCN,cell,PCI,TAC,RSRP,RSRQ,RSSI`."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        earfcn=to_int(pick(row, 3)),
        cell_id=hex_id(pick(row, 4)),
        pci=_code(pick(row, 5), 503, "PCI", reading),
        tac=hex_id(pick(row, 6)),
        rsrp_dbm=to_float(pick(row, 7)),
        rsrq_db=to_float(pick(row, 8)),
        rssi_dbm=to_float(pick(row, 9)),
    )


def _nr(row: Sequence[str], reading: Reading, *, leg: bool) -> None:
    """`NR,MCC,MNC,ARFCN,SCS,cell,PCI,TAC,RSRP,RSRQ,SINR`."""
    found: dict[str, Value] = {
        "nrarfcn": to_int(pick(row, 3)),
        "pci": _code(pick(row, 6), 1007, "PCI", reading),
        "rsrp_dbm": to_float(pick(row, 8)),
        "rsrq_db": to_float(pick(row, 9)),
        "sinr_db": to_float(pick(row, 10)),
    }
    if leg:
        set_plausible(reading.signal, reading.notes, rat=Rat.NR_NSA, **{f"nr_{name}": value for name, value in found.items()})
        return
    set_plausible(reading.signal, reading.notes, rat=Rat.NR_SA, **found)
    set_plausible(
        reading.signal,
        reading.notes,
        cell_id=hex_id(pick(row, 5)),
        tac=hex_id(pick(row, 7)),
        plmn=plmn_of(pick(row, 1), pick(row, 2)),
    )


def _wcdma(row: Sequence[str], reading: Reading) -> None:
    """`WCDMA,MCC,MNC,ARFCN,PSC,CI,LAC,RSCP,RxLev,EcN0,DRX,URA`."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.WCDMA,
        uarfcn=to_int(pick(row, 3)),
        pci=_code(pick(row, 4), 511, "PSC", reading),
        cell_id=hex_id(pick(row, 5)),
        tac=hex_id(pick(row, 6)),
        rscp_dbm=to_float(pick(row, 7)),
        rssi_dbm=to_float(pick(row, 8)),
        ecio_db=to_float(pick(row, 9)),
    )


def _gsm(row: Sequence[str], reading: Reading) -> None:
    """`GSM,MCC,MNC,band,ARFCN,BSIC,CI,LAC,RxLev,RxQual,TA`: cell id before LAC."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.GSM,
        arfcn=to_int(pick(row, 4)),
        cell_id=hex_id(pick(row, 6)),
        tac=hex_id(pick(row, 7)),
        rssi_dbm=to_float(pick(row, 8)),
    )
