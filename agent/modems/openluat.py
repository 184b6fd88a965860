"""Openluat (AirM2M) Air720, Air724, Air780, and China Mobile ML302 on the same chip."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.cced import read_cced
from agent.commands.eemltesvc import read_eemltesvc
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT+CCED gives cell and neighbours on Unisoc chips, AT+EEMGINFO? on ASR chips; where both answer, +CCED wins."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    read_eemltesvc(lines, reading)
    read_cced(lines, reading)


FAMILY = Family(
    name="openluat",
    title="Openluat Air7xx",
    identity=re.compile(r"\bopenluat\b|\bairm2m\b|\bAir7[0-9]{2}\w*|\bML302\w*", re.IGNORECASE),
    dialect=re.compile(r"\+(?:CCED|EEMGINFO|EEMOPT|EEMLTESVC|EEMLTEINTRA|EEMLTEINTER)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command("AT+CCED=0,1"),
        Command("AT+CCED=0,2", every=2, beside=True),
        Command("AT+EEMGINFO?", after="+EEMLTESVC", beside=True),
    ),
    read=read,
    setup=(*generic.SETUP, Command("AT+EEMOPT=1")),
)
