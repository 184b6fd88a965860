"""The snapshot of now, read from the store: halls, one hall with its device and events, alerts. Never writes."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from collector.errors import StoreUnavailableError
from collector.sites.classes import Classes
from collector.sites.position import measured_place, newest_positions
from collector.sites.sites import Site
from collector.store.store import Row, Store
from dashboards.web.cache import Cache
from dashboards.web.models import (
    AlertItem,
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
from dashboards.web.state import WINDOW_S, hall_now, modem_now, rank, timestamp

log = logging.getLogger(__name__)
S = 1_000_000_000
NOW_S = 10
"""How long the snapshot of now is kept, seconds; samples come every 30 s."""
DETAIL_S = 15
SERIES_S = 60
SINCE_EVER_S = 300
"""How often the newest sample ever of each modem is asked for; in between the recent samples tell."""
AHEAD_S = 120
"""How far a hall's clock may be ahead of ours and its samples still be of now."""
DAY_S = 86_400
EVENT_DAYS = 7
EVENTS = 50
ALERT_DAYS = 30
Modem = tuple[str, str]


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
        self._positions: Mapping[str, Mapping[str, object]] = {}
        self._all_known_until = 0
        self._last: Halls | None = None

    def halls(self) -> Halls:
        """Return all halls now, or the last snapshot marked stale. Raises StoreUnavailableError where there is none."""
        try:
            return self._cache.get("halls", NOW_S, self._read_halls)
        except StoreUnavailableError as error:
            if self._last is None:
                raise
            log.warning("event=store_unavailable error=%r", str(error))
            return self._last.model_copy(update={"stale": True})

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
        return self._cache.get(("alerts", days), DETAIL_S, lambda: self._read_alerts(days))

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
        return self._cache.get("faults", NOW_S, self._ask_faults)

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
            modems[key[0]].append(modem_now(recent.get(key, []), newest, self._operators.get(key), now_ns, self.classes))
        places = [measured_place(site, self._positions.get(site.code)) for site in self.sites.values()]
        halls = [hall_now(site, modems[site.code], self.classes) for site in places]
        self._last = self._collection(halls, now_ns)
        return self._last

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
        halls = self.halls()
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

    def _read_alerts(self, days: int) -> Alerts:
        now_ns = self._clock_ns()
        lives: dict[tuple[str, int], Row] = {}
        last: dict[str, int] = {}
        for row in self._store.samples("alert", now_ns - days * DAY_S * S, now_ns + AHEAD_S * S):
            key, since_ms = str(row.get("key", "")), int(row.get("since_ms", 0))
            lives[key, since_ms] = row
            last[key] = since_ms
        # An alert that opened anew has ended before, even where nobody was there to write it.
        rows = [row for (key, since_ms), row in lives.items() if row.get("state") == "resolved" or last[key] == since_ms]
        found = [alert for row in rows if (alert := _alert(row)) is not None]
        found.sort(key=lambda a: (a.state == "resolved", -(a.until or a.since).timestamp()))
        return Alerts(generated=datetime.fromtimestamp(now_ns / 1e9, UTC), days=days, alerts=found)


def concerns(alert: AlertItem, hall: HallNow) -> bool:
    """Return whether an alert is about this hall: its own, or a common one of its kecamatan or of an operator measured here."""
    if alert.site is not None:
        return alert.site == hall.code
    if alert.kecamatan is not None and alert.kecamatan != hall.kecamatan:
        return False
    return alert.operator is None or alert.operator in hall.operators


def _modem(row: Row) -> Modem:
    return str(row.get("site", "")), str(row.get("modem", ""))


def _device(row: Row) -> DeviceNow:
    return DeviceNow.model_validate({**_fields(row, DeviceNow), "time": timestamp(row)})


def _event(row: Row) -> EventItem:
    return EventItem.model_validate({"kind": "event", **_fields(row, EventItem), "time": timestamp(row)})


def _alert(row: Row) -> AlertItem | None:
    times: dict[str, Any] = {"since": datetime.fromtimestamp(int(row.get("since_ms", int(row["time_ns"]) // 10**6)) / 1e3, UTC)}
    if row.get("state") == "resolved":
        times["until"] = timestamp(row)
    try:
        return AlertItem.model_validate({**_fields(row, AlertItem), **times})
    except ValidationError as error:
        log.warning("event=alert_not_readable key=%r error=%r", row.get("key"), error.errors(include_url=False)[0]["msg"])
        return None


def _fields(row: Row, model: type[DeviceNow | EventItem | AlertItem]) -> Row:
    return {name: row[name] for name in model.model_fields if name in row and row[name] != ""}


def _fault(error: StoreUnavailableError) -> StoreFault:
    return StoreFault(fault=error.fault, reason=error.reason, cure=error.cure)
