"""Lines of a reply to records, records to fields, fields to numbers. Pure; what cannot be read is absent, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.at.digest import name_of

WRAP_FROM = 60
"""Characters from which a record that goes on may have been wrapped by a terminal; modems themselves do not wrap."""
_VALUE = r'\s*(?:"[^"]*"|[-+]?(?:0[xX])?[0-9A-Fa-f.]*|[A-Z][A-Za-z0-9_-]*(?: [A-Z0-9][A-Za-z0-9_-]*)*)\s*'
_LIST = re.compile(rf"{_VALUE}(?:,{_VALUE})+,?")


def records(lines: Iterable[str], prefix: str) -> list[str]:
    """Return the text after each occurrence of a prefix (`+QENG`), case-insensitive.

    Records glued without newline are split. A record that a terminal wrapped, or whose data stand on the next line, is joined
    where one line alone can be its rest; any other line without a prefix is not part of it.
    """
    marker = re.compile(rf"{re.escape(prefix)} ?:", re.IGNORECASE)
    found: list[str] = []
    loose: list[str] | None = None  # lines without prefix behind a record; None: not behind one
    for line in lines:
        head, *pieces = marker.split(line)
        if pieces:
            _join(found, loose)
            found.extend(piece.strip() for piece in pieces)
            loose = []
        elif name_of(line):
            _join(found, loose)
            loose = None
        elif loose is not None and head.strip():
            loose.append(head.strip())
    _join(found, loose)
    return found


def _join(found: list[str], loose: Sequence[str] | None) -> None:
    """Put the rest of a record behind it. Two lines that could be the rest are none."""
    if not loose:
        return
    record = found[-1]
    rests = [line for line in loose if _LIST.fullmatch(line)]
    if not record:
        found[-1] = rests[0] if len(rests) == 1 else ""
    elif len(record) >= WRAP_FROM and len(rests) == 1 and rests[0] == loose[0] and _is_cut(record, rests[0]):
        separator = "," if rests[0].startswith('"') and record.endswith('"') and record.count('"') % 2 == 0 else ""
        found[-1] = f"{record}{separator}{rests[0]}"


def _is_cut(record: str, rest: str) -> bool:
    """Return whether a record and the line below it lack only what a terminal takes away."""
    return record.endswith(",") or (record.endswith('"') and rest.startswith('"'))


def block(lines: Iterable[str], prefix: str) -> list[str]:
    """Return the lines of a multi-line answer: the rest of the prefix's own line if any, and the unprefixed lines below it."""
    found: list[str] = []
    inside = False
    for line in lines:
        if name_of(line):
            inside = name_of(line) == prefix.lstrip("+^#!$%*").upper()
            line = line.partition(":")[2].strip() if inside else ""  # noqa: PLW2901 - the rest of the line is the line
        if inside and line:
            found.append(line)
    return found


def fields_of(text: str) -> list[str]:
    """Split a comma list honouring quotes; blanks around a value and its quotes are dropped. "" gives [].

    A value whose quote never closes was torn off: it reads as "".
    """
    if not text.strip():
        return []
    values = [value.strip() for value in re.findall(r'(?:^|,)((?:\s*"[^"]*"[^,]*|[^,]*))', text.strip())]
    if values[-1].count('"') == 1 and values[-1].startswith('"'):
        values[-1] = ""
    return [value.strip('"').strip() for value in values]


def pick(fields: Sequence[str], index: int) -> str:
    """Return a field, "" where the line ended before it."""
    return fields[index] if 0 <= index < len(fields) else ""


def to_int(text: str) -> int | None:
    """Read a whole decimal number (zero padding and a sign allowed); None for `-`, nothing, junk."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()) else None


def to_hex(text: str) -> int | None:
    """Read a hexadecimal number with or without 0x; None for `-`, nothing, junk."""
    digits = re.sub(r"^0[xX]", "", text.strip())
    return int(digits, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,16}", digits) else None


def to_float(text: str) -> float | None:
    """Read a decimal number; a unit after it (`-75.7dBm`) is ignored; None for `-`, nothing, junk."""
    match = re.fullmatch(r"([+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}))\s*(?:dBm|dB|MHz|C)?", text.strip(), re.IGNORECASE)
    return float(match.group(1)) if match else None


def hex_id(text: str) -> int | None:
    """Read a hexadecimal location or cell id; None for the fillers FFFE, FFFF, FFFFFFFF (TS 24.008 10.5.1.3)."""
    digits = re.sub(r"^0[xX]", "", text.strip())
    if re.fullmatch(r"0*F{3,}[EF]", digits, re.IGNORECASE):
        return None
    return to_hex(digits)


def text_of(text: str) -> str:
    """Return a text as it is meant: some modems print it as UCS2 in hexadecimal (TS 27.007 5.5), digits also as bytes."""
    if re.fullmatch(r"(?:003[0-9]){5,6}|(?:3[0-9]){5,6}", text):
        return re.sub(r"(?:00)?3([0-9])", r"\1", text)
    if len(text) >= 8 and not text.isdecimal() and re.fullmatch(r"(?:[0-9A-Fa-f]{4})+", text):
        meant = bytes.fromhex(text).decode("utf-16-be", errors="replace").rstrip("\uffff\x00 ")
        if meant.isprintable() and any(letter.isalpha() for letter in meant):
            return meant
    return text


THREE_DIGIT_MNC = frozenset(
    ("302", "334", "338", "342", "344", "346", "348", "352", "354", "356", "358", "360", "365", "376")
) | frozenset(("310", "311", "312", "313", "314", "315", "316", "405", "708", "714", "722", "732", "748", "750"))
"""Countries where an MNC may have three digits (ITU-T E.212 Annex): a digit that the modem dropped cannot be put back."""


def plmn_of(mcc: str, mnc: str) -> str | None:
    """Join MCC and MNC as text, leading zeros kept (TS 23.003 2.2); a one-digit MNC is padded only where two is the rule."""
    mcc, mnc = mcc.strip(), mnc.strip()
    if len(mnc) == 1 and mcc not in THREE_DIGIT_MNC:
        mnc = f"0{mnc}"
    plmn = mcc + mnc
    return plmn if re.fullmatch(r"[0-9]{3}", mcc) and re.fullmatch(r"[0-9]{2,3}", mnc) and mcc != "000" else None
