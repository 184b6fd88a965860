"""All modems of a hall see only cells that they never saw before: the device stands somewhere else."""

from __future__ import annotations

from collector.watch.rule import Clocked, Family, Rule, Settings, Verdict
from collector.watch.state import DAY_MS
from ground.words import mark


def judge(_settings: Settings, at: Clocked) -> Verdict:
    """Judge the cells of a hall that has been known for a day."""
    modems = [modem for modem in at.hall.modems.values() if modem.cells]
    if not modems or at.now_ms - at.hall.first_ms < DAY_MS:
        return Verdict(None)
    strange = [modem.strange_ms for modem in modems]
    if all(strange):
        return Verdict(True, since_ms=max(strange))
    return Verdict(False)


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Settings,
    on_clock=judge,
    title=mark("device moved or cells renumbered"),
    likely=mark("the device stands in another place, or the operator rebuilt its network"),
    action=mark("ask the hall; correct its place in the register"),
)
