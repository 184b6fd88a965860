"""The published formula of the priority, recomputed by hand from the published weights."""

from __future__ import annotations

import dataclasses

import pytest

from dashboards.needs.model import Context, Diagnosis, Finding, State, Verdict
from dashboards.needs.parameters import read_parameters
from dashboards.needs.priority import priority
from dashboards.needs.scores import Input
from ground.words import phrase, said
from tests.dashboards.needs.halls import CONFIG
from tests.dashboards.needs.test_judge import SITE

PARAMETERS = read_parameters(CONFIG / "needs.toml")
BASE, POPULATION, NO_ALTERNATIVE, LISTED, ON_GRID, POWER = 40, 20, 15, 10, 10, 5
NONE = Verdict(State.BLANK_SPOT, Finding(Diagnosis.BLANK_SPOT, phrase("x")))
GOOD = Verdict(State.ADEQUATE, Finding(Diagnosis.ADEQUATE, phrase("x")))
ALL = ("Telkomsel", "IOH", "XLSMART")


def score(
    power: str | None, *, others: Verdict | None = NONE, population: int | None = None, listed: bool | None = None
) -> float | None:
    site = dataclasses.replace(SITE, power=power, population=population)
    verdicts = {"Telkomsel": NONE} | (dict.fromkeys(ALL[1:], others) if others else {})
    return priority("Telkomsel", verdicts, site, Context(listed, None), PARAMETERS).score


def share(*known: tuple[int, float]) -> float:
    return round(100 * (BASE + sum(w * v for w, v in known)) / (BASE + sum(w for w, _ in known)), 1)


@pytest.mark.parametrize(
    ("power", "value", "grid"),
    [("grid", 1, 1), ("grid_partial", 0.5, 1), ("solar", 0.5, None), ("genset", 0.5, None), ("no_grid", 0, 0), ("none", 0, None)],
)
def test_the_power_of_a_hall_counts_as_published(power: str, value: float, grid: float | None) -> None:
    known = [(NO_ALTERNATIVE, 1), (POWER, value), *([(ON_GRID, grid)] if grid is not None else [])]
    assert score(power) == share(*known)


def test_what_is_not_known_is_left_out_of_both_sides() -> None:
    assert score(None, others=None) == share()
    assert score(None) == share((NO_ALTERNATIVE, 1))
    assert score(None, others=GOOD) == share((NO_ALTERNATIVE, 0))


@pytest.mark.parametrize("listed", [True, False])
def test_the_list_of_blank_spots_counts_as_published(listed: bool) -> None:
    assert score(None, listed=listed) == share((NO_ALTERNATIVE, 1), (LISTED, float(listed)))


def test_people_count_up_to_the_published_number() -> None:
    full = PARAMETERS.limits.population_full.value
    assert score(None, population=round(full / 2)) == share((NO_ALTERNATIVE, 1), (POPULATION, 0.5))
    assert (
        score(None, population=round(full))
        == score(None, population=round(3 * full))
        == share((NO_ALTERNATIVE, 1), (POPULATION, 1))
    )


def test_what_is_not_judged_has_no_score() -> None:
    verdict = Verdict(State.NOT_MEASURED, Finding(Diagnosis.NOT_MEASURED, phrase("x")))
    found = priority("Telkomsel", {"Telkomsel": verdict}, SITE, Context(None, None), PARAMETERS)
    assert found.score is None
    assert said(found.reason, "en") == "No score: there is nothing yet to judge."


def test_the_reason_names_what_raises_the_score_and_what_is_not_known() -> None:
    site = dataclasses.replace(SITE, power="grid")
    verdicts = dict.fromkeys(ALL, NONE)
    found = priority("Telkomsel", verdicts, site, Context(None, None), PARAMETERS)
    text = said(found.reason, "en")
    assert text.startswith(
        "Score 100 because there is no service, no other operator serves the hall adequately, grid power is available, "
        "and the hall has electricity."
    )
    assert text.endswith("Not known, left out: population, blank-spot list.")
    alone = said(priority("Telkomsel", {"Telkomsel": NONE}, SITE, Context(None, None), PARAMETERS).reason, "en")
    assert alone.startswith("Score 100 because there is no service. ")


def inputs(operator: str, states: dict[str, Verdict], power: str | None = None, plan: bool | None = None) -> dict[str, Input]:
    site = dataclasses.replace(SITE, power=power, population=None)
    return {
        i.name: i
        for i in priority(operator, {operator: NONE, **states}, site, Context(None, no_grid_plan=plan), PARAMETERS).inputs
    }


@pytest.mark.parametrize(
    ("power", "plan", "value", "words"),
    [
        ("grid", True, 1, "yes, by the register of halls"),
        ("solar", True, 0, "no, by the plan of 2026"),
        ("no_grid", None, 0, "no, by the register of halls"),
        ("solar", None, None, "not known"),
        ("solar", False, 1, "yes, or in the grid programme"),
    ],
)
def test_the_register_goes_before_the_plan(power: str, plan: bool | None, value: float | None, words: str) -> None:
    grid = inputs("Telkomsel", {}, power, plan)["on_grid"]
    assert (grid.value, said(grid.source, "en")) == (value, words)


@pytest.mark.parametrize("operator", ALL)
def test_nobody_is_alone_before_every_other_operator_is_judged(operator: str) -> None:
    first, second = (name for name in ALL if name != operator)
    seen = [inputs(operator, states)["no_alternative"] for states in ({first: NONE}, {second: NONE}, {first: NONE, second: NONE})]
    assert [(i.value, said(i.source, "en")) for i in seen] == [(None, "not known"), (None, "not known"), (1, "yes")]
    served = inputs(operator, {first: NONE, second: GOOD})["no_alternative"]
    assert (served.value, said(served.source, "en")) == (0, "no")


def test_the_reason_gives_every_number_of_the_formula() -> None:
    site = dataclasses.replace(SITE, power="solar", population=round(PARAMETERS.limits.population_full.value / 4))
    found = priority("Telkomsel", dict.fromkeys(ALL, NONE), site, Context(True, None), PARAMETERS)
    assert said(found.reason, "en").split(". ", 1)[1] == (
        "Inputs: severity 1, population 0.25, no other adequate operator 1, blank-spot list 1, power of the hall 0.5. "
        "Not known, left out: power grid."
    )


def test_half_the_severity_is_half_the_score() -> None:
    two_g = Verdict(State.TWO_G_ONLY, Finding(Diagnosis.TWO_G_ONLY, phrase("x")))
    severity = PARAMETERS.severity.two_g_only.value
    assert 0 < severity < 1
    assert priority("Telkomsel", {"Telkomsel": two_g}, SITE, Context(None, None), PARAMETERS).score == round(100 * severity, 1)


@pytest.mark.parametrize(("state", "known"), [(State.ABSENT, True), (State.NOT_MEASURED, False), (State.HEARD, False)])
def test_an_operator_that_is_known_to_be_absent_is_no_alternative(state: State, known: bool) -> None:
    other = Verdict(state, Finding(Diagnosis.NOT_MEASURED, phrase("x")))
    alone = inputs("Telkomsel", {"IOH": NONE, "XLSMART": other})["no_alternative"]
    assert (alone.value, said(alone.source, "en")) == ((1, "yes") if known else (None, "not known"))
