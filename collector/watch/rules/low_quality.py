"""The signal is there but disturbed or the cell is full."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Limits, Rule, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark
from telemetry.meaning import Service, service_of


def judge(settings: Limits, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal` of a modem that is served."""
    value = number(row, "sinr_db")
    if value is None or service_of(row) is not Service.SERVED:
        return Verdict(None)
    return Verdict(settings.low(value), round(value))


RULE = Rule(
    family=Family.RADIO,
    subject="modem",
    settings=Limits,
    columns={"signal": ("registration", "sinr_db")},
    on_row=judge,
    title=mark("poor signal quality {detail} dB"),
    likely=mark("interference or a crowded cell"),
    action=mark("report to the operator if it recurs"),
    needs_power=True,
)
