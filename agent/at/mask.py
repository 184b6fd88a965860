"""Mask what identifies a SIM, a modem or a person in a line of text: zeros of the same length. Pure."""

from __future__ import annotations

import re

# Identities are long runs of decimal digits: IMEI 15 or 16, IMSI 14 or 15, ICCID 18 to 20 (a trailing F fills the odd one).
# Cell identities stay readable: as decimal numbers they have at most 11 digits (36 bit NCI).
_LONG = re.compile(r"(?<![0-9A-Fa-fxX.])\d{12,22}(?=[Ff]?(?![0-9A-Fa-f]))")
# An IMEI may be written in groups, as 35-209900-176148-1.
_GROUPED = re.compile(r"(?<!\d)\d{2}-\d{6}-\d{6}-\d{1,2}(?!\d)")
_PHONE = re.compile(r"\+\d{7,15}(?!\d)")
# Numbers of persons in any length, in the replies that carry them: own number, caller, message sender, call forwarding.
_PERSONAL = re.compile(r"(?i)^\s*\+(CNUM|CLIP|COLP|CMGR|CMGL|CMT|CPBR|CPBF|CCFC|CUSD|CSCA)\b")
_ADDRESS = re.compile(r"(?i)^\s*\+(CGPADDR|CGCONTRDP|CGDCONT)\b")
# A cell identity in these is padded to 16 hex digits and may happen to have no letter.
_LOCATION = re.compile(r"(?i)^\s*\+(C5GREG|CEREG|CGREG|CREG):")
_DIGITS = re.compile(r"\d")
_PRIVATE = re.compile(r"(?i)\bAT\+(CIMI|CRSM|CGSN|CCID|ICCID|QCCID|CICCID|CNUM)\b")
_COMMAND = re.compile(r"(?i)^\s*AT")


def is_private(command: str) -> bool:
    """Whether the reply to a command is itself the identity of a SIM, a modem or a person: not even a torn piece may be shown."""
    return _PRIVATE.match(command.strip()) is not None


def mask(line: str) -> str:
    """Replace IMEI, IMSI, ICCID, phone numbers and IP addresses in one line by zeros; the length stays, so layouts show."""
    if _LOCATION.match(line):
        return line
    if _COMMAND.match(line):
        return _PHONE.sub(_zeros, _LONG.sub(_zeros, line))
    for personal in (_PERSONAL, _ADDRESS):
        if found := personal.match(line):
            return line[: found.end()] + zeros(line[found.end() :])
    for pattern in (_GROUPED, _LONG, _PHONE):
        line = pattern.sub(_zeros, line)
    return line


def _zeros(found: re.Match[str]) -> str:
    return zeros(found.group())


def zeros(text: str) -> str:
    """Put a zero for every digit: for replies that are an identity as a whole, where a torn piece is too short for `mask`."""
    return _DIGITS.sub("0", text)
