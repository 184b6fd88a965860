"""A modem that loses its service often: little at a time, much in a day."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Trend, Verdict, number
from collector.watch.state import Modem
from ground.words import mark

LEAST_SAMPLES = 60
"""Samples in a day below which a share means nothing."""


class LowAvailability(Settings):
    """[rule.low_availability]: percent of the samples with service in 24 hours."""

    below_percent: Annotated[float, Field(gt=0, le=100)]
    above_percent: Annotated[float, Field(gt=0, le=100)]


def judge(settings: LowAvailability, _modem: Modem, trend: Trend) -> Verdict:
    """Judge the last 24 hours against the days before; a place that never had it has lost nothing."""
    served, asked = _sums(trend.hours)
    before, asked_before = _sums(trend.days[:-1])
    if asked < LEAST_SAMPLES or not asked_before or 100 * before / asked_before < settings.above_percent:
        return Verdict(None)
    percent = 100 * served / asked
    bad = True if percent < settings.below_percent else False if percent >= settings.above_percent else None
    return Verdict(bad, round(percent))


def _sums(rows: list[Row]) -> tuple[float, float]:
    served = sum(number(row, "served") or 0 for row in rows)
    return served, served + sum((number(row, "no_service") or 0) + (number(row, "limited") or 0) for row in rows)


RULE = Rule(
    family=Family.SERVICE,
    subject="modem",
    settings=LowAvailability,
    on_trend=judge,
    title=mark("service only {detail} % of the day"),
    likely=mark("the tower or its power is unstable"),
    action=mark("report to the operator"),
)
