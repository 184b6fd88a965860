"""Histograms give exactly the percentiles of the values they were made from; summaries add up."""

from __future__ import annotations

import statistics
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rollup import Summary, percentile
from collector.rollup.summary import COUNTS
from collector.store.store import Row
from telemetry.meaning import Registration, Standing
from telemetry.operators import NUMBERS, OTHER

VALUES = st.lists(st.integers(-150, 40), min_size=1, max_size=60)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "registration": st.sampled_from(list(Registration)),
            "plmn": st.sampled_from(["51010", "51001"]),
            "rat": st.sampled_from(["lte", "nr_sa", "wcdma", "gsm"]),
            "clock": st.sampled_from(["ntp", "estimated", "unknown"]),
            "rsrp_dbm": st.floats(-140, -40),
            "sinr_db": st.floats(-20, 30),
            "rssi_dbm": st.floats(-110, -40),
            "band": st.sampled_from([1, 3, 8, 40]),
        },
    ),
    max_size=30,
)


def summary_of(rows: list[Row]) -> Summary:
    summary = Summary()
    for row in rows:
        summary.count(row)
    return summary


@given(VALUES)
def test_the_median_is_the_median_of_the_list(values: list[int]) -> None:
    assert percentile(Counter(values), 50) == statistics.median(values)


@given(VALUES.filter(lambda values: len(values) > 1), st.integers(1, 99))
def test_percentiles_are_those_of_the_list(values: list[int], q: int) -> None:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    assert percentile(Counter(values), q) == pytest.approx(cuts[q - 1], abs=1e-9)


@given(VALUES)
def test_the_ends_are_the_smallest_and_the_largest(values: list[int]) -> None:
    assert (percentile(Counter(values), 0), percentile(Counter(values), 100)) == (min(values), max(values))


def test_a_percentile_of_nothing_is_nothing_and_a_strange_one_is_an_error() -> None:
    assert percentile({}, 50) is None
    for q in (-1, 100.5):
        with pytest.raises(ValueError, match="0 to 100"):
            percentile({-90: 1}, q)


@settings(max_examples=50)
@given(ROWS)
def test_a_summary_reads_back_from_its_row(rows: list[Row]) -> None:
    summary = summary_of(rows)
    assert Summary.from_row(summary.values(day=True)) == summary


@settings(max_examples=50)
@given(ROWS, ROWS)
def test_two_summaries_merge_to_the_summary_of_all_their_samples(some: list[Row], others: list[Row]) -> None:
    merged = summary_of(some)
    merged.merge(summary_of(others))
    assert merged == summary_of([*some, *others])


def test_what_a_sample_counts_as() -> None:
    lte = summary_of([{"registration": "home", "rat": "lte", "rsrp_dbm": -97.4, "rsrq_db": -11.0, "rssi_dbm": -67.0, "band": 3}])
    assert (lte.served, lte.lte, lte.rsrp, lte.rsrq, lte.rssi, lte.band) == (1, 1, {-97: 1}, {-11: 1}, {-67: 1}, {3: 1})
    gsm = summary_of([{"registration": "roaming", "rat": "gsm", "rssi_dbm": -80.0, "rsrp_dbm": -99.0}])
    assert (gsm.served, gsm.two_g, gsm.lte, gsm.rsrp, gsm.rssi) == (1, 1, 0, {}, {-80: 1})


def test_only_served_and_no_service_speak_of_the_network() -> None:
    """What a silent modem, a missing, refused or locked SIM says nothing of; nor the operator's own cell that serves nobody."""
    mute: list[Row] = [{"registration": name} for name in ("modem_silent", "no_sim", "denied", "sim_fault")]
    mute.append({"registration": "limited", "plmn": "51010", "home_plmn": "51010"})
    summary = Summary()
    for row in mute:
        summary.count(row, "Telkomsel")
    assert summary.availability_percent is None
    assert "availability_percent" not in summary.values(day=False)
    assert (summary.silent, summary.no_sim, summary.refused, summary.sim_fault, summary.barred) == (1, 1, 1, 1, 1)
    other: Row = {"registration": "limited", "plmn": "51011", "home_plmn": "51010"}
    heard: list[Row] = [{"registration": "home"}, {"registration": "searching"}, other]
    for row in heard:
        summary.count(row, "Telkomsel")
    assert summary.availability_percent == pytest.approx(100 / 3)
    assert (summary.limited, summary.heard) == (1, {NUMBERS["Telkomsel"]: 1, NUMBERS["XLSMART"]: 1})


def test_an_unknown_technology_is_no_generation_and_rsrp_tells_4g() -> None:
    told = summary_of([{"registration": "home", "rsrp_dbm": -86.0}])
    assert (told.lte, told.rsrp) == (1, {-86: 1})
    untold = summary_of([{"registration": "home", "rssi_dbm": -70.0}])
    assert (untold.served, untold.lte, untold.three_g, untold.two_g, untold.rsrp) == (1, 0, 0, 0, {})


def test_a_row_of_an_earlier_version_reads_with_nothing_in_what_it_did_not_count() -> None:
    old = Summary.from_row({"samples": 5, "served": 2, "no_service": 3, "lte": 2, "named": 5, "rsrp_hist": "-90:2"})
    assert (old.availability_percent, old.refused, old.barred, old.heard) == (40.0, 0, 0, {})


def test_standings_add_up_what_belongs_together() -> None:
    summary = Summary(
        samples=40, served=12, lte=5, three_g=2, two_g=1, no_service=3, barred=4, refused=2, sim_fault=6, no_sim=3, silent=5
    )
    assert summary.standings == {
        Standing.LTE: 5,
        Standing.THREE_G: 2,
        Standing.TWO_G: 1,
        Standing.SERVED: 4,
        Standing.NO_SERVICE: 7,
        Standing.SIM_REFUSED: 8,
        Standing.DEVICE_FAULT: 8,
    }


OWN, RIVAL = {"home_plmn": "51010", "plmn": "51010"}, {"home_plmn": "51010", "plmn": "51011"}


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ({"registration": "home", "rat": "lte", **OWN}, "named served lte"),
        ({"registration": "home", "rat": "nr_sa", **OWN}, "named served lte"),
        ({"registration": "roaming", "rat": "wcdma", **RIVAL}, "named served three_g guest"),
        ({"registration": "home", "rat": "gsm", "clock": "estimated"}, "served two_g time_estimated"),
        ({"registration": "home", "clock": "unknown", "reject_cause": 0}, "served data_refused time_estimated"),
        ({"registration": "searching", "clock": "ntp"}, "no_service"),
        ({"registration": "searching", **RIVAL}, "named no_service limited"),
        ({"registration": "limited", **RIVAL}, "named no_service limited"),
        ({"registration": "limited"}, "no_service limited unnamed"),
        ({"registration": "limited", **OWN}, "named barred"),
        ({"registration": "denied", "home_plmn": "51010"}, "named refused"),
        ({"registration": "sim_fault"}, "sim_fault"),
        ({"registration": "no_sim"}, "no_sim"),
        ({"registration": "modem_silent"}, "silent"),
        ({}, ""),
    ],
)
def test_every_count_of_a_sample(row: Row, counts: str) -> None:
    summary = Summary()
    for k in (1, 2):
        summary.count(row, "Telkomsel")
        assert {name: n for name in COUNTS if (n := getattr(summary, name))} == dict.fromkeys(["samples", *counts.split()], k)


def test_an_operator_that_is_not_in_the_list_bars_nobody() -> None:
    summary = Summary()
    summary.count({"registration": "limited", "plmn": "50219", "home_plmn": "50219"}, OTHER)
    summary.count({"registration": "roaming", "plmn": "50219", "home_plmn": "50219"})
    assert (summary.barred, summary.limited, summary.unnamed, summary.guest) == (0, 1, 0, 0)


def test_a_row_holds_counts_histograms_and_the_figures_that_they_come_to() -> None:
    summary = summary_of([{"registration": "home", "rat": "lte", "rsrp_dbm": -80.0 - k, "sinr_db": 3.0 * k} for k in range(3)])
    summary.count({"registration": "searching"})
    summary.rsrp_busy, summary.sinr_busy = {-81: 1}, {3: 2}
    row = summary.values(day=True)
    assert (row["rsrp_hist"], row["sinr_hist"], row["rsrp_busy_hist"], row["sinr_busy_hist"]) == (
        "-82:1 -81:1 -80:1",
        "0:1 3:1 6:1",
        "-81:1",
        "3:2",
    )
    assert (row["rsrp_median_dbm"], row["sinr_median_db"], row["availability_percent"]) == (-81, 3, 75)
    assert row["rsrp_p10_dbm"] == pytest.approx(-81.8)
    assert set(row) - set(summary.values(day=False)) == {
        *("rsrp_busy_hist", "sinr_busy_hist", "hours_hist", "sinr_busy_median_db")
    }
    assert row["sinr_busy_median_db"] == 3
    nothing = Summary().values(day=False)
    assert {nothing[name] for name in COUNTS} == {0}
    assert not {"rsrp_median_dbm", "availability_percent"} & set(nothing)


def test_sinr_is_kept_by_tenths_and_the_busy_median_is_the_middle() -> None:
    summary = summary_of(
        [{"registration": "home", "rat": "lte", "sinr_db": 3.44}, {"registration": "home", "rat": "lte", "sinr_db": -0.04}]
    )
    assert summary.values(day=True)["sinr_hist"] == "0:1 3.4:1", "and there is no -0.0"
    summary.sinr_busy = {3: 1, 4: 1, 9: 1, 10: 1}
    assert summary.values(day=True)["sinr_busy_median_db"] == 6.5
