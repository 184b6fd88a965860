"""Incidents live: signs join and leave, a larger cause takes over what was told, what matters is told once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from collector.watch.causes import LOST, SIMULTANEOUS_MS, Cause, View, area_cause, cell_cause, linked, operator_cause
from collector.watch.facts import Facts
from collector.watch.judge import NOTHING, Book, rule_of
from collector.watch.rule import Family
from collector.watch.state import DAY_MS, HOUR_MS, MINUTE_MS, Hall, Incident, Sign, State

FEW_SHARE, FEW_OF, FEW_MS = 0.2, 5, 3 * HOUR_MS
"""When so few of so many halls are left for so long, the rest has a reason of its own."""
GROWN_TIMES, GROWN_BY = 4, 8
"""A growth is worth a message when there are so many times as many halls, and at least so many more."""
STAYS_MS = 2 * HOUR_MS
"""What was unstable and is gone for so long is off."""
SIM_MS, DEVICE_MS = DAY_MS, HOUR_MS
WIDE = ("operator_gone", "cell_gone", "area_dark", NOTHING)


class Change(NamedTuple):
    """Something about an incident that people must hear: open, grown, reminder, resolve, removed."""

    kind: str
    incident: Incident


def assemble(state: State, book: Book, facts: Facts, removed: set[str]) -> list[Change]:
    """Bring the incidents up to date; return what must be told, in order."""
    changes = list(_leave(state, facts, removed))
    for sign in _unplaced(state):
        _place(state, book, facts, sign, open_causes=True)
    _explain_widely(state, book, facts)
    for sign in _unplaced(state):
        _place(state, book, facts, sign)
    for key, ticket in facts.acks.items():
        if key in state.incidents:
            state.incidents[key].acked, state.incidents[key].ticket = True, ticket
    for incident in list(state.incidents.values()):
        changes += _tell(state, book, facts, incident)
    state.signs = {key: sign for key, sign in state.signs.items() if not sign.over or sign.incident is not None}
    return changes


def _unplaced(state: State) -> list[Sign]:
    loose = (sign for sign in state.signs.values() if sign.raised and sign.bad and sign.incident is None)
    return sorted(loose, key=lambda sign: (sign.since_ms, sign.key))


def _leave(state: State, facts: Facts, removed: set[str]) -> Iterator[Change]:
    """Let go what is over: signs of their incident, incidents without signs, halls that left the register."""
    for sign in list(state.signs.values()):
        if sign.site in removed:
            incident = state.incidents.get(sign.incident or "")
            del state.signs[sign.key]
            if incident is not None:
                incident.members.discard(sign.key)
                if not incident.members:
                    yield from _close(state, incident, "removed", facts.now_ms)
    for site in removed:
        del state.halls[site]
    for incident in list(state.incidents.values()):
        for key in list(incident.members):
            sign = state.signs[key]
            if not sign.raised and not sign.bad:
                incident.members.discard(key)
                incident.until_ms = max(incident.until_ms, sign.until_ms)
                sign.incident = None
        left, peak = len(incident.sites), len(incident.halls)
        few = peak >= FEW_OF and left <= FEW_SHARE * peak
        incident.shrunk_ms = (incident.shrunk_ms or facts.now_ms) if few else 0
        if not incident.members or (few and left and facts.now_ms - incident.shrunk_ms >= FEW_MS):
            for key in incident.members:
                state.signs[key].incident = None
            yield from _close(state, incident, "resolve", incident.until_ms or facts.now_ms)


def _close(state: State, incident: Incident, kind: str, until_ms: int) -> Iterator[Change]:
    incident.until_ms = max(until_ms, incident.since_ms)
    del state.incidents[incident.key]
    if incident.told_ms:
        yield Change(kind, incident)


def _explain_widely(state: State, book: Book, facts: Facts) -> None:
    """Where something new is bad, look for a cause that explains more than one hall, and let it take over what is open."""
    fresh = [s for s in state.signs.values() if s.rule in LOST and s.raised and s.bad and s.incident is None and s.site]
    if not fresh:
        return
    view = View(state, book, facts, max(sign.since_ms for sign in fresh), SIMULTANEOUS_MS)
    for name, find in (("operator_gone", operator_cause), ("cell_gone", cell_cause)):
        cause = find(view) if book.on(name) is not None else None
        if cause is not None and not _is_known(state, cause):
            _gather(state, facts, cause)
            return


def _is_known(state: State, cause: Cause) -> bool:
    """Whether an open incident is this cause already; then its new signs join it one by one."""
    return any(
        i.cause == cause.name and i.operator == cause.operator and i.cell_id == cause.cell_id for i in state.incidents.values()
    )


def _gather(state: State, facts: Facts, cause: Cause) -> Incident:
    """Open an incident for a cause; what was open of its signs becomes part of it."""
    signs = [state.signs[key] for key in cause.members]
    first = min(signs, key=lambda sign: (sign.since_ms, sign.key))
    family = Family.SERVICE if cause.operator else rule_of(first.rule).family
    incident = Incident(
        _key(state, cause, first, facts), family, cause.name, cause.operator, cause.cell_id, since_ms=first.since_ms
    )
    for sign in signs:
        old = state.incidents.get(sign.incident or "")
        if old is not None:
            old.members.discard(sign.key)
            if not old.members:
                del state.incidents[old.key]
                incident.parts += [*old.parts, *([old.key] if old.told_ms else [])]
                incident.acked |= old.acked
        _join(incident, sign)
    state.incidents[incident.key] = incident
    return incident


def _join(incident: Incident, sign: Sign) -> None:
    incident.members.add(sign.key)
    sign.incident = incident.key
    incident.newest_ms = max(incident.newest_ms, sign.since_ms)
    incident.since_ms = min(incident.since_ms or sign.since_ms, sign.since_ms)
    if sign.site is not None:
        incident.halls[sign.site] = min(incident.halls.get(sign.site, sign.since_ms), sign.since_ms)


def _place(state: State, book: Book, facts: Facts, sign: Sign, *, open_causes: bool = False) -> None:
    """Put a sign into the open incident that it belongs to, or open one; with `open_causes` only into one of a network."""
    if sign.incident is not None:
        return
    hall = state.halls.get(sign.site or "", Hall(sign.site or ""))
    view = View(state, book, facts, sign.since_ms, round(book.engine.together_minutes * MINUTE_MS))
    for incident in state.incidents.values():
        if open_causes and incident.cause not in ("operator_gone", "cell_gone"):
            continue
        if _belongs(state, view, incident, sign, hall):
            _join(incident, sign)
            if len(incident.halls) > 1 and incident.cause in LOST and book.on("area_dark") is not None:
                incident.cause = "area_dark"
            return
    if open_causes:
        return
    if sign.rule == "hall_dark" and _paid_out(state, sign) and book.on("quota_gone") is not None:
        _gather(state, facts, Cause("quota_gone", frozenset((sign.key,))))
    elif sign.rule in LOST and book.on("area_dark") is not None:
        _gather(state, facts, area_cause(view, sign))
    else:
        _gather(state, facts, Cause(sign.rule, frozenset((sign.key,))))


def _belongs(state: State, view: View, incident: Incident, sign: Sign, hall: Hall) -> bool:
    """Whether a sign is more of an open incident."""
    family = rule_of(sign.rule).family
    if sign.site is None:
        return incident.family == family
    if incident.cause in WIDE and incident.cause != "area_dark":
        return _under(view, incident, sign, hall)
    if incident.cause == "quota_gone":
        return sign.rule == "hall_dark" and _paid_out(state, sign) and sign.since_ms - incident.newest_ms <= SIM_MS
    if sign.site in incident.sites and _same_kind(incident, family):
        return True
    if sign.rule in LOST and incident.family in (Family.SUPPLY, Family.SERVICE):
        return _went_along(state, view, incident, sign)
    return incident.family == family and _alike(state, view, incident, sign, hall)


def _under(view: View, incident: Incident, sign: Sign, hall: Hall) -> bool:
    """Whether an open cause of a network or of ours explains a sign."""
    together_ms = round(view.engine.together_minutes * MINUTE_MS)
    if sign.rule not in LOST:
        return False
    if incident.cause == NOTHING:
        return abs(sign.since_ms - incident.since_ms) <= together_ms
    modem = hall.modems.get(sign.modem or "")
    mine = (modem is not None and modem.operator == incident.operator) if sign.modem else hall.operators == {incident.operator}
    on_cell = incident.cell_id is None or any(m.cell_id == incident.cell_id for m in hall.modems.values())
    return mine and on_cell and sign.since_ms - incident.newest_ms >= -together_ms


def _went_along(state: State, view: View, incident: Incident, sign: Sign) -> bool:
    """Whether a hall went with those of an incident: at about their time, or after them on its battery."""
    area = view.kecamatan(sign.site or "")
    if any(state.halls[site].mains is False and view.kecamatan(site) == area for site in incident.sites):
        return True
    return any(linked(view, sign, state.signs[key]) for key in incident.members if state.signs[key].rule in LOST)


def _alike(state: State, view: View, incident: Incident, sign: Sign, hall: Hall) -> bool:
    """Whether the same happened elsewhere at about the same time: a shared reason may stand behind it."""
    apart_ms = abs(sign.since_ms - incident.newest_ms)
    if incident.family in (Family.SIM, Family.DEVICE):
        return incident.cause == sign.rule and apart_ms <= (SIM_MS if incident.family == Family.SIM else DEVICE_MS)
    modem = hall.modems.get(sign.modem or "")
    operator = modem.operator if modem else None
    near = view.kecamatan(sign.site or "") in {view.kecamatan(site) for site in incident.sites}
    together = apart_ms <= view.engine.together_minutes * MINUTE_MS
    return near and together and (sign.rule == "unstable" or operator == _operator(state, incident))


def _same_kind(incident: Incident, family: Family) -> bool:
    """Whether a further sign of a hall says more of the same: gone is gone, and one modem has one radio."""
    lost, radio = (Family.SUPPLY, Family.SERVICE), (Family.SERVICE, Family.RADIO)
    return incident.family == family or any(family in pair and incident.family in pair for pair in (lost, radio))


def _operator(state: State, incident: Incident) -> str | None:
    sign = state.signs[min(incident.members)]
    hall = state.halls.get(sign.site or "")
    modem = hall.modems.get(sign.modem or "") if hall else None
    return modem.operator if modem else None


def _paid_out(state: State, sign: Sign) -> bool:
    """Whether a dark hall had its quota used up."""
    hall = state.halls.get(sign.site or "")
    return hall is not None and hall.over_budget


def _key(state: State, cause: Cause, first: Sign, facts: Facts) -> str:
    """Return a key that a person can type, and that no open incident has."""
    if cause.name not in WIDE:
        return first.key if cause.name == first.rule else f"{cause.name}/{first.site}"
    area = facts.sites[first.site].kecamatan if first.site and not cause.operator else None
    parts = [cause.operator, cause.cell_id, area]
    stem = "/".join([cause.name, *(re.sub(r"[^a-z0-9]+", "-", str(part).lower()).strip("-") for part in parts if part)])
    numbers = range(2, len(state.incidents) + 3)
    return stem if stem not in state.incidents else next(k for n in numbers if (k := f"{stem}-{n}") not in state.incidents)


def _gone_for(state: State, incident: Incident, now_ms: int) -> int:
    """Return how long a hall of an incident has been dark without coming back, ms."""
    dark = (state.signs[key] for key in incident.members if state.signs[key].rule == "hall_dark" and state.signs[key].bad)
    return max((now_ms - state.halls[sign.site].last_ms for sign in dark if sign.site in state.halls), default=0)


def _tell(state: State, book: Book, facts: Facts, incident: Incident) -> Iterator[Change]:
    """Say what of an open incident must be told now."""
    if not any(state.signs[key].raised for key in incident.members):
        return
    halls = len(incident.sites)
    if not incident.told_ms:
        incident.told_ms, incident.told_halls, incident.told_cause = facts.now_ms, halls, incident.cause
        yield Change("open", incident)
        return
    grown = incident.cause != NOTHING and halls >= GROWN_TIMES * incident.told_halls and halls - incident.told_halls >= GROWN_BY
    if incident.cause == "unstable" and _gone_for(state, incident, facts.now_ms) > STAYS_MS:
        incident.cause = "hall_dark" if halls == 1 else "area_dark"
    changed = incident.cause != incident.told_cause
    wider = changed and (halls >= book.engine.group_min or incident.told_cause == "unstable")
    if grown or wider:
        incident.told_halls, incident.told_cause = halls, incident.cause
        yield Change("grown", incident)
        return
    open_ms = facts.now_ms - incident.told_ms
    due = sum(open_ms >= days * DAY_MS for days in book.engine.remind_days)
    settings = book.on(incident.cause)
    escalates = settings is not None and settings.role == "village" and not settings.digest and not incident.escalated
    if escalates and facts.now_ms - incident.since_ms >= book.engine.escalate_hours * HOUR_MS:
        incident.escalated = True
        yield Change("escalated", incident)
    elif due > incident.reminded:
        incident.reminded = due
        if not incident.acked and settings is not None and settings.remind and not settings.digest:
            yield Change("reminder", incident)
