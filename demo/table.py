"""What the demo shows of every hall, read from the store and the spools: a live table, or a line for a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from collector.sites.operators import operator_of
from collector.store.store import Row
from demo import count
from demo.line import DemoLine

STALE_S = 8.0
"""Age from which a hall counts as out of contact; frames leave every 2 s."""
WEAK_DBM = -105.0
NEWS_KEPT = 5
NO_SERVICE = ("searching", "not_registered", "denied")


@dataclass(frozen=True, slots=True)
class Status:
    """One modem as the server sees it, and how many samples wait on the card of its hall. None: not known or not there."""

    hall: str
    operator: str
    state: str
    rsrp_dbm: float | None
    sinr_db: float | None
    age_s: float | None
    waiting: int | None


def statuses(line: DemoLine, now_s: float) -> list[Status]:
    """Read the newest sample of every modem, and every spool."""
    newest = {(row["site"], row.get("modem")): row for row in line.store.latest("signal")}
    found: list[Status] = []
    for hall in line.halls:
        waiting = count.waiting(line.spools[hall.code])
        for modem in hall.modems:
            row = newest.get((hall.code, modem.name), {})
            age = now_s - int(row["time_ns"]) / 1e9 if row else None
            operator = operator_of(row.get("plmn", modem.plmn)) or "?"
            rsrp, sinr = _number(row, "rsrp_dbm"), _number(row, "sinr_db")
            found.append(Status(hall.desa, operator, state(row, age), rsrp, sinr, age, waiting))
    return found


def state(row: Row, age_s: float | None) -> str:
    """Say in a few words what a sample means; age in seconds, None when there is none."""
    if age_s is None:
        return "not measured yet"
    if age_s > STALE_S:
        return "no contact"
    registration = str(row.get("registration", "unknown"))
    if registration in NO_SERVICE:
        return "no service"
    return f"{row['rat']} {registration}" if "rat" in row else registration.replace("_", " ")


def summary(line: DemoLine, elapsed_s: float) -> str:
    """Return one line for a log."""
    rows = statuses(line, time.time())
    measured = sum(count.numbers_given(spool) for spool in line.spools.values())
    waiting = sum(count.waiting(spool) or 0 for spool in line.spools.values())
    fresh = sum(row.age_s is not None and row.age_s <= STALE_S for row in rows)
    served = sum(row.rsrp_dbm is not None for row in rows)
    modems = f"modems reporting {fresh}/{len(rows)}, with LTE {served}"
    return f"{elapsed_s:4.0f} s  {modems}, samples measured {measured}, waiting on cards {waiting}"


def live_table(line: DemoLine, news: Sequence[str], elapsed_s: float) -> Group:
    """Draw the table, and under it what happened last."""
    title = f"Sinyal demo: simulated halls and modems; everything else is real. Live page: {line.page_url}. Ctrl-C ends it."
    table = Table(title=title, title_style="bold")
    for name in ("hall", "operator", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("RSRP dBm", "SINR dB", "last seen", "spool"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in statuses(line, time.time()):
        age = "-" if row.age_s is None else f"{max(0.0, row.age_s):.0f} s"
        spool = "-" if row.waiting is None else str(row.waiting)
        table.add_row(row.hall, row.operator, _state(row), _level(row.rsrp_dbm), _figure(row.sinr_db), age, spool)
    return Group(table, Text(summary(line, elapsed_s)), *(Text(f"  {text}", style="yellow") for text in news[-NEWS_KEPT:]))


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if value is not None else None


def _state(row: Status) -> Text:
    bad = row.state in ("no contact", "no service", "modem silent", "no sim")
    return Text(row.state, style="red" if bad else "green" if row.age_s is not None else "dim")


def _level(dbm: float | None) -> Text:
    return Text(_figure(dbm), style="red" if dbm is not None and dbm < WEAK_DBM else "")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
