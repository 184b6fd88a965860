"""AT+ZCELLINFO? (ZTE): `0XTAC,0XCELL,...,LTE B3,1600`; 0XFFFE and 0XFFFFFFFF are unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, records
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat

_BAND = re.compile(r"LTE\s*B(\d{1,2})\s*,\s*(\d+)(?=\s*(?:,|$))", re.IGNORECASE)
_WORDS = {r"[PERT]?GSM[ _]?\d+|DCS[ _]?1800|PCS[ _]?1900": Rat.GSM, r"(?:WCDMA|UMTS).*": Rat.WCDMA}


def read_zcellinfo(lines: Sequence[str], reading: Reading) -> None:
    """Read +ZCELLINFO; TAC and cell only in their 0X form: other firmware has other columns in front."""
    for record in records(lines, "+ZCELLINFO")[-1:]:
        row = fields_of(record)
        band = _BAND.search(record)
        if band:
            set_plausible(reading.signal, reading.notes, rat=Rat.LTE, band=int(band.group(1)), earfcn=int(band.group(2)))
        else:
            rats = (rat for word in row for pattern, rat in _WORDS.items() if re.fullmatch(pattern, word, re.IGNORECASE))
            set_plausible(reading.signal, reading.notes, rat=next(rats, None))
        tac, cell = pick(row, 0).upper(), pick(row, 1).upper()
        if tac.startswith("0X") and cell.startswith("0X"):
            set_plausible(reading.signal, reading.notes, tac=hex_id(tac), cell_id=hex_id(cell))
