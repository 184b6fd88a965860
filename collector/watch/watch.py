"""The watch: reads facts, ticks, commits state and messages together, and hands the points to the store.

A kill at any instant neither forgets nor repeats anything: what was not committed is read and judged again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from collector.agreement.waiting import Wait
from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.notify.outbox import Outbox, transaction
from collector.sites.sites import Site
from collector.store.store import Point, Store
from collector.watch.config import Alerts
from collector.watch.db import WatchDb
from collector.watch.facts import Reader
from collector.watch.judge import Book
from collector.watch.tick import daily_due, tick

log = logging.getLogger(__name__)
HALF_HOUR_MS = 30 * 60_000


class Watch:
    """Judges a store. `look(now_ms)` is one look; state and messages are on disk when it returns."""

    def __init__(
        self,
        config: Alerts,
        sites: Mapping[str, Site],
        store: Store,
        db: WatchDb,
        outbox: Outbox,
        ask_faults: Callable[[], list[StoreUnavailableError]] = list,
        waits: Callable[[], Sequence[Wait]] = tuple,
    ) -> None:
        self._waits = waits
        self._sites = sites
        self._store = store
        self._db = db
        self._outbox = outbox
        self._state = db.state()
        schedule = db.schedule(config.engine.learn_days, config.engine.learn_min_days)
        self._book = Book(config.engine, config.rules, schedule)
        self._reader = Reader(config.engine, store, ask_faults)

    def look(self, now_ms: int) -> None:
        """Look once. Raises sqlite3.Error when its own file cannot be written."""
        if self._state.meta.get("tick_ms") == now_ms:  # it was killed after the commit of this very look
            self._hand_over_points()
            return
        if "tick_ms" not in self._state.meta:
            self._learn(now_ms)
        facts = self._reader.read(now_ms, self._sites, self._db.acks(), self._db.maintained(now_ms))
        if daily_due(self._state, now_ms):
            facts = replace(facts, waits=self._waits())
        outcome = tick(self._state, self._book, facts)
        with transaction(self._db.db):
            self._db.save(self._state, self._book.schedule, outcome.points)
            self._outbox.put(outcome.messages)
        self._state.changed_halls.clear()
        self._book.schedule.saved()
        self._hand_over_points()
        self._say_alive(now_ms)

    def _learn(self, now_ms: int) -> None:
        """Take schedules and last contacts from the store, where the watch starts without a state."""
        try:
            for site, at_ms, newest in self._reader.history(now_ms):
                if site not in self._sites:
                    continue
                hall = self._state.hall(site)
                hall.first_ms = min(hall.first_ms or at_ms, at_ms)
                if newest:
                    hall.last_ms = max(hall.last_ms, at_ms)
                for half_ms in () if newest else (at_ms, at_ms + HALF_HOUR_MS):
                    self._book.schedule.awake(half_ms)
                    self._book.schedule.mark(site, half_ms)
                self._state.changed_halls.add(site)
        except StoreUnavailableError as error:
            log.warning("event=history_not_read reason=%s", error)

    def _say_alive(self, now_ms: int) -> None:
        """Leave a point for who asks from outside whether the watch still looks; nobody waits for it."""
        with suppress(StoreUnavailableError, PointsRefusedError):
            self._store.write_points([Point("watch", {}, {"open": len(self._state.incidents)}, now_ms * 1_000_000)])

    def _hand_over_points(self) -> None:
        """Write queued points to the store; what it does not take now goes at the next look."""
        queued = self._db.points()
        if not queued:
            return
        try:
            self._store.write_points([point for _, point in queued])
        except StoreUnavailableError as error:
            log.warning("event=alert_points_wait n=%d reason=%s", len(queued), error)
            return
        except PointsRefusedError as error:
            log.warning("event=alert_points_refused n=%d reason=%s", len(queued), error)
        with transaction(self._db.db):
            self._db.drop_points([number for number, _ in queued])
