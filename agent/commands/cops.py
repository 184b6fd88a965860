"""AT+COPS?: the operator (TS 27.007 7.3). `<mode>[,<format>,"<oper>"[,<AcT>]]`; format 2 is MCC and MNC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, records, text_of, to_int
from agent.commands.creg import ACT
from telemetry.streams import Rat


@dataclass(frozen=True, slots=True)
class Cops:
    """One +COPS line; `oper` is None where no operator is selected."""

    mode: int | None
    format: int | None
    oper: str | None
    act: int | None

    @property
    def plmn(self) -> str | None:
        """MCC and MNC as text, 5 or 6 digits; None for names and for digits of another length (zeros dropped)."""
        return self.oper if self.oper and re.fullmatch(r"[0-9]{5,6}", self.oper) and not self.oper.startswith("000") else None

    @property
    def rat(self) -> Rat | None:
        """Technology of the access, None where not named."""
        return ACT.get(self.act) if self.act is not None else None


def parse(lines: Iterable[str]) -> list[Cops]:
    """Read every +COPS line of a read; the list of a network search (`+COPS: (2,"...`) is not one."""
    rows = [fields_of(record) for record in records(lines, "+COPS") if not record.startswith("(")]
    return [
        Cops(to_int(pick(row, 0)), to_int(pick(row, 1)), text_of(pick(row, 2)) or None, to_int(pick(row, 3)))
        for row in rows
        if row
    ]
