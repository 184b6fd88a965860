"""A SIM that the network refuses, or that is locked: it says nothing about the network."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import Hall, Modem
from ground.words import mark
from telemetry.meaning import Service, service_of


def judge(_settings: Settings, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal`."""
    service = service_of(row)
    refused = service in (Service.REFUSED, Service.SIM_FAULT)
    return Verdict(True if refused else False if service is Service.SERVED else None)


RULE = Rule(
    family=Family.SIM,
    subject="modem",
    settings=Settings,
    columns={"signal": ("registration",)},
    on_row=judge,
    title=mark("SIM card refused or locked"),
    likely=mark("the plan has ended, or the card is locked or faulty: not the network"),
    action=mark("check the plan and the PIN or PUK of the SIM card"),
    needs_power=True,
)
