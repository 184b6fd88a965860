"""One conversation with a modem over an open link: set it up, find its family, poll it. Knows commands, not recovery."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.at.mask import mask
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.modems import registry
from agent.modems.family import Family
from agent.poll import nitz
from agent.poll.recovery import Fault
from agent.port.link import Link, LinkBusy, LinkError, LinkTimeout
from telemetry.streams import Registration

ALIVE_S = 1.0  # a modem that works answers AT within a few ms; a second covers one that is busy
SETUP = ("ATE0", "AT+CMEE=1", "AT+CREG=2", "AT+CEREG=2", "AT+C5GREG=2", nitz.SET_UP)
IDENTITY = ("AT+CGMI", "AT+CGMM", "AT+CGMR", "ATI")
SIM = Command("AT+CPIN?")


class Sim(StrEnum):
    """State of the SIM as TS 27.007 9.2 codes it. The word is the kind of the event."""

    READY = "sim_ready"
    MISSING = "sim_missing"
    PIN = "sim_pin"
    FAILURE = "sim_failure"
    BUSY = "sim_busy"


_CME = {10: Sim.MISSING, 11: Sim.PIN, 12: Sim.PIN, 13: Sim.FAILURE, 14: Sim.BUSY, 15: Sim.FAILURE}
_CME_TEXT = {
    "SIM NOT INSERTED": 10,
    "SIM PIN REQUIRED": 11,
    "SIM PUK REQUIRED": 12,
    "SIM FAILURE": 13,
    "SIM BUSY": 14,
    "SIM WRONG": 15,
}
_IMEI = re.compile(r"(?<!\d)\d{14,16}(?!\d)")
_CME_LINE = re.compile(r"\+CME ERROR: ?(.+)", re.IGNORECASE)


@dataclass(slots=True)
class Poll:
    """What one poll gave. `sim` is None where no reply told; `late` are commands that never got a final result."""

    reading: Reading
    sim: Sim | None
    late: list[str]


def fault_of(error: LinkError) -> Fault:
    """Tell faults apart by what came instead of a reply: nothing, text cut short, noise, no port, somebody else's port."""
    if isinstance(error, LinkBusy):
        return Fault.BUSY
    if not isinstance(error, LinkTimeout):
        return Fault.GONE
    if not error.received:
        return Fault.SILENT
    readable = sum(32 <= byte < 127 or byte in b"\r\n" for byte in error.received)
    return Fault.CUT if readable >= 0.8 * len(error.received) else Fault.GARBAGE


def cme_code(final: str) -> int | None:
    """Read the code of a +CME ERROR final result, numeric or in words; None for other finals and unknown words."""
    found = _CME_LINE.fullmatch(final.strip())
    if found is None:
        return None
    text = found.group(1).strip().upper()
    return int(text) if text.isdecimal() else _CME_TEXT.get(text)


def sim_of(replies: Sequence[Reply]) -> Sim | None:
    """Return the state of the SIM: what +CPIN? says, else a SIM error of any other command, else None."""
    for reply in replies:
        if reply.command.upper() == "AT+CPIN?":
            words = " ".join(reply.lines).upper()
            if "READY" in words and "NOT READY" not in words:
                return Sim.READY
            if "PIN" in words.replace("+CPIN", "") or "PUK" in words:
                return Sim.PIN
    codes = (cme_code(reply.final) for reply in replies)
    return next((_CME[code] for code in codes if code in _CME), None)


class Session:
    """A modem that is being talked to. `timeout_s` overrides what the family says of each command.

    `family` names a family; None or an unknown name: found from the modem's own answers.
    """

    def __init__(self, link: Link, family: str | None = None, timeout_s: float | None = None, poll_timeout_s: float = 25) -> None:
        self.link = link
        self.identity = ""
        self.family: Family | None = next((f for f in registry.FAMILIES if f.name == family), None)
        self._timeout_s, self._poll_timeout_s = timeout_s, poll_timeout_s

    @property
    def family_name(self) -> str:
        """Return the name of the family, `?` before it is known."""
        return self.family.name if self.family else "?"

    def close(self) -> None:
        """Let go of the port."""
        self.link.close()

    def prepare(self) -> None:
        """Check that the modem answers, set it up, find its family. Raises LinkError when it does not answer."""
        self.alive()
        for command in SETUP:
            self.ask(command)
        replies = [self.ask(command) for command in IDENTITY]
        lines = [mask(line) for reply in replies if reply and reply.final == "OK" for line in reply.lines]
        self.identity = "; ".join(dict.fromkeys(lines))
        if self.family is None:
            self.family = registry.select("\n".join(lines)) or registry.by_name("generic")
        for setup in self.family.setup:
            self.ask(setup.text, setup.timeout_s)

    def alive(self) -> None:
        """Ask AT, twice if need be: the first may meet a modem that wakes up. Raises LinkTimeout, LinkClosed."""
        wait_s = min(ALIVE_S, self._timeout_s or ALIVE_S)
        try:
            self.link.ask("AT", wait_s)
        except LinkTimeout:
            self.link.ask("AT", wait_s)

    def poll(self, number: int) -> Poll:
        """Ask the commands of poll `number` and read the replies. Raises LinkError when the modem stopped answering."""
        family = self.family
        if family is None:
            raise RuntimeError("prepare() comes before poll()")
        replies, late = [], []
        deadline = time.monotonic() + self._poll_timeout_s
        for command in self._commands(family, number):
            if time.monotonic() >= deadline:
                late.append(command.text)
                continue
            reply = self.ask(command.text, command.timeout_s)
            if reply is None:
                late.append(command.text)
            else:
                replies.append(reply)
        return self.read(family, replies, late)

    def imei_hash(self) -> str | None:
        """Return a hash that tells this modem from others; None where it does not say its IMEI. It never leaves this machine."""
        reply = self.ask("AT+CGSN")
        found = [match.group() for line in reply.lines if (match := _IMEI.search(line))] if reply else []
        return hashlib.sha256(found[0].encode()).hexdigest() if len(found) == 1 else None

    def network_time_ms(self) -> int | None:
        """Ask the modem for the time of the network, UTC in ms; None where it has none."""
        reply = self.ask(nitz.ask(self.family.name if self.family else ""))
        return nitz.utc_ms(reply) if reply else None

    def _commands(self, family: Family, number: int) -> list[Command]:
        # The SIM is asked for in every poll, whatever the family says: "no SIM" must not look like "searching".
        return [SIM, *(c for c in family.poll if number % c.every == 0 and c.text != SIM.text)]

    def ask(self, command: str, timeout_s: float = 3.0) -> Reply | None:
        """Ask one command; None if only this one got no answer. Raises what was wrong if the modem answers nothing at all."""
        try:
            return self.link.ask(command, self._timeout_s or timeout_s)
        except LinkTimeout as error:
            try:
                self.alive()
            except LinkTimeout:
                raise error from None
            return None

    def read(self, family: Family, replies: list[Reply], late: list[str]) -> Poll:
        """Read the replies of one poll; a missing or broken SIM is told from a place without service."""
        reading = registry.read(family, replies)
        sim = sim_of(replies)
        if sim in (Sim.MISSING, Sim.FAILURE):
            reading.signal.registration = Registration.NO_SIM
        elif sim is Sim.PIN and reading.signal.registration is None:
            reading.signal.registration = Registration.NOT_REGISTERED
        return Poll(reading, sim, late)
