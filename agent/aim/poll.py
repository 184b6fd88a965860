"""Read one modem as fast as it answers, for a person who turns the antenna: the family's signal commands, back to back."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.at.reply import Command, Reply
from agent.modems import generic
from agent.modems.family import Family
from agent.poll.recovery import Fault
from agent.poll.session import SIM, Poll, Session, fault_of
from agent.port.link import Link, LinkError
from ground.words import Said
from telemetry.streams import Rat, Registration, Signal

if TYPE_CHECKING:
    from agent.config import ModemSection
    from agent.poll.hilink import HilinkSession

LOG = logging.getLogger(__name__)

OLD_S = 5.0
"""Nothing older than this is shown as a value of now: registration and operator are asked again after it."""
AGAIN_S = 1.0  # between two attempts to open a port
NAMED = Command("AT+COPS=3,0;+COPS?")
NUMBERED = Command("AT+COPS=3,2;+COPS?")
SLOW = (SIM, Command("AT+C5GREG?"), Command("AT+CEREG?"), Command("AT+CREG?"), NAMED, NUMBERED)
"""What changes rarely; holds no level, so that a level is never older than its round."""


@dataclass(frozen=True, slots=True)
class AimPoll:
    """One attempt to read a modem: a signal, or what was wrong. `at_s`: monotonic; `when`: UTC by the clock of this machine."""

    modem: str
    at_s: float
    when: datetime
    signal: Signal | None = None
    operator: str | None = None
    fault: Fault | None = None
    detail: Said = ""


def fast_commands(family: Family) -> tuple[Command, ...]:
    """Return the commands that tell level and quality: the vendor's own, else the 3GPP ones."""
    common = {command.text for command in generic.POLL}
    own = [c for c in family.poll if c.text not in common and not c.beside and c.every == 1]
    return tuple(own) or (Command("AT+CSQ"), Command("AT+CESQ"))


def is_level(signal: Signal) -> bool:
    """Return whether a reading has the level that its technology is judged by."""
    own = signal.rsrp_dbm, signal.nr_rsrp_dbm, signal.rscp_dbm, signal.rssi_dbm if signal.rat is Rat.GSM else None
    return any(value is not None for value in own)


class Watcher(threading.Thread):
    """Read one modem until `stop` is set and put each poll on the queue. A sick modem is opened again every second."""

    def __init__(self, config: ModemSection, polls: queue.SimpleQueue[AimPoll], stop: threading.Event) -> None:
        super().__init__(name=f"aim-{config.name}", daemon=True)
        self._config, self._polls, self._stop_event = config, polls, stop
        self._slow: list[Reply] = []
        self._slow_due_s = 0.0

    def run(self) -> None:
        """Open, read, and open again after a fault, until stopped."""
        while not self._stop_event.is_set():
            try:
                self._converse()
            except LinkError as error:
                self._failed(fault_of(error), error)
            except Exception as error:  # the top of the loop: one strange answer must not end the aiming
                LOG.exception("event=look_failed modem=%s", self._config.name)
                self._failed(None, repr(error))
            self._stop_event.wait(AGAIN_S)

    def _failed(self, fault: Fault | None, detail: Said) -> None:
        if not self._stop_event.is_set():
            self._polls.put(AimPoll(self._config.name, time.monotonic(), datetime.now(UTC), fault=fault, detail=detail))

    def _converse(self) -> None:
        session = self._dial()
        self._slow_due_s = 0.0
        try:
            session.prepare()
            while not self._stop_event.is_set():
                poll = self._round(session) if isinstance(session, Session) else session.poll(0)
                operator = generic.operator_name(self._slow)
                signal = poll.reading.signal
                self._polls.put(AimPoll(self._config.name, time.monotonic(), datetime.now(UTC), signal, operator))
        finally:
            session.close()

    def _dial(self) -> Session | HilinkSession:
        config = self._config
        if config.port.startswith("http://"):
            from agent.poll.hilink import HilinkSession  # noqa: PLC0415 - a hall with AT ports does without

            return HilinkSession(config.port, config.command_timeout_s)
        link = Link(config.port, baud=config.baud, stop=self._stop_event)
        return Session(link, family=config.family, timeout_s=config.command_timeout_s, poll_timeout_s=config.poll_timeout_s)

    def _round(self, session: Session) -> Poll:
        """Take one fast reading; where it has no level, a full one, which says why (SIM, registration)."""
        if session.family is None:
            raise RuntimeError("prepare() comes before a round")
        if time.monotonic() >= self._slow_due_s:
            self._slow = self._asked(session, SLOW)
            self._slow_due_s = time.monotonic() + OLD_S
        poll = session.read(session.family, [*self._slow, *self._asked(session, fast_commands(session.family))], [])
        if is_level(poll.reading.signal):
            return poll
        self._slow_due_s = 0.0
        poll = session.poll(1)
        if poll.reading.signal == Signal():
            poll.reading.signal.registration = Registration.MODEM_SILENT
        return poll

    @staticmethod
    def _asked(session: Session, commands: tuple[Command, ...]) -> list[Reply]:
        replies = (session.ask(command.text, command.timeout_s) for command in commands)
        return [reply for reply in replies if reply is not None]
