"""Figures of a row as every output writes them: value, interval, unit."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.needs.interval import Interval
from dashboards.needs.labels import state_words
from dashboards.needs.model import Row, Village
from ground.words import Figure, Said, joined

DASH = "\N{EN DASH}"


def with_interval(value: float | None, interval: Interval | None, unit: str, digits: int = 0) -> Said:
    """Write `-105 dBm (-106…-104)`; the interval only where it is known."""
    if value is None:
        return DASH
    told = joined([Figure(value, digits), unit], " ")
    if interval is None:
        return told
    return joined([told, " (", Figure(interval.lo, digits), "\N{HORIZONTAL ELLIPSIS}", Figure(interval.hi, digits), ")"], "")


def village_words(village: Village) -> Said:
    """Return the words of a village's verdict."""
    return state_words(village.verdict)


def row_words(row: Row) -> Said:
    """Return the words of a row's verdict."""
    return state_words(row.verdict)


def cell_lines(row: Row) -> Iterator[Said]:
    """Yield what stands under the word of an operator in a table: level, availability."""
    e = row.evidence
    if e is None or not row.verdict.state.judged:
        return
    if e.rsrp_median is not None:
        yield with_interval(e.rsrp_median, e.rsrp_median_ci, "dBm")
    if e.availability is not None:
        yield with_interval(e.availability, e.availability_ci, "%")
