"""`sinyal-collector watch`: looks at the store, decides what must be told, and sends it, until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import logging
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.ledger import LedgerError
from collector.agreement.waiting import Wait, waiting
from collector.config import Config
from collector.config import load as load_collector
from collector.errors import ConfigError
from collector.notify.config import check_kecamatan
from collector.notify.deliver import Delivery, open_channels
from collector.notify.heartbeat import Heartbeat
from collector.notify.outbox import Outbox
from collector.notify.route import Router
from collector.sites.sites import Site, read_sites
from collector.store.health import ask_faults
from collector.store.open import open_store
from collector.store.store import Store
from collector.watch.config import Alerts, load
from collector.watch.db import WatchDb
from collector.watch.watch import Watch
from ground.ending import on_signal
from ground.paths import ALERTS, add_config

OK, INCOMPLETE, INTERRUPTED = 0, 1, 130
ABOUT = """\
Judges what is in the store by the rules of alerts.toml and tells who must act: what happened, in which hall, since when, what
is likely, what to do. One message when it begins and one when it is over; one for many halls when they share a cause. Late
data raises nothing. Its state is a file, so it may be killed at any moment and tells nothing twice.

  sinyal-collector watch --config /etc/sinyal/collector.toml --alerts /etc/sinyal/alerts.toml
  sinyal-collector watch --once         # one tick, says what it would send, sends nothing: it waits in the outbox
  sinyal-collector alerts list          # what is open now

SIGHUP reads sites.csv again. exit: 0 stopped; 1 the store or the state file failed; 2 bad usage or config; 130 Ctrl-C
"""
log = logging.getLogger(__name__)


class Beats(Protocol):
    """What the loop tells that it lives."""

    def beat(self, *, succeeded: bool = True) -> None:
        """Say so; `succeeded` says that the halls were judged and what had to be told could be told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `watch`."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(parser)
    parser.add_argument("--alerts", "-a", type=Path, default=ALERTS, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--once", action="store_true", help="look once and print what must be told")


def run(args: argparse.Namespace) -> int:
    """Watch until told to stop; return the exit code. Raises ConfigError or StoreUnavailableError."""
    collector, alerts = load_collector(args.config), load(args.alerts)
    sites = read_sites(collector.sites.file)
    check_kecamatan(alerts, {site.kecamatan for site in sites.values()}, args.alerts.name)
    channels = open_channels(alerts, args.alerts.name)
    store = open_store(collector.store)
    try:
        with _alone(alerts.engine.state):
            db = WatchDb(alerts.engine.state)
            outbox = Outbox(db.db, Router(alerts))
            if args.once:
                return _once(_watch(collector, alerts, sites, store, db, outbox), outbox)
            delivery = Delivery(alerts.engine.state, alerts, channels)
            heartbeat = Heartbeat(alerts.heartbeat, args.alerts.name)
            delivery.start()
            heartbeat.ready()
            try:
                loop = Loop(collector, alerts, sites, store, db, outbox)
                return loop.run(heartbeat, delivery)
            finally:
                heartbeat.stop()
                delivery.stop()
    except sqlite3.Error as error:
        log.error("event=state_failed file=%s reason=%s", alerts.engine.state, error)  # noqa: TRY400 - the reason says it all
        return INCOMPLETE
    finally:
        store.close()


class Loop:
    """One tick each tick_s. SIGHUP takes the list of sites anew, SIGTERM and Ctrl-C end it after the tick."""

    def __init__(
        self, collector: Config, alerts: Alerts, sites: Mapping[str, Site], store: Store, db: WatchDb, outbox: Outbox
    ) -> None:
        self._collector = collector
        self._alerts = alerts
        self._store = store
        self._db = db
        self._outbox = outbox
        self._watch = _watch(collector, alerts, sites, store, db, outbox)
        self._wake = threading.Event()
        self._stop = self._reload = self._interrupted = False

    def run(self, heartbeat: Beats, delivery: Delivery) -> int:
        """Look until told to stop; return the exit code."""
        on_signal(self._signalled, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        log.info("event=watch_started tick_s=%d", self._alerts.engine.tick_s)
        while not self._stop:
            began = time.monotonic()
            self._watch.look(time.time_ns() // 1_000_000)
            took_s = time.monotonic() - began
            log.debug("event=looked took_ms=%d", round(took_s * 1000))
            heartbeat.beat(succeeded=delivery.healthy())
            self._wake.wait(max(0.0, self._alerts.engine.tick_s - took_s))
            self._wake.clear()
            if self._reload:
                self._read_sites()
        log.info("event=watch_stopped")
        return INTERRUPTED if self._interrupted else OK

    def _signalled(self, number: int) -> None:
        self._reload |= number == signal.SIGHUP
        self._stop |= number != signal.SIGHUP
        self._interrupted |= number == signal.SIGINT
        self._wake.set()

    def _read_sites(self) -> None:
        self._reload = False
        try:
            sites = read_sites(self._collector.sites.file)
        except ConfigError as error:
            log.error("event=sites_not_reloaded reason=%s", error)  # noqa: TRY400 - a person's typing error needs no traceback
            return
        self._watch = _watch(self._collector, self._alerts, sites, self._store, self._db, self._outbox)
        log.info("event=sites_reloaded sites=%d", len(sites))


def _watch(collector: Config, alerts: Alerts, sites: Mapping[str, Site], store: Store, db: WatchDb, outbox: Outbox) -> Watch:
    record = alerts.engine.state.with_name(FILE)
    return Watch(alerts, sites, store, db, outbox, lambda: ask_faults(collector.http), lambda: _waits(record, sites))


def _waits(record: Path, sites: Mapping[str, Site]) -> list[Wait]:
    """Return what waits in the agreement beside the watch's own file; nothing where there is none, or none to be trusted."""
    if not record.exists():
        return []
    try:
        with closing(Agreement(record, sites)) as agreement:
            return waiting(agreement.state(), sites)
    except (LedgerError, sqlite3.Error, OSError) as error:
        log.error("event=agreement_not_read reason=%s", error)  # noqa: TRY400 - the reason says it all
        return []


def _once(watch: Watch, outbox: Outbox) -> int:
    before = max((message.id for message in outbox.messages()), default=0)
    watch.look(time.time_ns() // 1_000_000)
    for message in outbox.messages(before):
        print(f"{message.kind} {message.severity} {message.key}: {message.title_id}. {message.text_id}")
    return OK


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the lock of a state file: two watches would tell everything twice. Raises ConfigError."""
    path = state.with_name(state.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise ConfigError(f"engine.state: {path} cannot be written ({error}); name a folder of this user's") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"engine.state: another watch works with {state}; stop it, or name another file") from None
        yield
