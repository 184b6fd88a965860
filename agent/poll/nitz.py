"""The time of the mobile network from a modem's answer, as UTC. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agent.at.reply import Reply

SET_UP = "AT+CTZU=1"
OLDEST = datetime(2025, 1, 1, tzinfo=UTC)  # before it, the modem shows its own start-up date and not the network's
_TIME = re.compile(r'\+(CCLK|QLTS): ?"?(\d{2}|\d{4})/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)')


def utc_ms(reply: Reply) -> int | None:
    """Read UTC in ms from the reply to a family's `clock`; None where it is not the network's time.

    It is not without a time zone, nor with a start-up date. +CCLK is local time, its zone in quarters of an hour (TS 27.007
    8.15); +QLTS=1 is UTC already.
    """
    found = next((m for line in reply.lines if (m := _TIME.match(line))), None)
    if found is None:
        return None
    name, year, *rest, zone = found.groups()
    try:
        when = datetime(int(year) % 100 + 2000, *map(int, rest), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    seconds = when.timestamp() - (0 if name == "QLTS" else int(zone) * 900)
    # A start-up date of two digits (70/01/01, 80/01/06) becomes 2070 or 2080: nothing from there on is real.
    return int(seconds * 1000) if OLDEST.timestamp() <= seconds and when.year < 2070 else None
