"""A modem that does not answer, after the agent's own recovery has had its turns."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark
from telemetry.meaning import Service, service_of


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal`."""
    service = service_of(row)
    return Verdict(None if service is Service.UNKNOWN else service is Service.SILENT)


RULE = Rule(
    family=Family.DEVICE,
    subject="modem",
    settings=Settings,
    columns={"signal": ("registration",)},
    on_row=judge,
    title=mark("modem does not respond"),
    likely=mark("the modem hangs or its USB cable is loose"),
    action=mark("unplug the modem and plug it in again"),
    needs_power=True,
)
