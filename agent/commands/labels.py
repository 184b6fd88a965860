"""Replies made of `label: value` pairs, on lines or joined into one: parted at known labels, never at newlines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.at.digest import all_lines
from agent.at.fields import block
from agent.at.reply import Reply
from agent.commands import creg
from telemetry.streams import Registration, Signal

_END = r"(?=\s*(?:dBm?|MHz|C|%)?(?:[\s,;()/|]|$))"
"""What may stand behind a number: its unit, a separator, the end; anything else shows a damaged byte."""


def answer(replies: Sequence[Reply], prefix: str) -> list[str]:
    """Return the lines of a multi-line answer; where its prefix was cut off, those of the reply to the command of that name."""
    asked = (reply for reply in replies if prefix[1:] in reply.command.upper())
    return block(all_lines(replies), prefix) or [
        line for reply in asked for line in reply.lines if not line.startswith(("+", "^"))
    ]


def labelled(lines: Iterable[str], labels: Sequence[str]) -> list[tuple[str, str]]:
    """Return (label, value) in order; labels are regular expressions whose blanks may be wrapped, the longest wins.

    The label comes back in lower case with single blanks; the value runs to the next known label or the end of its line, so
    read only its start.
    """
    alternatives = "|".join(re.sub(r" +", r"\\s+", label) for label in sorted(labels, key=len, reverse=True))
    text = "\n".join(lines)
    marks = list(re.finditer(rf"({alternatives})[ \t]*:[ \t]*", text, re.IGNORECASE))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [
        (" ".join(mark.group(1).lower().split()), text[mark.end() : end].split("\n")[0].strip())
        for mark, end in zip(marks, ends, strict=False)
    ]


def settled(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the value of every label; none where it stands twice with different values: one of them is not the modem's."""
    values: dict[str, str] = {}
    for label, value in pairs:
        if values.setdefault(label, value).split()[:1] != value.split()[:1]:
            values[label] = ""
    return values


def number(value: str) -> float | None:
    """Read the number at the start of a value (`-75.7dBm,` gives -75.7); None for `--`, `NA`, nothing, a damaged `3t`."""
    match = re.match(rf"([-+]?\d+(?:\.\d+)?){_END}", value, re.IGNORECASE)
    return float(match.group(1)) if match else None


def whole(value: str) -> int | None:
    """Read the whole decimal number at the start of a value; None for `---`, a masked `80...`, a damaged `3t`."""
    match = re.match(rf"(-?\d+){_END}", value, re.IGNORECASE)
    return int(match.group(1)) if match else None


def band_of(value: str) -> int | None:
    """Read a band as vendors write it: `B7`, `n41`, `LTE BAND 3`, `BAND_LTE_3`, `5`."""
    match = re.match(
        r"(?:LTE\s*BAND\s*|BAND_LTE_|LTE_B|LTE\s*B|NR5G_N|NR5G\s*BAND\s*|[BN])?(\d{1,3})(?![\w.])", value, re.IGNORECASE
    )
    return int(match.group(1)) if match else None


def hint(signal: Signal, registration: Registration, replies: Sequence[Reply] = ()) -> None:
    """Set the registration a vendor reply tells of, unless a 3GPP reply gave it: those tell home from roaming.

    Registered beats a 3GPP "not registered": on LTE without CS service that is all +CREG says. It beats "denied" too where
    `replies` hold no EPS or 5GS registration: a refusal of CS service alone leaves the data service standing. Limited service
    beats "not registered" and "searching": 3GPP replies have no word for it.
    """
    weak = [Registration.NOT_REGISTERED]
    if replies and not any(row.name in ("C5GREG", "CEREG") for row in creg.parse(replies)):
        weak.append(Registration.DENIED)
    lifted = registration.served and signal.registration in weak
    open_ = signal.registration in (Registration.NOT_REGISTERED, Registration.SEARCHING)
    if signal.registration is None or lifted or (open_ and registration is Registration.LIMITED):
        signal.registration = registration
