"""The two scores of a village, recomputed by hand from what is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.sites.facts import Facts
from dashboards.needs.model import Context, Diagnosis, Finding, State
from dashboards.needs.need import need, readiness
from dashboards.needs.parameters import read_parameters
from ground.words import phrase, said
from tests.dashboards.needs.halls import CONFIG
from tests.dashboards.needs.test_verdict import NORTH, SITE, told

PARAMETERS = read_parameters(CONFIG / "needs.toml")
NO_PLAN = Context()
W = PARAMETERS.readiness
MEANT = {State.POOR: Diagnosis.UNSTABLE, State.FAIR: Diagnosis.ADEQUATE, State.TWO_G_ONLY: Diagnosis.TWO_G_ONLY}


@pytest.mark.parametrize(
    ("power", "value"),
    [("grid", 1.0), ("grid_partial", 0.6), ("solar", 0.3), ("genset", 0.3), ("no_grid", 0.0), ("none", 0.0)],
)
def test_the_power_of_a_hall_counts_as_published(power: str, value: float) -> None:
    found = readiness(replace(SITE, power=power, facts=Facts()), NO_PLAN, PARAMETERS)
    weights = (W.power.value, W.land.value, W.road.value, W.link.value)
    rest = sum(weights[1:])
    assert found.lo == round(100 * W.power.value * value / sum(weights), 1)
    assert found.hi == round(100 * (W.power.value * value + rest) / sum(weights), 1)


@pytest.mark.parametrize(
    ("facts", "name", "value"),
    [
        *(
            (Facts(land_status=word), "land", v)
            for word, v in (("government", 1), ("granted", 0.8), ("private", 0.2), ("none", 0))
        ),
        *(
            (Facts(road_access=word), "road", v)
            for word, v in (("car", 1), ("car_dry", 0.6), ("motorcycle", 0.3), ("river", 0.2))
        ),
        *((Facts(backhaul=word), "link", v) for word, v in (("fibre", 1), ("microwave", 0.7), ("none", 0.1))),
    ],
)
def test_what_is_known_of_a_place_counts_as_published(facts: Facts, name: str, value: float) -> None:
    inputs = {i.name: i for i in readiness(replace(SITE, facts=facts), NO_PLAN, PARAMETERS).inputs}
    assert (inputs[name].lo, inputs[name].hi) == (value, value)
    assert all((i.lo, i.hi) == (0, 1) for other, i in inputs.items() if other not in (name, "power"))


@pytest.mark.parametrize(("plan", "ends"), [(True, (0, 0)), (False, (0.6, 1)), (None, (0, 1))])
def test_the_plan_speaks_where_the_register_does_not(plan: bool | None, ends: tuple[float, float]) -> None:
    for power, wanted in ((None, ends), ("grid", (1, 1))):
        found = readiness(replace(SITE, power=power, facts=Facts()), Context(no_grid_plan=plan), PARAMETERS).inputs[0]
        assert (found.lo, found.hi) == wanted
    assert readiness(replace(SITE, power=None, facts=Facts()), NO_PLAN, PARAMETERS).value is None


@pytest.mark.parametrize(
    ("states", "alternatives"),
    [
        ((State.BLANK_SPOT, State.BLANK_SPOT, State.BLANK_SPOT), (0, 0)),
        ((State.WEAK, State.BLANK_SPOT, State.BLANK_SPOT), (0, 0)),
        ((State.WEAK, State.POOR, State.BLANK_SPOT), (0.5, 0.5)),
        ((State.WEAK, State.FAIR, State.ADEQUATE), (1, 1)),
        ((State.TWO_G_ONLY, State.TWO_G_ONLY, State.BLANK_SPOT), (0, 0)),
        ((State.WEAK, State.NOT_MEASURED, State.BLANK_SPOT), (0, 0.5)),
        ((State.WEAK, State.NOT_MEASURED, State.NOT_MEASURED), (0, 1)),
    ],
)
def test_other_operators_that_serve_are_alternatives(states: tuple[State, ...], alternatives: tuple[float, float]) -> None:
    verdicts = {
        name: replace(verdict, main=Finding(MEANT.get(verdict.state, verdict.main.diagnosis), phrase("x")))
        for name, verdict in told(dict(zip(NORTH, states, strict=True))).items()
    }
    found = {i.name: i for i in need(verdicts, SITE, PARAMETERS).inputs}["alternatives"]
    assert (found.lo, found.hi) == alternatives


def test_people_count_up_to_the_published_number() -> None:
    full = PARAMETERS.limits.population_full.value
    scores = [need(told(NORTH), replace(SITE, population=round(n * full)), PARAMETERS) for n in (0.5, 1, 3)]
    assert [score.value for score in scores] == [pytest.approx(100 * (1 - PARAMETERS.need.people.value / 2)), 100, 100]
    assert "Need 100 (can be 100 to 100)" in said(scores[1].reason, "en")
