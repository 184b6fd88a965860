"""What changed since this hour of yesterday: which halls have less, more, no data any more, or data again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collector.sites.classes import Classes
from dashboards.web.models import HallNow
from dashboards.web.totals import kind

LADDER = {"adequate": 0, "served": 1, "weak": 1, "older": 2, "no_service": 3}
"""Kinds from enough to nothing; `served` and `weak` cannot be told apart for sure."""


@dataclass(frozen=True, slots=True)
class Change:
    """A hall that is of another kind than it was."""

    hall: HallNow
    before: str


@dataclass(slots=True)
class Changes:
    """Changes by what they mean, each by kecamatan and village."""

    worse: list[Change] = field(default_factory=list)
    better: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    again: list[Change] = field(default_factory=list)


def compare(before: Mapping[str, str], now: Iterable[HallNow], classes: Classes) -> Changes:
    """Compare states of then, by code, with the halls of now. A step within a kind, as good to very good, is no change."""
    found = Changes()
    for hall in sorted(now, key=lambda hall: (hall.kecamatan, hall.desa)):
        was = before.get(hall.code, "not_measured")
        steps = (LADDER.get(kind(was, classes)), LADDER.get(kind(hall.state, classes)))
        match steps:
            case (None, None):
                continue
            case (None, _):
                found.again.append(Change(hall, was))
            case (_, None):
                found.lost.append(Change(hall, was))
            case (int(old), int(new)) if new > old:
                found.worse.append(Change(hall, was))
            case (int(old), int(new)) if new < old:
                found.better.append(Change(hall, was))
    return found
