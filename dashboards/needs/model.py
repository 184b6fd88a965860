"""What the needs map speaks of: period, evidence, state, diagnosis, verdict, row, village, report. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from collector.sites.classes import Classes
from collector.sites.sites import Site
from dashboards.needs.evidence import Evidence, Supply
from dashboards.needs.parameters import Cuts, Parameters
from dashboards.needs.scores import Graded, Rank, Score
from ground.wita import WITA, midnight_ns
from ground.words import Phrase

NS = 1_000_000_000
SLOTS_A_DAY = 288
OPERATORS = ("Telkomsel", "IOH", "XLSMART")
"""The national operators: each village has a row for each of them, measured or not."""


UNKNOWN_OPERATOR = "?"
"""Begins the row of a modem of which nobody knows the operator; its name follows, for two such modems are not one operator."""


def is_unknown(operator: str) -> bool:
    """Whether a row is of a modem of which nobody knows the operator."""
    return operator.startswith(UNKNOWN_OPERATOR)


class State(StrEnum):
    """What an operator gives at a hall, best first; from `absent` on nothing was judged by a SIM of its own."""

    ADEQUATE = "adequate"
    FAIR = "fair"
    POOR = "poor_service"
    """Level enough, but the service is not: it comes and goes, or the cell is congested or interfered with."""
    WEAK = "weak"
    TWO_G_ONLY = "two_g_only"
    BLANK_SPOT = "blank_spot"
    ABSENT = "absent"
    """No SIM of it is here, and enough scans did not find it."""
    UNJUDGEABLE = "unjudgeable"
    HEARD = "heard"
    """Its cells are heard, but no SIM of it is here."""
    INSUFFICIENT = "insufficient_data"
    NOT_MEASURED = "not_measured"

    @property
    def judged(self) -> bool:
        """Whether there was enough to judge the network."""
        return self not in {State.ABSENT, State.UNJUDGEABLE, State.HEARD, State.INSUFFICIENT, State.NOT_MEASURED}


class Diagnosis(StrEnum):
    """What most stands between a hall and good service of an operator."""

    BLANK_SPOT = "blank_spot"
    TWO_G_ONLY = "two_g_only"
    WEAK_COVERAGE = "weak_coverage"
    RARELY_SERVED = "rarely_served"
    CONGESTED = "congested"
    UNSTABLE = "unstable"
    POWER = "power"
    DEVICE_FAULT = "device_fault"
    SIM_REFUSED = "sim_refused"
    BARRED = "barred"
    UNSUPPORTED_BAND = "unsupported_band"
    UNPROVEN = "unproven"
    UNKNOWN_OPERATOR = "unknown_operator"
    INSUFFICIENT_DATA = "insufficient_data"
    HEARD = "heard"
    ABSENT = "absent"
    NOT_MEASURED = "not_measured"
    ADEQUATE = "adequate"


class Change(StrEnum):
    """How a row compares with the earlier period."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of WITA: the first one in, the first one out. `now` ends what could have been measured."""

    first: date
    end: date
    now: datetime

    @property
    def start_ns(self) -> int:
        """Return the first moment, UTC ns."""
        return midnight_ns(self.first)

    @property
    def end_ns(self) -> int:
        """Return the first moment after it, UTC ns."""
        return midnight_ns(self.end)

    @property
    def last(self) -> date:
        """Return the last day that is in; of a period that has not ended, today."""
        return min(self.end - timedelta(days=1), self.now.astimezone(WITA).date())

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.end - self.first).days

    @property
    def slots(self) -> int:
        """Return the five-minute slots that have passed of it: what could have been measured."""
        past_ns = min(self.end_ns, int(self.now.timestamp()) * NS) - self.start_ns
        return max(0, past_ns // (NS * 86400 // SLOTS_A_DAY))


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnosis with its reason."""

    diagnosis: Diagnosis
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and main finding of a row, what else was found, and what limits the value of it.

    between: the neighbour state that interval and accuracy of the instrument do not rule out.
    """

    state: State
    main: Finding
    others: tuple[Finding, ...] = ()
    notes: tuple[Phrase, ...] = ()
    between: State | None = None


@dataclass(frozen=True, slots=True)
class VillageVerdict:
    """What a village has, over all operators; unknown: national operators of which nothing can be said."""

    state: State
    between: State | None
    reason: Phrase
    unknown: tuple[str, ...]
    grade: Graded | None


@dataclass(frozen=True, slots=True)
class Context:
    """What other lists say of a village; None where they do not name it."""

    blank_spot_list: bool | None = None
    pln_programme: bool | None = None
    no_grid_plan: bool | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Change against the earlier period and why."""

    change: Change
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Row:
    """One village and one operator."""

    site: Site
    operator: str
    evidence: Evidence | None
    verdict: Verdict
    compared: Compared | None = None
    grade: Graded | None = None
    """None where nothing was judged."""


NO_RANK = Rank(0, 0, 0)
"""Of a village that was not yet compared with the others."""


@dataclass(frozen=True, slots=True)
class Village:
    """One village: its rows, and whether its coordinate lies inside its polygon.

    None: no polygon to check with, or a coordinate that was made from the polygon, so that the check could not fail.
    """

    site: Site
    rows: tuple[Row, ...]
    inside: bool | None
    supply: Supply
    context: Context
    verdict: VillageVerdict
    need: Score
    readiness: Score
    rank: Rank = NO_RANK

    @property
    def best(self) -> Row:
        """Return the row of the operator that serves the hall best, judged ones before all others."""
        order = list(State)
        return min(self.rows, key=lambda r: order.index(r.verdict.state))

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Return the national operators of which nothing can be said."""
        return self.verdict.unknown

    @property
    def state(self) -> State:
        """What the village has."""
        return self.verdict.state


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the outputs show."""

    period: Period
    earlier: Period | None
    villages: tuple[Village, ...]
    parameters: Parameters
    classes: Classes
    cuts: Cuts
    sources: tuple[Phrase, ...] = ()
    ignored_sites: tuple[str, ...] = field(default=())

    @property
    def by_rank(self) -> list[Village]:
        """Return the villages, neediest first."""
        return sorted(self.villages, key=lambda village: village.rank.place)

    @property
    def ranked(self) -> list[Row]:
        """Return all rows: villages by rank, in them the worst that was judged first."""
        order = list(State)
        return [
            row
            for village in self.by_rank
            for row in sorted(village.rows, key=lambda r: (not r.verdict.state.judged, -order.index(r.verdict.state)))
        ]

    @property
    def version(self) -> str:
        """Return the version of the thresholds: classes and parameters."""
        return f"classes {self.classes.version}; needs {self.parameters.version}"

    @property
    def kecamatan(self) -> dict[str, list[Village]]:
        """Return the villages by kecamatan, in the order of the register."""
        found: dict[str, list[Village]] = {}
        for village in self.villages:
            found.setdefault(village.site.kecamatan, []).append(village)
        return found
