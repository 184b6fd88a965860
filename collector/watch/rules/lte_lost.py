"""A modem that was on 4G has only 2G or 3G."""

from __future__ import annotations

from collector.watch.rule import Family, Rule, Settings, Trend, Verdict, number
from collector.watch.state import Modem
from ground.words import mark

HOURS = 2


def judge(_settings: Settings, _modem: Modem, trend: Trend) -> Verdict:
    """Judge the last full hours against the days before."""
    before = sum(number(row, "lte") or 0 for row in trend.days[:-1])
    older = sum((number(row, "two_g") or 0) + (number(row, "three_g") or 0) for row in trend.days[:-1])
    recent = trend.hours[-HOURS:]
    if len(recent) < HOURS or before <= older:
        return Verdict(None)
    lte = sum(number(row, "lte") or 0 for row in recent)
    old = sum((number(row, "two_g") or 0) + (number(row, "three_g") or 0) for row in recent)
    return Verdict(None if not lte and not old else not lte)


RULE = Rule(
    family=Family.SERVICE,
    subject="modem",
    settings=Settings,
    on_trend=judge,
    title=mark("4G lost, 2G or 3G only"),
    likely=mark("the operator switched 4G off, or the tower has a fault"),
    action=mark("report to the operator"),
)
