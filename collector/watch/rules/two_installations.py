"""Two devices use the certificate of one hall."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark

KIND = "two_installations"


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `event`: the collector writes one each hour in which both send."""
    return Verdict(True if row.get("kind") == KIND else None)


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Settings,
    columns={"event": ("kind",)},
    on_row=judge,
    title=mark("two devices report as one hall"),
    likely=mark("a card was copied, or an old device was not switched off"),
    action=mark("switch one of them off and enrol it anew"),
)
