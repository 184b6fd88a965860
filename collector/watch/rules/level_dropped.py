"""The level of a modem fell against its own past: at once, or a little every day."""

from __future__ import annotations

from statistics import median
from typing import Annotated

from pydantic import Field

from collector.watch.rule import Family, Rule, Settings, Trend, Verdict, number
from collector.watch.state import Modem
from ground.words import mark

HOURS = 2
LEAST_DAYS, RECENT_DAYS = 3, 2


class LevelDropped(Settings):
    """[rule.level_dropped]: how far below its own past, at once (two full hours) or slowly (two days), dB."""

    at_once_db: Annotated[float, Field(gt=0, le=60)]
    slowly_db: Annotated[float, Field(gt=0, le=60)]


def judge(settings: LevelDropped, modem: Modem, trend: Trend) -> Verdict:
    """Judge the last hours and the last days against the days before them."""
    days = [value for row in trend.days if (value := number(row, "rsrp_median_dbm")) is not None]
    hours = [value for row in trend.hours[-HOURS:] if (value := number(row, "rsrp_median_dbm")) is not None]
    if len(days) < LEAST_DAYS:
        return Verdict(None)
    past = median(days[:-RECENT_DAYS] or days[:1])
    modem.level_dbm = past
    sudden = len(hours) == HOURS and max(hours) <= past - settings.at_once_db
    slow = len(days) > RECENT_DAYS and days[-1] <= past - settings.slowly_db and days[-2] <= past - settings.slowly_db / 2
    now = min([*hours, days[-1]]) if sudden or slow else None
    if now is not None:
        return Verdict(True, round(past - now))
    back = days[-1] > past - settings.slowly_db / 2 and bool(hours) and min(hours) > past - settings.at_once_db / 2
    return Verdict(False if back else None)


RULE = Rule(
    family=Family.RADIO,
    subject="modem",
    settings=LevelDropped,
    on_trend=judge,
    title=mark("level fell by {detail} dB"),
    likely=mark("antenna moved or cable wet, the tower sends with less power, or a new obstacle"),
    action=mark("check the antenna and its cable; if they are fine, report to the operator"),
)
