"""AT!LTEINFO? (Sierra): tables of serving and neighbour cells under headers that name their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from agent.at.fields import hex_id, to_float, to_int
from agent.at.plausible import is_same_cell, put_plmn, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer
from telemetry.streams import Cell, Rat, Role
from telemetry.units import lte_bandwidth_mhz

_SECTION = re.compile(r"(Serving|IntraFreq|InterFreq|CA SCell[\w ]*|WCDMA|GSM|CDMA[\w ]*|HRPD|NR5G[\w ]*)\s*:\s*", re.IGNORECASE)
_VALUE = re.compile(r"--+|-?[0-9][0-9A-Fa-f]*(?:\.[0-9]+)?|[0-9A-Fa-f]{8}")
Row = Mapping[str, str]


def read_lteinfo(replies: Sequence[Reply], reading: Reading) -> None:
    """Read AT!LTEINFO?. TAC is decimal, CID hexadecimal, D and U are bandwidth indices 0..5 (5 = 20 MHz)."""
    tables = _tables(answer(replies, "!LTEINFO"))
    serving = next(iter(tables.get("serving", [])), None)
    if serving is None:
        return
    row = reading.signal
    if row.rat is not Rat.NR_NSA:
        set_plausible(row, reading.notes, rat=Rat.LTE)
    put_plmn(row, serving.get("MCC", ""), serving.get("MNC", ""))
    set_plausible(
        row,
        reading.notes,
        earfcn=to_int(serving.get("EARFCN", "")),
        tac=to_int(serving.get("TAC", "")),
        cell_id=hex_id(serving.get("CID", "")),
        band=to_int(serving.get("BD", "")),
        bandwidth_dl_mhz=lte_bandwidth_mhz(to_int(serving.get("D", ""))),
        bandwidth_ul_mhz=lte_bandwidth_mhz(to_int(serving.get("U", ""))),
        pci=to_int(serving.get("PCI", "")),
        rsrp_dbm=to_float(serving.get("RSRP", "")),
        rsrq_db=to_float(serving.get("RSRQ", "")),
        rssi_dbm=to_float(serving.get("RSSI", "")),
    )
    if any("MC73" in line for reply in replies for line in reply.lines):
        reading.notes.append("SNR of !LTEINFO is not to be trusted on MC73xx: left out")
    elif row.sinr_db is None:  # AT!GSTATUS? gives tenths
        set_plausible(row, reading.notes, sinr_db=to_float(serving.get("SNR", "")))
    _neighbours(tables, serving, reading)


def _neighbours(tables: Mapping[str, Sequence[Row]], serving: Row, reading: Reading) -> None:
    """Take the neighbours; the first row of IntraFreq is the serving cell again."""
    here = (to_int(serving.get("EARFCN", "")), to_int(serving.get("PCI", "")))
    for section in ("intrafreq", "interfreq"):
        for found in tables.get(section, []):
            channel = found.get("EARFCN", serving.get("EARFCN", ""))
            if is_same_cell((to_int(channel), to_int(found.get("PCI", ""))), here):
                continue
            cell = Cell(role=Role.NEIGHBOUR)
            set_plausible(
                cell,
                reading.notes,
                rat=Rat.LTE,
                earfcn=to_int(channel),
                pci=to_int(found.get("PCI", "")),
                rsrp_dbm=to_float(found.get("RSRP", "")),
                rsrq_db=to_float(found.get("RSRQ", "")),
                rssi_dbm=to_float(found.get("RSSI", "")),
            )
            if cell.pci is not None:
                reading.cells.append(cell)


def _tables(lines: Sequence[str]) -> dict[str, list[Row]]:
    """Part the reply into sections of rows by column name (upper case); newlines may be lost."""
    parts = _SECTION.split("\n".join(lines))
    return {name.lower(): list(_rows(section)) for name, section in zip(parts[1::2], parts[2::2], strict=True)}


def _rows(section: str) -> Iterator[Row]:
    """Take the column names in front; below them a line is a row, on one line as many values a row as there are names."""
    words = section.split()
    width = next((i for i, word in enumerate(words) if _VALUE.fullmatch(word) or re.search(r"[0-9]", word)), len(words))
    header = [word.upper() for word in words[:width]]
    first, *rest = [line.split() for line in section.splitlines() if line.strip()] or [[]]
    if len(first) == width:
        rows = [row for row in rest if all(_VALUE.fullmatch(word) or re.search(r"[0-9]", word) for word in row)]
    else:
        values = words[width:]
        rows = [values[start : start + width] for start in range(0, len(values), width or 1)]
    for row in rows:
        if width - 1 <= len(row) <= width:  # the last column is missing on some firmware
            yield dict(zip(header, row, strict=False))
