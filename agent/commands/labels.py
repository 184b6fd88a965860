"""Replies made of `label: value` pairs, on lines or joined into one: parted at known labels, never at newlines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.at.digest import all_lines
from agent.at.fields import block
from agent.at.reply import Reply
from telemetry.streams import Registration, Signal


def answer(replies: Sequence[Reply], prefix: str) -> list[str]:
    """Return the lines of a multi-line answer; where its prefix was cut off, those of the reply to the command of that name."""
    asked = (reply for reply in replies if prefix[1:] in reply.command.upper())
    return block(all_lines(replies), prefix) or [
        line for reply in asked for line in reply.lines if not line.startswith(("+", "^"))
    ]


def labelled(lines: Iterable[str], labels: Sequence[str]) -> list[tuple[str, str]]:
    """Return (label, value) in order; labels are regular expressions whose blanks may be wrapped, the longest wins.

    The label comes back in lower case with single blanks; the value runs to the next known label, so read only its start.
    """
    alternatives = "|".join(re.sub(r" +", r"\\s+", label) for label in sorted(labels, key=len, reverse=True))
    text = " ".join(lines)
    marks = list(re.finditer(rf"({alternatives})\s*:\s*", text, re.IGNORECASE))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [
        (" ".join(mark.group(1).lower().split()), text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=False)
    ]


def number(value: str) -> float | None:
    """Read the number at the start of a value (`-75.7dBm,` gives -75.7); None for `--`, `NA`, nothing."""
    match = re.match(r"[-+]?\d+(?:\.\d+)?(?!\.)", value)
    return float(match.group()) if match else None


def whole(value: str) -> int | None:
    """Read the whole decimal number at the start of a value; None for `---` and for a masked `80...`."""
    match = re.match(r"-?\d+(?![\d.])", value)
    return int(match.group()) if match else None


def band_of(value: str) -> int | None:
    """Read a band as vendors write it: `B7`, `n41`, `LTE BAND 3`, `BAND_LTE_3`, `5`."""
    match = re.match(
        r"(?:LTE\s*BAND\s*|BAND_LTE_|LTE_B|LTE\s*B|NR5G_N|NR5G\s*BAND\s*|[BN])?(\d{1,3})(?!\d)", value, re.IGNORECASE
    )
    return int(match.group(1)) if match else None


def hint(signal: Signal, registration: Registration) -> None:
    """Set the registration a vendor reply tells of, unless a 3GPP reply gave it: those tell home from roaming.

    Registered beats a 3GPP "not registered": on LTE without CS service that is all +CREG says.
    """
    lifted = registration is not None and registration.served and signal.registration is Registration.NOT_REGISTERED
    if signal.registration is None or lifted:
        signal.registration = registration
