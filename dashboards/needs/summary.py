"""The regency on one page: how many villages and people have which service, what is worst, what nobody knows yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.needs.model import Report, State, Village
from ground.words import Figure, Phrase, phrase


@dataclass(frozen=True, slots=True)
class Share:
    """Villages of one state: how many, and the people of those whose number is known."""

    state: State
    villages: int
    people: int | None
    unknown: int
    """Villages whose number of people is not known."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts, and the sentences that say them."""

    shares: tuple[Share, ...]
    sentences: tuple[Phrase, ...]
    worst: tuple[Village, ...]
    lacking: tuple[tuple[str, int], ...]
    """Inputs that are not known, with the number of villages."""


WORST = 10
SERVED = frozenset({State.ADEQUATE, State.FAIR})


def summarise(report: Report) -> Summary:
    """Count a report."""
    villages = report.villages
    lacking = Counter(name for v in villages for name in {*v.need.unknown, *v.readiness.unknown})
    worst = tuple(v for v in report.by_rank if v.need.value)[:WORST]
    return Summary(shares(villages), tuple(_sentences(report)), worst, tuple(lacking.most_common()))


def shares(villages: Sequence[Village]) -> tuple[Share, ...]:
    """Count villages by state, best first; states that none has are left out."""
    return tuple(share for state in State if (share := _share(state, villages)).villages)


def people(villages: Sequence[Village]) -> int | None:
    """Return the people of the villages whose number is known; None where none is."""
    known = [v.site.population for v in villages if v.site.population is not None]
    return sum(known) if known else None


def _share(state: State, villages: Sequence[Village]) -> Share:
    mine = [v for v in villages if v.verdict.state is state]
    return Share(state, len(mine), people(mine), sum(v.site.population is None for v in mine))


def _sentences(report: Report) -> list[Phrase]:
    villages = report.villages
    measured = [v for v in villages if any(row.evidence for row in v.rows)]
    judged = [v for v in villages if v.verdict.state.judged]
    blank = [v for v in villages if v.verdict.state is State.BLANK_SPOT]
    worse = [v for v in judged if v.verdict.state not in SERVED]
    told = [
        phrase(
            "{all} villages in {k} kecamatan; at {n} halls a device measured, of {judged} the service can be judged.",
            all=Figure(len(villages)),
            k=Figure(len(report.kecamatan)),
            n=Figure(len(measured)),
            judged=Figure(len(judged)),
        ),
        phrase(
            "{n} villages are a blank spot for every operator; {worse} of the judged villages have less than fair service.",
            n=Figure(len(blank)),
            worse=Figure(len(worse)),
        ),
    ]
    known = [v for v in villages if v.site.population is not None]
    if known:
        told.append(
            phrase(
                "{people} people live in the {n} villages whose population is known; {worse} of them where service is less than "
                "fair.",
                people=Figure(people(known)),
                n=Figure(len(known)),
                worse=Figure(people(worse) or 0),
            )
        )
    else:
        told.append(phrase("The population of no village is known yet; ask Dukcapil or DPMD."))
    return told
