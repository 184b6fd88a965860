"""Reads from the store what is new since the last tick, and keeps what is known of each hall.

Only samples not older than late_after_s are read at all: a backlog, however long, never reaches a rule. What is read is
judged once, in the order of its time: each modem has a cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from collector.sites.sites import Site
from collector.store.dirty_hours import WINDOW_NS
from collector.store.store import Row, Store
from collector.watch.config import EngineSection
from collector.watch.judge import clock_ok, over_budget
from collector.watch.schedule import DATA, MAINS, Schedule
from collector.watch.state import NS_PER_MS, Hall, ModemState
from telemetry.meaning import Service, service_of
from telemetry.streams import Clock

NS_PER_S = 1_000_000_000
AHEAD_S = 36 * 3600
"""How far into the future samples of a wrong clock are looked for."""
COLUMNS = {
    "signal": ("registration", "rat", "rsrp_dbm", "sinr_db", "operator", "band", "cell_id", "seq", "clock"),
    "device": (
        *("mains", "spool_depth", "disk_free_mb", "bytes_month", "budget_month", "clock_state"),
        *("seq", "clock"),
    ),
}
UNSURE = (Clock.ESTIMATED, Clock.UNKNOWN)


class News(NamedTuple):
    """A row to judge. `dt_s` is the time it stands for: since the row before it, 0 after a gap."""

    hall: Hall
    row: Row
    dt_s: float


class Reader:
    """Reads a store for the engine; changes the halls it is given and notes which changed."""

    def __init__(
        self, engine: EngineSection, sites: Mapping[str, Site], store: Store, halls: dict[str, Hall], schedule: Schedule
    ) -> None:
        self._engine = engine
        self._sites = sites
        self._store = store
        self._schedule = schedule
        self.halls = halls
        self.changed: set[str] = set()

    def news(self, stream: str, since_ms: int, now_ms: int) -> Iterator[News]:
        """Yield the rows of `signal` or `device` since then that are new, oldest first. Raises StoreUnavailableError."""
        start_ns = since_ms * NS_PER_MS
        limit_ns = (now_ms + self._engine.clock_skew_s * 1000) * NS_PER_MS
        for row in self._store.samples(stream, start_ns, now_ms * NS_PER_MS + AHEAD_S * NS_PER_S, names=COLUMNS[stream]):
            site, time_ns = str(row.get("site", "")), int(row["time_ns"])
            if site not in self._sites:
                continue
            hall = self.hall(site)
            modem = str(row.get("modem", "")) if stream == "signal" else ""
            if time_ns > limit_ns:
                self._from_the_future(hall, modem, row, now_ms)
                continue
            last = hall.cursors.get(modem, 0)
            if time_ns <= last or _was_ahead(hall, modem, row):
                continue
            hall.cursors[modem] = time_ns
            hall.arrived_ms = now_ms
            self.changed.add(site)
            if stream == "device":
                trusted = clock_ok(row)
                hall.clock_ok = hall.clock_ok if trusted is None else trusted
                hall.over_budget = over_budget(row)
            if row.get("clock") in UNSURE:
                continue  # its time is a guess, so it proves nothing about now
            self._seen(hall, modem, row)
            gap_s = (time_ns - last) / NS_PER_S
            yield News(hall, row, gap_s if gap_s <= 2 * self._engine.late_after_s else 0.0)

    def arrivals(self, now_ms: int) -> None:
        """Note which halls sent anything, of whatever age: the dirty hours (`touched`) have it by windows of 10 minutes."""
        rows = self._store.samples("touched", now_ms * NS_PER_MS - 2 * WINDOW_NS, now_ms * NS_PER_MS, names=("hour",))
        for row in rows:
            site, at_ms = str(row.get("site", "")), int(row["time_ns"]) // NS_PER_MS
            if site in self._sites and at_ms > self.hall(site).arrived_ms:
                self.hall(site).arrived_ms = at_ms
                self.changed.add(site)

    def ingest(self, start_ms: int, now_ms: int) -> list[Row]:
        """Return the collector's reports on itself since then."""
        return list(self._store.samples("ingest", start_ms * NS_PER_MS, (now_ms + 1) * NS_PER_MS))

    def accounts(self, start_ms: int, now_ms: int) -> Iterator[tuple[Hall, int, int]]:
        """Yield the accounts of the fleet since then: hall, when (ms), and how many installations measure there at once."""
        for row in self._store.samples("fleet", start_ms * NS_PER_MS, (now_ms + 1) * NS_PER_MS, names=("at_once",)):
            site = str(row.get("site", ""))
            if site in self._sites and "at_once" in row:
                yield self.hall(site), int(row["time_ns"]) // NS_PER_MS, int(row["at_once"])

    def learn_history(self, now_ms: int, days: int) -> None:
        """Take schedules and last contacts from the store, where the watch starts without a state."""
        hours = self._store.samples("signal_1h", (now_ms - days * 86_400_000) * NS_PER_MS, now_ms * NS_PER_MS)
        for row in hours:
            site, hour_ms = str(row.get("site", "")), int(row["time_ns"]) // NS_PER_MS
            for at_ms in (hour_ms, hour_ms + 30 * 60_000):
                self._schedule.awake(at_ms)
                if site in self._sites and row.get("slots"):
                    self._schedule.mark(site, DATA, at_ms)
        for stream in ("device", "signal"):
            for row in self._store.latest(stream):
                site, at_ms = str(row.get("site", "")), int(row["time_ns"]) // NS_PER_MS
                if site in self._sites and at_ms <= now_ms:
                    hall = self.hall(site)
                    hall.last_ms = max(hall.last_ms, at_ms)
                    self.changed.add(site)

    def hall(self, site: str) -> Hall:
        """Return what is known of a hall."""
        return self.halls.setdefault(site, Hall(site))

    def _seen(self, hall: Hall, modem: str, row: Row) -> None:
        at_ms = int(row["time_ns"]) // NS_PER_MS
        hall.last_ms = max(hall.last_ms, at_ms)
        self._schedule.mark(hall.site, DATA, at_ms)
        if row.get("mains") is True:
            self._schedule.mark(hall.site, MAINS, at_ms)
        if modem and service_of(row) is Service.SERVED:
            band, cell = row.get("band"), row.get("cell_id")
            operator = row.get("operator")
            hall.modems[modem] = ModemState(
                str(operator) if operator else None,
                band if isinstance(band, int) else None,
                cell if isinstance(cell, int) else None,
            )

    def _from_the_future(self, hall: Hall, modem: str, row: Row, now_ms: int) -> None:
        seq = int(row.get("seq", 0))
        first, last = hall.ahead.get(modem, (seq, seq - 1))
        if seq > last or seq < first:
            hall.ahead[modem] = (min(first, seq), max(last, seq))
            hall.wrong_ms = hall.arrived_ms = now_ms
            self.changed.add(hall.site)


def _was_ahead(hall: Hall, modem: str, row: Row) -> bool:
    span = hall.ahead.get(modem)
    return span is not None and span[0] <= int(row.get("seq", 0)) <= span[1]
