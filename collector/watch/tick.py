"""The road of one look, straight: facts → signs → incidents → messages and points. Pure: its clock is in the facts.

`tick` changes only the state that it is given; what it returns goes to disk together with that state, in one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from collector.notify.outbox import Message
from collector.watch.facts import Facts
from collector.watch.incidents import Change, assemble
from collector.watch.judge import Book, begin, judge_halls, retire, take_rows
from collector.watch.line import judge_line
from collector.watch.messages import agreement_waits, message, never_reported
from collector.watch.state import DAY_MS, HOUR_MS, State
from ground.wita import WITA_MS

DAILY_HOUR = 6
"""WITA; before the digest of 07:00, so that the list is in it."""
STATES = {"open": "open", "grown": "open", "resolve": "resolved", "removed": "resolved"}


class AlertPoint(NamedTuple):
    """What the measurement `alert` gets of a change."""

    at_ms: int
    tags: dict[str, str]
    fields: dict[str, str | int]


class Outcome(NamedTuple):
    """What a look came to."""

    messages: list[Message]
    points: list[AlertPoint]


def tick(state: State, book: Book, facts: Facts) -> Outcome:
    """Look once. Never raises for anything in the facts; a store that is away is one of them."""
    dt_s = begin(state, book, facts.now_ms)
    arrived = take_rows(state, book, facts)
    hushed = judge_line(state, book, facts, dt_s, arrived=arrived)
    judge_halls(state, book, facts, dt_s, hushed=hushed)
    changes = assemble(state, book, facts, retire(state, book, facts))
    told = [(change, text) for change in changes if (text := message(state, book, facts, change)) is not None]
    messages = [text for _, text in told]
    messages += _daily(state, facts)
    points = [_point(change, text, book, facts) for change, text in told if change.kind in STATES]
    points += [
        _point(Change("acknowledged", incident), None, book, facts)
        for key in facts.acks
        if (incident := state.incidents.get(key))
    ]
    state.meta["tick_ms"] = facts.now_ms
    return Outcome(messages, points)


def daily_due(state: State, now_ms: int) -> bool:
    """Whether the next look tells what is told once a day."""
    day, rest = divmod(now_ms + WITA_MS, DAY_MS)
    return rest >= DAILY_HOUR * HOUR_MS and state.meta.get("daily", 0) < day


def _daily(state: State, facts: Facts) -> list[Message]:
    if not daily_due(state, facts.now_ms):
        return []
    first = "daily" not in state.meta
    state.meta["daily"] = (facts.now_ms + WITA_MS) // DAY_MS
    known = {site: hall for site, hall in state.halls.items() if hall.last_ms}
    told = (None if first else never_reported(facts, known), agreement_waits(facts))
    return [text for text in told if text is not None]


def _point(change: Change, told: Message | None, book: Book, facts: Facts) -> AlertPoint:
    incident = change.incident
    site = next(iter(incident.halls)) if len(incident.halls) == 1 else None
    modem = next((key.split("/")[2] for key in sorted(incident.members) if key.count("/") == 2), None) if site else None
    known = facts.sites.get(site or "")
    areas = {facts.sites[code].kecamatan for code in incident.halls if code in facts.sites}
    tags = {"site": site, "modem": modem, "operator": incident.operator, "desa": known.desa if known else None}
    tags["kecamatan"] = areas.pop() if len(areas) == 1 else None
    fields: dict[str, str | int] = {
        "key": incident.key,
        "rule": incident.cause,
        "state": STATES.get(change.kind, change.kind),
        "since_ms": incident.since_ms,
        "count": max(1, len(incident.halls)),
    }
    settings = book.on(incident.cause)
    if settings is not None:
        fields["severity"] = settings.severity
    if told is not None:
        fields |= {"severity": told.severity, "title_id": told.title_id, "title_en": told.title_en}
        fields |= {"text_id": told.text_id, "text_en": told.text_en}
    return AlertPoint(facts.now_ms, {name: value for name, value in tags.items() if value}, fields)
