"""One thread per modem: sample at each tick, say what happened, recover. A sick modem is not a sick network (P5).

Every tick gives one `signal` sample. "No service", "no SIM" and "modem silent" are samples; what was done about it are events.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.poll.beside import Beside, Hall
from agent.poll.notices import Notices, event
from agent.poll.place import Place
from agent.poll.recovery import Fault, Limits, RecoveryPolicy, Step
from agent.poll.session import Poll, Session, fault_of
from agent.poll.sims import Owner, SimBook
from agent.port import usb
from agent.port.holders import explain
from agent.port.link import Link, LinkError
from ground.alive import expect
from ground.words import joined, said
from telemetry.streams import Event, Registration, Row, Signal, present

if TYPE_CHECKING:
    from agent.config import ModemSection
    from agent.poll.hilink import HilinkSession

LOG = logging.getLogger(__name__)


class Record(Protocol):
    """Takes one row, from the modem's thread. `mono_ms`: the moment it is of, time since boot; absent: now."""

    def __call__(self, stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        """Take it; never blocks."""


BAUDS = (115200, 9600, 57600, 460800, 921600, 38400)
TIME_EVERY = 10  # polls between two questions for network time; a Pi's clock drifts far less meanwhile than the answer's 1 s
RESET = "AT+CFUN=1,1"
AT_ONCE_S = 5.0  # a first tick that is further off is not waited for


def _boot_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ModemWorker(threading.Thread):
    """Poll one modem until `stop` is set.

    Ticks lie on multiples of `interval_s` (seconds) of the time since boot: all modems sample at the same moment, without drift.
    The first sample is taken at once where the modem is served; one that is not, as after a power cut, has time until its tick:
    it searches then, which says nothing of the network.
    All rows of a poll carry the time of its tick; steady steps also cost less on the wire than the moments of the replies.
    `on_network_time` gets UTC in ms when the modem knows the network's time. `root` is where sysfs and /dev begin.
    """

    def __init__(
        self,
        config: ModemSection,
        record: Record,
        *,
        interval_s: float,
        stop: threading.Event,
        on_network_time: Callable[[int], None] | None = None,
        hall: Hall | None = None,
        settle_s: float = 30.0,
        root: Path = usb.ROOT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name=f"modem-{config.name}", daemon=True)
        self.config, self._record, self._interval_s, self._stop_event = config, record, interval_s, stop
        self._on_network_time, self._root, self._monotonic = on_network_time, root, monotonic
        limits = config.recovery
        bounds = Limits(limits.reopen_per_hour, limits.at_reset_per_hour, limits.usb_reset_per_hour, settle_s)
        self._recovery = RecoveryPolicy(bounds)
        self._notices = Notices()
        hall = hall or Hall()
        self._place = Place(config.port, root, hall.memory, config.name)
        self._owner = Owner(config.name, SimBook(hall.memory))
        self._beside = Beside(config, hall, stop)
        self._session: Session | HilinkSession | None = None
        self._baud = config.baud
        self._fault: Fault | None = None
        self._identity = ""
        self._polls = 0
        self._tick_ms: int | None = None

    def run(self) -> None:
        """Sample at every tick until stopped, then let go of the port."""
        first = self._until_tick() > AT_ONCE_S
        try:
            while not self._stop_event.wait(0 if first else self._until_tick()):
                started = _boot_s()
                expect(self._interval_s)
                try:
                    self.tick(first=first)
                except Exception:  # the top of the loop: a fault in one reading must not end the measuring
                    LOG.exception("event=tick_failed modem=%s", self.config.name)
                missed = int(_boot_s() / self._interval_s) - int(started / self._interval_s)
                first = False
                if missed and not self._recovery.sick and self._notices.is_news("ticks missed", started):
                    self._event("ticks_missed", f"a poll took longer than the interval of {self._interval_s:g} s", missed)
        finally:
            self._close()

    def tick(self, *, first: bool = False) -> None:
        """Take one sample; when the modem is sick, record that and take one step of recovery, but not at the first look."""
        now_s = _boot_s()
        self._tick_ms = int((now_s if first else now_s // self._interval_s * self._interval_s) * 1000)
        for _ in range(2):
            try:
                poll = self._poll()
            except LinkError as error:
                if first or self._stop_event.is_set():
                    return
                step = self._failed(error)
                if step is Step.RETRY:
                    continue
                self._silent()
                self._recover(step)
            else:
                if first and not poll.served:
                    self._polls = 0  # its tick asks everything, the network's time too
                    return
                self._good(poll)
            return

    def _until_tick(self) -> float:
        return self._interval_s - _boot_s() % self._interval_s

    def _poll(self) -> Poll:
        session = self._session or self._open()
        if self._recovery.sick:
            session.alive()  # one second tells as much as a whole poll
        poll = session.poll(self._polls)
        swapped = self._owner.tell(session, poll)
        self._polls += 1
        if not present(poll.reading.signal):
            poll.reading.notes.append("no reply could be read")
        for found in swapped:
            self._tell(found.kind or "", found.detail or "")
            self._record("event", self.config.name, found)
        return poll

    def _good(self, poll: Poll) -> None:
        now = self._monotonic()
        if not present(poll.reading.signal):
            # A row without a value is no row; a modem that tells nothing is as good as silent, and the notes say why.
            poll.reading.signal.registration = Registration.MODEM_SILENT
        self._record("signal", self.config.name, poll.reading.signal, self._tick_ms)
        for cell in poll.reading.cells:
            self._record("cell", self.config.name, cell, self._tick_ms)
        lasted_s = self._recovery.worked(now)
        if lasted_s is not None and self._fault:
            self._event("modem_recovered", f"{self._fault} is over after {lasted_s:.0f} s")
        self._fault = None
        for found in self._notices.after(poll, now):
            self._tell(found.kind or "", found.detail or "")
            self._record("event", self.config.name, found)
        self._ask_time(poll)
        self._do_beside(poll, now)

    def _do_beside(self, poll: Poll, now: float) -> None:
        session = self._session
        if session is None:
            return
        for stream, row in self._beside.after(session, poll, now):
            if isinstance(row, Event):
                self._tell(row.kind or "", row.detail or "")
            self._record(stream, self.config.name, row)
        if self._beside.restarted:
            self._close()

    def _ask_time(self, poll: Poll) -> None:
        wanted = self._polls % TIME_EVERY == 1 and poll.served
        if wanted and self._session and self._on_network_time:
            with contextlib.suppress(LinkError):  # the next poll meets the same fault and deals with it
                if (utc_ms := self._session.network_time_ms()) is not None:
                    self._on_network_time(utc_ms)

    def _failed(self, error: LinkError) -> Step:
        fault = fault_of(error)
        step = self._recovery.failed(fault, self._monotonic())
        LOG.warning("event=poll_failed modem=%s fault=%s step=%s detail=%s", self.config.name, fault, step, error)
        if step is not Step.RETRY and fault is not self._fault:
            self._fault = fault
            held = explain(self.config.port, guess=False) if fault in (Fault.SILENT, Fault.GARBAGE, Fault.CUT) else None
            self._event(fault, said(joined([error, *(held or ())]), "en"))
        return step

    def _silent(self) -> None:
        signal = Signal(registration=Registration.MODEM_SILENT, home_plmn=self._owner.plmn)
        self._record("signal", self.config.name, signal, self._tick_ms)
        for found in self._notices.registration(signal):
            self._record("event", self.config.name, found)

    def _recover(self, step: Step) -> None:
        if step is Step.REOPEN:
            self._reopen()
        elif step is Step.AT_RESET:
            self._at_reset()
        elif step is Step.USB_RESET:
            self._usb_reset()

    def _reopen(self) -> None:
        self._close()
        noisy = self._fault is Fault.GARBAGE and "://" not in self.config.port
        others = [baud for baud in BAUDS if baud != self.config.baud] if noisy else []
        for baud in (self.config.baud, *others):
            try:
                self._open(baud)
            except LinkError as error:
                LOG.info("event=reopen_failed modem=%s baud=%d detail=%s", self.config.name, baud, error)
                continue
            if baud != self.config.baud:
                self._event("wrong_baud", f"answers at {baud} bit/s, the config says {self.config.baud}; correct `baud`")
            return

    def _at_reset(self) -> None:
        """Restart the modem by command: some that answer nothing still obey it. A HiLink stick has no such command."""
        if self._is_hilink:
            self._close()
            return
        try:
            own = self._session.link if isinstance(self._session, Session) else None
            link = own or Link(self._place.path(), baud=self._baud, stop=self._stop_event)
            with link, contextlib.suppress(LinkError):
                link.ask(RESET, self.config.command_timeout_s or 5.0)
        except LinkError as error:
            LOG.info("event=reset_failed modem=%s detail=%s", self.config.name, error)
        else:
            if not self._stop_event.is_set():
                self._event("modem_reset", f"{self._fault}: sent {RESET}")
        self._close()

    def _usb_reset(self) -> None:
        self._close()
        port = self._place.usb
        if port is None:
            LOG.info("event=usb_reset_skipped modem=%s detail=not a USB device", self.config.name)
            return
        try:
            powered_off = usb.reset(port, self._root)
        except OSError as error:
            cure = "allow it with a udev rule for the file `authorized`, or usb_reset_per_hour = 0"
            self._event("usb_reset_failed", f"{error}; {cure}")
        else:
            how = "its port was switched off and on" if powered_off else "found anew by the kernel"
            self._event("usb_reset", f"{self._fault}: device {port.device} ({port.vid_pid}) {how}")

    @property
    def _is_hilink(self) -> bool:
        return self.config.port.startswith("http://")

    def _open(self, baud: int | None = None) -> Session | HilinkSession:
        """Open the port and set the modem up. The session is kept only when the modem answered."""
        path = self._place.path()
        session = self._dial(path, baud or self._baud)
        try:
            session.prepare()
            arrived = self._place.arrived(path, session)
        except LinkError:
            session.close()
            raise
        self._session, self._baud = session, baud or self._baud
        if self._fault:
            self._event("modem_reopened", f"{self._fault}: {path} opened again")
        for kind, detail in arrived:
            self._event(kind, detail)
        if session.identity != self._identity:
            self._identity = session.identity
            self._event("modem_identified", f"family {session.family_name}: {session.identity or 'says nothing of itself'}")
        return session

    def _dial(self, path: str, baud: int) -> Session | HilinkSession:
        config = self.config
        if self._is_hilink:
            from agent.poll.hilink import HilinkSession  # noqa: PLC0415 - 0.7 MB that a hall with AT ports does without

            return HilinkSession(path, config.command_timeout_s)
        link = Link(path, baud=baud, stop=self._stop_event)
        return Session(link, family=config.family, timeout_s=config.command_timeout_s, poll_timeout_s=config.poll_timeout_s)

    def _close(self) -> None:
        if self._session:
            self._session.close()
        self._session = None

    def _event(self, kind: str, detail: str, count: int | None = None) -> None:
        self._tell(kind, detail)
        self._record("event", self.config.name, event(kind, detail, count))

    def _tell(self, kind: str, detail: str) -> None:
        LOG.info("event=%s modem=%s detail=%s", kind, self.config.name, detail)
