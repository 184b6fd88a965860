"""Grades, scores and ranks of a verdict. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ground.words import Phrase, Said


class Grade(StrEnum):
    """How much a verdict can bear, best first; docs/verdict.md has the table."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class Criterion:
    """The grade that one thing allows, why, and what would lift it."""

    key: str
    grade: Grade
    reason: Phrase
    lift: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade of a verdict: that of its worst criterion."""

    criteria: tuple[Criterion, ...]

    @property
    def grade(self) -> Grade:
        """Return the grade that all criteria allow."""
        return max((c.grade for c in self.criteria), default=Grade.D)

    @property
    def limiting(self) -> tuple[Criterion, ...]:
        """Return the criteria that allow no better grade; none of an A."""
        return () if self.grade is Grade.A else tuple(c for c in self.criteria if c.grade is self.grade)

    @property
    def lifts(self) -> list[Phrase]:
        """Return what would lift the grade: all of it must be done."""
        return [c.lift for c in self.limiting if c.lift is not None]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a score: its weight, what it can be (0..1), and where it is from; `lo` < `hi`: not, or not fully, known."""

    name: str
    weight: float
    lo: float
    hi: float
    source: Said

    @property
    def value(self) -> float | None:
        """Return its value; None where it is not known."""
        return self.lo if self.lo == self.hi else None


@dataclass(frozen=True, slots=True)
class Score:
    """A score of 0..100: what is proven, and from where to where it can be; None where nothing is known."""

    value: float | None
    lo: float
    hi: float
    inputs: tuple[Input, ...]
    reason: Phrase

    @property
    def unknown(self) -> list[str]:
        """Return the inputs that nobody knows."""
        return [i.name for i in self.inputs if i.value is None]


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a village among all, and the places it can have when what is not known becomes known."""

    place: int
    best: int
    worst: int
