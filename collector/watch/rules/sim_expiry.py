"""The register says that the SIM expires soon."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.watch.rule import Clocked, Family, Rule, Settings, Verdict
from ground.words import mark


class SimExpiry(Settings):
    """[rule.sim_expiry]."""

    warn_days: Annotated[int, Field(ge=0, le=90)]


def judge(settings: SimExpiry, at: Clocked) -> Verdict:
    """Judge a hall's entry in the register."""
    if at.site.sim_expiry is None:
        return Verdict(False)
    bad = (at.site.sim_expiry - at.today).days <= settings.warn_days
    return Verdict(bad, f"{at.site.sim_expiry:%d/%m/%Y}")


RULE = Rule(
    family=Family.SIM,
    subject="hall",
    settings=SimExpiry,
    on_clock=judge,
    title=mark("SIM card expires {detail}"),
    likely=mark("it has not been extended"),
    action=mark("top up before that date"),
)
