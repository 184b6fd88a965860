"""The month's data are nearly used up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark

BAND_PERCENT = 10
MB = 1_000_000


class DataBudget(Settings):
    """[rule.data_budget]. budget_mb is for devices that do not say their own budget."""

    used_percent: Annotated[float, Field(gt=0, le=100)]
    budget_mb: Annotated[float, Field(gt=0)]


def judge(settings: DataBudget, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `device`."""
    used = number(row, "bytes_month")
    if used is None:
        return Verdict(None)
    percent = 100 * used / (number(row, "budget_month") or settings.budget_mb * MB)
    if percent >= settings.used_percent:
        return Verdict(True, round(percent))
    return Verdict(False if percent < settings.used_percent - BAND_PERCENT else None, round(percent))


RULE = Rule(
    family=Family.SIM,
    subject="hall",
    settings=DataBudget,
    columns={"device": ("bytes_month", "budget_month")},
    on_row=judge,
    title=mark("data quota used {detail} %"),
    likely=mark("the quota ends before the month does"),
    action=mark("top up the data quota"),
)
