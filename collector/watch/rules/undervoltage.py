"""The supply of a Raspberry Pi drops below 4.63 V: the commonest death of its card."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `device`."""
    low = row.get("undervoltage")
    return Verdict(None if low is None else bool(low))


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Settings,
    columns={"device": ("undervoltage",)},
    on_row=judge,
    title=mark("low voltage at the device"),
    likely=mark("the power supply or its cable is too weak"),
    action=mark("replace the power supply or its cable"),
)
