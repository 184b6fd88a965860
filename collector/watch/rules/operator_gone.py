"""Most halls of one operator, in an area or everywhere, while those of others go on."""

from __future__ import annotations

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark

RULE = Rule(
    family=Family.SERVICE,
    subject="cause",
    settings=Settings,
    title=mark("lost service at the same time"),
    likely=mark("fault of the operator's network"),
    action=mark("report to the operator"),
)
