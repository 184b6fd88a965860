"""AT+UCGED? (u-blox): serving cell on unprefixed lines, columns by module. "SARA-R5 series AT commands manual", +UCGED."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from agent.at.fields import fields_of, hex_id, pick, to_float, to_int
from agent.at.plausible import put_plmn, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer, hint
from telemetry.streams import Rat, Registration
from telemetry.units import ecno_db, lte_resource_blocks_mhz, rsrp_dbm, rsrq_db, rxlev_dbm

_RATS = {"2": Rat.GSM, "3": Rat.WCDMA, "4": Rat.LTE, "6": Rat.LTE_M}
_HEAD = re.compile(r"[2346],(?:\d,)?(?:\d{3}|[Ff]{3}),(?:\d{1,3}|[Ff]{3})")
_BODY = re.compile(r'\d{1,6},\d{1,3}(?:,\s*(?:-?[0-9A-Fa-f.]*|"[^"]*")){7,}')
_SERVICE = {
    "1": Registration.NOT_REGISTERED,  # radio off
    "2": Registration.SEARCHING,
    "3": Registration.NOT_REGISTERED,  # no service
    "4": Registration.HOME,
}


def read_ucged(replies: Sequence[Reply], reading: Reading) -> None:
    """Read +UCGED: 2. SARA-R5 and LARA-R6 print `rat,svc,MCC,MNC` and 36.133 indices, SARA-R422 `rat,MCC,MNC` and dBm."""
    lines = answer(replies, "+UCGED")
    if len(lines) == 1:  # rows joined on one line
        lines = re.split(r"(?<=[^,\s])\s+(?=[^,\s])", lines[0])
    heads = [fields_of(line) for line in lines if _HEAD.fullmatch(line)]
    bodies = [fields_of(line) for line in lines if _BODY.fullmatch(line)] or _wrapped(lines)
    if len(heads) != 1 or len(bodies) != 1:
        if len(heads) > 1 or len(bodies) > 1:
            reading.notes.append("+UCGED is mixed with other rows of numbers: left out")
        return
    head, row = heads[0], bodies[0]
    if len(head) == 4 and pick(head, 1) in _SERVICE:
        hint(reading.signal, _SERVICE[pick(head, 1)], replies)
    rat = _RATS.get(head[0])
    if len(head) == 4 and head[1] in ("1", "2", "3"):
        rat = None
    set_plausible(reading.signal, reading.notes, rat=rat)
    put_plmn(reading.signal, head[-2], head[-1])
    if rat is Rat.GSM:
        _gsm(row, reading)
    elif rat is Rat.WCDMA:
        _wcdma(row, reading)
    elif len(head) == 3 or pick(row, 6).startswith("-"):
        _r422(row, reading)
    else:
        _lte(row, reading)


def _wrapped(lines: Sequence[str]) -> list[list[str]]:
    """Join a row that a terminal broke at a comma."""
    pairs = (first + second for first, second in pairwise(lines) if first.endswith(","))
    return [fields_of(pair) for pair in pairs if _BODY.fullmatch(pair)]


def _id(text: str) -> int | None:
    """Hexadecimal; a run of zeros or F is no cell."""
    return None if not text.strip("0") else hex_id(text)


def _number(text: str) -> int | None:
    value = to_int(text)
    return None if value == 65535 else value


def _lte(row: Sequence[str], reading: Reading) -> None:
    """`EARFCN,band,ulRB,dlRB,TAC,cell,PCI,mTMSI,MMEGr,MMEcode,rsrp,rsrq,SINR,...`; 255 and 65535 are unknown."""
    band, sinr = to_int(pick(row, 1)), to_float(pick(row, 12))
    set_plausible(
        reading.signal,
        reading.notes,
        earfcn=_number(pick(row, 0)),
        band=None if band == 255 else band,
        bandwidth_ul_mhz=lte_resource_blocks_mhz(to_int(pick(row, 2))),
        bandwidth_dl_mhz=lte_resource_blocks_mhz(to_int(pick(row, 3))),
        tac=hex_id(pick(row, 4)),
        cell_id=_id(pick(row, 5)),
        pci=_number(pick(row, 6)),
        rsrp_dbm=rsrp_dbm(to_int(pick(row, 10))),
        rsrq_db=rsrq_db(to_int(pick(row, 11))),
        sinr_db=None if sinr == 255 else sinr,
    )


def _r422(row: Sequence[str], reading: Reading) -> None:
    """`EARFCN,band,bw,bw,TAC,PCI,RSRP,RSRQ,SINR,...`: dBm, dB, SINR = (n - 100) / 5. The unit of bw is not settled: left out."""
    sinr = to_int(pick(row, 8))
    set_plausible(
        reading.signal,
        reading.notes,
        earfcn=_number(pick(row, 0)),
        band=to_int(pick(row, 1)),
        tac=hex_id(pick(row, 4)),
        pci=_number(pick(row, 5)),
        rsrp_dbm=to_float(pick(row, 6)),
        rsrq_db=to_float(pick(row, 7)),
        sinr_db=None if sinr is None or sinr == 255 else (sinr - 100) / 5,
    )


def _gsm(row: Sequence[str], reading: Reading) -> None:
    """`ARFCN,band1900,cell,BSIC,LAC,RAC,RxLev,TA,...`."""
    set_plausible(
        reading.signal,
        reading.notes,
        arfcn=_number(pick(row, 0)),
        cell_id=_id(pick(row, 2)),
        tac=_id(pick(row, 4)),
        rssi_dbm=rxlev_dbm(to_int(pick(row, 6))),
    )


def _wcdma(row: Sequence[str], reading: Reading) -> None:
    """`UARFCN,band,cell,LAC,RAC,scrambling code,RRC,rssi,ecn0,...`; the scale of rssi is not settled: left out."""
    set_plausible(
        reading.signal,
        reading.notes,
        uarfcn=_number(pick(row, 0)),
        band=to_int(pick(row, 1)),
        cell_id=_id(pick(row, 2)),
        tac=_id(pick(row, 3)),
        pci=_number(pick(row, 5)),
        ecio_db=ecno_db(to_int(pick(row, 8))),
    )
