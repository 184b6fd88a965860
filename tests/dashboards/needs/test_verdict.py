"""Interval, grade, village and rank: what the published tables of docs/verdict.md promise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.coverage import study
from collector.sites.facts import Facts
from collector.sites.sites import Site
from dashboards.needs.evidence import Evidence, Supply
from dashboards.needs.grade import CRITERIA, Grading, table
from dashboards.needs.interval import Block, Interval, intervals
from dashboards.needs.judge import judge
from dashboards.needs.measured import total
from dashboards.needs.model import Context, Diagnosis, Finding, Report, State, Verdict, Village
from dashboards.needs.need import need, ranks, readiness
from dashboards.needs.parameters import read_parameters
from dashboards.needs.scores import Grade
from ground.words import phrase, said
from telemetry.streams import Proof
from tests.dashboards.needs.halls import CONFIG
from tests.dashboards.needs.test_judge import CUTS, LIMITS, PARAMETERS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "verdict.md"
SITE = Site("6408022001", "k", "d", 1.0, 116.5, "gnss", population=3000, power="grid", antenna="internal", booster=False)
SITE = replace(SITE, facts=Facts(antenna_height_m=6.0))
NORTH = dict.fromkeys(("Telkomsel", "IOH", "XLSMART"), State.BLANK_SPOT)
SEVERITY = {State.BLANK_SPOT: Diagnosis.BLANK_SPOT, State.WEAK: Diagnosis.WEAK_COVERAGE, State.ADEQUATE: Diagnosis.ADEQUATE}


def days(*served: int, asked: int = 288, level: int = -95) -> list[Block]:
    return [Block(n, asked, asked, {level: n - n // 4, level - 8: n // 4} if n else {}) for n in served]


def test_the_same_days_give_the_same_interval_for_ever() -> None:
    """These figures were printed once; whoever recomputes a report must get them too."""
    told = intervals(days(288, 288, 200, 288, 280, 288, 250), "6408022001", "Telkomsel", "2026-10-01")
    assert told.availability is not None
    assert told.rsrp_median is not None
    assert told.rsrp_p10 is not None
    figures = (told.availability.lo, told.availability.hi, told.effective_n or 0, told.rsrp_median.lo, told.rsrp_p10.hi)
    assert [round(x, 6) for x in figures] == PRINTED
    assert intervals(days(288, 288, 200), "a") != intervals(days(288, 288, 200), "b")


PRINTED = [71.31821, 98.755129, 38.921751, -95.362432, -102.903572]


def test_seven_whole_days_without_service_are_a_blank_spot_and_four_hours_a_day_are_not() -> None:
    for asked, state in ((288, State.BLANK_SPOT), (48, State.POOR)):
        ci = intervals(days(*[0] * 7, asked=asked), "x").availability
        e = Evidence(
            days=7, slots=7 * asked, slots_possible=2016, samples=7000, no_service=7000, proof=Proof.HEARD, availability_ci=ci
        )
        verdict = judge(e, LIMITS, CUTS, Supply(), SITE)
        assert verdict.state is state
        assert (verdict.between is State.BLANK_SPOT) == (state is State.POOR)


@settings(max_examples=10)
@given(st.lists(st.integers(0, 288), min_size=2, max_size=12))
def test_an_interval_holds_its_own_estimate(served: list[int]) -> None:
    ci = intervals(days(*served), "x").availability
    assert ci is not None
    assert 0 <= ci.lo <= 100 * sum(served) / (288 * len(served)) + 1e-9
    assert ci.lo <= ci.hi <= 100


def test_simulated_halls_find_the_truth_in_the_interval() -> None:
    """A few of the 10,000 of docs/verdict.md: enough to notice an interval that is half as wide."""
    score = study(40, 3, lengths=(7,))[7]
    assert score.count["availability"] >= 0.85 * score.count["availability asked"] > 0
    assert score.count["naive"] < 0.6 * score.count["naive asked"]
    assert score.count["new false"] == 0


def good(**changes: Any) -> Evidence:
    """What a grade A needs; a test takes one thing away."""
    values: dict[str, Any] = {"served": 8000, "lte": 8000, "lte_values": 8000, "rsrp_median": -80.0, "rsrp_p10": -90.0}
    values |= {"sinr_median": 15.0, "proof": Proof.HEARD, "models": ("EG25-G",), "supported": (1, 3, 5, 8), "downloads": 9}
    values |= {"availability_ci": Interval(98, 100), "rsrp_median_ci": Interval(-81, -79), "rsrp_p10_ci": Interval(-91, -89)}
    values |= {"days": 31, "slots": 8900, "slots_possible": 8928, "samples": 8000, "hours": (100,) * 24, **changes}
    return Evidence(**values)


EVENINGS = (*(100,) * 19, 0, 12, 36, 100, 100)
GRADES = [
    ({}, {}, Grade.A, ()),
    ({"days": 20}, {}, Grade.B, ("ukur 8 hari lagi",)),
    ({"hours": EVENINGS}, {}, Grade.C, ("ukur 3 hari lagi pada jam 19-21 WITA",)),
    ({"hours": None}, {}, Grade.C, ("hitung ulang ringkasan, atau lanjutkan pengukuran",)),
    ({"slots": 900}, {}, Grade.D, ("jaga perangkat tetap menyala: listrik dan modem",)),
    ({"availability_ci": Interval(80, 100)}, {}, Grade.B, None),
    ({"time_estimated": 500}, {}, Grade.C, ("pastikan perangkat lebih sering mendapat jam yang benar",)),
    ({"downloads": 0, "pings": 5}, {}, Grade.B, ("aktifkan uji unduh",)),
    ({"supported": (1, 3)}, {}, Grade.C, ("pakai modem dengan B8",)),
    ({}, {"coordinate_source": "centroid"}, Grade.C, ("isi koordinat kantor desa (GNSS)",)),
    ({}, {"booster": True}, Grade.C, ("ukur tanpa penguat sinyal",)),
    ({}, {"antenna": "outdoor"}, Grade.B, ("isi di daftar kantor desa: redaman kabel",)),
    ({"models": ()}, {}, Grade.C, ("isi di daftar kantor desa: model modem",)),
]


@pytest.mark.parametrize(("evidence", "site", "grade", "lifts"), GRADES)
def test_the_worst_criterion_decides_and_says_what_would_lift_it(
    evidence: dict[str, Any], site: dict[str, Any], grade: Grade, lifts: tuple[str, ...] | None
) -> None:
    e, hall = good(**evidence), replace(SITE, **site)
    verdict = judge(e, LIMITS, CUTS, Supply(), hall, operator="Telkomsel")
    graded = Grading(PARAMETERS.grade, hall, inside=True).of("Telkomsel", e, verdict)
    assert graded.grade is grade
    assert lifts is None or tuple(said(lift, "id") for lift in graded.lifts) == lifts


def test_a_coordinate_outside_the_village_makes_a_verdict_useless() -> None:
    verdict = judge(good(), LIMITS, CUTS, Supply(), SITE)
    assert Grading(PARAMETERS.grade, SITE, inside=False).of("Telkomsel", good(), verdict).grade is Grade.D


def test_the_published_table_has_the_borders_that_count() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for words, borders in table(PARAMETERS.grade):
        if borders:
            line = next(line for line in text.splitlines() if f"| {borders[0]} | {borders[1]} | {borders[2]}" in line)
            assert line, words
    assert len(CRITERIA) == len(table(PARAMETERS.grade))


@pytest.mark.parametrize(("median", "between"), [(-95.0, None), (-98.0, State.WEAK), (-92.0, State.ADEQUATE)])
def test_a_border_within_the_accuracy_of_the_instrument_is_between(median: float, between: State | None) -> None:
    e = good(rsrp_median=median, rsrp_median_ci=Interval(median - 0.5, median + 0.5))
    verdict = judge(e, LIMITS, CUTS, Supply(), SITE)
    assert (verdict.state, verdict.between) == (State.FAIR, between)


def told(states: dict[str, State]) -> dict[str, Verdict]:
    return {
        name: Verdict(state, Finding(SEVERITY.get(state, Diagnosis.NOT_MEASURED), phrase("x"))) for name, state in states.items()
    }


def test_need_is_severity_times_people_times_alternatives() -> None:
    weights = PARAMETERS.need
    assert need(told(NORTH), SITE, PARAMETERS).value == 100
    few = need(told(NORTH), replace(SITE, population=0), PARAMETERS)
    assert few.value == 100 * (1 - weights.people.value)
    weak = need(told({**NORTH, "IOH": State.WEAK, "Telkomsel": State.WEAK}), SITE, PARAMETERS)
    assert weak.value == pytest.approx(100 * 0.6 * (1 - weights.alternatives.value / 2))
    assert need(told({**NORTH, "IOH": State.ADEQUATE}), SITE, PARAMETERS).hi == 0


def test_what_is_not_known_is_a_range() -> None:
    one = need(told({**NORTH, "IOH": State.NOT_MEASURED}), replace(SITE, population=None), PARAMETERS)
    assert (one.value, one.lo, one.hi) == (50, 0, 100)
    assert one.unknown == ["severity", "people", "alternatives"]
    none = need(told(dict.fromkeys(NORTH, State.NOT_MEASURED)), SITE, PARAMETERS)
    assert (none.value, none.lo, none.hi) == (None, 0, 100)


def test_a_village_off_the_grid_needs_as_much_and_is_less_ready() -> None:
    dark, context = replace(SITE, power="no_grid"), Context()
    assert need(told(NORTH), dark, PARAMETERS) == need(told(NORTH), SITE, PARAMETERS)
    assert readiness(dark, context, PARAMETERS).hi < readiness(SITE, context, PARAMETERS).hi
    ready = replace(SITE, facts=Facts(land_status="government", road_access="car", backhaul="fibre"))
    assert (readiness(ready, context, PARAMETERS).lo, readiness(ready, context, PARAMETERS).hi) == (100, 100)


def test_every_village_has_a_place_of_its_own_within_its_range(made: Report) -> None:
    places = sorted(village.rank.place for village in made.villages)
    assert places == list(range(1, len(made.villages) + 1))
    assert all(village.rank.best <= village.rank.place <= village.rank.worst for village in made.villages)
    assert made.by_rank[0].state is State.BLANK_SPOT
    needs = [village.need.value or 0 for village in made.by_rank]
    assert needs == sorted(needs, reverse=True)


def test_where_all_is_known_the_range_is_the_place(made: Report) -> None:
    villages: list[Village] = []
    for k, village in enumerate(made.villages):
        site = replace(village.site, population=100 * k)
        villages.append(replace(village, site=site, need=need(told(NORTH), site, PARAMETERS)))
    found = ranks(villages)
    assert all(rank.best == rank.place == rank.worst for rank in found.values())
    assert found[villages[-1].site.code].place == 1  # most people


def test_texts_of_a_year_are_one_histogram() -> None:
    assert total(["-3.9:5 12:2", "", "12:1 12.4:7"]) == {-3.9: 5, 12.0: 3, 12.4: 7}
    assert total([""]) == {}


def test_a_needs_toml_of_an_earlier_version_stays_valid_and_judges_as_the_shipped_one(tmp_path: Path) -> None:
    text, _, _ = (CONFIG / "needs.toml").read_text(encoding="utf-8").partition("[need]")
    later = ("rare_availability_percent", "instrument_rsrp_db", "rarely_served")
    old = [line for line in text.splitlines() if not line.startswith(later)]
    names = ("base", "population", "no_alternative", "blank_spot_list", "on_grid", "power")
    old += ["[weights]", *(f'{name} = {{ value = 10, id = "x", en = "x" }}' for name in names)]
    (tmp_path / "needs.toml").write_text("\n".join(old), encoding="utf-8")
    assert read_parameters(tmp_path / "needs.toml").model_copy(update={"weights": None}) == PARAMETERS
