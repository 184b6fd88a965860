"""The snapshot of now, read from the store: halls, one hall with its device and events, alerts. Never writes."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from collector.errors import StoreUnavailableError
from collector.sites.classes import Classes
from collector.sites.position import measured_place, newest_positions
from collector.sites.sites import Site
from collector.store.store import Row, Store
from dashboards.web.alerts import concerns, read_alerts
from dashboards.web.cache import Cache
from dashboards.web.changes import Changes, compare
from dashboards.web.history import Day, days
from dashboards.web.models import (
    Alerts,
    DeviceNow,
    EventItem,
    Feature,
    HallDetail,
    HallNow,
    Halls,
    Health,
    ModemNow,
    Point,
    Series,
    StoreFault,
)
from dashboards.web.series import Range, read_series
from dashboards.web.state import WINDOW_S, fields_of, hall_now, modem_now, rank, timestamp

log = logging.getLogger(__name__)
S = 1_000_000_000
NOW_S = 10
"""How long the snapshot of now is kept, seconds; samples come every 30 s."""
DETAIL_S = 15
SERIES_S = 60
PAST_S = 600
"""How long yesterday and the last days are kept."""
SINCE_EVER_S = 300
"""How often the newest sample ever of each modem is asked for; in between the recent samples tell."""
AHEAD_S = 120
"""How far a hall's clock may be ahead of ours and its samples still be of now."""
DAY_S = 86_400
EVENT_DAYS = 7
EVENTS = 50
ALERT_DAYS = 30
Modem = tuple[str, str]
T = TypeVar("T")


class Snapshot:
    """Reads the store through a cache and judges by the classes. Safe to use from many threads."""

    def __init__(
        self,
        store: Store,
        sites: Mapping[str, Site],
        classes: Classes,
        clock_ns: Callable[[], int] = time.time_ns,
        ask_faults: Callable[[], list[StoreUnavailableError]] = list,
    ) -> None:
        self.sites = sites
        self.classes = classes
        self._store = store
        self._clock_ns = clock_ns
        self._ask_faults = ask_faults
        self._cache = Cache()
        self._newest: dict[Modem, Row] = {}
        self._operators: dict[Modem, str] = {}
        self._asked: set[Modem] = set()
        self._held: dict[Modem, str] = {}
        self._positions: Mapping[str, Mapping[str, object]] = {}
        self._all_known_until = 0
        self._last: Halls | None = None

    def halls(self) -> Halls:
        """Return all halls now, or the last snapshot marked stale. Raises StoreUnavailableError where there is none."""
        return self._cache.get("halls", NOW_S, self._halls_or_last)

    def last(self) -> Halls:
        """Return the last snapshot at once, whatever its age (`generated`); an old one is read anew behind. Raises as `halls`."""
        return self._cache.last("halls", NOW_S, self._halls_or_last)

    def register(self, sites: Mapping[str, Site]) -> None:
        """Take another register; what was made with the one before is forgotten."""
        self.sites = sites
        self._cache.clear()

    def hall(self, code: str) -> HallDetail:
        """Return one hall of the register. Raises KeyError for an unknown code, StoreUnavailableError."""
        site = self.sites[code]
        return self._cache.get(("hall", code), DETAIL_S, lambda: self._read_hall(site))

    def series(self, code: str, span: Range) -> Series:
        """Return the curves of a hall. Raises KeyError for an unknown code, StoreUnavailableError."""
        site = self.sites[code]
        self.halls()
        operators = {modem[1]: operator for modem, operator in self._operators.items() if modem[0] == code}
        return self._cache.get(
            ("series", code, span), SERIES_S, lambda: read_series(self._store, site, span, self._clock_ns(), operators)
        )

    def alerts(self, days: int) -> Alerts:
        """Return the alerts that changed in the last days. Raises StoreUnavailableError."""
        now_ns = self._clock_ns()
        return self._cache.get(("alerts", days), DETAIL_S, lambda: read_alerts(self._store, days, now_ns, now_ns + AHEAD_S * S))

    def changes(self) -> Changes:
        """Return what changed since this hour of yesterday. Raises StoreUnavailableError."""
        before = self._cache.last("yesterday", PAST_S, lambda: self._states_at(self._clock_ns() - DAY_S * S))
        return compare(before, [feature.properties for feature in self.last().features], self.classes)

    def days(self, code: str) -> list[Day]:
        """Return the last 90 days of a hall. Raises KeyError for an unknown code, StoreUnavailableError."""
        site = self.sites[code]
        now = datetime.fromtimestamp(self._clock_ns() / 1e9, UTC)
        return self._cache.get(("days", code, now.date()), PAST_S, lambda: days(self._store, site, now, self.classes))

    def read(self, code: str, load: Callable[[Store, Site], T]) -> T:
        """Let somebody read the store for one hall, uncached. Raises KeyError for an unknown code, StoreUnavailableError."""
        return load(self._store, self.sites[code])

    def health(self) -> Health:
        """Return whether the store answers, and how new the newest sample is."""
        try:
            halls = self.halls()
        except StoreUnavailableError as error:
            return Health(
                status="store_unavailable",
                store_faults=[_fault(error)],
                sites=len(self.sites),
                measured=0,
                classes_version=self.classes.version,
            )
        seen = [hall.properties.updated for hall in halls.features if hall.properties.updated]
        return Health(
            status="store_unavailable" if halls.stale else "ok",
            store_faults=[_fault(error) for error in self.faults()],
            sites=len(self.sites),
            measured=len(seen),
            newest=max(seen, default=None),
            classes_version=self.classes.version,
        )

    def faults(self) -> list[StoreUnavailableError]:
        """Return what is wrong with the store as the collector says, which alone sees that it takes nothing."""
        return self._cache.last("faults", NOW_S, self._ask_faults)

    def _halls_or_last(self) -> Halls:
        try:
            return self._read_halls()
        except StoreUnavailableError as error:
            if self._last is None:
                raise
            log.warning("event=store_unavailable error=%r", str(error))
            return self._last.model_copy(update={"stale": True})

    def _read_halls(self) -> Halls:
        now_ns = self._clock_ns()
        recent: dict[Modem, list[Row]] = defaultdict(list)
        for row in self._store.samples("signal", now_ns - WINDOW_S * S, now_ns + AHEAD_S * S):
            recent[_modem(row)].append(row)
        if now_ns >= self._all_known_until:
            self._newest = {_modem(row): row for row in self._store.latest("signal")}
            self._note_operators(self._store.latest("signal_1h"))
            self._positions = newest_positions(self._store.latest("position", before_ns=now_ns))
            self._all_known_until = now_ns + SINCE_EVER_S * S
        self._newest |= {modem: rows[-1] for modem, rows in recent.items()}
        self._note_operators([*self._newest.values(), *(row for rows in recent.values() for row in rows)])
        for site in {modem[0] for modem in self._newest if modem not in self._operators and modem not in self._asked}:
            self._note_operators(self._store.samples("signal", now_ns - DAY_S * S, now_ns, site))
        self._asked.update(self._newest)
        modems: dict[str, list[ModemNow]] = defaultdict(list)
        for key, newest in self._newest.items():
            made = modem_now(recent.get(key, []), newest, self._operators.get(key), now_ns, self.classes, self._held.get(key))
            self._held[key] = made.state
            modems[key[0]].append(made)
        places = [measured_place(site, self._positions.get(site.code)) for site in self.sites.values()]
        halls = [hall_now(site, modems[site.code], self.classes) for site in places]
        self._last = self._collection(halls, now_ns)
        return self._last

    def _states_at(self, then_ns: int) -> dict[str, str]:
        """Return the state of each hall at a moment of the past, by code; who had never sent anything is not there."""
        recent: dict[Modem, list[Row]] = defaultdict(list)
        for row in self._store.samples("signal", then_ns - WINDOW_S * S, then_ns):
            recent[_modem(row)].append(row)
        newest = {_modem(row): row for row in self._store.latest("signal", before_ns=then_ns)}
        modems: dict[str, list[ModemNow]] = defaultdict(list)
        for key, last in {**newest, **{key: rows[-1] for key, rows in recent.items()}}.items():
            modems[key[0]].append(modem_now(recent.get(key, []), last, None, then_ns, self.classes))
        return {code: hall_now(self.sites[code], of, self.classes).state for code, of in modems.items() if code in self.sites}

    def _note_operators(self, rows: Iterable[Row]) -> None:
        """Remember each modem's operator: a sample without service does not tell it, the last one before does."""
        for row in rows:
            if "operator" in row:
                self._operators[_modem(row)] = str(row["operator"])

    def _collection(self, halls: list[HallNow], now_ns: int) -> Halls:
        found = Counter(hall.state for hall in halls)
        features = [Feature(id=hall.code, geometry=Point(coordinates=(hall.lon, hall.lat)), properties=hall) for hall in halls]
        return Halls(
            generated=datetime.fromtimestamp(now_ns / 1e9, UTC),
            classes_version=self.classes.version,
            counts={key: found.get(key, 0) for key in rank(self.classes)},
            features=features,
        )

    def _read_hall(self, site: Site) -> HallDetail:
        now_ns = self._clock_ns()
        halls = self.last()
        hall = next(feature.properties for feature in halls.features if feature.id == site.code)
        device = max(self._store.latest("device", site.code), key=lambda row: int(row["time_ns"]), default=None)
        rows = list(self._store.samples("event", now_ns - EVENT_DAYS * DAY_S * S, now_ns + AHEAD_S * S, site.code))
        return HallDetail(
            generated=halls.generated,
            classes_version=self.classes.version,
            hall=hall,
            device=None if device is None else _device(device),
            events=[_event(row) for row in reversed(rows[-EVENTS:])],
            alerts=[alert for alert in self.alerts(ALERT_DAYS).alerts if concerns(alert, hall)],
        )


def _modem(row: Row) -> Modem:
    return str(row.get("site", "")), str(row.get("modem", ""))


def _device(row: Row) -> DeviceNow:
    return DeviceNow.model_validate({**fields_of(row, DeviceNow), "time": timestamp(row)})


def _event(row: Row) -> EventItem:
    return EventItem.model_validate({"kind": "event", **fields_of(row, EventItem), "time": timestamp(row)})


def _fault(error: StoreUnavailableError) -> StoreFault:
    return StoreFault(fault=error.fault, reason=error.reason, cure=error.cure)
