"""The engine: one tick gives new states, messages and points, committed together.

It judges samples by their own time and silence by the clock. What is not known (late, hidden by another fault, under
maintenance) changes nothing: it neither raises nor closes. The clock is an argument, so a month runs in seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from collector.errors import CollectorError, Fault, StoreUnavailableError
from collector.notify.outbox import Outbox, transaction
from collector.sites.sites import Site
from collector.store.health import telling
from collector.store.store import Row, Store
from collector.watch.config import EngineSection, Rules
from collector.watch.dispatcher import AlertDispatcher
from collector.watch.judge import Verdict, judge_device, judge_signal
from collector.watch.messages import DARK, WHY_DARK
from collector.watch.reader import News, Reader
from collector.watch.schedule import DATA, MAINS, Schedule, day_slot
from collector.watch.state import Alert, Hall, WatchDb
from ground.wita import wita
from ground.words import mark

QUIET_S = 360
"""Longer than a frame of 5 minutes, with slack. When no hall at all sends for so long, it is something between them and us."""
OVER_BUDGET_MS = 4_500_000
"""An agent over its data budget sends once an hour."""
WIDE_MS = 300_000
REPORTS_MS = 3_600_000
"""Reports of the collector that are older teach nothing about now."""
LINK_DOWN = mark("the collector runs; broker or the server's link is down")
COLLECTOR_DOWN = mark("collector or database has stopped")
HIDDEN_BY_POWER = ("no_service", "weak_signal", "low_quality", "modem_sick", "no_sim", "sim_refused")
log = logging.getLogger(__name__)


class Engine:
    """Judges a store. `tick(now_ms)` is one tick; state and messages are on disk when it returns."""

    def __init__(
        self,
        engine: EngineSection,
        rules: Rules,
        sites: Mapping[str, Site],
        store: Store,
        db: WatchDb,
        outbox: Outbox,
        ask_faults: Callable[[], list[StoreUnavailableError]] = list,
    ) -> None:
        self._engine = engine
        self._rules = rules
        self._sites = sites
        self._store = store
        self._ask_faults = ask_faults
        self._unread: StoreUnavailableError | None = None
        self._db = db
        self._schedule = Schedule(engine.learn_days, engine.learn_min_days, db.days())
        known = {site: hall for site, hall in db.halls().items() if site in sites}
        self._reader = Reader(engine, sites, store, known, self._schedule)
        stored = db.alerts()
        self._alerts = {key: alert for key, alert in stored.items() if alert.site is None or alert.site in sites}
        self._touched = set(stored) - set(self._alerts)  # halls that left the register: they end without a word
        self._meta = db.meta()
        self._maintained: dict[str, int] = {}
        self._grace_ms = round(engine.grace_minutes * 60_000)
        self._dispatcher = AlertDispatcher(engine, rules, sites, self._alerts, self._reader.halls, outbox, db)

    def tick(self, now_ms: int) -> None:
        """Look once. Raises sqlite3.Error when its own file cannot be written; a store that is away is a fact to judge."""
        if self._meta.get("tick_ms") == now_ms:  # it was killed after the commit of this very tick
            self._hand_over_points()
            return
        dt_s = self._begin(now_ms)
        try:
            flowing = self._read(now_ms)
            self._unread = None
        except StoreUnavailableError as error:
            log.warning("event=store_unavailable reason=%s", error)
            flowing = False
            self._unread = error
        quiet = self._judge_line(flowing, now_ms, dt_s)
        for hall in list(self._reader.halls.values()):
            self._judge_hall(hall, now_ms, dt_s, quiet=quiet)
        self._judge_register(now_ms)
        self._retire_modems()
        self._touched |= self._dispatcher.decide(now_ms, dt_s, self._maintained)
        self._commit(now_ms)
        self._hand_over_points()

    def _begin(self, now_ms: int) -> float:
        """Find how long the last tick was ago; 0 after a pause, which also gives all halls their grace."""
        last = self._meta.get("tick_ms")
        if last is None:
            self._start_without_state(now_ms)
        self._maintained = self._db.maintained(now_ms)
        if last is None or not 0 <= now_ms - last <= self._engine.late_after_s * 1000:
            # Nothing is known of the time in between: no silence counts that reaches into it.
            self._meta |= {"grace_ms": now_ms + self._grace_ms, "resumed_ms": now_ms, "tick_ms": now_ms}
        dt_s = (now_ms - self._meta["tick_ms"]) / 1000
        if last is None or day_slot(last)[0] != day_slot(now_ms)[0]:
            self._meta["oldest_day"] = self._schedule.forget(now_ms)
        return dt_s

    def _start_without_state(self, now_ms: int) -> None:
        try:
            self._reader.learn_history(now_ms, self._engine.learn_days)
        except StoreUnavailableError as error:
            log.warning("event=history_not_read reason=%s", error)

    def _read(self, now_ms: int) -> bool:
        """Read and judge what is new; say whether anything arrived."""
        for news in self._reader.news("device", now_ms - self._engine.late_after_s * 1000, now_ms):
            self._judge_device_row(news)
        for news in self._reader.news("signal", self._since(now_ms), now_ms):
            self._judge_signal_row(news)
        flowing = bool(self._reader.changed)
        self._reader.arrivals(now_ms)
        for hall, at_ms, at_once in self._reader.accounts(max(self._meta.get("account_ms", 0), now_ms - REPORTS_MS) + 1, now_ms):
            self._meta["account_ms"] = max(self._meta.get("account_ms", 0), at_ms)
            self._feed(Verdict("two_installations", at_once > 1, str(at_once)), hall, None, 0.0, at_ms)
        self._judge_reports(self._reader.ingest(max(self._meta.get("report_ms", 0), now_ms - REPORTS_MS) + 1, now_ms))
        return flowing

    def _since(self, now_ms: int) -> int:
        """Return where to read `signal` from: all that is not late, every 5 minutes; in between what a frame on time brings."""
        earliest_ms = now_ms - self._engine.late_after_s * 1000
        if now_ms - self._meta.get("wide_ms", 0) >= WIDE_MS:
            self._meta["wide_ms"] = now_ms
            return earliest_ms
        return max(earliest_ms, self._meta["tick_ms"] - QUIET_S * 1000)

    def _judge_device_row(self, news: News) -> None:
        hall, row, dt_s = news
        at_ms = int(row["time_ns"]) // 1_000_000
        for verdict in judge_device(self._rules, row):
            bad = verdict.bad
            if verdict.rule == "mains_off" and bad and self._schedule.on(hall.site, MAINS, at_ms) is False:
                bad = None  # the grid is off at this hour on most days
            self._feed(verdict._replace(bad=bad), hall, None, dt_s, at_ms)

    def _judge_signal_row(self, news: News) -> None:
        hall, row, dt_s = news
        modem, at_ms = str(row.get("modem", "")), int(row["time_ns"]) // 1_000_000
        power = self._alerts.get(f"mains_off/{hall.site}")
        for verdict in judge_signal(self._rules, row):
            if power is not None and power.bad and verdict.rule in HIDDEN_BY_POWER and verdict.bad:
                continue
            self._feed(verdict, hall, modem, dt_s, at_ms)

    def _judge_reports(self, reports: list[Row]) -> None:
        rule = self._rules.collector_lagging
        for row in reports:
            at_ms = int(row["time_ns"]) // 1_000_000
            dt_s = (at_ms - self._meta.get("report_ms", at_ms)) / 1000
            self._meta["report_ms"] = at_ms
            lag_s = float(row.get("lag_ms", 0)) / 1000
            bad: bool | None = int(row.get("dropped_frames", 0)) + int(row.get("store_errors", 0)) > 0
            if rule is not None and not bad and lag_s > rule.max_lag_s:
                bad = None if int(row.get("late_samples", 0)) else True  # with late samples among them it is a backlog
            self._feed(Verdict("collector_lagging", bad), None, None, min(dt_s, float(QUIET_S)), at_ms)

    def _judge_line(self, flowing: bool, now_ms: int, dt_s: float) -> bool:
        """Judge whether anything arrives at all; say whether all halls are quiet."""
        meta, arrival_ms = self._meta, self._meta.get("arrival_ms", 0)
        if flowing:
            if now_ms - arrival_ms > QUIET_S * 1000:
                meta["grace_ms"] = now_ms + self._grace_ms
            arrival_ms = meta["arrival_ms"] = now_ms
        quiet = now_ms - max(arrival_ms, meta["resumed_ms"]) > QUIET_S * 1000
        if not quiet:
            self._schedule.awake(now_ms)
        rule = self._rules.nothing_arriving
        if rule is None or not rule.enabled:
            return quiet
        enough = quiet and self._expected(now_ms) >= rule.min_halls
        bad = True if enough else False if now_ms - arrival_ms <= QUIET_S * 1000 else None
        alive = now_ms - meta.get("report_ms", 0) <= QUIET_S * 1000
        why = self._why_sick() if enough else None
        cause = why or (LINK_DOWN if alive else COLLECTOR_DOWN)
        self._feed(Verdict("nothing_arriving", bad, cause), None, None, dt_s, arrival_ms)
        return enough

    def _why_sick(self) -> str | None:
        """Return what is wrong with the store: as we read it, or as the collector that writes it says."""
        faults = (
            [self._unread] if self._unread is not None and self._unread.fault is not Fault.UNREACHABLE else self._ask_faults()
        )
        return next((f"{telling(fault, 'id')}|{telling(fault, 'en')}" for fault in faults), None)

    def _expected(self, now_ms: int) -> int:
        """Count the halls that should be sending now."""
        since_ms = now_ms - self._engine.forget_after_days * 86_400_000
        live = (hall.site for hall in self._reader.halls.values() if hall.last_ms >= since_ms)
        return sum(not self._firing("hall_dark", site) and self._schedule.on(site, DATA, now_ms) is not False for site in live)

    def _judge_hall(self, hall: Hall, now_ms: int, dt_s: float, *, quiet: bool) -> None:
        dark = self._rules.hall_dark
        quiet_ms = OVER_BUDGET_MS if hall.over_budget else QUIET_S * 1000
        stale_ms = max(quiet_ms, round((dark.stale_minutes if dark else 0) * 60_000))
        age_ms = now_ms - hall.last_ms
        if dark is not None and hall.last_ms:
            verdict: bool | None = None  # between one frame missed and two, nothing is certain
            if age_ms <= quiet_ms:
                verdict = False
            elif age_ms > stale_ms:
                verdict = self._silence(hall, now_ms, stale_ms, dark.partial_power_hours, quiet=quiet)
            self._feed_dark(hall, verdict, now_ms, dt_s, stale_ms)
        wrong = None if hall.clock_ok is None else not hall.clock_ok
        if now_ms - hall.wrong_ms <= stale_ms:
            wrong = True
        elif age_ms > stale_ms:
            wrong = True if now_ms - hall.arrived_ms <= stale_ms else None  # connected, yet all it sends is old
        self._feed(Verdict("clock_untrusted", wrong), hall, None, dt_s, now_ms)

    def _feed_dark(self, hall: Hall, verdict: bool | None, now_ms: int, dt_s: float, stale_ms: int) -> None:
        """Take in a judgement of silence: once it is certain, it was dark since its last sample."""
        alert = self._alerts.get(f"hall_dark/{hall.site}")
        if verdict and (alert is None or not alert.bad):
            dt_s += min(now_ms - hall.last_ms, stale_ms) / 1000
        fresh_start = alert is None or alert.level_s <= 0
        why = next((text for rule, text in WHY_DARK.items() if self._firing(rule, hall.site)), DARK)
        self._feed(Verdict("hall_dark", verdict, why), hall, None, dt_s, hall.last_ms if fresh_start else now_ms)

    def _silence(self, hall: Hall, now_ms: int, stale_ms: int, partial_hours: float, *, quiet: bool) -> bool | None:
        """Judge a hall without fresh samples: True is dark, None says that its silence has another reason."""
        if quiet or now_ms < self._meta["grace_ms"] or now_ms - hall.arrived_ms <= stale_ms:
            return None
        if self._firing("mains_off", hall.site):
            return None  # the power cut was told; its battery is empty now
        usual = self._schedule.on(hall.site, DATA, now_ms)
        if usual is False:
            return None
        grid = self._sites[hall.site].power == "grid"
        return None if usual is None and not grid and now_ms - hall.last_ms < partial_hours * 3_600_000 else True

    def _judge_register(self, now_ms: int) -> None:
        rule = self._rules.sim_expiry
        if rule is None or not rule.enabled:
            return
        today = wita(now_ms).date()
        for site in self._sites.values():
            if site.sim_expiry is None:
                self._feed(Verdict("sim_expiry", False), Hall(site.code), None, 0.0, now_ms)
            else:
                bad = (site.sim_expiry - today).days <= rule.warn_days
                day = f"{site.sim_expiry:%d/%m/%Y}"
                self._feed(Verdict("sim_expiry", bad, day), self._reader.halls.get(site.code, Hall(site.code)), None, 0.0, now_ms)

    def _retire_modems(self) -> None:
        """Close what is open on a modem that its hall no longer has: nothing would ever close it."""
        limit_ms = self._engine.forget_after_days * 86_400_000
        for key, alert in self._alerts.items():
            if alert.modem is None or alert.site is None:
                continue
            hall = self._reader.hall(alert.site)
            if hall.last_ms - hall.cursors.get(alert.modem, 0) / 1_000_000 > limit_ms:
                alert.firing = alert.bad = False
                alert.level_s = 0.0
                self._touched.add(key)

    def _firing(self, rule: str, site: str) -> bool:
        alert = self._alerts.get(f"{rule}/{site}")
        return alert is not None and alert.firing

    def _feed(self, verdict: Verdict, hall: Hall | None, modem: str | None, dt_s: float, at_ms: int) -> None:
        rule = self._rules.get(verdict.rule)
        if verdict.bad is None or rule is None:
            return
        key = verdict.rule if hall is None else f"{verdict.rule}/{hall.site}" + (f"/{modem}" if modem else "")
        alert = self._alerts.get(key)
        if alert is None:
            if not verdict.bad or self._in_maintenance(hall):
                return
            alert = self._alerts[key] = _new_alert(key, verdict.rule, hall, modem, self._sites)
        elif verdict.bad and self._in_maintenance(hall):
            return
        if verdict.bad and not alert.firing:
            alert.detail = verdict.detail
        alert.feed(verdict.bad, dt_s, at_ms, rule.for_minutes * 60, rule.clear_minutes * 60)
        self._touched.add(key)

    def _in_maintenance(self, hall: Hall | None) -> bool:
        if hall is None or not self._maintained:
            return False
        return hall.site in self._maintained or self._sites[hall.site].kecamatan in self._maintained

    def _commit(self, now_ms: int) -> None:
        """Write everything that this tick changed, and its messages, in one transaction."""
        self._meta["tick_ms"] = now_ms
        gone = [key for key in self._touched | self._dispatcher.closed if key not in self._alerts or self._alerts[key].over]
        for key in gone:
            self._alerts.pop(key, None)
        kept = [self._alerts[key] for key in self._touched if key in self._alerts]
        with transaction(self._db.db):
            self._db.save([self._reader.halls[site] for site in self._reader.changed], kept, gone, self._meta)
            self._db.save_days(self._schedule.changed(), self._meta.get("oldest_day", 0))
            self._dispatcher.commit()
        self._schedule.saved()
        self._reader.changed.clear()
        self._touched.clear()
        self._dispatcher.committed()

    def _hand_over_points(self) -> None:
        """Write queued points to the store; what it does not take now goes at the next tick."""
        queued = self._db.points()
        if not queued:
            return
        try:
            self._store.write_points([point for _, point in queued])
        except CollectorError as error:
            log.warning("event=alert_points_wait count=%d reason=%s", len(queued), error)
            return
        with transaction(self._db.db):
            self._db.drop_points([i for i, _ in queued])


def _new_alert(key: str, rule: str, hall: Hall | None, modem: str | None, sites: Mapping[str, Site]) -> Alert:
    if hall is None:
        return Alert(key, rule)
    alert = Alert(key, rule, site=hall.site, kecamatan=sites[hall.site].kecamatan, modem=modem)
    served = [hall.modems[modem]] if modem in hall.modems else list(hall.modems.values()) if modem is None else []
    if served and len({state.operator for state in served}) == 1:
        alert.operator = served[0].operator
        same = len(served) == 1
        alert.band, alert.cell_id = (served[0].band, served[0].cell_id) if same else (None, None)
    return alert
