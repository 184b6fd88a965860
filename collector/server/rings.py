"""How a version goes through the halls: ring by ring, and no further when a ring is worse off than the halls without it.

Pure: what was told, how halls are now, the time → tell the next ring, wait, stop with the reason, or done. The bounds are here
and in docs/how-to/upgrade.md, nowhere else.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.server.rollout import Fate, Offer, Rollout, Told
from ground.wita import WITA_MS
from ground.words import mark
from telemetry.release import QUIET_H, same

HOUR_MS = 3_600_000
PILOTS = 3
"""Halls of the first ring where nobody names others."""
RINGS = {"pilot": 0, "10": 10, "25": 25, "50": 50, "all": 100}
"""The pilot halls, then shares of all halls in percent."""
NAMES = tuple(RINGS)
HEARD_MS = 24 * HOUR_MS
"""A hall that spoke within so long before it was told can be missed."""
SILENT_MS = 6 * HOUR_MS
"""A hall that was heard before and says nothing for so long is silent; power goes for less."""
MUTE_MS = 2 * HOUR_MS
"""A hall that measured before, runs the version and reports without one measurement for so long measures no more."""
RESTARTS = 5
"""So many more starts within a day than in the day before it was told are restarts of the program, not of the power."""
SOAK_MS = 24 * HOUR_MS
"""How long a ring is watched while most of it runs the version."""
STALL_MS = 7 * 24 * HOUR_MS
"""A ring that comes to no end in so long stops."""
MOST_FAILED = 0.05
"""Of all halls that were told: more that failed stop it. In a pilot one hall is more."""
MOST_SILENT = 0.20
"""Of a ring: so many more silent than among the halls without the version, and at least two, stop it."""
SMALL = 20
"""In a ring of fewer halls each one counts: a hall that could take it and is silent since stops it."""
BEFORE_MS = HOUR_MS // 4
"""What a hall says last may be so much older than what silenced it."""
ENOUGH = 0.8
"""Of the halls that were heard since they were told: as many run the version well before the next ring begins."""


FAILED = (Fate.MUTE, Fate.RESTARTS, Fate.ROLLED_BACK, Fate.REFUSED)


@dataclass(frozen=True, slots=True)
class Hall:
    """How a hall is now: heard and last measured at (ms UTC, 0: its newest sample is no measurement), starts in a day."""

    version: str
    heard_ms: int
    measured_ms: int
    boots: int = 0
    outcome: str | None = None
    """What it said of this rollout: the end of the event's name."""


def offer_for(rollout: Rollout, version: str) -> Offer | None:
    """Return what makes the version in a hall that runs another; None: nothing that is there does."""
    return rollout.offers.get(version) or (None if "+" in version else rollout.offers.get("*"))


def by_chance(codes: Iterable[str], version: str) -> list[str]:
    """Return halls in an order of chance, another one for each version."""
    return sorted(codes, key=lambda code: hashlib.sha256(f"{version} {code}".encode()).hexdigest())


def members(rollout: Rollout, halls: Mapping[str, Hall], ring: int) -> list[str]:
    """Return the halls of the rings up to this one that something makes the version of, or that run it."""
    pilots = sum(code in halls for code in rollout.pilot)
    count = max(pilots, math.ceil(len(halls) * RINGS[NAMES[ring]] / 100))
    first = sorted(by_chance(halls, rollout.version), key=lambda code: code not in rollout.pilot)[:count]
    return [code for code in first if offer_for(rollout, halls[code].version) or same(halls[code].version, rollout.version)]


def fate(told: Told, hall: Hall, version: str, now_ms: int) -> Fate:
    """Say how a hall fares that was told."""
    runs = same(hall.version, version)
    if hall.outcome in ("rolled_back", "refused") and not runs:
        return Fate(hall.outcome)
    if (told.heard or told.took_ms) and now_ms - max(hall.heard_ms, told.at_ms) > SILENT_MS:
        return Fate.SILENT
    if hall.heard_ms < told.at_ms and not told.heard:
        return Fate.DARK
    if not runs:
        return Fate.WAITS if hall.outcome == "waits" else Fate.PENDING
    return _with_it(told, hall)


def _with_it(told: Told, hall: Hall) -> Fate:
    if hall.boots > told.boots + RESTARTS:
        return Fate.RESTARTS
    mute = told.measured and told.took_ms is not None and hall.heard_ms - max(told.took_ms, told.measured_ms) > MUTE_MS
    return Fate.MUTE if mute else Fate.RUNS


def silent_share(halls: Iterable[Hall], at_ms: int, now_ms: int) -> float:
    """Return the share of halls that are silent now, of those that spoke in the day before a moment."""
    spoke = [hall for hall in halls if hall.heard_ms > at_ms - HEARD_MS]
    return sum(now_ms - hall.heard_ms > SILENT_MS for hall in spoke) / len(spoke) if spoke else 0.0


def step(rollout: Rollout, halls: Mapping[str, Hall], now_ms: int) -> Rollout:
    """Return the rollout as it is to go on: more halls told, the same, stopped, or done. Says why."""
    if rollout.stopped or not halls:
        return rollout
    told = {code: _seen(rollout, each, halls.get(code), now_ms) for code, each in rollout.told.items()}
    fates = {code: fate(each, halls[code], rollout.version, now_ms) for code, each in told.items() if code in halls}
    counts = Counter(fates.values())
    news = {"told": told, "counts": {each.value: n for each, n in counts.items()}}
    rollout = rollout.model_copy(update=news)
    trouble = _trouble(rollout, halls, fates, now_ms)
    if trouble is not None:
        return _say(rollout.model_copy(update={"stopped": True}), *trouble)
    heard = len(fates) - counts[Fate.DARK] - counts[Fate.WAITS]
    well = bool(counts[Fate.RUNS]) and counts[Fate.RUNS] >= ENOUGH * heard
    since_ms = (rollout.well_at_ms or now_ms) if well else None
    rollout = rollout.model_copy(update={"well_at_ms": since_ms})
    soaked = since_ms is not None and now_ms - since_ms >= SOAK_MS
    if rollout.ring < 0 or (soaked and rollout.ring < NAMES.index(rollout.limit)):
        return _next(rollout, halls, now_ms)
    if soaked:
        return _ended(rollout, halls, now_ms)
    return _watched(rollout, len(fates), now_ms)


def _ended(rollout: Rollout, halls: Mapping[str, Hall], now_ms: int) -> Rollout:
    """Stay, as the last ring that it may go to is well; in the very last, tell halls that are new too."""
    if rollout.ring < len(NAMES) - 1:
        text = mark("ring {ring} is well; it goes no further until it is told to (--ring)")
        return _say(rollout, text, {"ring": NAMES[rollout.ring]})
    done = _tell(rollout, halls, now_ms).model_copy(update={"done": True})
    return _say(done, mark("all rings have it; halls that come back take it too"), {})


def _watched(rollout: Rollout, told: int, now_ms: int) -> Rollout:
    values: dict[str, str | int] = {"ring": NAMES[rollout.ring], "n": rollout.counts.get(Fate.RUNS, 0), "k": told}
    if rollout.well_at_ms is None and now_ms - rollout.ring_at_ms > STALL_MS:
        stalled = mark("ring {ring} came to no end in {days} days: {n} of {k} halls run it")
        return _say(rollout.model_copy(update={"stopped": True}), stalled, values | {"days": STALL_MS // (24 * HOUR_MS)})
    return _say(rollout, mark("ring {ring} is watched: {n} of {k} halls run it"), values)


def _seen(rollout: Rollout, told: Told, hall: Hall | None, now_ms: int) -> Told:
    if hall is None:
        return told
    took = told.took_ms is None and same(hall.version, rollout.version)
    return told.model_copy(
        update={"measured_ms": max(told.measured_ms, hall.measured_ms), "took_ms": now_ms if took else told.took_ms}
    )


def _trouble(
    rollout: Rollout, halls: Mapping[str, Hall], fates: Mapping[str, Fate], now_ms: int
) -> tuple[str, dict[str, str | int]] | None:
    """Return why it must not go on; None where the halls with the version are no worse off than the others."""
    failed = sorted(code for code, each in fates.items() if each in FAILED)
    values: dict[str, str | int] = {"ring": NAMES[max(0, rollout.ring)], "k": len(fates)}
    if failed and len(failed) > MOST_FAILED * len(fates):
        first = mark("ring {ring}: {n} of {k} halls failed, first {site}: {fate}")
        return first, values | {"n": len(failed), "site": failed[0], "fate": fates[failed[0]].value}
    silent = sum(each is Fate.SILENT for each in fates.values())
    others = [hall for code, hall in halls.items() if code not in fates]
    share = max(rollout.silent_before, silent_share(others, rollout.ring_at_ms, now_ms))
    lost = sorted(code for code, each in fates.items() if each is Fate.SILENT and _could_begin(rollout.told[code], halls[code]))
    if len(fates) < SMALL and len(lost) > round(share * len(fates)):
        text = mark("ring {ring}: {site} says nothing since it could take it; of the others, and before, {share} % are silent")
        return text, values | {"site": lost[0], "share": round(100 * share)}
    if silent >= 2 and silent - share * len(fates) > MOST_SILENT * len(fates):
        text = mark("ring {ring}: {n} of {k} halls are silent; of the others, and before, {share} %")
        return text, values | {"n": silent, "share": round(100 * share)}
    return None


def _could_begin(told: Told, hall: Hall) -> bool:
    """Return whether a hall spoke when it had the version, or its first quiet hours since it was told had come."""
    day_ms, local_ms = 24 * HOUR_MS, told.at_ms + WITA_MS
    quiet = local_ms // HOUR_MS % 24 in QUIET_H
    night_ms = local_ms if quiet else ((local_ms - QUIET_H.start * HOUR_MS) // day_ms + 1) * day_ms + QUIET_H.start * HOUR_MS
    return told.took_ms is not None or hall.heard_ms + WITA_MS >= night_ms - BEFORE_MS


def _next(rollout: Rollout, halls: Mapping[str, Hall], now_ms: int) -> Rollout:
    ring = rollout.ring + 1
    while ring < NAMES.index(rollout.limit) and not set(members(rollout, halls, ring)) - set(rollout.told):
        ring += 1  # of few halls some shares are the same
    silent = silent_share(halls.values(), now_ms, now_ms)
    begun = {"ring": ring, "ring_at_ms": now_ms, "well_at_ms": None, "silent_before": silent}
    told = _tell(rollout.model_copy(update=begun), halls, now_ms)
    return _say(told, mark("ring {ring} was told: {n} halls"), {"ring": NAMES[ring], "n": len(told.told)})


def _tell(rollout: Rollout, halls: Mapping[str, Hall], now_ms: int) -> Rollout:
    news = {
        code: Told(
            at_ms=now_ms,
            heard=halls[code].heard_ms > now_ms - HEARD_MS,
            measured=halls[code].measured_ms > now_ms - HEARD_MS,
            boots=halls[code].boots,
        )
        for code in members(rollout, halls, rollout.ring)
        if code not in rollout.told
    }
    return rollout.model_copy(update={"told": {**rollout.told, **news}})


def _say(rollout: Rollout, message: str, values: Mapping[str, str | int]) -> Rollout:
    return rollout.model_copy(update={"said": (message, dict(values))})
