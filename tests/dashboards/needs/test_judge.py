"""Rules that must hold for any evidence, and the edges of the limits."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import ConfigError
from collector.sites.classes import read_classes
from collector.sites.sites import Site
from dashboards.needs.evidence import Evidence, Supply
from dashboards.needs.judge import judge
from dashboards.needs.model import Diagnosis, State
from dashboards.needs.parameters import cuts, read_parameters
from ground.words import Figure, said
from telemetry.streams import Proof
from tests.dashboards.needs.halls import CONFIG

PARAMETERS = read_parameters(CONFIG / "needs.toml")
LIMITS, CUTS = PARAMETERS.limits, cuts(PARAMETERS, read_classes(CONFIG / "classes.toml"))
SITE = Site("6408022001", "Muara Wahau", "Jak Luay", 1.1, 116.8, "gnss")
COUNT = st.integers(0, 3000)
LEVEL = st.one_of(st.none(), st.floats(-140, -40))
QUALITY = st.one_of(st.none(), st.floats(-20, 30))


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    lte, two_g, three_g, no_service, no_sim, silent = (draw(COUNT) for _ in range(6))
    served = lte + two_g + three_g
    slots = draw(st.integers(0, 2304))
    return Evidence(
        days=draw(st.integers(0, 8)), slots=slots, slots_possible=2304, samples=served + no_service + no_sim + silent,
        served=served, lte=lte, three_g=three_g, two_g=two_g, no_service=no_service, no_sim=no_sim, silent=silent,
        lte_values=lte, busy_values=lte // 8, rsrp_median=draw(LEVEL), rsrp_p10=draw(LEVEL), sinr_median=draw(QUALITY),
        proof=draw(st.sampled_from([None, *Proof])),
        sinr_busy_median=draw(QUALITY), cell_changes=draw(COUNT), time_estimated=draw(st.integers(0, served)),
    )  # fmt: skip


@given(evidences(), st.floats(0, 20))
def test_only_enough_samples_without_service_make_a_blank_spot(e: Evidence, boots: float) -> None:
    verdict = judge(e, LIMITS, CUTS, Supply(boots_a_week=boots), SITE)
    if verdict.state is State.BLANK_SPOT or verdict.main.diagnosis is Diagnosis.BLANK_SPOT:
        assert e.network >= LIMITS.min_samples.value
        assert e.no_service >= 0.95 * e.network
        assert e.proof in {Proof.HEARD, Proof.SCAN, Proof.OTHER_MODEM}
    if e.served + e.no_service == 0:
        assert verdict.state in {State.INSUFFICIENT, State.NOT_MEASURED}


@given(evidences(), st.integers(0, 3000), st.integers(0, 3000))
def test_a_sick_modem_or_sim_leaves_the_state_of_the_network_or_forbids_any(e: Evidence, silent: int, no_sim: int) -> None:
    more = replace(e, silent=silent, no_sim=no_sim, samples=e.network + silent + no_sim, time_estimated=0)
    less = replace(e, silent=0, no_sim=0, samples=e.network, time_estimated=0)
    one, other = (judge(x, LIMITS, CUTS, Supply(), SITE).state for x in (more, less))
    if less.samples and more.samples:
        assert one in {other, State.UNJUDGEABLE}


@pytest.mark.parametrize("e", [None, Evidence(days=0, slots=0, slots_possible=2304, samples=0)])
def test_not_measured_is_never_a_blank_spot(e: Evidence | None) -> None:
    verdict = judge(e, LIMITS, CUTS, Supply(boots_a_week=20), SITE)
    assert (verdict.state, verdict.main.diagnosis) == (State.NOT_MEASURED, Diagnosis.NOT_MEASURED)
    assert "bukan berarti tidak ada sinyal" in said(verdict.main.reason, "id")


def _good(**changes: float) -> Evidence:
    values: dict[str, float] = {"served": 2304, "lte": 2304, "lte_values": 2304, "busy_values": 288, "rsrp_median": -85}
    values |= {"rsrp_p10": -95, "sinr_median": 15, "sinr_busy_median": 15, **changes}
    samples = int(values["served"] + values.get("no_service", 0))
    return Evidence(days=8, slots=2304, slots_possible=2304, samples=samples, proof=Proof.HEARD, **values)  # type: ignore[arg-type] # counts are whole here


@pytest.mark.parametrize(
    ("changes", "diagnosis"),
    [
        ({"rsrp_median": -100}, "adequate"),
        ({"rsrp_median": -100.5}, "weak_coverage"),
        ({"rsrp_p10": -110}, "adequate"),
        ({"rsrp_p10": -111}, "weak_coverage"),
        ({"lte": 229, "two_g": 2075}, "two_g_only"),  # 9.94 %, printed 9.9
        ({"lte": 230, "two_g": 2074, "lte_values": 230}, "weak_coverage"),  # 9.98 %, printed 10.0: judged as printed
        ({"sinr_busy_median": 4}, "congested"),
        ({"sinr_median": 4, "sinr_busy_median": 4}, "congested"),
        ({"sinr_busy_median": 4, "busy_values": 59}, "adequate"),  # too few to judge the busy hour
        ({"sinr_busy_median": 4, "time_estimated": 500}, "adequate"),  # 21.7 %: the hour is not known
        ({"served": 95 * 20, "lte": 95 * 20, "no_service": 5 * 20}, "adequate"),
        ({"served": 94 * 20, "lte": 94 * 20, "no_service": 6 * 20}, "unstable"),
        ({"served": 5 * 20, "lte": 5 * 20, "no_service": 95 * 20}, "blank_spot"),
        ({"cell_changes": 2304}, "adequate"),  # 12 per hour
        ({"cell_changes": 2305}, "unstable"),
        ({"lte_values": 99}, "insufficient_data"),  # served on LTE, but the modem hardly ever gives RSRP
    ],
)
def test_the_limits_hold_at_their_edges(changes: dict[str, float], diagnosis: str) -> None:
    assert judge(_good(**changes), LIMITS, CUTS, Supply(), SITE).main.diagnosis == diagnosis


def test_the_numbers_in_reasons_and_notes_are_those_of_the_evidence() -> None:
    old = judge(_good(served=2000, lte=100, two_g=1500, three_g=400, lte_values=100), LIMITS, CUTS, Supply(), SITE)
    reason = said(old.main.reason, "en")
    assert [share in reason for share in ("75", "20", "5")] == [True] * 3
    for field, share in (("guest", "12.5"), ("data_refused", "12.5")):
        notes = " ".join(said(note, "en") for note in judge(_good(**{field: 288}), LIMITS, CUTS, Supply(), SITE).notes)
        assert f"{share} %" in notes, field
    plain = judge(_good(), LIMITS, CUTS, Supply(), SITE)
    assert plain.notes == ()
    assert plain.others == ()
    assert [judge(_good(time_estimated=n), LIMITS, CUTS, Supply(), SITE).notes != () for n in (461, 462)] == [False, True]


@pytest.mark.parametrize(("days", "lacking"), [(7, False), (6, True)])
def test_a_limit_that_is_just_met_is_met(days: int, lacking: bool) -> None:
    evidence = dataclasses.replace(_good(), days=days)
    assert (judge(evidence, LIMITS, CUTS, Supply(), SITE).main.diagnosis == "insufficient_data") is lacking


def test_congestion_and_interference_are_told_apart_in_the_reason() -> None:
    busy = judge(_good(sinr_busy_median=4), LIMITS, CUTS, Supply(), SITE).main.reason
    always = judge(_good(sinr_median=4, sinr_busy_median=3), LIMITS, CUTS, Supply(), SITE).main.reason
    assert said(busy, "en").endswith("congested.")
    assert said(always, "en").endswith("interfered.")


def test_a_fault_of_the_parameters_names_file_key_and_cure(tmp_path: Path) -> None:
    path = tmp_path / "needs.toml"
    text = (CONFIG / "needs.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("blank_spot = { value = 1.0,", "blank_spot = { value = 7,"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"needs\.toml: severity\.blank_spot\.value: .*must be 0\.\.1"):
        read_parameters(path)
    path.write_text(text.replace('strong = { value = "good"', 'strong = { value = "superb"'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"classes\.strong: 'superb' has no cuts in classes\.toml; use one of very_good"):
        cuts(read_parameters(path), read_classes(CONFIG / "classes.toml"))


@pytest.mark.parametrize(
    ("supply", "diagnosis"),
    [
        (Supply(), "adequate"),  # gaps alone do not say why
        (Supply(boots=2, boots_a_week=2.9), "adequate"),
        (Supply(boots=3, boots_a_week=3.0), "power"),
        (Supply(bad_power_percent=9.9), "adequate"),
        (Supply(bad_power_percent=10), "power"),
    ],
)
def test_gaps_are_laid_to_power_only_with_a_sign_of_it(supply: Supply, diagnosis: str) -> None:
    half = replace(_good(), slots=1152)
    verdict = judge(half, LIMITS, CUTS, supply, SITE)
    assert (verdict.main.diagnosis, verdict.state) == (diagnosis, "adequate")
    assert judge(_good(), LIMITS, CUTS, supply, SITE).main.diagnosis == "adequate"  # nothing is missing: nothing to explain


def test_a_needs_toml_of_an_earlier_version_stays_valid(tmp_path: Path) -> None:
    lines = (CONFIG / "needs.toml").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "needs.toml").write_text(
        "".join(line for line in lines if not line.startswith("min_scan_days")), encoding="utf-8"
    )
    assert read_parameters(tmp_path / "needs.toml").limits.min_scan_days == PARAMETERS.limits.min_scan_days


@pytest.mark.parametrize(
    ("lte", "older", "weak"), [(900, 920, False), (980, 1020, True), (1000, 1000, False), (990, 1010, True), (995, 1000, False)]
)
def test_mostly_older_than_lte_is_a_sign_of_weak_coverage(lte: int, older: int, weak: bool) -> None:
    """What did not tell its generation is on neither side: less than half on LTE is a sign only where more than half is older."""
    e = _good(served=2000, lte=lte, two_g=older, lte_values=lte)
    assert (judge(e, LIMITS, CUTS, Supply(), SITE).main.diagnosis == "weak_coverage") is weak


@pytest.mark.parametrize(("silent", "no_sim", "faulty"), [(460, 0, False), (461, 0, False), (360, 240, True), (80, 496, True)])
def test_a_fifth_of_the_time_without_modem_or_sim_is_a_fault_of_the_device(silent: int, no_sim: int, faulty: bool) -> None:
    e = replace(_good(), silent=silent, no_sim=no_sim, samples=2304 + silent + no_sim)
    found = judge(e, LIMITS, CUTS, Supply(), SITE)
    assert (found.state is State.UNJUDGEABLE) is faulty
    if faulty:
        text = said(found.main.reason, "en")
        gone, without = (Figure(100 * n / e.samples, 1).word("en") for n in (silent, no_sim))
        assert f"unresponsive in {gone} % and without SIM in {without} % of the samples (limit 20 %)" in text


def test_gaps_of_a_fifth_are_no_gaps_and_known_power_is_named() -> None:
    supply, site = Supply(boots=4, boots_a_week=3.5), replace(SITE, power="solar")
    slots = [replace(_good(), slots=n, slots_possible=2000) for n in (1600, 1598)]
    assert [judge(e, LIMITS, CUTS, supply, site).main.diagnosis for e in slots] == ["adequate", "power"]
    assert "solar" in said(judge(slots[1], LIMITS, CUTS, supply, site).main.reason, "en")


def test_the_busy_hour_is_judged_up_to_a_fifth_of_estimated_times() -> None:
    for n, diagnosis in ((400, "congested"), (402, "adequate")):
        e = _good(served=2000, lte=2000, lte_values=2000, sinr_busy_median=4, time_estimated=n)
        assert judge(e, LIMITS, CUTS, Supply(), SITE).main.diagnosis == diagnosis
    assert judge(_good(sinr_busy_median=4, busy_values=60), LIMITS, CUTS, Supply(), SITE).main.diagnosis == "congested"


@pytest.mark.parametrize(("name", "modem"), [("? lte2", "lte2"), ("?", "-")])
def test_a_modem_of_an_unknown_operator_is_named(name: str, modem: str) -> None:
    found = judge(_good(), LIMITS, CUTS, Supply(), SITE, operator=name)
    assert f"modem {modem} is" in said(found.main.reason, "en")


@pytest.mark.parametrize(
    ("median", "state"), [(CUTS.strong_dbm, State.ADEQUATE), (CUTS.strong_dbm - 0.5, State.FAIR), (-60, State.ADEQUATE)]
)
def test_strong_signal_begins_at_its_cut(median: float, state: State) -> None:
    found = judge(_good(rsrp_median=median), LIMITS, CUTS, Supply(), SITE)
    assert (found.state, found.main.diagnosis, found.others) == (state, "adequate", ())
    assert "SINR" in said(found.main.reason, "en")
    blind = judge(replace(_good(), sinr_median=None, sinr_busy_median=None), LIMITS, CUTS, Supply(), SITE).main.reason
    assert "15 dB" in said(found.main.reason, "en")
    assert "15 dB" not in said(blind, "en")


def test_service_that_is_rarely_there_begins_below_its_limit() -> None:
    rare = LIMITS.rare_availability_percent.value
    for percent, found in ((rare, False), (rare - 1, True), (rare + 1, False)):
        n = round(20 * percent)
        verdict = judge(_good(served=n, lte=n, lte_values=n, no_service=2000 - n), LIMITS, CUTS, Supply(), SITE)
        assert (verdict.main.diagnosis == "rarely_served") is found, percent


def test_the_shares_of_2g_and_3g_are_those_of_the_served_time() -> None:
    e = _good(served=2000, lte=100, two_g=1111, three_g=789, lte_values=100)
    assert [text in said(judge(e, LIMITS, CUTS, Supply(), SITE).main.reason, "en") for text in ("5", "55.5", "39.5")] == [
        True
    ] * 3


def test_the_gravest_finding_is_the_diagnosis_and_the_others_stand_beside_it_in_order() -> None:
    e = _good(rsrp_median=-115, cell_changes=9999)
    found = judge(replace(e, slots=1152), LIMITS, CUTS, Supply(boots=9, boots_a_week=9), SITE)
    assert [found.main.diagnosis, *(f.diagnosis for f in found.others)] == ["weak_coverage", "unstable", "power"]


def test_good_quality_begins_at_its_cut_over_all_hours_too() -> None:
    at, below = (judge(_good(sinr_median=CUTS.quality_db - gap), LIMITS, CUTS, Supply(), SITE) for gap in (0, 0.1))
    assert (at.main.diagnosis, below.main.diagnosis) == (Diagnosis.ADEQUATE, Diagnosis.CONGESTED)


def test_more_bad_reports_of_power_than_the_limit_are_a_sign_too() -> None:
    e = replace(_good(), slots=int(LIMITS.min_slots.value))
    for above in (0, 30):
        supply = Supply(bad_power_percent=LIMITS.power_bad_reports_percent.value + above)
        verdict = judge(e, LIMITS, CUTS, supply, SITE)
        assert Diagnosis.POWER in {f.diagnosis for f in (verdict.main, *verdict.others)}, above


def test_a_blank_spot_says_how_often_there_was_no_service() -> None:
    verdict = judge(_good(served=0, lte=0, lte_values=0, busy_values=0, no_service=2304), LIMITS, CUTS, Supply(), SITE)
    assert verdict.main.diagnosis is Diagnosis.BLANK_SPOT
    assert "100" in said(verdict.main.reason, "en")
