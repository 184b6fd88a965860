"""Nordic nRF91 with the serial modem application."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.xmonitor import read_xmonitor
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT%XMONITOR gives registration and cell in one reply."""
    generic.read(replies, reading)
    read_xmonitor(all_lines(replies), reading)


FAMILY = Family(
    name="nordic",
    title="Nordic nRF91",
    identity=re.compile(r"\bnordic\b|\bnRF91\w*", re.IGNORECASE),
    dialect=re.compile(r"%(?:XMONITOR|NCELLMEAS|CONEVAL|XSYSTEMMODE)\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT%XMONITOR")),
    read=read,
    setup=generic.SETUP,
)
