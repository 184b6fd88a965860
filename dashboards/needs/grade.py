"""How much a verdict can bear: a grade from A to D by a published table, why it is no better, and what would lift it.

Each criterion allows a grade; the worst one counts. The borders are in needs.toml, the table is in docs/verdict.md and in every
report. A: evidence for a proposal. B: evidence, with the named limit. C: a hint, measure on. D: not to be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from collector.sites.sites import Site
from dashboards.needs.doubt import blind_to
from dashboards.needs.evidence import Evidence
from dashboards.needs.model import Verdict
from dashboards.needs.parameters import Step, Steps
from dashboards.needs.scores import Criterion, Grade, Graded
from ground.words import Figure, Phrase, joined, phrase
from telemetry.operators import operator_name

BUSY = range(19, 22)
FULL_HOUR_SLOTS, FULL_HOURS = 12, 3
"""An hour of the day counts as measured with three full hours of slots of 5 minutes."""
CRITERIA = {
    "duration": phrase("days measured"),
    "completeness": phrase("completeness, % of the period"),
    "hours": phrase("hours of the day measured; without all of 19-22 WITA C at best"),
    "precision": phrase("half the 95 % interval: availability (points), median RSRP (dB)"),
    "border": phrase("border of two conditions within interval and accuracy of the instrument: B"),
    "time": phrase("samples with an estimated time, %"),
    "instrument": phrase("model, antenna, cable, height known: A; model and antenna: B; else, or with a booster: C"),
    "bands": phrase("all bands of the operator: A; bands of the modem not known: B; a band is lacking: C"),
    "place": phrase("GNSS or reported by the office: A; read from a map: B; middle of the village: C; outside the village: D"),
    "active_test": phrase("download measured: A; ping only: B; none: C"),
    "operators": phrase("of a village: all operators known: A; one not known: B; more: C"),
}
"""What each criterion asks, in the order of the table."""
PLACES = {"gnss": Grade.A, "office": Grade.A, "map": Grade.B, "centroid": Grade.C}


@dataclass(frozen=True, slots=True)
class Grading:
    """The grades of a hall: borders of the table, what the register knows, and whether its coordinate lies in the village."""

    steps: Steps
    site: Site
    inside: bool | None

    def of(self, operator: str, e: Evidence, verdict: Verdict) -> Graded:
        """Grade the verdict of one operator."""
        return Graded((
            *self._time(e),
            *self._precision(e, verdict),
            *self._instrument(operator, e),
            self._place(),
            _active_test(e),
        ))  # fmt: skip

    def _time(self, e: Evidence) -> Iterator[Criterion]:
        steps = self.steps
        days = phrase("measure {n} more days", n=Figure(max(1, _next(e.days, steps.days) - e.days)))
        yield Criterion("duration", at_least(e.days, steps.days), phrase("{n} days measured", n=Figure(e.days)), days)
        complete = e.completeness or 0.0
        keep = phrase("keep the device running: power and modem")
        what = phrase("{v} % of the period measured", v=complete)
        yield Criterion("completeness", at_least(complete, steps.completeness_percent), what, keep)
        yield self._hours(e)
        guessed = e.estimated_share or 0.0
        clock = phrase("let the device reach a time source more often")
        what = phrase("time of {v} % of the samples estimated", v=guessed)
        yield Criterion("time", at_most(guessed, steps.estimated_percent), what, clock)

    def _hours(self, e: Evidence) -> Criterion:
        if e.hours is None:
            why = phrase("hours of the day not known: rows of an earlier version")
            return Criterion("hours", Grade.C, why, phrase("recompute the summaries, or measure on"))
        lacking = {h: FULL_HOURS - n / FULL_HOUR_SLOTS for h, n in enumerate(e.hours) if n < FULL_HOURS * FULL_HOUR_SLOTS}
        grade = at_least(24 - len(lacking), self.steps.hours)
        busy = {h: n for h, n in lacking.items() if h in BUSY}
        if busy:
            grade = max(grade, Grade.C)
        why = phrase("{n} of 24 hours of the day measured", n=Figure(24 - len(lacking)))
        if busy:
            why = phrase("{why}, not all of 19-22 WITA", why=why)
        wanted = busy or lacking
        if not wanted:
            return Criterion("hours", grade, why)
        days = Figure(max(1, ceil(max(wanted.values()))))
        return Criterion(
            "hours", grade, why, phrase("measure {n} more days at {hours} WITA", n=days, hours=_spans(sorted(wanted)))
        )

    def _precision(self, e: Evidence, verdict: Verdict) -> Iterator[Criterion]:
        on = phrase("measure longer: the days differ much")
        parts = [
            (ci, step, unit)
            for ci, step, unit in (
                (e.availability_ci, self.steps.availability_points, phrase("percentage points")),
                (e.rsrp_median_ci, self.steps.median_db, "dB"),
            )
            if ci is not None
        ]
        halves = [joined(["±", (ci.hi - ci.lo) / 2, " ", unit], "") for ci, _, unit in parts]
        worst = max((at_most((ci.hi - ci.lo) / 2, step) for ci, step, _ in parts), default=Grade.D)
        yield Criterion("precision", worst, phrase("precision {halves}", halves=joined(halves, ", ")), on)
        firm = verdict.between is None
        why = (
            phrase("the condition is clear of its neighbours")
            if firm
            else phrase("the figures do not decide between two conditions")
        )
        yield Criterion(
            "border", Grade.A if firm else Grade.B, why, None if firm else phrase("measure longer, or with a second modem")
        )

    def _instrument(self, operator: str, e: Evidence) -> Iterator[Criterion]:
        site, facts = self.site, self.site.facts
        cable = site.antenna == "internal" or facts.cable_loss_db is not None
        asked = (
            (bool(e.models), phrase("model of the modem")),
            (site.antenna is not None, phrase("antenna")),
            (cable, phrase("cable loss")),
            (facts.antenna_height_m is not None, phrase("height of the antenna")),
        )
        unknown = [word for known, word in asked if not known]
        grade = Grade.A if not unknown else Grade.C if asked[0][1] in unknown or asked[1][1] in unknown else Grade.B
        why = phrase("instrument known") if not unknown else phrase("not known: {names}", names=joined(unknown, ", "))
        lift: Phrase | None = phrase("enter into the register: {names}", names=joined(unknown, ", ")) if unknown else None
        if site.booster:
            grade, why, lift = max(grade, Grade.C), phrase("a booster lifts the values"), phrase("measure without the booster")
        elif site.booster is None and grade is Grade.A:
            grade, why, lift = Grade.B, phrase("not known whether there is a booster"), phrase("enter into the register: booster")
        yield Criterion("instrument", grade, why, lift)
        lacking = blind_to(operator, e.supported)
        if e.supported is None:
            yield Criterion("bands", Grade.B, phrase("bands of the modem not known"), phrase("use a modem whose bands are known"))
        elif lacking:
            bands = ", ".join(f"B{band}" for band in lacking)
            why, lift = phrase("the modem lacks {bands}", bands=bands), phrase("use a modem with {bands}", bands=bands)
            yield Criterion("bands", Grade.C, why, lift)
        else:
            yield Criterion("bands", Grade.A, phrase("the modem has all bands of the operator"))

    def _place(self) -> Criterion:
        if self.inside is False:
            why, lift = phrase("the coordinate lies outside the village"), phrase("correct the coordinate")
            return Criterion("place", Grade.D, why, lift)
        grade = PLACES[self.site.coordinate_source]
        if grade is Grade.A:
            return Criterion("place", grade, phrase("place of the hall measured"))
        return Criterion(
            "place", grade, phrase("place of the hall not measured"), phrase("enter the coordinate of the hall (GNSS)")
        )


def _active_test(e: Evidence) -> Criterion:
    if e.downloads:
        return Criterion("active_test", Grade.A, phrase("{n} downloads measured", n=Figure(e.downloads)))
    lift = phrase("switch the download test on")
    if e.pings:
        return Criterion("active_test", Grade.B, phrase("ping only, no download measured"), lift)
    return Criterion("active_test", Grade.C, phrase("no active test"), lift)


def of_operators(unknown: Sequence[str]) -> Criterion:
    """Grade a village by its national operators of which nothing can be said."""
    if not unknown:
        return Criterion("operators", Grade.A, phrase("all operators known"))
    names = joined(map(operator_name, unknown), ", ")
    grade = Grade.B if len(unknown) == 1 else Grade.C
    return Criterion("operators", grade, phrase("not known: {names}", names=names), phrase("measure {names} too", names=names))


def at_least(value: float, step: Step) -> Grade:
    """Return the grade of a value that should be large."""
    return Grade.A if value >= step.a else Grade.B if value >= step.b else Grade.C if value >= step.c else Grade.D


def at_most(value: float, step: Step) -> Grade:
    """Return the grade of a value that should be small."""
    return Grade.A if value <= step.a else Grade.B if value <= step.b else Grade.C if value <= step.c else Grade.D


def _next(value: float, step: Step) -> int:
    """Return the border of the next better grade."""
    return ceil(min((border for border in (step.a, step.b, step.c) if border > value), default=step.a))


def _spans(hours: Sequence[int]) -> Phrase:
    """Write hours of the day as spans: 0-4, 19-22."""
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return joined([f"{first}-{end}" for first, end in spans], ", ")


def table(steps: Steps) -> list[tuple[Phrase, tuple[str, str, str] | None]]:
    """Return the published table: what each criterion asks, and its borders for A, B and C where they are figures."""
    figures = {
        "duration": [steps.days],
        "completeness": [steps.completeness_percent],
        "hours": [steps.hours],
        "precision": [steps.availability_points, steps.median_db],
        "time": [steps.estimated_percent],
    }

    def borders(name: str) -> tuple[str, str, str] | None:
        found = figures.get(name)
        if found is None:
            return None
        a, b, c = (" / ".join(f"{getattr(step, grade):g}" for step in found) for grade in "abc")
        return a, b, c

    return [(words, borders(name)) for name, words in CRITERIA.items()]
