"""Is it between the halls and us, or here? Judged from all halls together, and from what the collector says of itself. Pure."""

from __future__ import annotations

from typing import Any

from collector.watch.facts import REPORTS_MS, Facts
from collector.watch.judge import NOTHING, QUIET_MS, Book, feed
from collector.watch.rule import Verdict, number
from collector.watch.state import DAY_MS, MINUTE_MS, NS_PER_MS, Hall, State

LAGGING = "collector_lagging"


def judge_line(state: State, book: Book, facts: Facts, dt_s: float, *, arrived: bool) -> bool:
    """Judge whether it is between the halls and us. Return whether nobody's silence counts now."""
    meta, now_ms = state.meta, facts.now_ms
    if arrived:
        if now_ms - meta.get("arrival_ms", 0) > QUIET_MS:
            meta["grace_ms"] = now_ms + round(book.engine.grace_minutes * MINUTE_MS)
        meta["arrival_ms"] = now_ms
    quiet = now_ms - max(meta.get("arrival_ms", 0), meta["resumed_ms"]) > QUIET_MS
    if not quiet:
        book.schedule.awake(now_ms)
    gone = _gone_together(state, book, facts)
    settings = book.on(NOTHING)
    if settings is not None:
        bad: bool | None = None
        if gone is not None:
            bad = True
        elif not quiet:
            bad = False
        alive = now_ms - meta.get("report_ms", 0) <= QUIET_MS
        since_ms = gone if gone is not None else None
        verdict = Verdict(bad, facts.fault or ("link" if alive else "collector"), since_ms, None if bad is not False else now_ms)
        feed(state, NOTHING, settings, verdict, None, None, dt_s, now_ms)
    _judge_reports(state, book, facts)
    hushed = quiet or gone is not None or not facts.store_ok or now_ms < meta.get("grace_ms", 0)
    if hushed:
        meta["calm_ms"] = now_ms
    return hushed


def _gone_together(state: State, book: Book, facts: Facts) -> int | None:
    """Return since when nearly all halls are silent together, whoever carries them; None where they are not.

    A few that still come (by the office's own network) prove nothing for the others. Halls of one operator, of one area, and
    halls whose own sensors saw the mains go are somebody else's fault.
    """
    settings = book.on(NOTHING)
    dark = book.on("hall_dark")
    if settings is None:
        return None
    stale_ms = max(2 * QUIET_MS, round((dark.stale_minutes if dark else 0) * MINUTE_MS))
    expected = [
        hall
        for hall in state.alive(facts.now_ms - round(book.engine.forget_after_days * DAY_MS), facts.sites)
        if book.schedule.on(hall.site, hall.last_ms) is not False and not _long_dark(state, hall)
    ]
    silent = [hall for hall in expected if facts.now_ms - hall.last_ms > stale_ms and facts.now_ms - hall.arrived_ms > QUIET_MS]
    newest = max((hall.last_ms for hall in silent), default=0)
    together = [hall for hall in silent if newest - hall.last_ms <= stale_ms + QUIET_MS]
    if len(together) < settings.min_halls or len(together) < settings.share * len(expected):
        return None
    if len({facts.sites[hall.site].kecamatan for hall in together}) < min(2, _areas(expected, facts)):
        return None
    sensors = [hall.mains for hall in together if hall.mains is not None]
    if sensors and sum(not mains for mains in sensors) >= len(sensors) / 2:
        return None
    others = [hall for hall in expected if hall not in together]
    for operator in {name for hall in together for name in hall.operators}:
        without = [hall for hall in others if operator not in hall.operators]
        if len(without) >= settings.min_halls and all(operator in hall.operators for hall in together):
            return None
    return newest


def _areas(halls: list[Hall], facts: Facts) -> int:
    return len({facts.sites[hall.site].kecamatan for hall in halls})


def _long_dark(state: State, hall: Hall) -> bool:
    """Whether a hall was told to be dark before: it does not go with the others."""
    sign = state.of_site("hall_dark", hall.site)
    return sign is not None and sign.raised


def _judge_reports(state: State, book: Book, facts: Facts) -> None:
    settings: Any = book.on(LAGGING)
    for row in facts.reports:
        at_ms = int(row["time_ns"]) // NS_PER_MS
        dt_s = min((at_ms - state.meta.get("report_ms", at_ms)) / 1000, QUIET_MS / 1000)
        state.meta["report_ms"] = at_ms
        if settings is None or facts.now_ms - at_ms > REPORTS_MS:
            continue
        bad: bool | None = (number(row, "dropped_frames") or 0) + (number(row, "store_errors") or 0) > 0
        if not bad and (number(row, "lag_ms") or 0) / 1000 > settings.max_lag_s:
            bad = None if number(row, "late_samples") else True  # with late samples among them it is a backlog
        feed(state, LAGGING, settings, Verdict(bad), None, None, dt_s, at_ms)
