"""A modem that had service has none."""

from __future__ import annotations

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict
from collector.watch.state import DAY_MS, Hall, Modem
from ground.words import mark
from telemetry.meaning import Service, service_of

REMEMBERED_MS = 14 * DAY_MS
"""A modem that was not served for so long has lost nothing: a blank spot is no incident."""


def judge(_settings: Settings, _hall: Hall, modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `signal`."""
    service = service_of(row)
    if service is Service.SERVED:
        return Verdict(False)
    if service not in (Service.NO_SERVICE, Service.LIMITED):
        return Verdict(None)
    at_ms = int(row["time_ns"]) // 1_000_000
    served = modem is not None and modem.served_ms > at_ms - REMEMBERED_MS
    return Verdict(True if served else None)


RULE = Rule(
    family=Family.SERVICE,
    subject="modem",
    settings=Settings,
    columns={"signal": ("registration", "rat", "home_plmn", "plmn", "operator", "cell_id")},
    on_row=judge,
    title=mark("no mobile service"),
    likely=mark("fault of the tower or of the operator's network"),
    action=mark("report to the operator"),
    needs_power=True,
)
