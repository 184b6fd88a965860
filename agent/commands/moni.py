"""AT#MONI (Telit): `name key:value ...` rows, or the table of older 2G modules. "LM960 ... Reference Guide" rev. 8, 5.6.1.24."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.at.fields import hex_id, plmn_of, records, to_float, to_hex, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from telemetry.streams import Cell, Rat, Role

_KEY = re.compile(
    r"\b(NR_\w+|Cc|Nc|RSRP|RSRQ|TAC|LAC|Id|EARFCN|UARFCN|ARFCN|PWR|DRX|BSIC|RxQual|TA|PSC|RSCP|EcIo|SCR|pci|QRxLevMin)\s*:\s*(\S*)",
    re.IGNORECASE,
)
_TABLE = re.compile(r"(S|N\d+)\s+\w+\s+([0-9A-F]{4})\s+([0-9A-F]{4})\s+(\d+)\s+(-\d+)\s*dbm", re.IGNORECASE)


def read_moni(replies: Sequence[Reply], reading: Reading) -> None:
    """Read #MONI; the first row of a reply is the serving cell. Id is the cell id in rows with a TAC or LAC, else the PCI."""
    for reply in replies:
        found = records(reply.lines, "#MONI")
        rows = [{key.upper(): value for key, value in _KEY.findall(record)} for record in found]
        anchored = any("RSRP" in row for row in rows) or reading.signal.rat in (Rat.LTE, Rat.NR_NSA)
        for row in rows:
            _nr(row, reading, leg=anchored)
        for index, row in enumerate(row for row in rows if row.keys() & {"RSRP", "RSCP", "PSC", "ARFCN"}):
            _row(row, reading, serving=index == 0)
        for cell in filter(None, map(_TABLE.match, found)):
            _table_row(cell, reading)


def _row(row: Mapping[str, str], reading: Reading, *, serving: bool) -> None:
    if "RSRP" in row:
        rat, channel = Rat.LTE, {"earfcn": to_int(row.get("EARFCN", ""))}
    elif "RSCP" in row or "PSC" in row:
        rat, channel = Rat.WCDMA, {"uarfcn": to_int(row.get("UARFCN", ""))}
    else:
        rat, channel = Rat.GSM, {"arfcn": to_int(row.get("ARFCN", ""))}
    values: dict[str, Value] = {
        **channel,
        "rsrp_dbm": to_float(row.get("RSRP", "")),
        "rsrq_db": to_float(row.get("RSRQ", "")),
        "rssi_dbm": to_float(row.get("PWR", "")),
        "rscp_dbm": to_float(row.get("RSCP", "")),
        "ecio_db": to_float(row.get("ECIO", "")),
    }
    area = row.get("TAC", row.get("LAC"))
    if rat is Rat.WCDMA:
        values["pci"] = to_int(row.get("PSC", ""))
    elif rat is Rat.LTE:
        values["pci"] = to_int(row["PCI"]) if "PCI" in row else to_hex(row.get("ID", "")) if area is None else None
    if not serving:
        cell = Cell(role=Role.NEIGHBOUR)
        set_plausible(cell, reading.notes, rat=rat, **values)
        reading.cells.append(cell)
        return
    if reading.signal.rat is not Rat.NR_NSA:
        set_plausible(reading.signal, reading.notes, rat=rat)
    set_plausible(reading.signal, reading.notes, **values)
    if area is not None:
        set_plausible(
            reading.signal,
            reading.notes,
            tac=hex_id(area),
            cell_id=hex_id(row.get("ID", "")),
            plmn=plmn_of(row.get("CC", ""), row.get("NC", "")),
        )


def _nr(row: Mapping[str, str], reading: Reading, *, leg: bool) -> None:
    """NR keys. The unit of NR_SINR and NR_TXPWR is not settled: left out."""
    if not row.keys() & {"NR_RSRP", "NR_CH"}:
        return
    prefix = "nr_" if leg else ""
    set_plausible(reading.signal, reading.notes, rat=Rat.NR_NSA if leg else Rat.NR_SA)
    found: dict[str, Value] = {
        "band": to_int(row.get("NR_BAND", "")),
        "bandwidth_dl_mhz": to_float(row.get("NR_BW", "")),
        "bandwidth_ul_mhz": to_float(row.get("NR_ULBW", "")),
        "nrarfcn": to_int(row.get("NR_CH", "")),
        "rssi_dbm": to_float(row.get("NR_PWR", "")),
        "rsrp_dbm": to_float(row.get("NR_RSRP", "")),
        "rsrq_db": to_float(row.get("NR_RSRQ", "")),
        "pci": to_int(row.get("NR_PCI", "")),
    }
    set_plausible(reading.signal, reading.notes, **{f"{prefix}{name}": value for name, value in found.items()})
    if "NR_SINR" in row:
        reading.notes.append("NR_SINR: unit not settled, left out")


def _table_row(cell: re.Match[str], reading: Reading) -> None:
    """`S 70 55FA 1D23 736 -83dbm ...` (serving) and `N1 ...` (neighbour), GSM."""
    role, lac, cell_id, arfcn, power = cell.groups()
    values: dict[str, Value] = {"arfcn": to_int(arfcn), "rssi_dbm": to_float(power)}
    if role.upper() == "S":
        set_plausible(reading.signal, reading.notes, rat=Rat.GSM, tac=hex_id(lac), cell_id=hex_id(cell_id), **values)
        return
    neighbour = Cell(role=Role.NEIGHBOUR)
    set_plausible(neighbour, reading.notes, rat=Rat.GSM, **values)
    reading.cells.append(neighbour)
