"""Time as people in Kutai Timur tell it: WITA, UTC+8 (Asia/Makassar), no daylight saving, so no zone table is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

WITA = timezone(timedelta(hours=8), "WITA")
WITA_MS = 8 * 3_600_000
"""How far WITA is ahead of UTC, ms."""


def wita(at_ms: float) -> datetime:
    """Return a moment (ms UTC) as time in WITA."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(WITA)


def midnight_ns(day: date) -> int:
    """Return where a day of WITA begins, UTC ns."""
    return int(datetime(day.year, day.month, day.day, tzinfo=WITA).timestamp()) * 1_000_000_000
