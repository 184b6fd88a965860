"""A hall that goes and comes again and again: told once, with its rhythm, instead of each time."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field

from collector.watch.rule import Clocked, Family, Minutes, Rule, Settings, Verdict
from collector.watch.state import HOUR_MS, MINUTE_MS
from ground.words import mark

LONGEST_MS = 6 * HOUR_MS
"""What is gone for longer is off, not unstable."""


class Unstable(Settings):
    """[rule.unstable]: two long gaps close to each other, or two short ones within an hour."""

    short_minutes: Annotated[float, Field(ge=8)]
    long_minutes: Minutes
    apart_minutes: Minutes


def judge(settings: Unstable, at: Clocked) -> Verdict:
    """Judge the gaps of the last hours, the one that lasts still among them."""
    short_ms, long_ms = settings.short_minutes * MINUTE_MS, settings.long_minutes * MINUTE_MS
    spells = [(start, end) for start, end in at.hall.spells if start >= at.calm_ms]
    if not at.hushed and at.usual is not False and at.hall.last_ms and at.now_ms - at.hall.last_ms >= short_ms:
        spells.append((at.hall.last_ms, at.now_ms))
    if not spells:  # nearly every hall at nearly every tick
        return Verdict(False if at.now_ms - at.hall.last_ms < short_ms else None)
    spells = [(start, end) for start, end in spells if end - start <= LONGEST_MS]
    long = [(start, end) for start, end in spells if end - start >= long_ms]
    short = [(start, end) for start, end in spells if short_ms <= end - start <= HOUR_MS and at.now_ms - end <= HOUR_MS]
    apart_ms = settings.apart_minutes * MINUTE_MS
    close = [b for a, b in pairwise(long) if b[0] - a[1] <= apart_ms]
    recent = [end for _, end in (*close, *(short if len(short) > 1 else []))]
    times = len([end for _, end in spells if at.now_ms - end <= 24 * HOUR_MS])
    newest = max(recent, default=0)
    if newest and at.now_ms - newest <= HOUR_MS:
        return Verdict(True, times, since_ms=(long or short)[0][0])
    return Verdict(False if at.now_ms - at.hall.last_ms < short_ms else None)


RULE = Rule(
    family=Family.SUPPLY,
    subject="hall",
    settings=Unstable,
    on_clock=judge,
    title=mark("unstable, {detail} interruptions in a day"),
    likely=mark("unstable power or a loose connection"),
    action=mark("check the power supply and the cables of the device"),
)
