"""What a regency says in its next letters: the rollups of the days that changed, and register and record where they changed.

Nothing else can go up: of a rollup its counts and histograms, of the register what a village is, of the record what was published
and proposed. No sample, no identity of a SIM or modem, no end of a SIM, nobody's name.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from collector.agreement.agreement import FILE as AGREEMENT
from collector.agreement.ledger import Ledger
from collector.agreement.state import State
from collector.federate.letter import Table
from collector.rollup.summary import COUNTS, HISTOGRAMS
from collector.sites.facts import COLUMNS as FACTS
from collector.sites.sites import REQUIRED
from collector.store.dirty_hours import days_since
from collector.store.store import Row, Store
from ground.table import read_table
from ground.wita import WITA, midnight_ns

DAY = timedelta(days=1)
KEYS = ("site", "modem", "operator", "time_ns")
ROLLUPS: Mapping[str, tuple[str, ...]] = {
    name: (*KEYS, *more, *COUNTS, *(f"{hist}_hist" for hist in HISTOGRAMS))
    for name, more in {"signal_1d": (), "signal_1h": ("operator_last",)}.items()
}
"""The columns of the rollups; plain figures are reckoned by who reads, from the histograms."""
REGISTER = (*REQUIRED, "population", "power", "antenna", "booster", "operators", *FACTS)
"""The columns of sites.csv that go up: not sim_expiry, not source."""
VERDICT = ("site", "operator", "since", "until", "thresholds", "word", "grade", "evidence")
PROPOSAL = ("number", "site", "channel", "operators", "evidence", "step", "since_ms")
MOST_ROWS = 15_000
"""In one letter, but for those of one day, which are never parted: 162 halls with three modems have 12,150 a day."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Seen:
    """What was said before: rollups up to when (UTC ns), and the SHA-256 of register and record."""

    until_ns: int = 0
    register: str = ""
    record: str = ""


@dataclass(slots=True)
class Part:
    """What one letter holds."""

    tables: dict[str, Table]
    first: date | None = None
    last: date | None = None


def parts(store: Store, register: Table, record: Mapping[str, Table], seen: Seen, now_ns: int) -> Iterator[Part]:
    """Yield what was not said yet, in order, and note in `seen` that it is. Raises StoreUnavailableError."""
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(WITA).date()
    said = Seen(min(now_ns, midnight_ns(today)), _hash(register), _hash(record))
    part = Part({})
    if said.register != seen.register:
        part.tables["site"] = register
    if said.record != seen.record:
        part.tables |= record
    halls = frozenset(map(str, register["code"]))
    touched = {site: min(days) for site, days in days_since(store, seen.until_ns).items() if site in halls}
    rows = 0
    for day in _span(min(touched.values(), default=today), today):
        # Days after a late one too: what it says of a SIM's operator may turn them.
        found = of_day(store, day, {site for site, first in touched.items() if first <= day})
        count = sum(len(table["site"]) for table in found.values())
        if rows + count > MOST_ROWS and part.tables:
            yield part
            part, rows = Part({}), 0
        if count:
            part = Part(_joined(part.tables, found), part.first or day, day)
            rows += count
    if part.tables:
        yield part
    seen.until_ns, seen.register, seen.record = said.until_ns, said.register, said.record


def of_day(store: Store, day: date, sites: Iterable[str]) -> dict[str, Table]:
    """Return the rollups of a day of WITA and of its hours, of some sites. Raises StoreUnavailableError."""
    asked, first_ns, end_ns = frozenset(sites), midnight_ns(day), midnight_ns(day + DAY)
    if not asked:
        return {}
    only = next(iter(asked)) if len(asked) == 1 else None
    found = {}
    for measurement, names in ROLLUPS.items():
        rows = [row for row in store.samples(measurement, first_ns, end_ns, only, names) if row["site"] in asked]
        rows.sort(key=lambda row: (str(row["site"]), str(row.get("modem", "")), int(row["time_ns"])))
        if rows:
            found[measurement] = _table(names, rows)
    return found


def read_register(path: Path, regency: str) -> Table:
    """Read what goes up of sites.csv. A hall of another regency stays here, with a warning. Raises ConfigError."""
    rows, _ = read_table(path, REQUIRED)  # its faults are told by who works with it
    mine = [row.cells for row in rows if row.cells["code"].startswith(regency)]
    if len(mine) < len(rows):
        log.warning("event=federate_left_out halls=%d reason='their codes do not begin with %s'", len(rows) - len(mine), regency)
    return {name: [cells.get(name) or None for cells in mine] for name in REGISTER}


def read_record(state_folder: Path, regency: str) -> dict[str, Table]:
    """Return the newest verdicts that were published and where each proposal stands. Raises LedgerError."""
    path = state_folder / AGREEMENT
    if not path.exists():
        return {}
    ledger = Ledger(path)
    try:
        state = State().after(ledger.records())
    finally:
        ledger.close()
    verdicts = [one.model_dump(mode="json") for site in sorted(state.published) for one in state.newest(site)]
    proposals = [
        {**one.proposal.model_dump(mode="json"), "step": one.step.value, "since_ms": one.since_ms}
        for one in state.proposals.values()
    ]
    found = {"verdict": (VERDICT, verdicts), "proposal": (PROPOSAL, proposals)}
    return {
        name: _table(names, [row for row in rows if str(row["site"]).startswith(regency)])
        for name, (names, rows) in found.items()
    }


def _table(names: Sequence[str], rows: Sequence[Row | Mapping[str, Any]]) -> Table:
    return {name: [row.get(name) for row in rows] for name in names}


def _joined(tables: Mapping[str, Table], more: Mapping[str, Table]) -> dict[str, Table]:
    made = dict(tables)
    for name, table in more.items():
        before = made.get(name)
        made[name] = table if before is None else {column: before[column] + cells for column, cells in table.items()}
    return made


def _span(first: date, end: date) -> list[date]:
    return [first + k * DAY for k in range((end - first).days)]


def _hash(said: object) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
