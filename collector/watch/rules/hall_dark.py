"""A hall of which nothing fresh comes, at an hour when it is usually on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.watch.rule import Clocked, Family, Rule, Settings, Verdict
from collector.watch.state import HOUR_MS, MINUTE_MS
from ground.words import mark

FRAME_MS = 6 * MINUTE_MS
"""A frame of 5 minutes, with slack."""
OVER_BUDGET_MS = 75 * MINUTE_MS
"""An agent over its data budget sends once an hour."""


class HallDark(Settings):
    """[rule.hall_dark]. stale_minutes must be longer than a frame takes to come, else every hall is dark all the time."""

    stale_minutes: Annotated[float, Field(gt=FRAME_MS / MINUTE_MS, le=1440)]
    partial_power_hours: Annotated[float, Field(ge=1, le=48)]


def judge(settings: HallDark, at: Clocked) -> Verdict:
    """Judge the silence of a hall; it began with the last sample, and ended with the first one after it."""
    hall = at.hall
    frame_ms = OVER_BUDGET_MS if hall.over_budget else FRAME_MS
    stale_ms = max(frame_ms, round(settings.stale_minutes * MINUTE_MS))
    age_ms = at.now_ms - hall.last_ms
    if not hall.last_ms:
        return Verdict(None)
    if age_ms <= frame_ms:
        return Verdict(False, until_ms=hall.spells[-1][1] if hall.spells else hall.last_ms)
    # Between one frame missed and two, nothing is certain; what sends old samples only is not dark.
    if age_ms <= stale_ms or at.hushed or at.now_ms - hall.arrived_ms <= stale_ms or at.usual is False:
        return Verdict(None)
    unlearnt = at.usual is None and at.site.power not in (None, "grid")
    if unlearnt and age_ms < settings.partial_power_hours * HOUR_MS:
        return Verdict(None)
    return Verdict(True, since_ms=hall.last_ms)


RULE = Rule(
    family=Family.SUPPLY,
    subject="hall",
    settings=HallDark,
    on_clock=judge,
    title=mark("device not connected"),
    likely=mark("power cut, device off, or mobile network down"),
    action=mark("check power and the lights of the device"),
)
