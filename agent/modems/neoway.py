"""Neoway N75, N720."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.netdmsg import read_netdmsg
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT+NETDMSG gives the LTE cell."""
    generic.read(replies, reading)
    read_netdmsg(all_lines(replies), reading)


FAMILY = Family(
    name="neoway",
    title="Neoway N75, N720",
    identity=re.compile(r"\bneoway\b|\bN7(?:5|20)\b", re.IGNORECASE),
    dialect=re.compile(r"\+NETD?MSG\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT+NETDMSG")),
    read=read,
    setup=generic.SETUP,
)
