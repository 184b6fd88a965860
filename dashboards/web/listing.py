"""The list of halls: search, filter, order, and what a row says. The browser does the same (list.js) without asking again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from collector.sites.classes import Classes
from dashboards.web.models import HallNow
from dashboards.web.totals import adequate

UNKNOWN = "?"
"""Asks for modems of which nobody knows the operator: a SIM that was never read."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a viewer asked for; an empty text asks for nothing."""

    q: str = ""
    kecamatan: str = ""
    state: str = ""
    operator: str = ""
    sort: str = ""
    """"name": by kecamatan and village; else worst first."""


@dataclass(frozen=True, slots=True)
class ListedHall:
    """A hall as the list shows it: of all its operators, or of the one that was asked for."""

    hall: HallNow
    state: str
    last_known: str | None = None
    rsrp_dbm: float | None = None
    updated: datetime | None = None


def line(hall: HallNow, operator: str = "") -> ListedHall:
    """Return the row of a hall: of one operator that of its best modem, which comes first.

    An operator that no modem measures there is not measured: never `no_service`.
    """
    if not operator:
        return ListedHall(hall, hall.state, hall.last_known, hall.rsrp_dbm, hall.updated)
    asked = None if operator == UNKNOWN else operator
    modem = next((modem for modem in hall.modems if modem.operator == asked), None)
    if modem is None:
        return ListedHall(hall, "not_measured")
    return ListedHall(hall, modem.state, modem.last_known, modem.rsrp_dbm, modem.time)


def urgency(classes: Classes) -> Mapping[str, int]:
    """Order the states: no network first, then a poor one, then what is not seen now; what nobody measured is last."""
    levels = [c.key for c in reversed(classes.classes)]
    enough = adequate(classes)
    weak, good = [key for key in levels if key not in enough], [key for key in levels if key in enough]
    order = ["no_service", "two_g_only", *weak, "sim_refused", "device_fault", "silent", "served", *good, "not_measured"]
    return {key: place for place, key in enumerate(order)}


def lines(halls: Iterable[HallNow], wanted: Filter, order: Mapping[str, int]) -> list[ListedHall]:
    """Return the rows that match, in the `order` of `urgency`, or by name."""
    text = wanted.q.strip().casefold()
    found = [
        row
        for row in (line(hall, wanted.operator) for hall in halls)
        if (not text or text in row.hall.desa.casefold() or row.hall.code.startswith(text))
        and wanted.kecamatan in ("", row.hall.kecamatan)
        and wanted.state in ("", row.state)
    ]
    return sorted(found, key=lambda row: (0 if wanted.sort == "name" else order[row.state], row.hall.kecamatan, row.hall.desa))
