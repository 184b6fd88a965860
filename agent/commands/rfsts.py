"""AT#RFSTS (Telit) and AT^RFSTS? (T77W676, LN940): radio status in one row.

Source: "LM960 Series AT Command Reference Guide" rev. 8, 5.6.1.26; "HE910 AT Commands Reference Guide" for 2G and 3G.

The number of columns differs by model and empty ones vanish, so rows are anchored on the quoted IMSI: cell id left of it, name
right of it. The IMSI itself is never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.commands.labels import hint
from telemetry.streams import Rat, Registration

_ROW = re.compile(r'\s*(?P<plmn>"[^"]*"|\d*)\s*,(?P<head>.*?),\s*"[\dFfXx*]*"\s*,(?P<tail>.*)')


def read_rfsts(lines: Sequence[str], reading: Reading) -> None:
    """Read #RFSTS in its LTE, UMTS and GSM forms, and ^RFSTS (LTE; TAC decimal, SINR in dB at the end)."""
    for prefix in ("#RFSTS", "^RFSTS"):
        for record in records(lines, prefix):
            if row := _ROW.match(record):
                head = fields_of(row["head"])
                tail = fields_of(row["tail"])
                plmn = _plmn(row["plmn"].strip('" '))
                rat = _rat(head)
                if rat is None:
                    reading.notes.append(f"{prefix} without the levels that would tell its technology: left out")
                elif prefix == "^RFSTS" and rat is Rat.LTE:
                    _lte(head, tail, plmn, reading, tac=to_int(pick(head, 4)))
                    _last_sinr(tail, reading)
                else:
                    {Rat.LTE: _lte, Rat.WCDMA: _umts, Rat.GSM: _gsm}[rat](head, tail, plmn, reading)


def _rat(head: Sequence[str]) -> Rat | None:
    """Tell LTE (RSRP, RSSI, RSRQ after the channel), UMTS (code, then Ec/Io, RSCP) and GSM (one level, LAC; nine columns)."""
    second, third, fourth = ((to_float(pick(head, i)) or 0) < 0 for i in (1, 2, 3))
    if second and (third or fourth):
        return Rat.LTE
    if third and fourth:
        return Rat.WCDMA if pick(head, 1).isdecimal() else None
    places = all(re.fullmatch(r"[0-9A-Fa-f]*", text) for text in head[2:4])  # LAC and RAC, both empty without a cell
    return Rat.GSM if len(head) <= 9 and second and not third and not fourth and places else None


def _plmn(text: str) -> str | None:
    """`310 260`, `31026` or `310260`; `000 00` and nothing are no network."""
    digits = re.sub(r"\s", "", text)
    return plmn_of(digits[:3], digits[3:])


def _channel(text: str) -> int | None:
    value = to_int(text)
    return None if value in (-1, 32767, 65535) else value


def _common(head: Sequence[str], tail: Sequence[str], plmn: str | None, reading: Reading) -> None:
    """PLMN, cell id (just before the IMSI), service domain 0 = no service."""
    set_plausible(reading.signal, reading.notes, plmn=plmn, cell_id=hex_id(pick(head, len(head) - 1)))
    if pick(tail, 1) == "0":
        hint(reading.signal, Registration.NOT_REGISTERED)


def _lte(head: Sequence[str], tail: Sequence[str], plmn: str | None, reading: Reading, *, tac: int | None = None) -> None:
    channel = _channel(pick(head, 0))
    rssi = to_float(pick(head, 2))
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        earfcn=channel,
        rsrp_dbm=to_float(pick(head, 1)),
        rssi_dbm=None if channel is None and rssi == -47 else rssi,  # -47 is what the modem prints without a cell
        rsrq_db=to_float(pick(head, 3)),
        tac=hex_id(pick(head, 4)) if tac is None else tac,
        band=to_int(pick(tail, 2)),
    )
    _common(head, tail, plmn, reading)


def _umts(head: Sequence[str], tail: Sequence[str], plmn: str | None, reading: Reading) -> None:
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.WCDMA,
        uarfcn=_channel(pick(head, 0)),
        pci=to_int(pick(head, 1)),
        ecio_db=to_float(pick(head, 2)),
        rscp_dbm=to_float(pick(head, 3)),
        rssi_dbm=to_float(pick(head, 4)),
        tac=hex_id(pick(head, 5)),
    )
    _common(head, tail, plmn, reading)


def _gsm(head: Sequence[str], tail: Sequence[str], plmn: str | None, reading: Reading) -> None:
    rssi = to_float(pick(head, 1))
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.GSM,
        arfcn=_channel(pick(head, 0)),
        rssi_dbm=None if rssi == -47 else rssi,  # what the modem prints without a cell
        tac=hex_id(pick(head, 2)),
    )
    _common(head, tail, plmn, reading)


def _last_sinr(tail: Sequence[str], reading: Reading) -> None:
    """Take the SINR in dB, last column of ^RFSTS after name, service domain and band."""
    if len(tail) > 3:
        set_plausible(reading.signal, reading.notes, sinr_db=to_float(tail[-1]))
