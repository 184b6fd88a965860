"""What the demo shows of every hall, read from the store and the spools: a live table, or a line for a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from collector.store.store import Row
from demo import count
from demo.line import DemoLine
from ground.words import Lang, mark, tr
from telemetry.meaning import Registration, Standing, generation_of, level_of, standing_of
from telemetry.operators import operator_of

STALE_S = 8.0
"""Age from which a hall counts as out of contact; frames leave every 2 s."""
WEAK_DBM = -105.0
NEWS_KEPT = 5
FRAME = (
    *(mark("Sinyal demo: simulated halls and modems; everything else is real"), mark("live page: {url}    Ctrl-C ends")),
    *("names", "sums"),
)
"""The lines that are always there: two of text, the head of the table, the summary."""
WORDS = {
    Standing.SERVED: mark("served"),
    Standing.NO_SERVICE: mark("no service"),
    Standing.SIM_REFUSED: mark("SIM refused"),
    None: mark("says nothing"),
}
BAD = (mark("no contact"), mark("modem silent"), mark("no sim"), WORDS[Standing.NO_SERVICE], WORDS[Standing.SIM_REFUSED])


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
            operator = str(row.get("operator") or operator_of(modem.plmn) or "?")
            rsrp, sinr = level_of(row), _number(row, "sinr_db")
            found.append(Status(hall.desa, operator, state(row, age), rsrp, sinr, age, waiting))
    return found


def state(row: Row, age_s: float | None) -> str:
    """Say in a few words what a sample means; age in seconds, None when there is none."""
    if age_s is None:
        return mark("not measured yet")
    if age_s > STALE_S:
        return "no contact"
    standing, registration = standing_of(row), str(row.get("registration", ""))
    if standing in WORDS:
        return WORDS[standing]
    if standing is Standing.DEVICE_FAULT:
        return registration.replace("_", " ")
    return f"{generation_of(row)} {registration}"


def summary(line: DemoLine, rows: Sequence[Status], elapsed_s: float, lang: Lang) -> str:
    """Return one line for a log, shorter than 80 characters."""
    measured = sum(count.numbers_of(spool) for spool in line.spools.values())
    waiting = sum(line.waiting().values())
    fresh = sum(row.age_s is not None and row.age_s <= STALE_S for row in rows)
    served = sum(row.rsrp_dbm is not None for row in rows)
    counts = {"fresh": fresh, "all": len(rows), "served": served, "measured": measured, "waiting": waiting}
    told = tr("{fresh}/{all} modems report, {served} on LTE; {measured} measured, {waiting} waiting on cards", lang, **counts)
    return f"{elapsed_s:4.0f} s  {told}"


def screen(line: DemoLine, news: Sequence[str], elapsed_s: float, height: int, lang: Lang) -> Group:
    """Draw what fits a terminal of so many lines: the halls, and under them what happened last."""
    rows = statuses(line, time.time())
    room = max(2, height - len(FRAME) - 1)  # the last line of a terminal stays free for the cursor
    told = list(news[-max(1, min(NEWS_KEPT, room - len(rows))) :])
    shown = rows if len(rows) + len(told) <= room else rows[: room - len(told) - 1]
    table = Table(box=None, pad_edge=False)
    for name in (mark("hall"), mark("operator"), mark("state")):
        table.add_column(tr(name, lang), no_wrap=True)
    for name in ("RSRP dBm", "SINR dB", mark("seen"), mark("on card")):
        table.add_column(tr(name, lang), justify="right", no_wrap=True)
    for row in shown:
        age = "-" if row.age_s is None else f"{max(0.0, row.age_s):.0f} s"
        waiting = "-" if row.waiting is None else str(row.waiting)
        table.add_row(row.hall, row.operator, _state(row, lang), _level(row.rsrp_dbm), _figure(row.sinr_db), age, waiting)
    more = [_line(tr("… and {n} more", lang, n=len(rows) - len(shown)), "dim")] if len(shown) < len(rows) else []
    head = [_line(text, "bold") for text in (tr(FRAME[0], lang), tr(FRAME[1], lang, url=line.page.url))]
    happened = [_line(text, "yellow") for text in told]
    return Group(*head, table, *more, _line(summary(line, rows, elapsed_s, lang), ""), *happened)


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if value is not None else None


def _state(row: Status, lang: Lang) -> Text:
    generation, _, word = row.state.partition(" ")
    told = f"{generation} {tr(Registration(word).message, lang)}" if word in set(Registration) else tr(row.state, lang)
    return Text(told, style="red" if row.state in BAD else "green" if row.age_s is not None else "dim")


def _level(dbm: float | None) -> Text:
    return Text(_figure(dbm), style="red" if dbm is not None and dbm < WEAK_DBM else "")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
