"""A device whose clock is wrong or not known to be right."""

from __future__ import annotations

from collector.watch.rule import Clocked, Family, Rule, Settings, Verdict
from collector.watch.state import MINUTE_MS
from ground.words import mark

STALE_MS = 12 * MINUTE_MS


def judge(_settings: Settings, at: Clocked) -> Verdict:
    """Judge what the device said last of its clock, and samples from the future."""
    hall = at.hall
    if hall.wrong_ms and at.now_ms - hall.wrong_ms <= STALE_MS:
        return Verdict(True)
    if at.now_ms - hall.last_ms > STALE_MS:
        return Verdict(None)
    return Verdict(None if hall.clock_ok is None else not hall.clock_ok)


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Settings,
    on_clock=judge,
    title=mark("device clock not synchronised"),
    likely=mark("NTP is blocked or the clock battery is empty"),
    action=mark("check the network of the device and the RTC battery"),
)
