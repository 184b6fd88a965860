"""Which E-UTRA bands a modem may use, as it is set now: the families' own commands, read from manuals and public captures.

AT+QNWPREFCFG="lte_band" `"lte_band",1:3:5`, AT+QCFG="band" `"band",<2G/3G mask>,<LTE mask>[,<other mask>]` (Quectel); AT+CNBP?
`<mask>,<LTE mask>[,<TD-SCDMA mask>]` (SIMCom); AT#BND? `<GSM>,<UMTS>,<LTE mask, decimal>` (Telit); AT^SYSCFGEX? fifth field
(Huawei); AT+GTACT? 100 + band (Fibocom); AT+UBANDMASK? `<RAT>,<mask>,...` (u-blox). In a mask bit n is band n + 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_hex, to_int

EVERY_BAND = 0x7FFFFFFFFFFFFFFF
"""Huawei's word for "all that it has": it does not say which."""


def parse(lines: Sequence[str]) -> tuple[int, ...] | None:
    """Return the bands in rising order; None where no reply tells them."""
    for find in (_qnwprefcfg, _qcfg, _cnbp, _bnd, _syscfgex, _gtact, _ubandmask):
        bands = sorted({band for band in find(lines) if 1 <= band <= 256})
        if bands:
            return tuple(bands)
    return None


def _of_mask(mask: int | None) -> list[int]:
    if mask is None or mask < 0 or mask == EVERY_BAND:
        return []
    return [bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1]


def _long_hex(text: str) -> int | None:
    digits = re.sub(r"^0[xX]", "", text.strip())
    return int(digits, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,80}", digits) else None


def _qnwprefcfg(lines: Sequence[str]) -> list[int]:
    rows = [fields_of(record) for record in records(lines, "+QNWPREFCFG")]
    text = next((pick(row, 1) for row in rows if pick(row, 0).lower() == "lte_band"), "")
    return [int(band) for band in text.split(":")] if re.fullmatch(r"[0-9]{1,3}(:[0-9]{1,3})*", text) else []


def _qcfg(lines: Sequence[str]) -> list[int]:
    rows = [fields_of(record) for record in records(lines, "+QCFG")]
    return next((_of_mask(_long_hex(pick(row, 2))) for row in rows if pick(row, 0).lower() == "band"), [])


def _cnbp(lines: Sequence[str]) -> list[int]:
    return next((_of_mask(_long_hex(pick(fields_of(record), 1))) for record in records(lines, "+CNBP")), [])


def _bnd(lines: Sequence[str]) -> list[int]:
    return next((_of_mask(to_int(pick(fields_of(record), 2))) for record in records(lines, "#BND")), [])


def _syscfgex(lines: Sequence[str]) -> list[int]:
    return next((_of_mask(to_hex(pick(fields_of(record), 4))) for record in records(lines, "^SYSCFGEX")), [])


def _gtact(lines: Sequence[str]) -> list[int]:
    values = [to_int(value) for record in records(lines, "+GTACT") for value in fields_of(record)]
    return [value - 100 for value in values if value is not None and 100 < value < 200]


def _ubandmask(lines: Sequence[str]) -> list[int]:
    found = []
    for record in records(lines, "+UBANDMASK"):
        row = [to_int(value) for value in fields_of(record)]
        found += [band for mask in row[1:2] for band in _of_mask(mask)]  # a second mask begins at band 65
    return found
