"""Two devices use the certificate of one hall."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `fleet`, the server's account of a hall."""
    at_once = number(row, "at_once")
    return Verdict(None, None) if at_once is None else Verdict(at_once > 1, int(at_once))


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Settings,
    columns={"fleet": ("at_once",)},
    on_row=judge,
    title=mark("{detail} devices report as this office"),
    likely=mark("memory card or certificate copied"),
    action=mark("find the other device and enrol it anew"),
)
