"""AT+CPIN?: state of the SIM (TS 27.007 8.3), and the SIM errors of any command (TS 27.007 9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import records
from agent.at.reply import Reply

_ABSENT = re.compile(r"10|SIM (?:card )?(?:is )?not inserted|NOT INSERTED|NO SIM", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sim:
    """`code` as printed (READY, SIM PIN ...), `error` the text or number after +CME ERROR."""

    code: str | None = None
    error: str | None = None

    @property
    def absent(self) -> bool:
        """Whether there is no SIM (code 10). PIN required, failure and busy (11, 13, 14) mean that there is one."""
        return any(text is not None and _ABSENT.fullmatch(text) for text in (self.code, self.error))


def parse(replies: Iterable[Reply]) -> list[Sim]:
    """Read +CPIN lines and errors in order."""
    found = []
    for reply in replies:
        found += [Sim(code=record) for record in records(reply.lines, "+CPIN") if record]
        if reply.final.upper().startswith("+CME ERROR"):
            found.append(Sim(error=reply.final.partition(":")[2].strip()))
    return found
