"""What one look found: the only thing beside the state that a judgement may know. The reader makes it from a store."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.agreement.waiting import Wait
from collector.errors import Fault, StoreUnavailableError
from collector.sites.sites import Site
from collector.store.dirty_hours import WINDOW_NS
from collector.store.store import Row, Store
from collector.watch.config import EngineSection
from collector.watch.rule import Trend, columns
from collector.watch.state import DAY_MS, HOUR_MS, MINUTE_MS, NS_PER_MS
from ground.wita import WITA_MS

AHEAD_MS = 36 * HOUR_MS
"""How far into the future samples of a wrong clock are looked for."""
WIDE_MS = 5 * MINUTE_MS
TREND_MS = HOUR_MS
TREND_DAYS = 15
REPORTS_MS = HOUR_MS
SUMMED = ("served", "no_service", "limited", "lte", "two_g", "three_g", "rsrp_median_dbm")
ALWAYS = ("seq", "clock")
INTAKE = {
    "signal": ("registration", "rat", "operator", "cell_id"),
    "device": ("clock_state", "mains", "bytes_month", "budget_month"),
}
"""What is known of a hall comes from these, beside what the rules read."""
log = logging.getLogger(__name__)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is new. Rows are oldest first within their stream; the judge drops what it has seen."""

    now_ms: int
    sites: Mapping[str, Site]
    rows: Sequence[tuple[str, Row]] = ()
    arrived: Mapping[str, int] = field(default_factory=dict)
    """Site -> when anything of it arrived, of whatever age."""
    reports: Sequence[Row] = ()
    """What the collector said of itself."""
    trends: Mapping[Key, Trend] = field(default_factory=dict)
    """(site, modem) -> its rollups; empty except once an hour."""
    fault: Fault | None = None
    """What is wrong with the store, as a look at it or the collector says."""
    store_ok: bool = True
    """Whether anything could be read."""
    acks: Mapping[str, str] = field(default_factory=dict)
    """Key of an incident -> number of the operator's ticket, or nothing."""
    maintained: Mapping[str, int] = field(default_factory=dict)
    """Site or kecamatan -> end of its maintenance."""
    waits: Sequence[Wait] = ()
    """What waits in the agreement, what is due first comes first; empty except once a day."""


class Reader:
    """Reads a store. It keeps only how far it has read, so it may be made anew at any time."""

    def __init__(self, engine: EngineSection, store: Store, ask_faults: Callable[[], list[StoreUnavailableError]] = list) -> None:
        self._ask_faults = ask_faults
        self._engine = engine
        self._store = store
        self._wide_ms = self._looked_ms = self._trend_ms = self._report_ms = 0

    def read(self, now_ms: int, sites: Mapping[str, Site], acks: Mapping[str, str], maintained: Mapping[str, int]) -> Facts:
        """Read what is new. A store that is away is a fact, never an error."""
        try:
            trends = self._trends(now_ms) if now_ms - self._trend_ms >= TREND_MS else {}
            rows = tuple(self._rows(now_ms))
            arrived, reports = self._arrived(now_ms), self._reports(now_ms)
        except StoreUnavailableError as error:
            log.warning("event=store_unavailable reason=%s", error)
            known = self._said() or error.fault  # the collector, which writes, knows more
            return Facts(now_ms, sites, fault=known, store_ok=False, acks=acks, maintained=maintained)
        if trends:
            self._trend_ms = now_ms
        self._looked_ms = now_ms
        return Facts(now_ms, sites, rows, arrived, reports, trends, fault=self._said(), acks=acks, maintained=maintained)

    def _said(self) -> Fault | None:
        return next((error.fault for error in self._ask_faults()), None)

    def history(self, now_ms: int) -> Iterator[tuple[str, int, bool]]:
        """Yield (site, ms, whether it is its newest row): what a watch without a state learns schedules and contacts from."""
        for row in self._store.samples("signal_1h", (now_ms - TREND_DAYS * DAY_MS) * NS_PER_MS, now_ms * NS_PER_MS):
            if row.get("slots"):
                yield str(row.get("site", "")), int(row["time_ns"]) // NS_PER_MS, False
        for stream in ("device", "signal"):
            for row in self._store.latest(stream, before_ns=now_ms * NS_PER_MS):
                yield str(row.get("site", "")), int(row["time_ns"]) // NS_PER_MS, True

    def _rows(self, now_ms: int) -> Iterator[tuple[str, Row]]:
        """Read all that is not late every five minutes, in between only what a frame on time brings."""
        since_ms = now_ms - self._engine.late_after_s * 1000
        wide = now_ms - self._wide_ms >= WIDE_MS
        if wide:
            self._wide_ms = now_ms
        else:
            since_ms = max(since_ms, self._looked_ms - 6 * MINUTE_MS)
        for stream, names in columns().items():
            read = tuple(dict.fromkeys((*names, *ALWAYS, *INTAKE.get(stream, ()))))
            for row in self._store.samples(stream, since_ms * NS_PER_MS, (now_ms + AHEAD_MS) * NS_PER_MS, names=read):
                yield stream, row

    def _arrived(self, now_ms: int) -> dict[str, int]:
        """Return what the journal of dirty hours says, by windows of ten minutes."""
        rows = self._store.samples("touched", now_ms * NS_PER_MS - 2 * WINDOW_NS, now_ms * NS_PER_MS, names=("hour",))
        return {str(row.get("site", "")): int(row["time_ns"]) // NS_PER_MS for row in rows}

    def _reports(self, now_ms: int) -> list[Row]:
        start_ms = max(self._report_ms, now_ms - REPORTS_MS) + 1
        rows = list(self._store.samples("ingest", start_ms * NS_PER_MS, (now_ms + 1) * NS_PER_MS))
        self._report_ms = max((int(row["time_ns"]) // NS_PER_MS for row in rows), default=self._report_ms)
        return rows

    def _trends(self, now_ms: int) -> dict[Key, Trend]:
        today_ms = (now_ms + WITA_MS) // DAY_MS * DAY_MS - WITA_MS
        hour_ms = now_ms // HOUR_MS * HOUR_MS
        hours = self._by_modem("signal_1h", hour_ms - DAY_MS, hour_ms)
        days = self._by_modem("signal_1d", today_ms - TREND_DAYS * DAY_MS, today_ms)
        return {key: Trend(hours.get(key, []), days.get(key, [])) for key in hours.keys() | days.keys()}

    def _by_modem(self, measurement: str, start_ms: int, end_ms: int) -> dict[Key, list[Row]]:
        found: defaultdict[Key, list[Row]] = defaultdict(list)
        for row in self._store.samples(measurement, start_ms * NS_PER_MS, end_ms * NS_PER_MS, names=SUMMED):
            found[str(row.get("site", "")), str(row.get("modem", ""))].append(row)
        return found
