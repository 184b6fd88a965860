"""Words and numbers as people read them: Indonesian first, English beside it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from ground.wita import MONTHS_ID

MONTHS = (
    MONTHS_ID,
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
)


class Both(NamedTuple):
    """A text in Indonesian and in English."""

    id: str
    en: str


def number(value: float | None, digits: int = 0) -> Both:
    """Write a number with its decimals, in both customs; an absent one is a dash. `digits` are cut where they are zeros."""
    if value is None:
        return Both("\N{EN DASH}", "\N{EN DASH}")
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "\N{MINUS SIGN}")
    return Both(text.translate(str.maketrans(",.", ".,")), text)


def say(indonesian: str, english: str, /, **values: float | str | Both | None) -> Both:
    """Fill `{name}` in both texts; numbers get at most one decimal and the customs of the language."""
    both = {name: _both(value) for name, value in values.items()}
    return Both(
        indonesian.format(**{name: text.id for name, text in both.items()}),
        english.format(**{name: text.en for name, text in both.items()}),
    )


def _both(value: float | str | Both | None) -> Both:
    if isinstance(value, Both):
        return value
    return Both(value, value) if isinstance(value, str) else number(value, 1)


def joined(texts: list[Both], mark: str = "; ") -> Both:
    """Put texts in a row."""
    return Both(mark.join(t.id for t in texts), mark.join(t.en for t in texts))


def day(when: date) -> Both:
    """Write a date as 24 November 2026."""
    return Both(*(f"{when.day} {names[when.month - 1]} {when.year}" for names in MONTHS))


ANTENNA = {
    "internal": Both("internal", "internal"),
    "indoor": Both("dalam ruang", "indoor"),
    "outdoor": Both("luar ruang", "outdoor"),
}
COORDINATES = {
    "centroid": Both("titik tengah desa, bukan kantor", "middle of the village, not the office"),
    "gnss": Both("GNSS di tempat", "GNSS on the spot"),
    "office": Both("laporan kantor desa", "reported by the office"),
    "map": Both("dibaca dari peta", "read from a map"),
}
POWER = {
    "grid": Both("PLN 24 jam", "grid, 24 h"),
    "grid_partial": Both("PLN < 24 jam", "grid, less than 24 h"),
    "no_grid": Both("tanpa jaringan PLN", "no grid"),
    "solar": Both("PLTS", "solar"),
    "genset": Both("genset", "generator"),
    "none": Both("tidak ada", "none"),
}
UNKNOWN = Both("tidak diketahui", "not known")
YES, NO = Both("ya", "yes"), Both("tidak", "no")


def yes_no(value: bool | None) -> Both:
    """Write yes, no, or not known."""
    return UNKNOWN if value is None else YES if value else NO
