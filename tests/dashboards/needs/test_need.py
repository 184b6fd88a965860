"""The two scores of a village, recomputed by hand from what is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sites.facts import Facts
from dashboards.needs.evidence import Evidence, Supply
from dashboards.needs.model import Context, Diagnosis, Finding, Row, State, Verdict, Village, VillageVerdict
from dashboards.needs.need import need, ranks, readiness
from dashboards.needs.parameters import read_parameters
from dashboards.needs.scores import Score
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
    score = readiness(replace(SITE, facts=facts), NO_PLAN, PARAMETERS)
    inputs = {i.name: i for i in score.inputs}
    total = W.power.value + W.land.value + W.road.value + W.link.value
    assert score.lo == round(100 * (W.power.value + getattr(W, name).value * value) / total, 1)
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


@pytest.mark.parametrize(("power", "value"), [("grid", 1.0), ("grid_partial", 0.6), ("none", 0.0)])
def test_one_known_fact_is_enough_to_tell_how_ready_a_village_is_at_least(power: str, value: float) -> None:
    found = readiness(replace(SITE, power=power, facts=Facts()), NO_PLAN, PARAMETERS)
    total = W.power.value + W.land.value + W.road.value + W.link.value
    assert found.value == found.lo == round(100 * value * W.power.value / total, 1)
    assert "not known" not in said(found.reason, "en").partition(";")[0]


@given(st.lists(st.sampled_from([*MEANT, State.BLANK_SPOT, State.NOT_MEASURED]), min_size=3, max_size=3))
def test_the_inputs_of_a_need_are_as_published_and_its_ends_are_what_the_unknown_can_become(states: list[State]) -> None:
    verdicts = {
        name: replace(v, main=Finding(MEANT.get(v.state, v.main.diagnosis), phrase("x")))
        for name, v in told(dict(zip(NORTH, states, strict=True))).items()
    }
    unknown = states.count(State.NOT_MEASURED)
    score = need(verdicts, replace(SITE, population=None), PARAMETERS)
    severity, people, others = score.inputs
    weights = [1.0, PARAMETERS.need.people.value, PARAMETERS.need.alternatives.value]
    assert [i.weight for i in score.inputs] == weights
    serving = sum(state in (State.POOR, State.FAIR) for state in states)
    assert others.lo == max(0, serving - 1) / 2
    assert others.hi == min(2, max(0, serving - 1) + unknown) / 2
    known = [PARAMETERS.severity.model_dump()[SEVERITY_OF[state]]["value"] for state in states if state in SEVERITY_OF]
    assert severity.hi == (min(known) if known else 1)
    assert severity.lo == (0 if unknown else min(known))
    assert (people.lo, people.hi) == (0, 1)
    assert score.lo == round(100 * severity.lo * (1 - weights[1]) * (1 - weights[2] * others.hi), 1)
    assert score.hi == round(100 * severity.hi * (1 - weights[2] * others.lo), 1)
    assert (score.value is None) == (unknown == 3)


SEVERITY_OF = {
    State.POOR: "unstable",
    State.FAIR: "adequate",
    State.TWO_G_ONLY: "two_g_only",
    State.BLANK_SPOT: "blank_spot",
}


def village(code: str, ends: tuple[float, float], **known: Any) -> Village:
    """Return a village with the ends of its need and what breaks a tie."""
    lo, hi = ends
    e = Evidence(
        days=7,
        slots=1,
        slots_possible=1,
        samples=1,
        **{k: known[k] for k in ("rsrp_median", "no_service", "served") if k in known},
    )
    finding = Finding(Diagnosis.WEAK_COVERAGE, phrase("x"))
    row = Row(replace(SITE, code=code), "Telkomsel", e, Verdict(State.WEAK, finding))
    score = Score(known.get("value", lo), lo, hi, (), phrase("x"))
    site = replace(SITE, code=code, population=known.get("population"))
    context = Context(blank_spot_list=known.get("listed", False))
    return Village(site, (row,), None, Supply(), context, VillageVerdict(State.WEAK, None, phrase("x"), (), None), score, score)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ends": (60, 60)}, {"ends": (50, 50)}),
        ({"ends": (60, 60)}, {"ends": (50, 70)}),
        ({"ends": (50, 70)}, {"ends": (50, 60)}),
        ({"ends": (50, 50), "listed": True}, {"ends": (50, 50), "served": 0, "no_service": 9}),
        ({"ends": (50, 50), "served": 5, "no_service": 5}, {"ends": (50, 50), "served": 6, "no_service": 4}),
        ({"ends": (50, 50), "served": 9, "no_service": 0}, {"ends": (50, 50)}),
        ({"ends": (50, 50), "rsrp_median": -110.0}, {"ends": (50, 50), "rsrp_median": -100.0}),
        ({"ends": (50, 50), "rsrp_median": -60.0}, {"ends": (50, 50)}),
        ({"ends": (50, 50), "population": 900}, {"ends": (50, 50), "population": 800}),
        ({"ends": (50, 50), "population": 1}, {"ends": (50, 50)}),
        ({"ends": (10, 10)}, {"ends": (0, 0), "value": None}),
        ({"ends": (50, 50)}, {"ends": (50, 50)}),
    ],
)
def test_ties_are_broken_in_the_published_order(first: dict[str, Any], second: dict[str, Any]) -> None:
    for codes in (("1", "2"), ("2", "1")):
        if first == second and codes == ("2", "1"):
            continue  # the code of the village is the last that decides
        found = ranks([village(codes[1], **second), village(codes[0], **first)])
        assert (found[codes[0]].place, found[codes[1]].place) == (1, 2)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (min(p), max(p))), min_size=1, max_size=6))
def test_the_range_of_a_rank_is_what_the_unknown_leaves_open(ends: list[tuple[int, int]]) -> None:
    """A place that another village can take, whatever becomes known, is within the range; no other is."""
    found = ranks([village(str(k), (lo, hi)) for k, (lo, hi) in enumerate(ends)])
    for k, (lo, hi) in enumerate(ends):
        before = sum(other_lo > hi or (lo == hi == other_lo == other_hi and j < k) for j, (other_lo, other_hi) in enumerate(ends))
        after = sum(other_hi < lo or (lo == hi == other_lo == other_hi and j > k) for j, (other_lo, other_hi) in enumerate(ends))
        assert found[str(k)].best == before + 1
        assert found[str(k)].worst == len(ends) - after
        assert found[str(k)].best <= found[str(k)].place <= found[str(k)].worst
