"""Halls that went silent with their data quota used up: the SIM is empty, not the network."""

from __future__ import annotations

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark

RULE = Rule(
    family=Family.SIM,
    subject="cause",
    settings=Settings,
    title=mark("no longer connected, data quota used up"),
    likely=mark("the data quota or the plan of the SIM card has ended"),
    action=mark("top up the data quota"),
)
