"""When *blank spot* must not be said: each row of the truth table that is no evidence of a missing network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboards.needs.evidence import Evidence, Seen, Supply
from dashboards.needs.judge import judge
from dashboards.needs.model import Verdict
from ground.words import said
from telemetry.streams import Proof
from tests.dashboards.needs.test_judge import CUTS, LIMITS, SITE

N = 2304
NOTHING_THERE = Evidence(days=8, slots=N, slots_possible=N, samples=N, no_service=N, proof=Proof.HEARD)


def judged(e: Evidence | None, seen: Seen | None = None, operator: str = "Telkomsel") -> Verdict:
    return judge(e, LIMITS, CUTS, Supply(), SITE, seen or Seen(), operator)


def words(verdict: Verdict) -> tuple[str, str]:
    return verdict.state.value, verdict.main.diagnosis.value


def test_no_service_with_a_proven_instrument_is_a_blank_spot_and_the_reason_says_how_it_is_proven() -> None:
    for proof, word in ((Proof.HEARD, "modem ini"), (Proof.SCAN, "pemindaian"), (Proof.OTHER_MODEM, "modem lain")):
        verdict = judged(replace(NOTHING_THERE, proof=proof))
        assert words(verdict) == ("blank_spot", "blank_spot")
        assert word in said(verdict.main.reason, "id")


@pytest.mark.parametrize(
    ("changes", "seen", "diagnosis"),
    [
        ({"proof": None}, Seen(), "unproven"),
        ({"proof": Proof.RECOVERY_TRIED}, Seen(), "unproven"),
        ({"no_service": 0, "refused": N}, Seen(), "sim_refused"),
        ({"no_service": 0, "sim_fault": N}, Seen(), "sim_refused"),
        ({"no_service": N // 2, "refused": N // 2}, Seen(), "sim_refused"),  # a refused modem searches between two refusals
        ({"no_service": N - 200, "barred": 200}, Seen(), "barred"),
        ({}, Seen(heard=200, heard_of=N), "barred"),  # another modem hears this operator all the time
        ({}, Seen(found_days=3, scanned_days=8), "barred"),
        ({"limited": N, "unnamed": N}, Seen(), "barred"),
        ({"supported": (1, 3, 5)}, Seen(), "unsupported_band"),
    ],
)
def test_what_speaks_against_it_makes_it_unjudgeable(changes: dict[str, int], seen: Seen, diagnosis: str) -> None:
    verdict = judged(replace(NOTHING_THERE, **changes), seen)  # type: ignore[arg-type] # counts are whole here
    assert words(verdict) == ("unjudgeable", diagnosis)


def test_a_moment_of_its_own_cell_or_a_rare_find_does_not_hide_a_blank_spot() -> None:
    assert words(judged(replace(NOTHING_THERE, no_service=N - 100, barred=100))) == ("blank_spot", "blank_spot")
    assert words(judged(NOTHING_THERE, Seen(heard=50, heard_of=N, found_days=1, scanned_days=8))) == ("blank_spot", "blank_spot")


def test_a_cell_that_is_not_named_is_somebody_elses_where_scans_do_not_find_the_own() -> None:
    limited = replace(NOTHING_THERE, limited=N, unnamed=N)
    assert words(judged(limited, Seen(scanned_days=8))) == ("blank_spot", "blank_spot")
    assert words(judged(limited, Seen(found_days=8, scanned_days=8))) == ("unjudgeable", "barred")


def test_bands_that_are_not_known_are_not_held_against_the_modem() -> None:
    assert words(judged(replace(NOTHING_THERE, supported=None))) == ("blank_spot", "blank_spot")
    assert words(judged(replace(NOTHING_THERE, supported=(3, 8)), operator="XLSMART")) == ("unjudgeable", "unsupported_band")


def test_without_a_sim_of_its_own_an_operator_is_heard_absent_or_not_measured() -> None:
    assert words(judged(None, Seen(heard=1, heard_of=N))) == ("heard", "heard")
    assert words(judged(None, Seen(found_days=1, scanned_days=8, scan_days=8))) == ("heard", "heard")
    assert words(judged(None, Seen(scanned_days=8, scan_days=3))) == ("absent", "absent")
    assert words(judged(None, Seen(scanned_days=8, scan_days=2))) == ("not_measured", "not_measured")


def test_a_modem_of_nobody_is_never_judged() -> None:
    assert words(judged(NOTHING_THERE, operator="? quectel-1")) == ("unjudgeable", "unknown_operator")


def test_served_without_telling_how_is_never_2g_only() -> None:
    untold = Evidence(days=8, slots=N, slots_possible=N, samples=N, served=N)
    assert words(judged(untold)) == ("insufficient_data", "insufficient_data")
    assert words(judged(replace(untold, two_g=100))) == ("insufficient_data", "insufficient_data")
    assert words(judged(replace(untold, two_g=N))) == ("two_g_only", "two_g_only")


def test_registered_without_data_is_named_and_stays_served() -> None:
    served = replace(judged_well(), pings=500, pings_lost=450, halls_cut=(1, 9))
    verdict = judged(served)
    assert words(verdict) == ("adequate", "adequate")
    (note,) = (said(note, "id") for note in verdict.notes)
    assert "90 % dari 500 ping" in note
    assert "1 dari 9 kantor desa" in note
    assert judged(replace(served, pings_lost=50)).notes == ()


def judged_well() -> Evidence:
    return Evidence(
        days=8, slots=N, slots_possible=N, samples=N, served=N, lte=N, lte_values=N, rsrp_median=-85, rsrp_p10=-95, sinr_median=15
    )
