"""What a modem family is: the facts that tell it apart, what to ask, and a pure function from replies to a reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.at.reading import Reading
from agent.at.reply import Command, Reply


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
    causes: tuple[Command, ...] = ()
    """Asked only while the network refuses: why."""
    usb: Mapping[str, str] = field(default_factory=dict)
