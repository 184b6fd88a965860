"""Open data as CSV that Indonesian Excel opens: UTF-8 with BOM, times in ISO 8601 UTC, an empty cell where nothing is known."""

from __future__ import annotations

import csv as tables
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from fastapi import Response

from dashboards.web.models import HallNow, History, Period, Totals
from dashboards.web.totals import KINDS
from ground.table import safe

Cell = str | float | datetime | bool | None
PLACE = ("code", "desa", "kecamatan", "kecamatan_id", "lat", "lon", "coordinate_source")
MODEM = (
    "modem",
    "operator",
    "state",
    "last_known",
    "technology",
    "time",
    "samples",
    "rsrp_dbm",
    "rsrq_db",
    "sinr_db",
    "rssi_dbm",
    "band",
)
HALLS = (*PLACE, "hall_state", *MODEM)
PERIODS = ("site", *Period.model_fields)
TOTALS = ("id", "name", "halls", *KINDS, "updated")


def csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> Response:
    """Make the answer: a file of that name."""
    out = io.StringIO()
    writer = tables.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def hall_rows(halls: Iterable[HallNow]) -> Iterator[list[Cell]]:
    """Yield a row for each modem; a hall without any gives one, whose state says that it is not measured."""
    for hall in halls:
        head = [*(getattr(hall, name) for name in PLACE), hall.state]
        for modem in hall.modems:
            yield [*head, *(getattr(modem, name) for name in MODEM)]
        if not hall.modems:
            yield [*head, *(None for _ in MODEM)]


def period_rows(history: History) -> Iterator[list[Cell]]:
    """Yield a row for each period."""
    for period in history.periods:
        yield [history.site, *(getattr(period, name) for name in Period.model_fields)]


def total_rows(totals: Iterable[Totals]) -> Iterator[list[Cell]]:
    """Yield a row for each kecamatan or regency."""
    for one in totals:
        yield [one.id, one.name, one.halls, *(one.kinds[kind] for kind in KINDS), one.updated]


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat().replace("+00:00", "Z")
        case str():
            return safe(cell)
        case _:
            return str(cell)
