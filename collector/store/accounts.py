"""What a hall has lost, by its installations: who is at work, who was replaced, who measures beside another.

`lost` is at least what nobody explains: of the installation at work the numbers below its last report, less what waited then; of
one that was replaced every number that is missing, for what waited on its card went with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collector.store.ledger import DAY_NS, Accounts, Days, Numbers, numbers
from collector.store.store import Row, Store
from telemetry.streams import STREAMS, Clock

AT_ONCE_DAYS = 1
"""So long after it was last seen, a second installation still is the hall's trouble of today."""
SURE = frozenset({Clock.NTP, Clock.NETWORK, Clock.REBASED})


@dataclass(frozen=True, slots=True)
class Losses:
    """A hall's account: missing and lost numbers, how many installations there were, how many measured at once lately."""

    missing: int
    lost: int
    installations: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when an installation measured, ns UTC, by samples whose time is sure."""

    first_ns: int
    last_ns: int


def losses(store: Store, site: str, accounts: Accounts, device: Row, now_ns: int) -> Losses | None:
    """Account for a hall, `device` its newest report; None where nothing was ever stored. Raises StoreUnavailableError."""
    kept = {inst: found for inst, days in accounts.items() if (found := numbers(days))}
    if not kept:
        return None
    named = [inst for inst in kept if inst]
    spans = _spans(store, site, {inst: kept[inst] for inst in named}, accounts) if len(named) > 1 else {}
    working = _working(kept, spans, device)
    earlier = _int(device, "spool_earlier")
    lost = 0
    for inst, found in kept.items():
        if inst == device.get("inst", ""):
            lost += _unexplained(store, site, inst, accounts[inst], device)
        elif inst in working:
            lost += _unexplained(store, site, inst, accounts[inst], _report(store, site, inst, found))
        else:
            gone = max(0, found.missing - found.skipped - _int(_report(store, site, inst, found), "thinned"))
            here = min(gone, earlier)
            lost, earlier = lost + gone - here, earlier - here
    missing = sum(found.missing for found in kept.values())
    return Losses(missing, lost, max(1, len(named)), _at_once(spans, now_ns))


def _working(kept: Mapping[str, Numbers], spans: Mapping[str, Span], device: Row) -> set[str]:
    """Return the installations that none has followed."""
    if not spans:
        return {str(device.get("inst", max(kept)))} if len(kept) > 1 else set(kept)
    begun = max(span.first_ns for span in spans.values())
    return {inst for inst, span in spans.items() if span.last_ns >= begun}


def _at_once(spans: Mapping[str, Span], now_ns: int) -> int:
    """Count the installations that measured while another one did, lately; 1 when there is no such."""
    return max(1, len(side_by_side(spans, now_ns - AT_ONCE_DAYS * DAY_NS)))


def side_by_side(spans: Mapping[str, Span], since_ns: int = 0) -> set[str]:
    """Return the installations that measured while another one did, and both still did after `since_ns`."""
    return {
        inst
        for one, a in spans.items()
        for other, b in spans.items()
        if one < other and max(since_ns, a.first_ns, b.first_ns) < min(a.last_ns, b.last_ns)
        for inst in (one, other)
    }


def stretched(spans: dict[str, Span], row: Row) -> None:
    """Let the span of the installation that took a sample reach to it, where its time is sure."""
    inst = row.get("inst")
    if isinstance(inst, str) and row.get("clock") in SURE:
        at_ns = int(row["time_ns"])
        span = spans.get(inst, Span(at_ns, at_ns))
        spans[inst] = Span(min(span.first_ns, at_ns), max(span.last_ns, at_ns))


def _spans(store: Store, site: str, kept: Mapping[str, Numbers], accounts: Accounts) -> dict[str, Span]:
    """Find when each installation measured first and last: on its first and its last day, by the samples themselves."""
    days = {day for inst in kept for day in _ends(accounts, inst)}
    spans: dict[str, Span] = {}
    for day in sorted(days):
        for stream in STREAMS:
            for row in store.samples(stream, day, day + DAY_NS, site, names=("seq", "clock", "inst")):
                stretched(spans, row)
    return {inst: span for inst, span in spans.items() if inst in kept}


def _ends(accounts: Accounts, inst: str) -> tuple[int, int]:
    kept = [start for start, day in accounts[inst].items() if day.first is not None]
    return min(kept), max(kept)


def _unexplained(store: Store, site: str, inst: str, days: Days, report: Row) -> int:
    """Count the numbers below the last report that are not stored and did not wait when it was written.

    A hall goes on while it is counted, so these are counted after the report, and nothing above it.
    """
    found = numbers(days)
    explained = sum(_int(report, name) for name in ("thinned", "quarantined"))
    explained += max(0, _int(report, "spool_depth") - _int(report, "spool_earlier"))
    if found is None or found.missing <= found.skipped + explained:
        return 0
    if "seq" not in report:
        return found.missing - found.skipped - explained
    seq, start = int(report["seq"]), (int(report["time_ns"]) // DAY_NS - 1) * DAY_NS
    end = found.last_day_ns + 2 * DAY_NS
    stored = sum(one.samples for one in store.seq_days(start, end, site, seq) if one.inst == inst)
    stored += sum(day.stored for at, day in days.items() if not start <= at < end)
    return max(0, seq - found.first - stored - found.skipped - explained)


def _report(store: Store, site: str, inst: str, found: Numbers) -> Row:
    """Return the last report of an installation that is not the hall's newest; an empty row where it left none."""
    names = ("seq", "inst", "spool_depth", "spool_earlier", "thinned", "quarantined")
    rows = store.samples("device", found.last_day_ns - DAY_NS, found.last_day_ns + DAY_NS, site, names=names)
    return max((row for row in rows if row.get("inst", "") == inst), key=lambda row: int(row["time_ns"]), default={})


def _int(row: Row, name: str) -> int:
    return int(row.get(name, 0))
