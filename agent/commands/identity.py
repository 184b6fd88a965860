"""AT+CGMI, +CGMM, +CGMR (TS 27.007 5.1-5.3) and ATI: who made the modem. Bare lines on most, prefixed on some."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.digest import parts
from agent.at.reply import Reply

_MAKER = ("+CGMI", "+GMI")
_MODEL = ("+CGMM", "+GMM")
_ALL = (*_MAKER, *_MODEL, "+CGMR", "+GMR", "I", "I0", "I1", "I3", "I4", "I9")
_LABEL = re.compile(r"(manufacturer|model)\s*:\s*(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """Maker and model where they can be told, and all text that the identity commands gave (no IMEI is asked for)."""

    maker: str | None
    model: str | None
    text: str


def _values(reply: Reply) -> list[str]:
    return [re.sub(r"^\+?C?GM[IMR]:\s*", "", line, flags=re.IGNORECASE).strip().strip('"') for line in reply.lines]


def parse(replies: Iterable[Reply]) -> Identity:
    """Read the identity commands of a session."""
    maker = model = None
    text: list[str] = []
    for reply in replies:
        asked = [part.upper() for part in parts(reply.command)]
        if not any(part in _ALL for part in asked):
            continue
        values = [value for value in _values(reply) if value]
        text += values
        labels = {m.group(1).lower(): m.group(2).strip() for line in values if (m := _LABEL.fullmatch(line))}
        maker = labels.get("manufacturer") or (values[0] if values and len(asked) == 1 and asked[0] in _MAKER else None) or maker
        model = labels.get("model") or (values[0] if values and len(asked) == 1 and asked[0] in _MODEL else None) or model
    return Identity(maker, model, "\n".join(text))
