"""Time as people in Kutai Timur tell it: WITA, UTC+8 (Asia/Makassar), no daylight saving, so no zone table is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

WITA = timezone(timedelta(hours=8), "WITA")
WITA_MS = 8 * 3_600_000
"""How far WITA is ahead of UTC, ms."""
MONTHS_ID = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)


def wita(at_ms: float) -> datetime:
    """Give a moment (ms UTC) as time in WITA."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(WITA)


def day_id(day: date) -> str:
    """Give a date as `24 November 2026`."""
    return f"{day.day} {MONTHS_ID[day.month - 1]} {day.year}"


def moment_id(at_ms: float) -> str:
    """Give a moment as `24 November 2026 14.35 WITA`."""
    at = wita(at_ms)
    return f"{day_id(at)} {at:%H.%M} WITA"
