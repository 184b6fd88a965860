"""AT#SERVINFO (Telit): the serving cell in one row. "LM960 Series AT Command Reference Guide" rev. 8, 5.6.1.27."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.bands import is_umts
from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat


def read_servinfo(lines: Sequence[str], reading: Reading) -> None:
    """Read #SERVINFO: `channel,RSSI,"name","PLMN",X,TAC|LAC,...`; X is cell id (LTE), scrambling code (UMTS) or BSIC (GSM)."""
    for record in records(lines, "#SERVINFO"):
        row = fields_of(record)
        if len(row) < 6:
            continue
        rat = _rat(row, reading.signal.rat)
        if rat is None:
            reading.notes.append("#SERVINFO reads as UMTS or as LTE: channel, level and cell left out")
        code = pick(row, 3)
        channel = _channel(row[0])
        third = to_float(pick(row, 8))
        set_plausible(
            reading.signal,
            reading.notes,
            rat=rat,
            plmn=plmn_of(code[:3], code[3:]),
            tac=hex_id(row[5]),
            rssi_dbm=_level(row[1]),
            **{_CHANNEL[rat]: channel} if rat else {},
        )
        if rat is Rat.WCDMA:
            set_plausible(reading.signal, reading.notes, pci=to_int(row[4]), rscp_dbm=None if third in (0, -255) else third)
        elif rat is Rat.LTE:
            set_plausible(reading.signal, reading.notes, rsrp_dbm=third, cell_id=_cell_id(row[4], reading))


_CHANNEL = {Rat.LTE: "earfcn", Rat.LTE_M: "earfcn", Rat.NB_IOT: "earfcn", Rat.WCDMA: "uarfcn", Rat.GSM: "arfcn"}


def _channel(text: str) -> int | None:
    value = to_int(text)
    return None if value == 65535 else value


def _level(text: str) -> float | None:
    """`-0` and `-255` are no measurement."""
    value = to_float(text)
    return None if value in (0, -255) else value


def _cell_id(text: str, reading: Reading) -> int | None:
    """Full cell id on LM960, PCI on LE910-EUG: short values are not to be told apart."""
    if len(text) >= 5:
        return hex_id(text)
    reading.notes.append("#SERVINFO field 5 may be a PCI or a cell id: left out")
    return None


def _rat(row: Sequence[str], known: Rat | None) -> Rat | None:
    """Tell the technology, which the row does not name: timing advance is under 64, UMTS DRX is not; LTE cells have long ids."""
    eighth = to_float(pick(row, 8))
    level_at_end = eighth is not None and eighth < 0
    sixth, flag = to_int(pick(row, 6)), pick(row, 7)
    umts_mode = re.fullmatch(r"I{1,3}", pick(row, 9), re.IGNORECASE) is not None  # network mode of operation: not on LTE
    if not level_at_end:
        if sixth is not None and sixth >= 64:
            return Rat.WCDMA if umts_mode else None
        return Rat.GSM if sixth is not None and flag in ("0", "1") else None
    if eighth == -255 or umts_mode:
        return Rat.WCDMA
    channel = _channel(row[0])
    if (
        re.fullmatch(r"[0-9A-Fa-f]{5,9}", row[4])
        or (to_int(row[4]) is None and hex_id(row[4]) is not None)
        or (channel or 0) > 16383
    ):
        return Rat.LTE
    if known in (Rat.LTE, Rat.WCDMA):
        return known
    level = _level(row[1])
    return _by_channel(channel, None if level is None or eighth is None else level - eighth)


def _by_channel(channel: int | None, gap: float | None) -> Rat | None:
    """Where UMTS and LTE channels overlap: LTE puts RSSI 23 dB or more over RSRP when loaded, UMTS rarely 16 over RSCP."""
    if channel is None:
        return None
    if not is_umts(channel):
        return Rat.LTE
    if channel > 9600:
        return Rat.WCDMA
    if gap is None:
        return None
    if gap <= 16:
        return Rat.WCDMA
    return Rat.LTE if gap >= 23 else None
