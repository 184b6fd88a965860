"""From evidence to state, diagnosis and reason: pure. Every limit comes from needs.toml and classes.toml.

The order is fixed: first whether there is enough to judge, then the network from worst to best, then power and device. What
is found first is the diagnosis, the rest is named beside it. Not measured is never no service, and no service is a blank spot
only where nothing speaks against it (dashboards/needs/doubt.py). docs/truth.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from collector.sites.facts import POWER
from collector.sites.sites import Site
from dashboards.needs import doubt
from dashboards.needs.evidence import Evidence, Seen, Supply
from dashboards.needs.model import Diagnosis, Finding, State, Verdict, is_unknown
from dashboards.needs.parameters import Cuts, Limits
from dashboards.needs.sentences import tell
from ground.words import Figure, Phrase, joined

NOTHING = Seen()
HEAVY = {
    Diagnosis.BLANK_SPOT: State.BLANK_SPOT,
    Diagnosis.TWO_G_ONLY: State.TWO_G_ONLY,
    Diagnosis.WEAK_COVERAGE: State.WEAK,
}
"""The diagnoses that decide the state; any other of the network makes it poor service."""


def judge(
    evidence: Evidence | None, limits: Limits, cuts: Cuts, supply: Supply, site: Site, seen: Seen = NOTHING, operator: str = ""
) -> Verdict:
    """Judge one operator at one hall."""
    if evidence is None or evidence.samples == 0:
        return doubt.of_others(seen, limits)
    notes = tuple(_notes(evidence, limits, site))
    device, power = _device(evidence, limits), _power(evidence, limits, supply, site)
    if is_unknown(operator):
        whose = Finding(Diagnosis.UNKNOWN_OPERATOR, tell("unknown_operator", modem=operator.lstrip("? ") or "-"))
        return Verdict(State.UNJUDGEABLE, whose, tuple(f for f in (device, power) if f), notes)
    lacking = list(_lacking(evidence, limits))
    if lacking:
        missing = Finding(Diagnosis.INSUFFICIENT_DATA, tell("insufficient", what=joined(lacking)))
        doubtful = doubt.of_own(evidence, limits)
        main, *others = [f for f in (doubtful, device, power, missing) if f]
        return Verdict(State.UNJUDGEABLE if doubtful else State.INSUFFICIENT, main, tuple(others), notes)
    if device is not None:
        return Verdict(State.UNJUDGEABLE, device, tuple(_network(evidence, limits, cuts)), notes)
    network = list(_network(evidence, limits, cuts))
    beside = [f for f in (doubt.of_own(evidence, limits), power) if f]
    if network and network[0].diagnosis is Diagnosis.BLANK_SPOT:
        against = doubt.of_blank_spot(evidence, seen, limits, operator)
        if against:
            return Verdict(State.UNJUDGEABLE, against, tuple(f for f in beside if f.diagnosis is not against.diagnosis), notes)
    found = [*network, *beside] or [_adequate(evidence, cuts)]
    state = _state(evidence, cuts, network)
    return Verdict(state, found[0], tuple(found[1:]), notes, between(evidence, limits, cuts, state))


def between(e: Evidence, limits: Limits, cuts: Cuts, state: State) -> State | None:
    """Return the nearest other state that the intervals, and for levels the accuracy of the instrument, do not rule out.

    Where they rule out neither a better nor a worse one it is the worse: what a village may lack is not hidden.
    """
    levels, available = (e.rsrp_median_ci, e.rsrp_p10_ci), e.availability_ci
    moved = []
    if levels[0] is not None and levels[1] is not None and e.rsrp_median is not None and e.rsrp_p10 is not None:
        budget = limits.instrument_rsrp_db.value
        for sign, median, p10 in ((-1, levels[0].lo, levels[1].lo), (1, levels[0].hi, levels[1].hi)):
            moved.append(replace(e, rsrp_median=median + sign * budget, rsrp_p10=p10 + sign * budget))
    if available is not None:
        moved += [replace(e, availability_as=end) for end in (available.lo, available.hi)]
    others = {_state(m, cuts, list(_network(m, limits, cuts))) for m in moved} - {state}
    order = list(State)
    far = {other: order.index(other) - order.index(state) for other in others}
    return min(far, key=lambda other: (far[other] < 0, abs(far[other])), default=None)


def busy_judged(e: Evidence, limits: Limits) -> bool:
    """Return whether the busy hour may be judged: enough samples, and a time that is known."""
    return e.busy_values >= limits.min_busy_samples.value and (e.estimated_share or 0) <= limits.estimated_time_percent.value


def _lacking(e: Evidence, limits: Limits) -> Iterator[Phrase]:
    for name, n, limit in (
        ("few_samples", e.network, limits.min_samples.value),
        ("few_days", e.days, limits.min_days.value),
        ("few_slots", e.slots, limits.min_slots.value),
    ):
        if n < limit:
            yield tell(name, n=Figure(n), limit=limit)
    served = (e.availability or 0) > limits.blank_spot_availability_percent.value
    if served and not _is_older(e, limits) and e.lte_values < limits.min_lte_samples.value:
        yield tell("few_lte", n=Figure(e.lte_values), limit=limits.min_lte_samples.value)


def _network(e: Evidence, limits: Limits, cuts: Cuts) -> Iterator[Finding]:
    blank = _blank_spot(e, limits)
    if blank:
        yield blank
        return
    coverage = _two_g_only(e, limits) or _weak(e, limits, cuts)
    congested = None if coverage else _congested(e, limits, cuts)
    rare = _rarely_served(e, limits)
    yield from (f for f in (rare, coverage, congested, None if rare else _unstable(e, limits)) if f)


def _blank_spot(e: Evidence, limits: Limits) -> Finding | None:
    limit = limits.blank_spot_availability_percent.value
    if e.availability is None or e.availability_most > limit:
        return None
    proof = tell(f"proof_{e.proof}") if e.proof else tell("proof_none")
    most = e.availability_most
    reason = tell("blank_spot", share=100 - e.availability, n=Figure(e.network), limit=limit, most=most, proof=proof)
    return Finding(Diagnosis.BLANK_SPOT, reason)


def _rarely_served(e: Evidence, limits: Limits) -> Finding | None:
    rare, blank = limits.rare_availability_percent.value, limits.blank_spot_availability_percent.value
    if e.availability is None or e.availability >= rare:
        return None
    name = "nearly_blank" if e.availability <= blank else "rarely_served"
    return Finding(Diagnosis.RARELY_SERVED, tell(name, v=e.availability, most=e.availability_most, cut=rare, limit=blank))


def _is_older(e: Evidence, limits: Limits) -> bool:
    """Whether people have 2G or 3G in practice; a sample that did not tell its generation never says so."""
    return e.older_share is not None and e.older_share > 100 - limits.two_g_lte_percent.value


def _two_g_only(e: Evidence, limits: Limits) -> Finding | None:
    limit = limits.two_g_lte_percent.value
    if e.lte_share is None or not _is_older(e, limits):
        return None
    two, three = 100 * e.two_g / e.served, 100 * e.three_g / e.served
    return Finding(Diagnosis.TWO_G_ONLY, tell("two_g", lte=e.lte_share, two=two, three=three, limit=limit))


def _weak(e: Evidence, limits: Limits, cuts: Cuts) -> Finding | None:
    often_older = (e.older_share or 0) > 100 - limits.weak_lte_percent.value
    watched = (
        ("weak_median", e.rsrp_median, cuts.sufficient_dbm),
        ("weak_p10", e.rsrp_p10, cuts.edge_dbm),
        ("weak_lte", e.lte_share if often_older else None, limits.weak_lte_percent.value),
    )
    signs = [tell(name, v=value, cut=cut) for name, value, cut in watched if value is not None and value < cut]
    return Finding(Diagnosis.WEAK_COVERAGE, tell("weak", signs=joined(signs))) if signs else None


def _congested(e: Evidence, limits: Limits, cuts: Cuts) -> Finding | None:
    whole, busy = e.sinr_median, e.sinr_busy_median if busy_judged(e, limits) else None
    bad_busy = busy is not None and busy < cuts.quality_db
    if whole is None or not (bad_busy or whole < cuts.quality_db):
        return None
    drops = busy is not None and whole - busy >= limits.busy_sinr_drop_db.value
    name = "congested" if bad_busy and drops else "interfered"
    return Finding(Diagnosis.CONGESTED, tell(name, rsrp=e.rsrp_median, whole=whole, busy=busy, cut=cuts.quality_db))


def _unstable(e: Evidence, limits: Limits) -> Finding | None:
    signs = []
    least, most = limits.unstable_availability_percent.value, limits.unstable_cell_changes_per_hour.value
    if e.availability is not None and e.availability < least:
        signs.append(tell("drops", v=e.availability, cut=least))
    if e.cell_changes_per_hour is not None and e.cell_changes_per_hour > most:
        signs.append(tell("cell_changes", v=e.cell_changes_per_hour, cut=most))
    return Finding(Diagnosis.UNSTABLE, tell("unstable", signs=joined(signs))) if signs else None


def _device(e: Evidence, limits: Limits) -> Finding | None:
    limit = limits.device_fault_percent.value
    if e.fault_share is None or e.fault_share < limit:
        return None
    silent, sim = 100 * e.silent / e.samples, 100 * e.no_sim / e.samples
    return Finding(Diagnosis.DEVICE_FAULT, tell("device", silent=silent, sim=sim, limit=limit))


def _power(e: Evidence, limits: Limits, supply: Supply, site: Site) -> Finding | None:
    if e.completeness is None or e.completeness >= limits.power_completeness_percent.value:
        return None
    signs = []
    if supply.boots_a_week >= limits.power_boots_per_week.value:
        signs.append(tell("boots", n=Figure(supply.boots), rate=supply.boots_a_week))
    if (supply.bad_power_percent or 0) >= limits.power_bad_reports_percent.value:
        signs.append(tell("undervoltage", v=supply.bad_power_percent))
    if not signs:
        return None
    if site.power:
        signs.append(tell("known_power", p=POWER[site.power]))
    return Finding(Diagnosis.POWER, tell("power", c=e.completeness, signs=joined(signs)))


def _adequate(e: Evidence, cuts: Cuts) -> Finding:
    quality = tell("no_sinr") if e.sinr_median is None else tell("sinr", v=e.sinr_median, cut=cuts.quality_db)
    reason = tell("adequate", v=e.rsrp_median, cut=cuts.sufficient_dbm, p10=e.rsrp_p10, quality=quality, a=e.availability)
    return Finding(Diagnosis.ADEQUATE, reason)


def _state(e: Evidence, cuts: Cuts, network: list[Finding]) -> State:
    heavy = next((HEAVY[f.diagnosis] for f in network if f.diagnosis in HEAVY), None)
    if heavy:
        return heavy
    if network:
        return State.POOR
    return State.ADEQUATE if e.rsrp_median is not None and e.rsrp_median >= cuts.strong_dbm else State.FAIR


def _notes(e: Evidence, limits: Limits, site: Site) -> Iterator[Phrase]:
    if site.booster:
        yield tell("booster")
    if site.antenna == "outdoor":
        yield tell("outdoor")
    if (e.estimated_share or 0) > limits.estimated_time_percent.value:
        yield tell("estimated", v=e.estimated_share)
    if e.guest:
        yield tell("guest", v=100 * e.guest / e.served)
    if (e.pings_lost_share or 0) > limits.device_fault_percent.value:
        cut, halls = (Figure(n) for n in e.halls_cut)
        yield tell("data_out", v=e.pings_lost_share, n=Figure(e.pings), cut=cut, halls=halls)
    if e.data_refused:
        yield tell("data_refused", v=100 * e.data_refused / e.served)
