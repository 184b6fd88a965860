"""What a modem family is: the facts that tell it apart, what to ask, and a pure function from replies to a reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.at.reading import Reading
from agent.at.reply import Command, Reply

CLOCK = Command("AT+CCLK?")
"""The time of the network as TS 27.007 8.15 has it."""

SCAN_S = 240.0
"""A scan of all bands takes one to three minutes."""


@dataclass(frozen=True, slots=True)
class Gnss:
    """Commands of a receiver for GNSS: switch on, ask for the position, switch off."""

    on: str
    ask: str
    off: str


@dataclass(frozen=True, slots=True)
class Family:
    """Facts of a family. `usb` maps "vid:pid" (lower-case hex, pid may be "*") to the interface number of the AT port."""

    name: str
    title: str
    identity: re.Pattern[str]
    """Matched against the text of +CGMI, +CGMM and ATI replies."""
    dialect: re.Pattern[str]
    """Matched against commands and reply lines of a session without identity: the vendor's own prefixes."""
    poll: tuple[Command, ...]
    read: Callable[[Sequence[Reply], Reading], None]
    """Fill a reading from the replies of one poll. Pure; leaves out what is not sure and says so in `notes`."""
    setup: tuple[Command, ...] = ()
    clock: Command = CLOCK
    """Asks for the time of the network."""
    causes: tuple[Command, ...] = ()
    """Asked only while the network refuses: why."""
    scans: tuple[Command, ...] = ()
    """The family's own scans with levels, best first; asked after AT+COPS=?, until one is known to the modem."""
    bands: tuple[Command, ...] = ()
    """Asked once: the bands that the modem may use."""
    gnss: Gnss | None = None
    usb: Mapping[str, str] = field(default_factory=dict)
