"""From facts to signs: takes in what is new of each hall, and asks every rule. Pure but for the state it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.sites.sites import Site
from collector.store.store import Row
from collector.watch.config import EngineSection
from collector.watch.facts import Facts
from collector.watch.rule import Clocked, Rule, Settings, Verdict, number, on_stream, rules
from collector.watch.schedule import Schedule, day_slot
from collector.watch.state import CELLS_KEPT, DAY_MS, MINUTE_MS, NS_PER_MS, Hall, Modem, Sign, State
from ground.wita import wita
from telemetry.meaning import Service, service_of
from telemetry.streams import STREAMS
from telemetry.vocabulary import Clock, ClockState

QUIET_MS = 6 * MINUTE_MS
"""Longer than a frame of 5 minutes, with slack."""
GAP_MS = 9 * MINUTE_MS
"""Time between two samples of a hall that says: it was off, or could not measure."""
SPELLS_KEPT = 24
NEARLY_SPENT = 0.95
UNSURE = (Clock.ESTIMATED, Clock.UNKNOWN)
NOTHING = "nothing_arriving"


@dataclass(frozen=True, slots=True)
class Book:
    """What stays the same from look to look: how the watch looks, the rules that are on, the halls' schedules."""

    engine: EngineSection
    settings: Mapping[str, Settings]
    schedule: Schedule

    def on(self, name: str) -> Any | None:
        """Return the settings of a rule that is on, with whatever fields of its own; None where it is off."""
        return self.settings.get(name)


def take_rows(state: State, book: Book, facts: Facts) -> bool:
    """Judge the rows that are new. Return whether anything arrived."""
    limit_ns = (facts.now_ms + book.engine.clock_skew_s * 1000) * NS_PER_MS
    arrived = False
    for stream, row in facts.rows:
        site = facts.sites.get(str(row.get("site", "")))
        if site is None:
            continue
        hall = state.hall(site.code)
        name = str(row.get("modem", ""))
        cursor = f"{stream}/{name}"
        time_ns = int(row["time_ns"])
        if stream not in STREAMS and time_ns > facts.now_ms * NS_PER_MS:
            continue
        if time_ns > limit_ns:
            arrived |= _from_the_future(hall, cursor, row, facts.now_ms)
            state.changed_halls.add(site.code)
            continue
        last_ns = hall.cursors.get(cursor, 0)
        if time_ns <= last_ns or _was_ahead(hall, cursor, row):
            continue
        hall.cursors[cursor] = time_ns
        state.changed_halls.add(site.code)
        if stream not in STREAMS:  # said of the hall on the server, not by it
            _ask(state, book, facts, site, hall, None, stream, row, 0.0)
            continue
        heard_ms, hall.arrived_ms = hall.arrived_ms, facts.now_ms
        arrived = True
        if stream == "device":
            _device(hall, row)
        if row.get("clock") in UNSURE:
            continue  # its time is a guess, so it proves nothing about now
        modem = hall.modems.setdefault(name, Modem(name)) if name else None
        _seen(hall, modem, stream, row, book.schedule, heard_ms)
        gap_s = (time_ns - last_ns) / 1e9
        dt_s = gap_s if gap_s <= 2 * book.engine.late_after_s else 0.0
        _ask(state, book, facts, site, hall, modem, stream, row, dt_s)
    for code, at_ms in facts.arrived.items():
        if code in facts.sites and at_ms > state.hall(code).arrived_ms:
            state.hall(code).arrived_ms = at_ms
            state.changed_halls.add(code)
    return arrived


def judge_halls(state: State, book: Book, facts: Facts, dt_s: float, *, hushed: bool) -> None:
    """Ask the rules on the clock about every hall, and those on trends about every modem."""
    today = wita(facts.now_ms).date()
    timed = [(name, rule) for name, rule in rules().items() if rule.on_clock is not None and name in book.settings]
    slow = [(name, rule) for name, rule in rules().items() if rule.on_trend is not None and name in book.settings]
    for site in facts.sites.values():
        hall = state.hall(site.code)
        usual = book.schedule.on(site.code, facts.now_ms) if hall.last_ms else None
        at = Clocked(hall, site, facts.now_ms, today, usual, state.meta.get("calm_ms", 0), hushed)
        for name, rule in timed:
            settings: Any = book.settings[name]
            assert rule.on_clock is not None  # noqa: S101 - chosen so above
            _give(state, book, facts, rule.on_clock(settings, at), name, site, None, dt_s, facts.now_ms)
    for (code, name_of_modem), trend in facts.trends.items():
        known = facts.sites.get(code)
        modem = state.hall(code).modems.get(name_of_modem) if known else None
        for name, rule in slow:
            if known is None or modem is None or rule.on_trend is None:
                continue
            settings = book.settings[name]
            _give(state, book, facts, rule.on_trend(settings, modem, trend), name, known, modem, 3600.0, facts.now_ms)


def _ask(
    state: State, book: Book, facts: Facts, site: Site, hall: Hall, modem: Modem | None, stream: str, row: Row, dt_s: float
) -> None:
    at_ms = int(row["time_ns"]) // NS_PER_MS
    for name, rule, judge in on_stream(stream):
        settings: Any = book.settings.get(name)
        if settings is None:
            continue
        verdict = judge(settings, hall, modem, row)
        if verdict.bad is None:
            continue
        if verdict.bad and rule.needs_power and hall.mains is False:
            continue  # on its battery the rest of the hall says nothing about the network
        if verdict.bad and name == "mains_off" and book.schedule.on(site.code, at_ms) is False:
            continue
        _give(state, book, facts, verdict, name, site, modem if rule.subject == "modem" else None, dt_s, at_ms)


def _give(
    state: State, book: Book, facts: Facts, verdict: Verdict, name: str, site: Site, modem: Modem | None, dt_s: float, at_ms: int
) -> None:
    if verdict.bad is None or (verdict.bad and (site.code in facts.maintained or site.kecamatan in facts.maintained)):
        return
    feed(state, name, book.settings[name], verdict, site.code, modem.name if modem else None, dt_s, at_ms)


def feed(
    state: State, name: str, settings: Settings, verdict: Verdict, site: str | None, modem: str | None, dt_s: float, at_ms: int
) -> None:
    """Take a verdict into its sign; a sign is made when something is bad."""
    if verdict.bad is None:
        return
    key = f"{name}/{site}/{modem}" if site and modem else f"{name}/{site}" if site else name
    sign = state.signs.get(key)
    if sign is None:
        if not verdict.bad:
            return
        sign = state.signs[key] = Sign(key, name, site, modem)
    fresh = verdict.bad and not sign.bad
    if verdict.bad and not sign.raised and verdict.detail is not None:
        sign.detail = verdict.detail
    if fresh and verdict.since_ms is not None:  # it is certain only now, and was bad since then
        dt_s += (at_ms - verdict.since_ms) / 1000
    fresh_start = fresh and sign.level_s <= 0 and not sign.raised
    was = sign.bad
    sign.feed(verdict.bad, dt_s, at_ms, settings.for_minutes * 60, settings.clear_minutes * 60)
    if fresh_start and verdict.since_ms is not None:
        sign.since_ms = verdict.since_ms
    if was and not verdict.bad and verdict.until_ms is not None:
        sign.until_ms = verdict.until_ms


def _device(hall: Hall, row: Row) -> None:
    state, used, budget = row.get("clock_state"), number(row, "bytes_month"), number(row, "budget_month")
    if state is not None:
        hall.clock_ok = state != ClockState.UNTRUSTED
    hall.over_budget = used is not None and budget is not None and used >= NEARLY_SPENT * budget
    if row.get("mains") is not None:
        hall.mains = bool(row["mains"])


def _seen(hall: Hall, modem: Modem | None, stream: str, row: Row, schedule: Schedule, heard_ms: int) -> None:
    at_ms = int(row["time_ns"]) // NS_PER_MS
    hall.first_ms = hall.first_ms or at_ms
    silent = heard_ms - hall.last_ms <= GAP_MS and not hall.over_budget  # else it sent, only nothing of now
    if hall.last_ms and at_ms - hall.last_ms > GAP_MS and silent:
        hall.spells = [*hall.spells, (hall.last_ms, at_ms)][-SPELLS_KEPT:]
    hall.last_ms = max(hall.last_ms, at_ms)
    schedule.mark(hall.site, at_ms)
    if modem is None or stream != "signal":
        return
    if row.get("operator"):
        modem.operator = str(row["operator"])
    if service_of(row) is Service.SERVED:
        modem.served_ms = max(modem.served_ms, at_ms)
        _on_cell(hall, modem, row.get("cell_id"), at_ms)


def _on_cell(hall: Hall, modem: Modem, cell: object, at_ms: int) -> None:
    """Note the serving cell; one that was new a day ago is a known one now."""
    if not isinstance(cell, int):
        return
    modem.cell_id = cell
    first_ms = modem.cells.setdefault(str(cell), at_ms)
    known = first_ms - hall.first_ms < DAY_MS or at_ms - first_ms >= DAY_MS
    modem.strange_ms = 0 if known else modem.strange_ms or at_ms
    if len(modem.cells) > CELLS_KEPT:
        del modem.cells[max(modem.cells, key=lambda name: modem.cells[name] if name != str(cell) else 0)]


def _from_the_future(hall: Hall, cursor: str, row: Row, now_ms: int) -> bool:
    """Note a sample of a wrong clock; return whether it is new."""
    seq = int(row.get("seq", 0))
    first, last = hall.ahead.get(cursor, (seq, seq - 1))
    if first <= seq <= last:
        return False
    hall.ahead[cursor] = (min(first, seq), max(last, seq))
    hall.wrong_ms = hall.arrived_ms = now_ms
    return True


def _was_ahead(hall: Hall, cursor: str, row: Row) -> bool:
    span = hall.ahead.get(cursor)
    return span is not None and span[0] <= int(row.get("seq", 0)) <= span[1]


def begin(state: State, book: Book, now_ms: int) -> float:
    """Return how long the last look was ago, s; 0 after a pause, which also gives all halls their grace."""
    meta = state.meta
    last = meta.get("tick_ms")
    if last is None or not 0 <= now_ms - last <= book.engine.late_after_s * 1000:
        # Nothing is known of the time in between: no silence counts that reaches into it.
        meta |= {"grace_ms": now_ms + round(book.engine.grace_minutes * MINUTE_MS), "resumed_ms": now_ms, "tick_ms": now_ms}
    if last is None or day_slot(last)[0] != day_slot(now_ms)[0]:
        meta["oldest_day"] = book.schedule.forget(now_ms)
    return (now_ms - meta["tick_ms"]) / 1000


def retire(state: State, book: Book, facts: Facts) -> set[str]:
    """End signs of modems that their hall no longer has; return halls that left the register."""
    limit_ns = book.engine.forget_after_days * DAY_MS * NS_PER_MS
    for sign in state.signs.values():
        hall = state.halls.get(sign.site or "")
        if hall is not None and sign.modem is not None:
            newest = max(hall.cursors.get(f"{stream}/{sign.modem}", 0) for stream in ("signal", "probe"))
            if hall.last_ms * NS_PER_MS - newest > limit_ns:
                sign.raised, sign.bad, sign.level_s = False, False, 0.0
    return {code for code in state.halls if code not in facts.sites}


def rule_of(name: str) -> Rule[Any]:
    """Return a rule by its name."""
    return rules()[name]
