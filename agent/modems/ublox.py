"""u-blox SARA-R4, SARA-R5, LARA-R6."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.rsrp_list import read_rsrp_list
from agent.commands.ucged import read_ucged
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT+UCGED? answers with +UCGED (mode 2) or, on SARA-R410, with +RSRP and +RSRQ (mode 5)."""
    generic.read(replies, reading)
    read_ucged(replies, reading)
    read_rsrp_list(all_lines(replies), reading)


FAMILY = Family(
    name="ublox",
    title="u-blox SARA and LARA",
    identity=re.compile(r"\bu-?blox\b|\b(?:SARA|LARA|TOBY|LISA)-[A-Z]\d", re.IGNORECASE),
    dialect=re.compile(r"\+(?:UCGED|UCELLINFO|URAT|UMNOPROF|UBANDMASK|RSRP|RSRQ)\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT+UCGED?", 5.0)),
    read=read,
    setup=(*generic.SETUP, Command("AT+UCGED=2")),
    bands=(Command("AT+UBANDMASK?"),),
)
