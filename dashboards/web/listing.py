"""The list of halls: search, filter, and what a row says. The browser filters by the same rules without asking again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dashboards.web.models import HallNow

UNKNOWN = "?"
"""Asks for modems of which nobody knows the operator: a SIM that was never read."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a viewer asked for; an empty text asks for nothing."""

    q: str = ""
    kecamatan: str = ""
    state: str = ""
    operator: str = ""


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


def lines(halls: Iterable[HallNow], wanted: Filter) -> list[ListedHall]:
    """Return the rows that match, by kecamatan and village."""
    text = wanted.q.strip().casefold()
    found = [
        row
        for row in (line(hall, wanted.operator) for hall in halls)
        if (not text or text in row.hall.desa.casefold() or row.hall.code.startswith(text))
        and wanted.kecamatan in ("", row.hall.kecamatan)
        and wanted.state in ("", row.state)
    ]
    return sorted(found, key=lambda row: (row.hall.kecamatan, row.hall.desa))
