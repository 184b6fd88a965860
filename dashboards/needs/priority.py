"""The priority of a row by a formula that every report prints: severity times the weighted mean of the inputs that are known.

score = 100 x severity x (w_base + sum of w_i v_i over the known inputs) / (w_base + sum of w_i over the known inputs)
"""

from __future__ import annotations

from collections.abc import Mapping

from collector.sites.sites import Site
from dashboards.needs.model import OPERATORS, Context, Diagnosis, Input, Priority, State, Verdict
from dashboards.needs.parameters import Parameters
from dashboards.needs.words import POWER, UNKNOWN, Both, joined, number, say, yes_no

FORMULA = "skor = 100 · keparahan · (w0 + jumlah w·v) / (w0 + jumlah w)"
FORMULA_WORDS = Both(
    "Jumlah hanya atas masukan yang diketahui. Masukan yang tidak diketahui (misalnya jumlah penduduk yang kosong)"
    " dikeluarkan dari"
    " pembilang dan penyebut, tidak ditebak, dan disebut pada baris itu. Baris yang belum diukur atau yang"
    " datanya belum cukup"
    " tidak mendapat skor.",
    "The sums (jumlah) run over the known inputs only. An unknown input (an empty population, say) is left out"
    " above and below the line, not"
    " guessed, and the row names it. A row that is not measured or has too little data gets no score.",
)
INPUT_WORDS = {
    "base": Both("dasar", "base"),
    "population": Both("jumlah penduduk", "population"),
    "no_alternative": Both("tanpa operator lain yang layak", "no other adequate operator"),
    "blank_spot_list": Both("daftar blank spot", "blank-spot list"),
    "on_grid": Both("jaringan PLN", "power grid"),
    "power": Both("listrik balai desa", "power of the hall"),
}
POWER_VALUE = {"grid": 1.0, "grid_partial": 0.5, "solar": 0.5, "genset": 0.5, "no_grid": 0.0, "none": 0.0}
SERVING = frozenset({State.ADEQUATE, State.FAIR})


def priority(operator: str, verdicts: Mapping[str, Verdict], site: Site, context: Context, parameters: Parameters) -> Priority:
    """Rank one row; `verdicts` are those of all operators at the hall."""
    verdict = verdicts[operator]
    inputs = _inputs(operator, verdicts, site, context, parameters)
    if not verdict.state.judged:
        reason = Both("Tanpa skor: belum ada yang dapat dinilai.", "No score: there is nothing yet to judge.")
        return Priority(None, None, inputs, reason)
    severity = float(getattr(parameters.severity, verdict.main.diagnosis).value)
    known = [(i.weight, i.value) for i in inputs if i.value is not None]
    base = parameters.weights.base.value
    share = (base + sum(weight * value for weight, value in known)) / (base + sum(weight for weight, _ in known))
    reason = _reason(severity, verdict.main.diagnosis, inputs, parameters)
    return Priority(round(100 * severity * share, 1), severity, inputs, reason)


def _inputs(
    operator: str, verdicts: Mapping[str, Verdict], site: Site, context: Context, parameters: Parameters
) -> tuple[Input, ...]:
    w, full = parameters.weights, parameters.limits.population_full.value
    people = None if site.population is None else min(1.0, site.population / full)
    people_source = UNKNOWN if site.population is None else say("{n} jiwa", "{n} people", n=site.population)
    alone = _no_alternative(operator, verdicts)
    grid, grid_source = _on_grid(site, context)
    power = None if site.power is None else POWER_VALUE[site.power]
    return (
        Input("population", w.population.value, people, people_source),
        Input("no_alternative", w.no_alternative.value, alone, yes_no(None if alone is None else alone == 1)),
        Input("blank_spot_list", w.blank_spot_list.value, _number(context.blank_spot_list), yes_no(context.blank_spot_list)),
        Input("on_grid", w.on_grid.value, _number(grid), grid_source),
        Input("power", w.power.value, power, UNKNOWN if site.power is None else POWER[site.power]),
    )


def _no_alternative(operator: str, verdicts: Mapping[str, Verdict]) -> float | None:
    """Return 0 when another operator serves the hall, 1 when every other national one was judged and none does, else None."""
    others = {name: v.state for name, v in verdicts.items() if name != operator}
    if any(state in SERVING for state in others.values()):
        return 0.0
    judged = all(name == operator or (name in others and others[name].judged) for name in OPERATORS)
    return 1.0 if judged else None


def _on_grid(site: Site, context: Context) -> tuple[bool | None, Both]:
    if site.power in {"grid", "grid_partial"}:
        return True, Both("ya, menurut daftar balai desa", "yes, by the register of halls")
    if context.no_grid_plan:
        return False, Both("tidak, menurut rencana 2026", "no, by the plan of 2026")
    if site.power == "no_grid":
        return False, Both("tidak, menurut daftar balai desa", "no, by the register of halls")
    if context.no_grid_plan is None:
        return None, UNKNOWN
    return True, Both("ya atau dalam program PLN", "yes, or in the grid programme")


def _number(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _reason(severity: float, diagnosis: Diagnosis, inputs: tuple[Input, ...], parameters: Parameters) -> Both:
    why = getattr(parameters.severity, diagnosis)
    parts = [say("keparahan {s} ({w})", "severity {s} ({w})", s=number(severity, 2), w=Both(why.id, why.en))]
    known = [i for i in inputs if i.value is not None and i.weight]
    shape = "{name} {v} ({source})"
    parts += [say(shape, shape, name=INPUT_WORDS[i.name], v=number(i.value, 2), source=i.source) for i in known]
    unknown = [INPUT_WORDS[i.name] for i in inputs if i.value is None]
    if unknown:
        parts.append(say("tidak diketahui, tidak dihitung: {names}", "not known, left out: {names}", names=joined(unknown, ", ")))
    return joined(parts)
