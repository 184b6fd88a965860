"""A modem hears its network very weakly."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Limits, Rule, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark
from telemetry.meaning import level_of


def judge(settings: Limits, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal` of a modem that is served."""
    value = level_of(row)
    if value is None:
        return Verdict(None)
    return Verdict(settings.low(value), round(value))


RULE = Rule(
    family=Family.RADIO,
    subject="modem",
    settings=Limits,
    columns={"signal": ("registration", "rat", "rsrp_dbm")},
    on_row=judge,
    title=mark("weak signal {detail} dBm"),
    likely=mark("antenna moved, the tower sends with less power, or a new obstacle"),
    action=mark("check the antenna; if it is fine, report to the operator"),
    needs_power=True,
)
