"""AT+QRSRP, +QRSRQ, +QSINR (Quectel): one value per antenna path, then the technology (missing on older firmware).

A path that is not there prints -140 (RSRP), -44 or -32768.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, records, to_float
from agent.commands.qnwinfo import rat_of
from telemetry.streams import Rat

_ABSENT = (-140.0, -44.0, -32768.0)


@dataclass(frozen=True, slots=True)
class Paths:
    """Values by antenna path, None where there is no path; `rat` is None where the line does not name it."""

    rat: Rat | None
    values: tuple[float | None, ...]
    damaged: bool = False
    """Whether a value could not be read: it may have been the strongest."""

    @property
    def best(self) -> float | None:
        """Strongest path (TS 36.214 5.1.1: the reported value is not below that of any branch)."""
        return None if self.damaged else max((value for value in self.values if value is not None), default=None)


def parse(lines: Iterable[str], name: str) -> list[Paths]:
    """Read the lines of `name` (QRSRP, QRSRQ or QSINR)."""
    found = []
    for record in records(lines, f"+{name}"):
        row = fields_of(record)
        rat = rat_of(row[-1]) if row else None
        texts = row[:-1] if rat else row
        values = [to_float(text) for text in texts]
        damaged = any(value is None and re.search(r"[0-9]", text) for value, text in zip(values, texts, strict=True))
        found.append(Paths(rat, tuple(None if value in _ABSENT else value for value in values), damaged))
    return found
