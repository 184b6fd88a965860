"""Pings through a modem that is served get lost: data do not work although the radio does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark


class ProbeLoss(Settings):
    """[rule.probe_loss]: percent lost; raised at `above_percent`, over at `below_percent`."""

    above_percent: Annotated[float, Field(gt=0, le=100)]
    below_percent: Annotated[float, Field(ge=0, le=100)]


def judge(settings: ProbeLoss, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `probe`."""
    loss = number(row, "loss_percent")
    if loss is None:
        return Verdict(None)
    bad = True if loss >= settings.above_percent else False if loss <= settings.below_percent else None
    return Verdict(bad, round(loss))


RULE = Rule(
    family=Family.SERVICE,
    subject="modem",
    settings=ProbeLoss,
    columns={"probe": ("loss_percent",)},
    on_row=judge,
    title=mark("data connection loses {detail} % of packets"),
    likely=mark("a crowded cell, the quota, or the operator's data network"),
    action=mark("check the quota; if it is fine, report to the operator"),
)
