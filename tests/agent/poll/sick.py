"""Run one real agent thread against one sick and one healthy simulated modem, and note what is recorded and when it is over."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.config import ModemSection, RecoverySection
from agent.poll.worker import ModemWorker
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from telemetry.streams import STREAMS, Event, Registration, Row, Signal

INTERVAL_S = 0.5
DEADLINE_S = 180.0
HOLD = (
    "import fcntl, sys, termios; f = open(sys.argv[1], 'rb+', buffering=0); fcntl.flock(f, fcntl.LOCK_EX); "
    "fcntl.ioctl(f, termios.TIOCEXCL); print('held', flush=True); sys.stdin.read(); fcntl.ioctl(f, termios.TIOCNXCL)"
)


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; fails with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE_S:g} s in vain for {what}")
        time.sleep(0.02)


@dataclass
class Log:
    """What the workers recorded, with the moment (monotonic, s)."""

    rows: list[tuple[float, str, Row]] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)
    """Times of signal and cell, ms since boot."""

    def record(self, stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        """Take one row, as the recorder of the agent does; samples carry the time of their tick."""
        assert (mono_ms is None) == (stream not in ("signal", "cell")), "samples of a poll have the time of its tick"
        assert isinstance(row, STREAMS[stream])
        self.rows.append((time.monotonic(), modem or "", row))
        self.moments += [] if mono_ms is None else [mono_ms]

    def signals(self, modem: str, since: float = 0.0) -> list[Signal]:
        """Return the samples of one modem since a moment."""
        return [row for t, name, row in list(self.rows) if name == modem and t >= since and isinstance(row, Signal)]

    def events(self, modem: str, since: float = 0.0) -> list[Event]:
        """Return the events of one modem since a moment."""
        return [row for t, name, row in list(self.rows) if name == modem and t >= since and isinstance(row, Event)]

    def kinds(self, modem: str, since: float = 0.0) -> set[str]:
        """Return the kinds of these events."""
        return {e.kind or "" for e in self.events(modem, since)}

    def home(self, modem: str, since: float = 0.0) -> int:
        """Count the samples with service."""
        return sum(s.registration is Registration.HOME for s in self.signals(modem, since))


def fake_usb(root: Path, tty: str, *, device: str = "1-1.2", vid: str = "2c7c", pid: str = "0125", serial: str = "") -> Path:
    """Make the part of sysfs that shows one modem, its AT port on interface 02. Returns the folder of the interface."""
    home = root / "sys/bus/usb/devices"
    (home / device).mkdir(parents=True, exist_ok=True)
    for name, text in {"idVendor": vid, "idProduct": pid, "serial": serial, "product": "EC25", "authorized": "1"}.items():
        (home / device / name).write_text(f"{text}\n")
    interface = home / f"{device}:1.2"
    (interface / tty).mkdir(parents=True)
    facts = {"bInterfaceNumber": "02", "bInterfaceClass": "ff", "bInterfaceSubClass": "00", "bInterfaceProtocol": "00"}
    for name, text in facts.items():
        (interface / name).write_text(f"{text}\n")
    (root / "dev").mkdir(exist_ok=True)
    return interface


@dataclass
class Bench:
    """One sick and one healthy modem with their workers."""

    root: Path
    log: Log
    sick: SimulatedModem
    stop: threading.Event
    interface: Path


@contextmanager
def bench(
    root: Path, *, cme: int = 10, back_as: Path | None = None, start_sick: Callable[[SimulatedModem], object] | None = None
) -> Iterator[Bench]:
    """Start two modems and two workers; the first is to fall ill. `start_sick` runs before the workers start."""
    log, stop = Log(), threading.Event()
    interface = fake_usb(root, "ttyUSB2")
    first, second = root / "dev/ttyUSB2", root / "dev/healthy"
    with ExitStack() as stack:
        sick = SimulatedModem(
            family_answers("quectel", Radio(seed=3)), first, cme=cme, away_s=0.8, boot_s=0.3, back_as=back_as, delay_s=0.05
        )
        stack.enter_context(sick)
        stack.enter_context(SimulatedModem(family_answers("simcom", Radio(seed=4, profile="good")), second))
        if start_sick:
            start_sick(sick)
        recovery = RecoverySection(reopen_per_hour=60, at_reset_per_hour=2, usb_reset_per_hour=1)
        sections = [
            ModemSection(name="sick", port=str(first), command_timeout_s=0.4, recovery=recovery),
            ModemSection(name="healthy", port=str(second)),
        ]
        workers = [ModemWorker(s, log.record, interval_s=INTERVAL_S, stop=stop, settle_s=0.5, root=root) for s in sections]
        for worker in workers:
            worker.start()
        try:
            yield Bench(root, log, sick, stop, interface)
        finally:
            stop.set()
            for worker in workers:
                worker.join(10)
                assert not worker.is_alive()


@contextmanager
def held_by_other(port: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold a port by lock and exclusive mode, as ModemManager does."""
    command = [sys.executable, "-c", HOLD, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.communicate("")


@dataclass(frozen=True)
class Case:
    """One illness: how it begins, what must be recorded, and whether it ends by itself."""

    name: str
    fault: Fault | None
    registration: Registration
    kinds: tuple[str, ...] = ()
    cme: int = 10
    heals_itself: bool = False


SILENT, NO_SIM, HOME = Registration.MODEM_SILENT, Registration.NO_SIM, Registration.HOME
CASES = (
    Case("normal", None, HOME),
    Case("byte at a time", Fault.BYTE_AT_A_TIME, HOME),
    Case("delayed", Fault.DELAYED, HOME),
    Case("echo twice, other case", Fault.ECHO_TWICE, HOME),
    Case("URC in the middle of a reply", Fault.URC_MID_REPLY, HOME),
    Case("lossy line (2 % of bytes)", Fault.LOSSY, HOME),
    Case("silence", Fault.SILENCE, SILENT, ("modem_silent", "modem_recovered")),
    Case("garbage", Fault.GARBAGE, SILENT, ("modem_garbage", "modem_recovered")),
    Case("half lines", Fault.HALF_LINE, SILENT, ("modem_half_line", "modem_recovered")),
    Case("wrong baud", Fault.WRONG_BAUD, SILENT, ("modem_garbage", "wrong_baud", "modem_recovered"), heals_itself=True),
    Case("hang until AT+CFUN=1,1", Fault.HANG, SILENT, ("modem_silent", "modem_reset", "modem_recovered"), heals_itself=True),
    Case("dead until USB reset", Fault.DEAD, SILENT, ("modem_reset", "usb_reset", "modem_recovered"), heals_itself=True),
    Case("unplugged and back", Fault.VANISH, SILENT, ("modem_gone", "modem_reopened", "modem_recovered"), heals_itself=True),
    Case("SIM removed", Fault.SIM_REMOVED, NO_SIM, ("sim_missing", "sim_ready", "registration_change")),
    Case("CME 10 SIM not inserted", Fault.CME_ERROR, NO_SIM, ("sim_missing", "sim_ready")),
    Case("CME 11 SIM PIN", Fault.CME_ERROR, Registration.SIM_FAULT, ("sim_pin", "sim_ready"), cme=11),
    Case("CME 13 SIM failure", Fault.CME_ERROR, Registration.SIM_FAULT, ("sim_failure", "sim_ready"), cme=13),
    Case("CME 14 SIM busy", Fault.CME_ERROR, Registration.SEARCHING, ("sim_busy", "sim_ready"), cme=14),
)


@dataclass(frozen=True)
class Outcome:
    """What a case left: words and events recorded, seconds from the first sick sample to the first with service again."""

    name: str
    registrations: tuple[str, ...]
    kinds: tuple[str, ...]
    recovery_s: float | None


def power_switch(b: Bench) -> threading.Thread:
    """Cure a dead modem when the kernel drops its USB device: what a re-enumeration does to a real one."""

    def watch() -> None:
        switch = b.interface.parent / "1-1.2/authorized"
        while not b.stop.wait(0.02):
            if switch.read_text() == "0":
                b.sick.fault = None
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def run_case(case: Case, root: Path) -> Outcome:
    """Let a modem fall ill and recover; the healthy one must go on all the time."""
    with bench(root, cme=case.cme) as b:
        wait_for(lambda: b.log.home("sick") and b.log.home("healthy"), "both modems to be read")
        if case.fault is Fault.DEAD:
            power_switch(b)
        began = time.monotonic()
        b.sick.fault = case.fault
        wait_for(lambda: _shown(b.log, case, began), f"a sample {case.registration}")
        if not case.heals_itself:
            wait_for(lambda: b.log.home("healthy", began) >= 2, "the healthy modem while the other is sick")
            b.sick.fault = None
        healed = time.monotonic()
        wait_for(lambda: set(case.kinds) <= b.log.kinds("sick", began), f"the events {case.kinds}")
        wait_for(lambda: b.log.home("sick", healed), "service again")
        wait_for(lambda: b.log.home("healthy", began) >= 2, "the healthy modem")
        return _outcome(b.log, case.name, began)


def run_busy(root: Path) -> Outcome:
    """Start while another program holds the port; it lets go later."""
    with ExitStack() as stack:
        holder = ExitStack()
        b = stack.enter_context(bench(root, start_sick=lambda sick: holder.enter_context(held_by_other(Path(sick.device)))))
        stack.enter_context(holder)
        wait_for(lambda: "port_busy" in b.log.kinds("sick"), "the event port_busy")
        wait_for(lambda: len(b.log.signals("sick")) >= 2, "samples while the port is busy")
        detail = next(e.detail or "" for e in b.log.events("sick") if e.kind == "port_busy")
        assert "python" in detail, detail
        assert "pid" in detail, detail
        holder.close()
        wait_for(lambda: b.log.home("sick") and "modem_recovered" in b.log.kinds("sick"), "service")
        wait_for(lambda: b.log.home("healthy") >= 2, "the healthy modem")
        return _outcome(b.log, "port busy", 0.0)


def run_renumbered(root: Path) -> Outcome:
    """Unplug ttyUSB2; the same modem comes back as ttyUSB3, and another stands at ttyUSB2."""
    with ExitStack() as stack:
        b = stack.enter_context(bench(root, back_as=root / "dev/ttyUSB3"))
        wait_for(lambda: b.log.home("sick"), "the modem to be read")
        began = time.monotonic()
        b.sick.fault = Fault.VANISH
        wait_for(lambda: "modem_gone" in b.log.kinds("sick", began), "the event modem_gone")
        (b.interface / "ttyUSB2").rename(b.interface / "ttyUSB3")
        wait_for(lambda: not (root / "dev/ttyUSB2").exists(), "the old node to go")
        fake_usb(root, "ttyUSB2", device="1-1.3", serial="other")
        stranger = SimulatedModem(family_answers("generic", Radio(seed=9)), root / "dev/ttyUSB2")
        stack.enter_context(stranger)
        wait_for(lambda: {"modem_moved", "modem_recovered"} <= b.log.kinds("sick", began), "the modem under its new number")
        assert not stranger.asked, "the wrong modem was asked"
        wait_for(lambda: b.log.home("healthy", began) >= 2, "the healthy modem")
        return _outcome(b.log, "renumbered (ttyUSB2 -> ttyUSB3)", began)


def _shown(log: Log, case: Case, began: float) -> bool:
    wanted = sum(s.registration is case.registration for s in log.signals("sick", began))
    return wanted >= (1 if case.kinds else 3)


def _outcome(log: Log, name: str, began: float) -> Outcome:
    healthy = log.signals("healthy", began)
    assert all(s.registration is HOME for s in healthy), "a healthy modem suffered"
    samples = [(t, row.registration) for t, modem, row in log.rows if modem == "sick" and t >= began and isinstance(row, Signal)]
    bad = [t for t, registration in samples if registration is not HOME]
    good = [t for t, registration in samples if bad and t > bad[-1] and registration is HOME]
    words = tuple(dict.fromkeys(str(r) for _, r in samples if r))
    kinds = tuple(dict.fromkeys(e.kind or "" for e in log.events("sick", began)))
    return Outcome(name, words, kinds, good[0] - bad[0] if good else None)
