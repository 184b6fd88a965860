"""AT+COPS=? (TS 27.007 7.3): every operator that the modem finds in the air, `(<stat>,"long","short","numeric"[,<AcT>]),...`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.at.fields import records
from agent.commands.creg import ACT
from telemetry.streams import Rat, Scan
from telemetry.vocabulary import ScanStatus

METHOD = "AT+COPS=?"
_STATUS = (ScanStatus.UNKNOWN, ScanStatus.AVAILABLE, ScanStatus.CURRENT, ScanStatus.FORBIDDEN)
_TEXT = r'(?:"[^"]*"|[^",()]*)'
_ENTRY = re.compile(rf'\(\s*([0-3])\s*,\s*{_TEXT}\s*,\s*{_TEXT}\s*,\s*"?([0-9]{{5,6}})"?\s*(?:,\s*([0-9]{{1,2}})\s*)?\)')
_EN_DC = 13
"""E-UTRA with an NR anchor possible: what was found is the LTE cell."""


def parse(lines: Iterable[str]) -> list[Scan]:
    """Return one row for each operator and technology; names may hold anything and are left, the digits count."""
    found: dict[tuple[str, Rat | None], Scan] = {}
    for record in records(lines, "+COPS"):
        for stat, plmn, act in _ENTRY.findall(record):
            rat = (Rat.LTE if int(act) == _EN_DC else ACT.get(int(act))) if act else None
            if not plmn.startswith("000"):
                found.setdefault((plmn, rat), Scan(plmn=plmn, rat=rat, status=_STATUS[int(stat)]))
    return list(found.values())
