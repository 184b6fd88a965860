"""A modem without a SIM."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark
from telemetry.meaning import Service, service_of

UNTOLD = (Service.UNKNOWN, Service.SILENT)


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal`."""
    service = service_of(row)
    return Verdict(None if service in UNTOLD else service is Service.NO_SIM)


RULE = Rule(
    family=Family.SIM,
    subject="modem",
    settings=Settings,
    columns={"signal": ("registration",)},
    on_row=judge,
    title=mark("SIM card not read"),
    likely=mark("the SIM card is loose or missing"),
    action=mark("check the SIM card in the modem"),
    needs_power=True,
)
