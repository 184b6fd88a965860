"""One conversation with a modem over an open link: set it up, find its family, poll it. Knows commands, not recovery."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.at.digest import all_lines
from agent.at.mask import mask
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands import bands, cimi, creg
from agent.commands.cimi import Identity
from agent.commands.cpin import Sim, sim_of
from agent.modems import registry
from agent.modems.family import Family
from agent.modems.settle import BRANCHES, BRANCHES_EVERY
from agent.poll import nitz
from agent.poll.recovery import Fault
from agent.port.link import Link, LinkBusy, LinkError, LinkTimeout
from telemetry.meaning import Registration

ALIVE_S = 1.0  # a modem that works answers AT within a few ms; a second covers one that is busy
SETUP = ("ATE0", nitz.SET_UP)
"""What every modem is told before it is known; the rest is the family's."""
IDENTITY = ("AT+CGMI", "AT+CGMM", "AT+CGMR", "ATI")
SIM = Command("AT+CPIN?")
Found = TypeVar("Found")
_IMEI = re.compile(r"(?<!\d)\d{14,16}(?!\d)")


@dataclass(slots=True)
class Poll:
    """What one poll gave. `sim` is None where no reply told; `late` are commands that never got a final result."""

    reading: Reading
    sim: Sim | None
    late: list[str]

    @property
    def served(self) -> bool:
        """Whether the modem told that its SIM is served."""
        registration = self.reading.signal.registration
        return registration is not None and registration.served


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


def _said(reply: Reply | None) -> str:
    """Return the text of an identity command, as `EC25`; "" where it gave none."""
    lines = reply.lines if reply is not None and reply.final == "OK" else ()
    return mask(re.sub(r"^\+CGM[MR]: *", "", lines[0]).strip('" '))[:64] if lines else ""


class Session:
    """A modem that is being talked to. `timeout_s` overrides what the family says of each command.

    `family` names a family; None or an unknown name: found from the modem's own answers.
    """

    def __init__(self, link: Link, family: str | None = None, timeout_s: float | None = None, poll_timeout_s: float = 25) -> None:
        self.link = link
        self.identity = self.model = self.revision = ""
        self.bands: tuple[int, ...] | None = None
        """What the modem itself says of its bands."""
        self.family: Family | None = next((f for f in registry.FAMILIES if f.name == family), None)
        self._timeout_s, self._poll_timeout_s = timeout_s, poll_timeout_s
        self._unanswered: set[str] = set()

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
        self.model, self.revision = (_said(reply) for reply in replies[1:3])
        told = [reply for command in self.family.bands if (reply := self.ask(command.text, command.timeout_s))]
        self.bands = bands.parse(all_lines(told))

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
            reply = self.ask(command.text, command.timeout_s, command.after)
            if reply is None:
                late.append(command.text)
            else:
                replies.append(reply)
        poll = self.read(family, replies, late)
        more = [reply for command in self._more(family, replies, poll) if (reply := self.ask(command.text, command.timeout_s))]
        poll = self.read(family, [*replies, *more], late) if more else poll
        if number % BRANCHES_EVERY:
            for name in BRANCHES:
                setattr(poll.reading.signal, name, None)
        return poll

    def _more(self, family: Family, replies: Sequence[Reply], poll: Poll) -> list[Command]:
        """Return what else must be asked now: +CGREG where only voice is registered, the cause where a network refuses."""
        rows = creg.parse(replies)
        packets = {row.name for row in rows if row.name != "CREG"}
        voice_only = (
            any(row.registered for row in rows) and packets and not any(row.registered for row in rows if row.name != "CREG")
        )
        wanted = [Command("AT+CGREG?")] if voice_only and "CGREG" not in packets else []
        if poll.reading.signal.registration is Registration.DENIED or poll.reading.packets_refused:
            wanted += [*family.causes, Command("AT+CEER")] if poll.reading.signal.reject_cause is None else []
        return wanted

    def sim_identity(self) -> Identity:
        """Ask for what tells this SIM from others; the IMSI twice, as one wrong digit would name another network."""
        first, second = (self._private(cimi.IMSI, cimi.imsi_of) for _ in range(2))
        return Identity(
            first if first == second else None,
            self._private(cimi.ICCID, cimi.iccid_of),
            self._private(cimi.MNC_LENGTH, cimi.mnc_digits_of),
        )

    def _private(self, command: str, read: Callable[[Reply], Found | None]) -> Found | None:
        if command in self._unanswered:
            return None
        reply = self.ask(command)
        if reply is None:  # waiting for it in every poll would cost samples
            self._unanswered.add(command)
            return None
        return read(reply)

    def imei_hash(self) -> str | None:
        """Return a hash that tells this modem from others; None where it does not say its IMEI. It never leaves this machine."""
        reply = self.ask("AT+CGSN")
        found = [match.group() for line in reply.lines if (match := _IMEI.search(line))] if reply else []
        return hashlib.sha256(found[0].encode()).hexdigest() if len(found) == 1 else None

    def network_time_ms(self) -> int | None:
        """Ask the modem for the time of the network, UTC in ms; None where it has none."""
        reply = self.ask(self.family.clock.text, self.family.clock.timeout_s) if self.family else None
        return nitz.utc_ms(reply) if reply else None

    def _commands(self, family: Family, number: int) -> list[Command]:
        # The SIM is asked for in every poll, whatever the family says: "no SIM" must not look like "searching".
        return [SIM, *(c for c in family.poll if number % c.every == 0 and c.text != SIM.text)]

    def ask(self, command: str, timeout_s: float = 3.0, after: str = "") -> Reply | None:
        """Ask one command; None if only this one got no answer. Raises what was wrong if the modem answers nothing at all."""
        try:
            return self.link.ask(command, self._timeout_s or timeout_s, after)
        except LinkTimeout as error:
            try:
                self.alive()
            except LinkTimeout:
                raise error from None
            return None

    def ask_long(self, command: str, timeout_s: float) -> Reply:
        """Ask what takes minutes. Raises LinkTimeout, LinkClosed."""
        return self.link.ask(command, timeout_s)

    def read(self, family: Family, replies: list[Reply], late: list[str]) -> Poll:
        """Read the replies of one poll."""
        reading = registry.read(family, replies)
        return Poll(reading, sim_of(replies), late)
