"""The running collector: broker, inbox, line, store, figures about itself; until it is told to stop."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

from collector.config import Config
from collector.errors import CollectorError, ConfigError
from collector.line.broker import Broker
from collector.line.counters import Counters, IngestReport
from collector.line.inbox import Inbox, Received
from collector.line.message import question_of
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.rollup import bring_up_to_date
from collector.server.http import start_http
from collector.sites.position import measured_place, newest_positions
from collector.sites.sites import read_sites
from collector.store.open import open_store
from collector.store.site_points import HOUR_NS, site_points
from collector.store.store import Point
from telemetry.ack import Ack
from telemetry.frame import Value
from telemetry.topics import split_topic

MIB = 1 << 20
STOP_WAIT_S = 10
ROLLUP_EVERY_S = 300
WORKERS = 3
"""One decodes while two wait for the store, which takes two writes at once faster than one after the other."""
log = logging.getLogger(__name__)


class Collector:
    """All parts of a collector, wired. `start`, then `stop`; `reload_sites` in between reads sites.csv again."""

    def __init__(self, config: Config) -> None:
        self._config = config
        ingest, rejected = config.ingest, config.rejected
        self.counters = Counters()
        self.inbox = Inbox(ingest.inbox_mib * MIB)
        self.store = open_store(config.store)
        self.broker = Broker(config.broker, self._receive)
        self.line = Pipeline(
            store=self.store,
            sites=read_sites(config.sites.file),
            rejected=RejectedFolder(rejected.folder, rejected.max_files, rejected.max_mib * MIB),
            counters=self.counters,
            send_acks=self.broker.send_acks,
            late_after_s=ingest.late_after_s,
        )
        self._report = IngestReport(self.counters)
        self._report_at = time.monotonic() + ingest.report_every_s
        self._placed_hour = 0
        everies = [self._report_when_due, *[_nothing] * (WORKERS - 1)]
        self._workers = [threading.Thread(target=self._work, args=[every], name="line", daemon=True) for every in everies]
        self._ending = threading.Event()
        self._rollup = threading.Thread(target=self._roll_up, name="rollup", daemon=True)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        try:
            self.http = start_http(config.http.host, config.http.port, self.counters, self.health)
        except OSError as error:
            raise ConfigError(f"http.port: cannot listen on {config.http.host}:{config.http.port}: {error}") from None

    def start(self) -> None:
        """Start working; returns at once."""
        for worker in self._workers:
            worker.start()
        self._rollup.start()
        self.broker.start()
        log.info("event=started sites=%d store=%s", len(self.line.sites), self._config.store.engine)

    def stop(self) -> None:
        """Take no more, finish what is in hand if the store takes it within seconds, and close."""
        self._ending.set()
        self.inbox.close()  # what arrives from now on is not taken, so it is not answered either
        if self.counters.store_up:
            self._join()
            self._report_at = 0.0
            self._report_when_due()
        self.line.stop()
        self._join()
        self._rollup.join(STOP_WAIT_S)
        self.broker.stop()
        self.http.shutdown()
        self.http.server_close()
        self.store.close()
        log.info("event=stopped")

    def reload_sites(self) -> None:
        """Read sites.csv again; a faulty file is logged and the old register stays."""
        try:
            self.line.sites = read_sites(self._config.sites.file)
        except ConfigError as error:
            log.error("event=sites_not_reloaded reason=%s", error)  # noqa: TRY400 - a person's typing error needs no traceback
        else:
            self._placed_hour = 0
            log.info("event=sites_reloaded sites=%d", len(self.line.sites))

    def health(self) -> dict[str, object]:
        """Return which parts work now, and what is wrong with the store: fault, reason and cure."""
        faults = self.counters.store_faults()
        parts = {"broker": self.broker.subscribed, "store": self.counters.store_up and not faults, "line": self.working}
        return parts | ({"store_faults": faults} if faults else {})

    @property
    def working(self) -> bool:
        """Return whether the line is alive."""
        return all(worker.is_alive() for worker in self._workers)

    def _receive(self, messages: list[Received]) -> None:
        for message in messages:
            if message.topic.endswith("/status") and b'"online"' in message.payload:
                self._tell_time(message)
        if not self.inbox.closed:
            self.inbox.put(messages)
            self.counters.dropped_frames = self.inbox.dropped

    def _tell_time(self, message: Received) -> None:
        # At once, not after the store: a Pi without a clock is waiting for it.
        try:
            site, _ = split_topic(message.topic)
        except ValueError:
            return
        answer = question_of(message.payload) or Ack()
        answer.time_ms = time.time_ns() // 1_000_000
        self.broker.send_acks({site: answer})

    def _join(self) -> None:
        end = time.monotonic() + STOP_WAIT_S
        for worker in self._workers:
            worker.join(max(0.0, end - time.monotonic()))

    def _work(self, every: Callable[[], None]) -> None:
        ingest = self._config.ingest
        self.line.run(self.inbox, batch_frames=ingest.batch_frames, linger_s=ingest.linger_ms / 1000, every=every)

    def _roll_up(self) -> None:
        """Keep the rollups up to date, beside the line: what fails here comes again with the next round."""
        while not self._ending.wait(ROLLUP_EVERY_S):
            began = time.monotonic()
            try:
                hours = bring_up_to_date(self.store, self.line.sites, time.time_ns())
            except CollectorError as error:
                log.warning("event=rollup_failed reason=%s", error)
            except Exception:
                log.exception("event=rollup_failed")
            else:
                log.info("event=rolled_up hours=%d seconds=%.1f", hours, time.monotonic() - began)

    def _report_when_due(self) -> None:
        if time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + self._config.ingest.report_every_s
        fields: dict[str, Value] = {**self._report.fields(), "collector": self._name}
        now_ns = time.time_ns()
        hour = now_ns // HOUR_NS
        try:
            places = [] if hour == self._placed_hour else self._places(now_ns)
            self._placed_hour = hour
            self.store.write_points([Point("ingest", {}, fields, now_ns), *self._intake(), *places])
        except CollectorError as error:
            self._placed_hour = 0
            log.warning("event=ingest_report_lost reason=%s", error)

    def _places(self, now_ns: int) -> list[Point]:
        """Return where the halls are, measured where the register has only the middle of the village."""
        positions = newest_positions(self.store.latest("position"))
        return site_points((measured_place(site, positions.get(site.code)) for site in self.line.sites.values()), now_ns)

    def _intake(self) -> list[Point]:
        """Return what was counted by site, where there was anything; a site that is not in the list is nobody's account."""
        now_ns, sites = time.time_ns(), self.line.sites
        known = {sites[code]: counts for code, counts in self.counters.take_intake().items() if code in sites}
        return [
            Point("intake", {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}, counts, now_ns)
            for site, counts in known.items()
        ]


def _nothing() -> None:
    """Do nothing: only one worker reports."""
