"""The running agent: wires config, spool, clock, modems and publisher together, and ends cleanly when asked."""

from __future__ import annotations

import faulthandler
import importlib.metadata
import logging
import math
import os
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import orjson

from agent.board.board import Board
from agent.errors import SpoolError
from agent.host.trim import give_back
from agent.spool import clock as clocks
from agent.spool.alone import only_one
from agent.spool.change import ChangeDetector
from agent.spool.clock import Clock
from agent.spool.rebase import last_known_ms
from agent.spool.recorder import Recorder
from agent.spool.resume import go_on_above
from agent.spool.spool import Spool
from agent.spool.thin import Limits
from agent.uplink.budget import SimBudget
from agent.uplink.carrier import interface_with, may_carry
from agent.uplink.health import device_row
from agent.uplink.meter import Meter
from agent.uplink.outbox import Outbox
from agent.uplink.publisher import Publisher
from agent.uplink.remote import CONFIRM_S, Remote
from agent.uplink.wanted import Wanted
from ground.alive import stuck, tell_systemd
from ground.durable import write_durably
from ground.ending import on_signal
from telemetry.streams import Event, Row, Signal, present
from telemetry.topics import config_topic, release_topic

if TYPE_CHECKING:
    from agent.config import Config
    from agent.poll.beside import Hall
    from agent.poll.worker import ModemWorker
    from agent.probe.prober import Prober

log = logging.getLogger(__name__)

WATCH_S = 1.0
NETWORK_ERROR_MS = 1000
"""A modem tells whole seconds, and takes a moment to tell them; a clock chip too."""
COUNT_EVERY_S = 10.0
"""How often the kernel's counters of the SIMs are read, and whether the mains went."""
ON_CARD_S = 3.0
"""After so long what was recorded is on the card: that the mains went leaves while the battery holds."""
ASK_AGAIN_S = 60.0
"""While settings are on trial a round is sent this often, whatever the interval of frames: its answer ends the trial."""


def version() -> str:
    """Return the version of this program."""
    try:
        return importlib.metadata.version("sinyal")
    except importlib.metadata.PackageNotFoundError:
        return "0.0.0"


class Agent:
    """Everything that runs. Build, `run`, done."""

    def __init__(self, config: Config) -> None:
        """Open the spool and check the files that the config names. Raises ConfigError or SpoolError."""
        self._remote = Remote(config, config.agent.data_dir / "remote.json", confirm_s=CONFIRM_S)
        config = self._config = self._remote.effective
        self._version = version()
        self.stop = threading.Event()
        boot_id = clocks.boot_id()
        site, data, bounds = config.agent.site, config.agent.data_dir, config.spool
        self._spool = Spool(config.agent.spool_path, boot_id, Limits(bounds.max_rows, bounds.max_mb, bounds.min_free_mb))
        self._clock = Clock(known_ms=last_known_ms(self._spool))
        self._meter = Meter(self._spool)
        self._board = Board(config.mains, config.agent.spool_path.parent)
        self._sims = SimBudget(config.modem, data / "budget.json", boot_id)
        self._wanted = Wanted(site, self._version, data, self._record_event, self._meter.others)
        self._outbox = Outbox(self._spool, site, config.sampling.frame_interval_s)
        self._publisher = Publisher(
            config,
            self._outbox,
            self._clock,
            self._meter,
            boot_id=boot_id,
            version=self._version,
            record_event=self._record_event,
            hears={config_topic(site): self._remote.received, release_topic(site): self._wanted.received},
            on_top=lambda top: go_on_above(self._spool, top),
            inst=self._spool.installations.now,
            sim_spent=self._sims.spent,
        )
        self._workers: list[ModemWorker] = []
        self._hall: Hall | None = None
        self._carrier: str | None = None
        self._workers_stop = threading.Event()
        self._prober: Prober | None = None
        self._ask_again_s = 0.0
        changes = ChangeDetector(config.sampling.rsrp_cuts_dbm, config.sampling.rsrp_hysteresis_db)
        self._recorder = Recorder(self._spool, self._clock, changes, self._publisher.hurry)
        self._clock.on_trust = self._recorder.trusted
        self._board.trusted(self._clock.trust)
        self._last: dict[str, dict[str, object]] = {}

    def record(self, stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        """Take one sample from a worker; see Recorder.record."""
        if isinstance(row, Signal) and modem is not None:
            self._last[modem] = {"at_mono_ms": self._clock.mono_ms(), **present(row)}
        self._recorder.record(stream, modem, row, mono_ms)

    def _record_event(self, event: Event) -> None:
        self.record("event", None, event)

    def _network_time(self, modem: str, utc_ms: int) -> None:
        self._clock.trust("network", utc_ms, modem=modem, error_ms=NETWORK_ERROR_MS)

    def run(self) -> int:
        """Measure and send until `stop` is set; return the exit code (1 when a part died and a restart is due)."""
        self._recorder.start()
        self.record("event", None, Event(kind="boot", detail=f"agent {self._version} started"))
        sending = threading.Thread(target=self._publisher.run, args=(self.stop,), name="publisher", daemon=True)
        sending.start()
        self._start_workers()
        self._start_prober()
        give_back()
        log.info("event=started site=%s modems=%d version=%s", self._config.agent.site, len(self._workers), self._version)
        died = self._watch(self._recorder, sending, *filter(None, [self._prober]))
        self.stop.set()
        self._stop_workers()
        sending.join(timeout=10)
        if self._prober is not None:
            self._prober.join(timeout=10)
        self._recorder.stop()
        self._meter.keep()
        self._sims.keep()
        self._write_status()
        self._spool.close()
        log.info("event=stopped died=%s", died)
        return 1 if died else 0

    def _start_workers(self) -> None:
        # Imported here: the serial side is not needed by status and export, nor by a Pi of which it cannot be loaded.
        from agent.poll.beside import Hall  # noqa: PLC0415
        from agent.poll.memory import Memory  # noqa: PLC0415
        from agent.poll.worker import ModemWorker  # noqa: PLC0415
        from agent.port.usb import switch_on  # noqa: PLC0415

        switch_on()
        self._hall = self._hall or Hall(
            Memory(self._config.agent.data_dir / "modems.json"),
            carries=self._carries,
            utc_ms=self._clock.now_ms,
            scan=self._config.scan,
            position=self._config.position,
        )
        self._workers_stop = threading.Event()
        self._workers = [
            ModemWorker(
                modem,
                self.record,
                interval_s=self._config.sampling.interval_s,
                stop=self._workers_stop,
                on_network_time=partial(self._network_time, modem.name),
                hall=self._hall,
            )
            for modem in self._config.modem
        ]
        for worker in self._workers:
            worker.start()

    def _carries(self, modem: str) -> bool:
        """Return whether a modem may carry the connection to the broker, or carried it last: a scan would keep it away."""
        if (address := self._publisher.address) is not None:
            self._carrier = interface_with(address)
        section = next((m for m in self._config.modem if m.name == modem), None)
        return section is not None and may_carry(section, self._carrier)

    def _stop_workers(self) -> None:
        self._workers_stop.set()
        for worker in self._workers:
            worker.join(timeout=10)

    def _start_prober(self) -> None:
        if not any(modem.interface for modem in self._config.modem):
            return
        from agent.probe.prober import Prober  # noqa: PLC0415  (a hall without an interface has no use for it)

        self._prober = Prober(self._config.modem, self._config.probe, self.record, self._may_probe, self.stop)
        self._prober.start()

    def _may_probe(self, modem: str, cost: int) -> bool:
        return not self._publisher.allowance.over and self._sims.may_probe(modem, cost)

    def _follow(self) -> None:
        """Live by the settings that the server wants, as far as they hold."""
        config = self._remote.tick(self._clock.mono_ms(), self._publisher.last_ack_mono_ms)
        while self._remote.notices:
            self.record("event", None, self._remote.notices.pop(0))
        if config is not None:
            self._apply(config)
        report, self._remote.report = self._remote.report, None
        if report is not None:
            self._publisher.report(report)
        if self._remote.waiting and time.monotonic() >= self._ask_again_s:
            self._ask_again_s = time.monotonic() + ASK_AGAIN_S
            self._outbox.pace(self._config.sampling.frame_interval_s)

    def _apply(self, config: Config) -> None:
        before, self._config = self._config, config
        self._ask_again_s = time.monotonic() + ON_CARD_S  # the event of the trial is there to be answered by then
        self._publisher.allowance.budget = config.budget_month
        self._outbox.pace(config.sampling.frame_interval_s)
        if self._prober is not None:
            self._prober.settings = config.probe
        if config.sampling.interval_s != before.sampling.interval_s:
            self._stop_workers()  # ticks lie on a grid of the interval, so workers start anew on theirs; ports are opened again
            self._start_workers()

    def _watch(self, *parts: threading.Thread) -> str | None:
        """Take the Pi's health at its interval until stopped; return the name of a thread that died or is stuck."""
        last_device, next_count, send_all = -math.inf, time.monotonic(), math.inf
        told = None
        while not self.stop.wait(WATCH_S):
            for thread in (*parts, *self._workers):
                if (not thread.is_alive() or stuck(thread)) and not self.stop.is_set():
                    log.critical("event=part_died part=%s stuck=%s", thread.name, thread.is_alive())
                    return thread.name
            self._follow()
            self._wanted.tick(self._clock.now_ms(), self._publisher.allowance.left if self._publisher.heard else None)
            now = time.monotonic()
            if now >= next_count:
                next_count = now + COUNT_EVERY_S
                tell_systemd()
                self._sims.read(self._clock.now_ms())
                if self._board.turned(now):
                    last_device, send_all = -math.inf, now + ON_CARD_S
                self._board.tell(self._record_event)
            if now >= send_all:
                send_all = math.inf
                self._outbox.pace(self._config.sampling.frame_interval_s)
            due = now >= last_device + self._config.sampling.device_interval_s
            if due:
                last_device = now
                self._record_device()
            news = (self._publisher.heard, len(self._last))  # a technician asks `status` right after the first reading
            if due or told != news:
                told = news
                self._write_status()
        return None

    def _record_device(self) -> None:
        try:
            self._meter.keep()
            self._sims.keep()
            row = device_row(self._spool, self._clock, self._meter, self._config.budget_month, self._version, self._board)
            self.record("device", None, row)
        except SpoolError as error:
            log.critical("event=spool_failed reason=%r", str(error))

    def _write_status(self) -> None:
        """Leave for `status` what only this process knows."""
        state = {
            "boot": clocks.boot_id(),
            "written_mono_ms": self._clock.mono_ms(),
            "pid": os.getpid(),
            "version": self._version,
            "sim_bytes_month": {modem.name: self._sims.used(modem.name) for modem in self._config.modem if modem.interface},
            "running": not self.stop.is_set(),
            "connected": self._publisher.heard,
            "refusal": self._publisher.refusal,
            "path_forgets_s": self._publisher.path.forgets_s,
            "segment_bytes": self._publisher.segments.at_most,
            "last_ack_mono_ms": self._publisher.last_ack_mono_ms,
            "clock": self._clock.state,
            "device_interval_s": self._config.sampling.device_interval_s,
            "last": self._last,
            "unread": {name: [fault.number, fault.reason] for name, fault in self._board.unread.items()},
        }
        try:
            write_durably(self._config.agent.status_path, orjson.dumps(state))
        except OSError as error:
            log.warning("event=status_not_written reason=%r", str(error))


def run(config: Config) -> int:
    """Run the agent until SIGTERM or SIGINT; return the exit code. Raises ConfigError or SpoolError at the start only."""
    with only_one(config.agent.data_dir):
        agent = Agent(config)
        faulthandler.enable()  # systemd's watchdog ends us with SIGABRT: where every thread stood is in the journal then
        on_signal(lambda _number: agent.stop.set(), signal.SIGTERM, signal.SIGINT)
        return agent.run()
