"""Comparison of a row with the same row of an earlier period: pure. Where either has too little data, it says so."""

from __future__ import annotations

from dashboards.needs.evidence import Evidence
from dashboards.needs.labels import DIAGNOSIS_WORDS, STATE_WORDS
from dashboards.needs.model import Change, Compared, State, Verdict
from dashboards.needs.parameters import Limits, Severity
from ground.words import Phrase, Said, joined, phrase

CHANGED = "{b} → {n}"
STEP = "{label} {old} → {value} {unit}"
Measured = tuple[Evidence | None, Verdict]


def compare(now: Measured, before: Measured, limits: Limits, severity: Severity) -> Compared:
    """Return whether a row got better or worse. One thing that got worse outweighs what got better."""
    (evidence, verdict), (was, earlier) = now, before
    if evidence is None or was is None or not (verdict.state.judged and earlier.state.judged):
        states = {"n": STATE_WORDS[verdict.state], "b": STATE_WORDS[earlier.state]}
        text = phrase("Not comparable: now {n}, before {b}.", **states)
        return Compared(Change.NOT_COMPARABLE, text)
    steps = list(_steps(evidence, was, limits))
    heavier = _severity(verdict, severity) - _severity(earlier, severity)
    order = list(State)
    if heavier == 0:
        heavier = float(order.index(verdict.state) - order.index(earlier.state)) if _network_changed(verdict, earlier) else 0.0
    worse = heavier > 0 or any(sign < 0 for sign, _ in steps)
    better = heavier < 0 or any(sign > 0 for sign, _ in steps)
    words = {"b": DIAGNOSIS_WORDS[earlier.main.diagnosis], "n": DIAGNOSIS_WORDS[verdict.main.diagnosis]}
    told = [phrase(CHANGED, **words), *(text for _, text in steps)]
    change = Change.WORSE if worse else Change.BETTER if better else Change.SAME
    return Compared(change, joined(told))


def _severity(verdict: Verdict, severity: Severity) -> float:
    return float(getattr(severity, verdict.main.diagnosis).value)


def _network_changed(verdict: Verdict, earlier: Verdict) -> bool:
    """Fair and adequate differ by a border that a fraction of a dB may cross: only the steps below decide there."""
    mild = {State.ADEQUATE, State.FAIR}
    return not {verdict.state, earlier.state} <= mild


def _steps(now: Evidence, was: Evidence, limits: Limits) -> list[tuple[int, Phrase]]:
    watched = (
        ("RSRP", "dBm", now.rsrp_median, was.rsrp_median, limits.compare_rsrp_db.value),
        ("SINR", "dB", now.sinr_median, was.sinr_median, limits.compare_sinr_db.value),
        ("", "%", now.availability, was.availability, limits.compare_availability_points.value),
    )
    steps = []
    for name, unit, value, old, limit in watched:
        if value is None or old is None:
            continue
        label: Said = name or phrase("availability")
        text = phrase(STEP, label=label, old=old, value=value, unit=unit)
        step = value - old
        steps.append((0 if abs(step) < limit else 1 if step > 0 else -1, text))
    return steps
