"""The priority of a row by a formula that every report prints: severity times the weighted mean of the inputs that are known.

score = 100 x severity x (w_base + sum of w_i v_i over the known inputs) / (w_base + sum of w_i over the known inputs)
"""

from __future__ import annotations

from collections.abc import Mapping

from collector.sites.facts import POWER
from collector.sites.sites import Site
from dashboards.needs.labels import UNKNOWN, yes_no
from dashboards.needs.model import OPERATORS, Context, Diagnosis, Priority, State, Verdict
from dashboards.needs.parameters import Parameters
from dashboards.needs.scores import Input
from ground.words import Figure, Phrase, Said, joined, phrase

FORMULA = phrase("score = 100 · severity · (w0 + sum of w·v) / (w0 + sum of w)")
FORMULA_WORDS = phrase(
    "The sums run over the known inputs only. An unknown input (an empty population, say) is left out above and below the "
    "line, not guessed, and the row names it. A row that is not measured or has too little data gets no score."
)
INPUT_WORDS = {
    "base": phrase("base"),
    "population": phrase("population"),
    "no_alternative": phrase("no other adequate operator"),
    "blank_spot_list": phrase("blank-spot list"),
    "on_grid": phrase("power grid"),
    "power": phrase("power of the hall"),
}
NEED = {
    Diagnosis.BLANK_SPOT: phrase("there is no service"),
    Diagnosis.TWO_G_ONLY: phrase("only 2G serves"),
    Diagnosis.WEAK_COVERAGE: phrase("coverage is weak"),
    Diagnosis.RARELY_SERVED: phrase("service is rarely there"),
    Diagnosis.CONGESTED: phrase("the cell is congested or interfered with"),
    Diagnosis.UNSTABLE: phrase("service is unstable"),
    Diagnosis.POWER: phrase("power fails often"),
    Diagnosis.DEVICE_FAULT: phrase("the device is faulty"),
    Diagnosis.ADEQUATE: phrase("service is adequate"),
}
"""What makes a row need something, as the end of `because …`."""
RAISES = {
    "no_alternative": phrase("no other operator serves the hall adequately"),
    "blank_spot_list": phrase("the village is on the list of 37 blank spots"),
    "on_grid": phrase("grid power is available"),
    "power": phrase("the hall has electricity"),
}
POWER_VALUE = {"grid": 1.0, "grid_partial": 0.5, "solar": 0.5, "genset": 0.5, "no_grid": 0.0, "none": 0.0}
SERVING = frozenset({State.ADEQUATE, State.FAIR})


def priority(operator: str, verdicts: Mapping[str, Verdict], site: Site, context: Context, parameters: Parameters) -> Priority:
    """Rank one row; `verdicts` are those of all operators at the hall."""
    verdict = verdicts[operator]
    inputs = _inputs(operator, verdicts, site, context, parameters)
    if not verdict.state.judged:
        reason = phrase("No score: there is nothing yet to judge.")
        return Priority(None, None, inputs, reason)
    severity = float(getattr(parameters.severity, verdict.main.diagnosis).value)
    known = [(i.weight, i.value) for i in inputs if i.value is not None]
    base = parameters.weights.base.value
    share = (base + sum(weight * value for weight, value in known)) / (base + sum(weight for weight, _ in known))
    score = round(100 * severity * share, 1)
    return Priority(score, severity, inputs, _reason(score, severity, verdict.main.diagnosis, inputs))


def _inputs(
    operator: str, verdicts: Mapping[str, Verdict], site: Site, context: Context, parameters: Parameters
) -> tuple[Input, ...]:
    w, full = parameters.weights, parameters.limits.population_full.value
    people = None if site.population is None else min(1.0, site.population / full)
    people_source = UNKNOWN if site.population is None else phrase("{n} people", n=Figure(site.population))
    alone = _no_alternative(operator, verdicts)
    grid, grid_source = _on_grid(site, context)
    power = None if site.power is None else POWER_VALUE[site.power]
    return (
        _input("population", w.population.value, people, people_source),
        _input("no_alternative", w.no_alternative.value, alone, yes_no(None if alone is None else alone == 1)),
        _input("blank_spot_list", w.blank_spot_list.value, _number(context.blank_spot_list), yes_no(context.blank_spot_list)),
        _input("on_grid", w.on_grid.value, _number(grid), grid_source),
        _input("power", w.power.value, power, UNKNOWN if site.power is None else POWER[site.power]),
    )


def _no_alternative(operator: str, verdicts: Mapping[str, Verdict]) -> float | None:
    """Return 0 when another operator serves the hall, 1 when every other national one was judged and none does, else None."""
    others = {name: v.state for name, v in verdicts.items() if name != operator}
    if any(state in SERVING for state in others.values()):
        return 0.0
    judged = all(
        name == operator or (name in others and (others[name].judged or others[name] is State.ABSENT)) for name in OPERATORS
    )
    return 1.0 if judged else None


def _on_grid(site: Site, context: Context) -> tuple[bool | None, Phrase]:
    if site.power in {"grid", "grid_partial"}:
        return True, phrase("yes, by the register of halls")
    if context.no_grid_plan:
        return False, phrase("no, by the plan of 2026")
    if site.power == "no_grid":
        return False, phrase("no, by the register of halls")
    if context.no_grid_plan is None:
        return None, UNKNOWN
    return True, phrase("yes, or in the grid programme")


def _input(name: str, weight: float, value: float | None, source: Said) -> Input:
    return Input(name, weight, 0.0 if value is None else value, 1.0 if value is None else value, source)


def _number(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _reason(score: float, severity: float, diagnosis: Diagnosis, inputs: tuple[Input, ...]) -> Phrase:
    """Say why in a sentence, then the inputs, so that the score can be computed again."""
    raising: list[Said] = [NEED[diagnosis], *(RAISES[i.name] for i in inputs if i.name in RAISES and i.value == 1)]
    why = raising[0]
    if len(raising) > 1:
        why = phrase("{most}, and {last}", most=joined(raising[:-1], ", "), last=raising[-1])
    known = [joined([INPUT_WORDS[i.name], Figure(i.value, 2)], " ") for i in inputs if i.value is not None and i.weight]
    figures = joined([phrase("severity {s}", s=Figure(severity, 2)), *known], ", ")
    told = [phrase("Score {score} because {why}.", score=score, why=why), phrase("Inputs: {figures}.", figures=figures)]
    unknown = [INPUT_WORDS[i.name] for i in inputs if i.value is None]
    if unknown:
        told.append(phrase("Not known, left out: {names}.", names=joined(unknown, ", ")))
    return joined(told, " ")
