"""AT+GTCCINFO? (Fibocom FM150, FM160, FM190, FM350): serving and neighbour cells. "FM160 & FM650 AT Commands Manual" 9.1.15.

Channel and PCI are decimal on MediaTek firmware (FM350) and hexadecimal on Qualcomm firmware (FM160, FM190): letters tell, else
the band of the row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.at.bands import base_of, lte_fits, nr_fits, umts_fits
from agent.at.digest import all_lines
from agent.at.fields import fields_of, hex_id, pick, plmn_of, to_hex, to_int
from agent.at.plausible import Value, put_plmn, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer
from telemetry.streams import Cell, Rat, Role
from telemetry.units import ecno_db, lte_bandwidth_mhz, lte_resource_blocks_mhz, rscp_dbm, rsrp_dbm, rsrq_db

_ROW = re.compile(r"[12]\s*,\s*[249]\s*,\s*\d{0,3}\s*,\s*\d{0,3}\s*,")
_SHORTEST = 11
"""Columns of the shortest row, a 3G neighbour."""
_GAP = re.compile(rf"(?<=[^,\s])\s+(?=[12]\s*,\s*[249]\s*,|[A-Za-z])|\n(?={_ROW.pattern})")
"""What stands between two rows, or a row and a heading, on lines or all on one: a blank that no comma precedes."""


@dataclass(slots=True)
class _Row:
    fields: list[str]
    base: int | None = None

    def number(self, index: int) -> int | None:
        """Read a channel or PCI in the base of the firmware; None while that is not known."""
        text = pick(self.fields, index)
        return to_int(text) if self.base == 10 else to_hex(text) if self.base == 16 else None

    def index(self, index: int) -> int | None:
        return to_int(pick(self.fields, index))


def read_gtccinfo(replies: Sequence[Reply], reading: Reading) -> None:
    """Read +GTCCINFO: rows `1|2,rat,MCC,MNC,TAC,cell,channel,PCI,...`; 1 serving, 2 neighbour; rat 2 WCDMA, 4 LTE, 9 NR."""
    parts = _GAP.split("\n".join(answer(replies, "+GTCCINFO")))
    rows = [_Row(fields_of(part)) for part in parts if _ROW.match(part)]
    rows = [row for row in rows if len(row.fields) >= _SHORTEST]
    _set_bases(rows, all_lines(replies))
    serving = [row for row in rows if row.fields[0] == "1"]
    kinds = [row.fields[1] for row in serving]
    if any(row.base is None and pick(row.fields, 6) for row in rows):
        reading.notes.append("+GTCCINFO channel and PCI may be decimal or hexadecimal: left out")
    for row in sorted(serving, key=lambda row: row.fields[1]):  # the LTE anchor before its NR leg
        {"2": _wcdma, "4": _lte, "9": _nr_leg if "4" in kinds else _nr}[row.fields[1]](row, reading)
    for row in rows:
        if row.fields[0] == "2":
            _neighbour(row, reading, anchored="4" in kinds)


def _set_bases(rows: Sequence[_Row], lines: Sequence[str]) -> None:
    """Choose one base for the whole reply: of the first row that shows it, else by the firmware's ways, else by the model."""
    for row in rows:
        band = band_number(pick(row.fields, 8)) if row.fields[0] == "1" else None
        fits = {"2": umts_fits, "4": lte_fits, "9": nr_fits}[row.fields[1]]
        row.base = base_of(pick(row.fields, 6), pick(row.fields, 7), band, fits)
    base = next((row.base for row in rows if row.base is not None), None) or _base_of_firmware(rows, lines)
    for row in rows:
        row.base = row.base or base


def _base_of_firmware(rows: Sequence[_Row], lines: Sequence[str]) -> int | None:
    """FM350 pads LTE cell ids to nine digits (`00FFFFFFF`), where 28 bits need seven."""
    if any(row.fields[1] == "4" and len(pick(row.fields, 5)) == 9 for row in rows):
        return 10
    text = " ".join(lines).upper()
    return 10 if "FM350" in text else 16 if "FM160" in text or "FM190" in text else None


def band_number(text: str) -> int | None:
    """Band code to number: 101..199 LTE, `50` and the NR band (5078 = n78, 501 = n1), else the band itself."""
    if re.fullmatch(r"50\d{1,3}", text):
        return int(text[2:])
    value = to_int(text)
    return value - 100 if value is not None and 100 < value < 200 else value


def _place(row: _Row, reading: Reading) -> dict[str, Value]:
    put_plmn(reading.signal, pick(row.fields, 2), pick(row.fields, 3))
    return {
        "tac": hex_id(pick(row.fields, 4)),
        "cell_id": hex_id(pick(row.fields, 5)),
    }


def _lte(row: _Row, reading: Reading) -> None:
    """`...,band,bw,sinr,rxlev,rsrp,rsrq`; bw in resource blocks or index 0..5; the scale of sinr is not settled."""
    width = row.index(9)
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        **_place(row, reading),
        earfcn=row.number(6),
        pci=row.number(7),
        band=band_number(pick(row.fields, 8)),
        bandwidth_dl_mhz=lte_resource_blocks_mhz(width) or lte_bandwidth_mhz(width),
        rsrp_dbm=_index(rsrp_dbm(row.index(12)), "rsrp", row, 12, reading),
        rsrq_db=_index(rsrq_db(row.index(13)), "rsrq", row, 13, reading),
    )


def _index(value: float | None, what: str, row: _Row, column: int, reading: Reading) -> float | None:
    """Note an index off its scale (396 and 657 have been seen)."""
    if value is None and pick(row.fields, column) not in ("", "-", "255"):
        reading.notes.append(f"+GTCCINFO {what} {pick(row.fields, column)} is off the scale: left out")
    return value


def _nr_values(row: _Row, reading: Reading) -> dict[str, Value]:
    """NR serving row: ss_rsrp -156 + n, and on FM160 ss_sinr -23 + n/2, ss_rsrq -43 + n/2, bw in MHz (one step over 38.133)."""
    sinr, rsrp, rsrq, width = row.index(10), row.index(12), row.index(13), row.index(9)
    qualcomm = row.base == 16
    if not qualcomm:
        reading.notes.append("+GTCCINFO of FM350: scales of NR SINR and RSRQ not settled, left out")
    return {
        "nrarfcn": row.number(6),
        "pci": row.number(7),
        "band": band_number(pick(row.fields, 8)),
        "bandwidth_dl_mhz": _nr_width(width, mhz=qualcomm),
        "rsrp_dbm": -156 + rsrp if rsrp is not None and 0 <= rsrp <= 126 else None,
        "sinr_db": -23 + sinr / 2 if qualcomm and sinr is not None and 0 <= sinr <= 127 else None,
        "rsrq_db": -43 + rsrq / 2 if qualcomm and rsrq is not None and 0 <= rsrq <= 126 else None,
    }


def _nr_width(width: int | None, *, mhz: bool) -> float | None:
    """MHz on FM160. FM350 prints five times that: sure only where the number cannot be MHz itself."""
    if width is None or not 0 < width <= 2000:
        return None
    if mhz:
        return width
    return width / 5 if width > 100 else None


def _nr(row: _Row, reading: Reading) -> None:
    set_plausible(reading.signal, reading.notes, rat=Rat.NR_SA, **_place(row, reading), **_nr_values(row, reading))


def _nr_leg(row: _Row, reading: Reading) -> None:
    values = _nr_values(row, reading)
    set_plausible(reading.signal, reading.notes, rat=Rat.NR_NSA, **{f"nr_{name}": value for name, value in values.items()})


def _wcdma(row: _Row, reading: Reading) -> None:
    """`...,UARFCN,PSC,band,ecno,rscp,RAC,rxlev`."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.WCDMA,
        **_place(row, reading),
        uarfcn=row.number(6),
        pci=row.number(7),
        band=to_int(pick(row.fields, 8)),
        ecio_db=ecno_db(row.index(9)),
        rscp_dbm=rscp_dbm(row.index(10)),
    )


def _neighbour(row: _Row, reading: Reading, *, anchored: bool) -> None:
    """LTE `...,bw,rxlev,rsrp,rsrq`, NR `...,sinr,rxlev,rsrp,rsrq`."""
    kind = row.fields[1]
    cell = Cell(role=Role.NEIGHBOUR)
    if kind == "4":
        set_plausible(cell, reading.notes, rat=Rat.LTE, earfcn=row.number(6), pci=row.number(7))
        set_plausible(cell, reading.notes, rsrp_dbm=rsrp_dbm(row.index(10)), rsrq_db=rsrq_db(row.index(11)))
    elif kind == "9":
        rsrp, rsrq = row.index(10), row.index(11)
        set_plausible(cell, reading.notes, rat=Rat.NR_NSA if anchored else Rat.NR_SA, nrarfcn=row.number(6), pci=row.number(7))
        set_plausible(cell, reading.notes, rsrp_dbm=-156 + rsrp if rsrp is not None and 0 <= rsrp <= 126 else None)
        if row.base == 16:
            set_plausible(cell, reading.notes, rsrq_db=-43 + rsrq / 2 if rsrq is not None and 0 <= rsrq <= 126 else None)
    else:
        set_plausible(cell, reading.notes, rat=Rat.WCDMA, uarfcn=row.number(6), pci=row.number(7))
    if any(value is not None for value in (cell.earfcn, cell.nrarfcn, cell.uarfcn)):
        reading.add_neighbour(cell, plmn_of(pick(row.fields, 2), pick(row.fields, 3)))
