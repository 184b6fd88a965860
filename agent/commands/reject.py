"""Why a network refused: +CEREG with cause, AT+CEER, and the families' own commands.

Causes are those of TS 24.301 9.9.3.9 (EMM) and TS 24.008 10.5.3.6 and 10.5.5.14 (MM, GMM), which share their numbers. Read from
manuals and public captures; none was seen on our hardware: AT+QNETRC? (Quectel RM5xx), AT#CEERNET (Telit), AT^REJINFO? (Huawei).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.fields import fields_of, pick, records, to_int
from agent.at.reply import Reply
from agent.commands import creg

WORDS = {
    "IMSI UNKNOWN IN HSS": 2,
    "IMSI UNKNOWN IN HLR": 2,
    "ILLEGAL UE": 3,
    "ILLEGAL MS": 3,
    "IMEI NOT ACCEPTED": 5,
    "ILLEGAL ME": 6,
    "EPS SERVICES NOT ALLOWED": 7,
    "GPRS SERVICES NOT ALLOWED": 7,
    "EPS SERVICES AND NON-EPS SERVICES NOT ALLOWED": 8,
    "GPRS SERVICES AND NON-GPRS SERVICES NOT ALLOWED": 8,
    "PLMN NOT ALLOWED": 11,
    "TRACKING AREA NOT ALLOWED": 12,
    "LOCATION AREA NOT ALLOWED": 12,
    "ROAMING NOT ALLOWED IN THIS TRACKING AREA": 13,
    "ROAMING NOT ALLOWED IN THIS LOCATION AREA": 13,
    "EPS SERVICES NOT ALLOWED IN THIS PLMN": 14,
    "GPRS SERVICES NOT ALLOWED IN THIS PLMN": 14,
    "NO SUITABLE CELLS IN TRACKING AREA": 15,
    "NO SUITABLE CELLS IN LOCATION AREA": 15,
    "REQUESTED SERVICE OPTION NOT AUTHORIZED IN THIS PLMN": 35,
}
"""Causes in the standard's words, as some print them in +CEER; other words there are of calls, and are no refusal."""

REFUSALS = frozenset(WORDS.values()) | {17, 22, 25, 31, 42}
"""Causes with which registration itself is refused; others that these commands give are of bearers and calls."""

OF_THE_SIM = frozenset({2, 3, 6, 7, 8})
"""Causes that speak of the SIM, its plan or the device, whoever's cell the modem turns to next (TS 24.301 5.5.1.2.5)."""


def cause_of(replies: Sequence[Reply]) -> int | None:
    """Return why registration was refused; None where nothing tells, or what tells is of something else."""
    lines = all_lines(replies)
    told = (
        *(row.cause for row in creg.parse(replies)),
        *(_qnetrc(record) for record in records(lines, "+QNETRC")),
        *(to_int(pick(fields_of(record), 0)) for record in records(lines, "#CEERNET")),
        *(to_int(pick(fields_of(record), 2)) for record in records(lines, "^REJINFO")),
        *(_ceer(record) for record in records(lines, "+CEER")),
    )
    return next((cause for cause in told if cause in REFUSALS), None)


def _qnetrc(record: str) -> int | None:
    row = fields_of(record)
    return to_int(pick(row, 1)) if pick(row, 0).lower() in ("emm_cause", "mm_cause", "gmm_cause", "5gmm_cause") else None


def _ceer(record: str) -> int | None:
    words = [" ".join(field.upper().split()) for field in (record.strip('" '), *fields_of(record))]
    found = {WORDS[text] for word in words if (text := re.sub(r"^(EMM|GMM|MM)[ :-]+|^#?\d+[ :-]+", "", word)) in WORDS}
    return found.pop() if len(found) == 1 else None
