"""AT+CIMI and files of the SIM by AT+CRSM (TS 27.007 5.6, 8.18): whose SIM it is. Nothing of it is kept or logged but the PLMN.

EF_AD 28589 tells how many digits of the IMSI are the MNC (TS 31.102 4.2.18), EF_ICCID 12258 the card's number (4.2.1 of ETSI TS
102 221); both can be read behind a PIN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.at.fields import THREE_DIGIT_MNC, fields_of, pick, records
from agent.at.reply import Reply

IMSI = "AT+CIMI"
ICCID = "AT+CRSM=176,12258,0,0,10"
MNC_LENGTH = "AT+CRSM=176,28589,0,0,4"
_READ_WELL = ("144", "145", "159")
"""First status byte of a file that was read (TS 102 221 10.2.1): 90, 91, 9F."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a SIM from others, for the moment of comparing: never kept, never printed."""

    imsi: str | None = None
    iccid: str | None = None
    mnc_digits: int | None = None

    def __repr__(self) -> str:
        return "Identity(…)"  # a traceback must not show it

    @property
    def home_plmn(self) -> str | None:
        """MCC and MNC of the home network; None where the number of digits of the MNC is not sure."""
        if self.imsi is None or self.imsi[0] not in "0234567":
            return None
        if self.imsi[:3] not in THREE_DIGIT_MNC:
            return self.imsi[:5]  # all MNCs of the country have two digits (ITU-T E.212), whatever the SIM says
        return self.imsi[: 3 + self.mnc_digits] if self.mnc_digits else None


def imsi_of(reply: Reply) -> str | None:
    """Return the IMSI of a reply to AT+CIMI: 15 digits and nothing else; a torn or mixed answer gives None."""
    lines = [re.sub(r"^\+CIMI: *", "", line).strip().strip('"') for line in reply.lines]
    digits = [line for line in lines if re.fullmatch(r"[0-9]{6,20}", line)]
    return digits[0] if reply.final == "OK" and len(digits) == 1 and len(digits[0]) == 15 else None


def iccid_of(reply: Reply) -> str | None:
    """Return the card's number from EF_ICCID, 18 to 20 digits, whose nibbles are swapped."""
    data = _file(reply, 20)
    swapped = "".join(data[k + 1] + data[k] for k in range(0, len(data), 2)).rstrip("F") if data else ""
    return swapped if re.fullmatch(r"89[0-9]{16,18}", swapped) else None


def mnc_digits_of(reply: Reply) -> int | None:
    """Return how many digits the MNC has, 2 or 3, from EF_AD."""
    data = _file(reply, 8)
    digits = int(data[7], 16) if data else 0
    return digits if digits in (2, 3) else None


def _file(reply: Reply, length: int) -> str | None:
    """Return the hexadecimal content of a file of that length, None for every other answer."""
    for record in records(reply.lines, "+CRSM"):
        row = fields_of(record)
        data = pick(row, 2).upper()
        if pick(row, 0) in _READ_WELL and re.fullmatch(rf"[0-9A-F]{{{length}}}", data):
            return data
    return None
