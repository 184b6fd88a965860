"""What stands among a modem's answers and is none: NMEA sentences, the text of a message, a broadcast, a USSD menu. Pure."""

from __future__ import annotations

import re

# Talker and sentence names: NMEA 0183 (GP, GL, GA, GB, GN, GQ, BD, QZ), makers' own begin with P.
_SENTENCE = re.compile(r"[$!](?:(?:G[ABILNPQ]|BD|QZ|II)[A-Z]{3}|P[A-Z]{3,}\d*)(?:,.*)?")
_WHOLE = re.compile(r"[$!](?:(?:G[ABILNPQ]|BD|QZ|II)[A-Z]{3}|P[A-Z]{3,}\d*),[^*$]*\*[0-9A-Fa-f]{2}")
_TAIL = re.compile(r"[^:\"]*,[^:\"]*\*[0-9A-Fa-f]{2}")
"""A sentence whose beginning was lost; the checksum of two hex digits shows it."""
# TS 27.005 3.4.1, 4.5.3: the header stands on a line, the message on the next. +CDS has a body in PDU mode only (one number).
_HEADER = re.compile(r"\+(?:CMT|CBM) ?:.*|\+CDS ?: ?\d+", re.IGNORECASE)
_USSD = re.compile(r"\+CUSD ?:", re.IGNORECASE)


def without_sentences(line: str) -> str:
    """Cut whole NMEA sentences out of a line: some firmware writes them into the middle of another."""
    return _WHOLE.sub("", line) if "*" in line else line


def is_gap(separator: str) -> bool:
    """Return whether a blank line stands between two lines."""
    newlines = separator.count("\n")
    return (newlines or separator.count("\r")) >= 2


class Sieve:
    """Tells line by line what is no answer. Feed it every line that is left after echo and control characters are gone."""

    def __init__(self) -> None:
        self._header = self._quoted = False

    def catches(self, line: str, *, gap: bool, final: bool) -> bool:
        """Return whether a line is foreign. `gap`: a blank line is before it; `final`: it reads as a final result.

        A final result ends an answer, unless it is the line right behind the header of a message: then it is the message.
        """
        if self._header:
            self._header = False
            return not (gap and final)
        if final:
            self._quoted = False
            return False
        if self._quoted:
            self._quoted = line.count('"') % 2 == 0
            return True
        self._header = _HEADER.fullmatch(line) is not None
        self._quoted = _USSD.match(line) is not None and line.count('"') % 2 == 1
        return any(pattern.fullmatch(line) for pattern in (_SENTENCE, _TAIL))
