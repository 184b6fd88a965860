"""What an open page must know, in few bytes: all halls as short rows, and then only the rows that changed.

A row is [minute, [[name, state, rsrp, last, late], …]]: the newest sample in minutes since 2026 (null: none ever), and modems:
place in `names` (an operator; where nobody knows it, "?" and the modem), place in the legend, RSRP in whole dBm, place of
the last known state, minutes by which the modem is older. What is not known is null, and left out at the end.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from collector.sites.classes import Classes
from dashboards.web.listing import UNKNOWN
from dashboards.web.models import HallNow, Halls
from dashboards.web.state import rank

EPOCH_S = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
KEPT = 90
"""How many versions can be told the difference to: 45 minutes of them."""
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Live:
    """One version of all rows, in the order of codes."""

    version: str
    register: str
    """Which halls, in which order, shown by which page: a page of another one has to load again."""
    names: list[str]
    rows: list[Row]
    stale: bool
    newest: int | None


def live_of(halls: Halls, classes: Classes, page: str) -> Live:
    """Make the rows of a snapshot; `page` names the version of the page itself."""
    every = sorted((feature.properties for feature in halls.features), key=lambda hall: hall.code)
    names = sorted({_name(modem.operator, modem.modem) for hall in every for modem in hall.modems})
    states = {key: place for place, key in enumerate(rank(classes))}
    rows = [_row(hall, names, states) for hall in every]
    register = _hash([page, [hall.code for hall in every]])
    version = _hash([register, names, rows, halls.stale])
    return Live(version, register, names, rows, halls.stale, max((row[0] for row in rows if row[0] is not None), default=None))


class Versions:
    """The last versions, so that who has one of them is told the difference alone. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Live] = OrderedDict()

    def note(self, live: Live) -> None:
        """Keep a version that somebody has."""
        with self._lock:
            self._kept[live.version] = live
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def answer(self, now: Live, since: str) -> dict[str, Any] | None:
        """Return what is new since a version; None for nothing, everything where that version is not known any more."""
        self.note(now)
        with self._lock:
            before = self._kept.get(since)
        if since == now.version:
            return None
        head = {"version": now.version, "register": now.register, "stale": now.stale, "newest": now.newest}
        if before is None or (before.register, before.names) != (now.register, now.names):
            return {**head, "names": now.names, "rows": now.rows}
        changed = {str(k): row for k, (old, row) in enumerate(zip(before.rows, now.rows, strict=True)) if old != row}
        return {**head, "changed": changed}


def _row(hall: HallNow, names: list[str], states: dict[str, int]) -> Row:
    minute = _minute(hall.updated)
    modems = []
    for modem in hall.modems:
        late = (minute or 0) - (_minute(modem.time) or 0)
        rsrp = None if modem.rsrp_dbm is None else round(modem.rsrp_dbm)
        last = None if modem.last_known is None else states[modem.last_known]
        cells = [names.index(_name(modem.operator, modem.modem)), states[modem.state], rsrp, last, late or None]
        modems.append(_short(cells))
    return [minute, modems]


def _name(operator: str | None, modem: str) -> str:
    return operator or f"{UNKNOWN}{modem}"


def _minute(when: datetime | None) -> int | None:
    return None if when is None else (int(when.timestamp()) - EPOCH_S) // 60


def _short(cells: Iterable[Any]) -> list[Any]:
    """Leave out what is not known at the end."""
    kept = list(cells)
    while kept[-1] is None:
        kept.pop()
    return kept


def _hash(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value)).hexdigest()[:12]
