"""Two scores of a village, apart: how much it needs a network, and how ready it is for one. And one rank, by need alone.

Need = severity x people x alternatives: a village without grid power or road does not fall. What is not known makes a range: the
score stands at its lower end for people, and at what the measured operators show; the range tells what it can still become.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.sites.facts import BACKHAUL, LAND, POWER, ROAD
from collector.sites.sites import Site
from dashboards.needs.labels import STATE_WORDS, UNKNOWN
from dashboards.needs.model import OPERATORS, Context, State, Verdict, Village
from dashboards.needs.parameters import Parameters, Severity
from dashboards.needs.scores import Input, Rank, Score
from ground.words import Figure, Phrase, Said, joined, phrase
from telemetry.operators import operator_name

NEED_FORMULA = phrase("need = 100 · severity · (1 - wp · (1 - people)) · (1 - wa · alternatives)")
READINESS_FORMULA = phrase("readiness = 100 · sum of w·v / sum of w, over power, land, road, link")
ORDER = (
    phrase("higher need (what is proven)"),
    phrase("higher upper end of its range"),
    phrase("on the blank-spot list of the regency"),
    phrase("lower availability of its best operator"),
    phrase("lower median RSRP of its best operator"),
    phrase("more people"),
    phrase("code of the village"),
)
"""What decides the rank, one after the other."""
INPUT_WORDS = {
    "severity": phrase("severity"),
    "people": phrase("population"),
    "alternatives": phrase("other operators that serve"),
    "power": phrase("power"),
    "land": phrase("land"),
    "road": phrase("road"),
    "link": phrase("link for a tower"),
}
OF_STATE = {
    State.ADEQUATE: "adequate",
    State.FAIR: "adequate",
    State.POOR: "unstable",
    State.WEAK: "weak_coverage",
    State.TWO_G_ONLY: "two_g_only",
    State.BLANK_SPOT: "blank_spot",
    State.ABSENT: "blank_spot",
}
"""Which severity a state has where no diagnosis tells it: the neighbour of a verdict between two, an operator that is absent."""
SERVING = frozenset({State.ADEQUATE, State.FAIR, State.POOR, State.WEAK})
POWER_VALUE = {"grid": 1.0, "grid_partial": 0.6, "solar": 0.3, "genset": 0.3, "no_grid": 0.0, "none": 0.0}
LAND_VALUE = {"government": 1.0, "granted": 0.8, "private": 0.2, "none": 0.0}
ROAD_VALUE = {"car": 1.0, "car_dry": 0.6, "motorcycle": 0.3, "river": 0.2}
LINK_VALUE = {"fibre": 1.0, "microwave": 0.7, "none": 0.1}
Range = tuple[float, float, float]
"""Lowest, as proven, highest."""


def need(verdicts: Mapping[str, Verdict], site: Site, parameters: Parameters) -> Score:
    """Score the need of a village; `verdicts` are those of all operators at its hall."""
    known = {name: _severity(v, parameters.severity) for name, v in verdicts.items() if name in OPERATORS and _told(v)}
    unknown = [name for name in OPERATORS if name not in known]
    severity = _best(known, unknown)
    weights, full = parameters.need, parameters.limits.population_full.value
    people = (0.0, 1.0) if site.population is None else (min(1.0, site.population / full),) * 2
    served = sum(verdicts[name].state in SERVING for name in known)
    others, most = max(0, served - 1), len(OPERATORS) - 1
    least, highest = others / most, min(most, others + len(unknown)) / most

    def score(s: float, p: float, a: float) -> float:
        return round(100 * s * (1 - weights.people.value * (1 - p)) * (1 - weights.alternatives.value * a), 1)

    inputs = (
        Input("severity", 1.0, severity[0], severity[2], _whose(verdicts, known, unknown)),
        Input("people", weights.people.value, *people, UNKNOWN if site.population is None else Figure(site.population)),
        Input("alternatives", weights.alternatives.value, least, highest, phrase("{n} of {of}", n=others, of=most)),
    )
    lo, hi = score(severity[0], people[0], highest), score(severity[2], people[1], least)
    value = score(severity[1], people[0], least) if known else None
    return Score(value, lo, hi, inputs, _told_need(value, lo, hi, inputs))


def _told(verdict: Verdict) -> bool:
    return verdict.state.judged or verdict.state is State.ABSENT


def _severity(verdict: Verdict, severity: Severity) -> Range:
    of_state = {state: float(getattr(severity, name).value) for state, name in OF_STATE.items()}
    value = float(getattr(severity, verdict.main.diagnosis).value) if verdict.state.judged else of_state[State.ABSENT]
    other = value if verdict.between is None else of_state[verdict.between]
    return min(value, other), value, max(value, other)


def _best(known: Mapping[str, Range], unknown: Sequence[str]) -> Range:
    """Return the severity of the operator that serves best: people need one. One that is not known may be good, or nothing."""
    if not known:
        return 0.0, 0.0, 1.0
    lo, value, hi = (min(severity[k] for severity in known.values()) for k in range(3))
    return (0.0 if unknown else lo), value, hi


def _whose(verdicts: Mapping[str, Verdict], known: Mapping[str, Range], unknown: Sequence[str]) -> Phrase:
    said = [joined([operator_name(name), STATE_WORDS[verdicts[name].state]], ": ") for name in known]
    if unknown:
        said.append(phrase("not known: {names}", names=joined(map(operator_name, unknown), ", ")))
    return joined(said, ", ")


def readiness(site: Site, context: Context, parameters: Parameters) -> Score:
    """Score how ready a village is for a tower: power, land, road, link."""
    weights, facts = parameters.readiness, site.facts
    inputs = (
        _power(site, context, weights.power.value),
        _input("land", weights.land.value, facts.land_status, LAND_VALUE, LAND),
        _input("road", weights.road.value, facts.road_access, ROAD_VALUE, ROAD),
        _input("link", weights.link.value, facts.backhaul, LINK_VALUE, BACKHAUL),
    )
    total = sum(i.weight for i in inputs)
    lo, hi = (round(100 * sum(i.weight * getattr(i, end) for i in inputs) / total, 1) for end in ("lo", "hi"))
    value = lo if any(i.hi - i.lo < 1 for i in inputs) else None
    return Score(value, lo, hi, inputs, _told_readiness(value, lo, hi, inputs))


def _input(name: str, weight: float, word: str | None, values: Mapping[str, float], words: Mapping[str, Phrase]) -> Input:
    if word is None:
        return Input(name, weight, 0.0, 1.0, UNKNOWN)
    return Input(name, weight, values[word], values[word], words[word])


def _power(site: Site, context: Context, weight: float) -> Input:
    if site.power is not None or context.no_grid_plan is None:
        return _input("power", weight, site.power, POWER_VALUE, POWER)
    if context.no_grid_plan:
        return Input("power", weight, 0.0, 0.0, phrase("no grid, by the plan of 2026"))
    return Input("power", weight, POWER_VALUE["grid_partial"], 1.0, phrase("grid by the plan of 2026, hours not known"))


def _told_need(value: float | None, lo: float, hi: float, inputs: Sequence[Input]) -> Phrase:
    if value is None:
        return phrase("Need not known: no operator was judged.")
    return joined([phrase("Need {v} (can be {lo} to {hi})", v=value, lo=lo, hi=hi), *_listed(inputs)], "; ")


def _told_readiness(value: float | None, lo: float, hi: float, inputs: Sequence[Input]) -> Phrase:
    if value is None:
        return phrase("Readiness not known: power, land, road and link are not in the register.")
    return joined([phrase("Readiness {v} (can be {lo} to {hi})", v=value, lo=lo, hi=hi), *_listed(inputs)], "; ")


def _listed(inputs: Sequence[Input]) -> Iterator[Said]:
    for i in inputs:
        yield joined([INPUT_WORDS[i.name], i.source], ": ")


@dataclass(frozen=True, slots=True)
class _Key:
    order: tuple[float | str, ...]
    lo: float
    hi: float

    def surely_before(self, other: _Key) -> bool:
        """Whether nothing that is not known can put the other one first."""
        exact = self.lo == self.hi and other.lo == other.hi
        return self.lo > other.hi or (exact and self.order < other.order)


def ranks(villages: Sequence[Village]) -> dict[str, Rank]:
    """Rank villages by their need, by code; ties are broken by ORDER. The range is what the unknown inputs leave open."""
    keys = {village.site.code: _key(village) for village in villages}
    places = {code: place for place, code in enumerate(sorted(keys, key=lambda code: keys[code].order), 1)}
    found = {}
    for code, key in keys.items():
        before = sum(other.surely_before(key) for other in keys.values())
        after = sum(key.surely_before(other) for other in keys.values())
        found[code] = Rank(places[code], before + 1, len(keys) - after)
    return found


def _key(village: Village) -> _Key:
    score, e = village.need, village.best.evidence
    available = None if e is None else e.availability
    level = None if e is None else e.rsrp_median
    order = (
        -(score.value or 0.0),
        -score.hi,
        0.0 if village.context.blank_spot_list else 1.0,
        1000.0 if available is None else available,
        1000.0 if level is None else level,
        -float(village.site.population or 0),
        village.site.code,
    )
    return _Key(order, score.lo, score.hi)
