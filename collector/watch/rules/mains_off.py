"""The hall's own sensor says that the mains are off."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `device`."""
    mains = row.get("mains")
    return Verdict(None if mains is None else not mains)


RULE = Rule(
    family=Family.SUPPLY,
    subject="hall",
    settings=Settings,
    columns={"device": ("mains",)},
    on_row=judge,
    title=mark("power cut"),
    likely=mark("the device runs on its battery"),
    action=mark("call the grid company (PLN) or start the generator"),
)
