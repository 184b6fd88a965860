"""Halls of one cell that lose it together."""

from __future__ import annotations

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark

RULE = Rule(
    family=Family.SERVICE,
    subject="cause",
    settings=Settings,
    title=mark("lost service on the same cell"),
    likely=mark("the tower (BTS) is down"),
    action=mark("report to the operator with the cell number"),
)
