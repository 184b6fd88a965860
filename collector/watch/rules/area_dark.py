"""Halls of one area that go together, of whichever operator."""

from __future__ import annotations

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark

RULE = Rule(
    family=Family.SUPPLY,
    subject="cause",
    settings=Settings,
    title=mark("not connected at the same time"),
    likely=mark("power, or the network of the area: not known yet"),
    action=mark("ask one of the halls whether there is power"),
)
