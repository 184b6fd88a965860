"""Method, limits and sources as every output prints them, and the style of a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from collector.sites.classes import Classes
from dashboards.needs.model import Period, Report, State
from dashboards.needs.need import INPUT_WORDS
from dashboards.needs.parameters import Limit, listed
from ground.words import Figure, Phrase, Said, joined, mark, phrase

TITLE = phrase("Needs map of digital infrastructure")
MAP_NOTE = phrase("Colour and symbol tell the result at the hall, not of the whole village.")
METHOD = (
    phrase(
        "A row is one village hall and one operator. A device at the hall records the signal all the time; every value is "
        "computed from all samples of the period, not from one test."
    ),
    phrase(
        "RSRP, RSRQ, SINR: median and 10th percentile of the LTE samples. Busy hour: 19:00-22:00 WITA. RSRP judges coverage, "
        "SINR judges quality; RSRQ is shown as help only."
    ),
    phrase(
        "Availability = samples served over samples served or without service. Time without power, with a silent modem or "
        "without SIM is not counted: that is not the network's fault."
    ),
    phrase(
        "Completeness = five-minute slots with a sample over all slots of the period. With too little data there is no "
        "diagnosis of the network; not measured never means no signal."
    ),
    phrase(
        "Order of diagnosis: enough data, device, blank spot, rarely served, 2G only, weak coverage, congested or interfered, "
        "unstable, power. What is found first is the diagnosis, the rest is named beside it."
    ),
    phrase(
        "One scale of words in every table and map: adequate, fair, poor service (level enough, but service comes and goes, or "
        "the cell is congested), weak signal, 2G only, blank spot. 'Between' two words: interval and accuracy of the instrument "
        "do not decide."
    ),
    phrase(
        "Intervals of 95 %: days are drawn with replacement, not samples, for samples of a day depend on each other. A blank "
        "spot is one only where the upper end of the interval of availability is at the limit or below."
    ),
    phrase(
        "Grade of the evidence, A to D: the worst of days, completeness, hours, precision, time, instrument, bands, place and "
        "active test. A: evidence for a proposal; B: evidence with the named limit; C: a hint, measure on; D: not to be used."
    ),
)
LIMITS = (
    phrase(
        "Results hold at the point of the hall. Villages of Kutai Timur measure 7 to 3,009 km²; other settlements may differ."
    ),
    phrase("One SIM measures one operator only. An operator without a device is written 'Not measured'."),
    phrase(
        "A coordinate marked 'middle of the village, not the office' can be 10 km off or more; replace it by one of GNSS "
        "before a proposal."
    ),
    phrase("A signal booster or an outdoor antenna lifts RSRP; where there is one, the value holds at the hall only."),
    phrase(
        "The operator of the SIM is what is judged. A SIM that is refused or locked, or hears only its own cell, makes no blank "
        "spot; nor does a modem that was never proven to receive a cell. Restarts count every start of the device, updates too."
    ),
    phrase(
        "A village is a blank spot only where every national operator is one by its own SIM or was not found by enough scans; "
        "otherwise the operators that are not known are named."
    ),
    phrase("The thresholds are no legal standard: no official floor for RSRP or Mbit/s of mobile data was found."),
)
SOURCES = (
    phrase("Measurements: modems at the halls, collected by Sinyal; daily values from all samples."),
    phrase("Names and codes: Kepmendagri 300.2.2-2430/2025 as in cahyadsn/wilayah (MIT licence)."),
    phrase(
        "Boundaries: cahyadsn/wilayah_boundaries @3c5a7960 (MIT as declared; origin of the geometry not stated). Indicative, "
        "simplified to about 0.3 km, not a legal boundary."
    ),
    phrase(
        "Blank-spot list of 37 names (about 2020-22), grid programme 2025, villages without grid in the plan of 2026: press "
        "and official statements, indicative."
    ),
)


UNITS = (
    *(mark("days"), mark("samples"), mark("slots of 5 min"), mark("per hour"), mark("per week")),
    *(mark("percentage points"), mark("people")),
)
"""Units of needs.toml that are words."""


class Style(NamedTuple):
    """Colour and symbol of a state."""

    colour: str
    symbol: str


def styles(classes: Classes) -> dict[State, Style]:
    """Take colours and symbols from classes.toml, so that page, dashboards and report agree."""
    known = {c.key: c for c in classes.classes}
    state = classes.state
    first, last = classes.classes[0], classes.classes[-1]
    chosen = {
        State.ADEQUATE: known.get("good", first),
        State.FAIR: known.get("fair", first),
        State.POOR: known.get("poor", last),
        State.WEAK: known.get("very_poor", last),
        State.TWO_G_ONLY: state["two_g_only"],
        State.BLANK_SPOT: state["no_service"],
        State.ABSENT: state["no_service"],
        State.UNJUDGEABLE: state["sim_refused"],
        State.HEARD: state["served"],
        State.INSUFFICIENT: state["silent"],
        State.NOT_MEASURED: state["not_measured"],
    }
    return {name: Style(found.colour, found.symbol) for name, found in chosen.items()}


def span(period: Period) -> Phrase:
    """Write a period with its last day."""
    return joined([period.first, period.last], " – ")


class Setting(NamedTuple):
    """One figure of the method: where it stands, its value as text, why."""

    key: str
    value: Said
    reason: Said


def settings(report: Report) -> Iterator[Setting]:
    """Yield all figures of needs.toml with their reasons, and the cuts of classes.toml."""
    parameters = report.parameters
    for name, key in listed_keys(report):
        yield Setting(f"classes.{name}", key[0], key[1])
    for section, figures in (
        ("limits", listed(parameters.limits)),
        ("severity", listed(parameters.severity)),
        ("need", listed(parameters.need)),
        ("readiness", listed(parameters.readiness)),
    ):
        for name, limit in figures:
            yield Setting(f"{section}.{name}", _value(limit), limit)
    for name in type(parameters.grade).model_fields:
        step = getattr(parameters.grade, name)
        yield Setting(f"grade.{name}", joined([Figure(step.a, 1), Figure(step.b, 1), Figure(step.c, 1)], " / "), step)


def listed_keys(report: Report) -> Iterator[tuple[str, tuple[Said, Said]]]:
    """Yield the classes that count as strong, sufficient and edge, with their cuts."""
    keys, borders = report.parameters.classes, report.cuts
    for name, key, cut in (
        ("strong", keys.strong, borders.strong_dbm),
        ("sufficient", keys.sufficient, borders.sufficient_dbm),
        ("edge", keys.edge, borders.edge_dbm),
    ):
        value = joined(["RSRP ≥", cut, "dBm"], " ")
        if name == "sufficient":
            value = joined([value, joined(["SINR ≥", borders.quality_db, "dB"], " ")], ", ")
        yield name, (value, key)


def _value(limit: Limit) -> Phrase:
    return joined([Figure(limit.value, 2), *([phrase(limit.unit)] if limit.unit else [])], " ")


def weights(report: Report) -> Phrase:
    """Write the weights of the formulas in a line."""
    both = (report.parameters.need, report.parameters.readiness)
    told = [joined([INPUT_WORDS[name], Figure(limit.value, 2)], " ") for section in both for name, limit in listed(section)]
    return joined(told, ", ")
