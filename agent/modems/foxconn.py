"""Foxconn T77W676, T77W968, T99W175, T99W373, sold by Dell as DW5821e, DW5829e, DW5930e and others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.ca_info import read_ca_info
from agent.commands.debug import read_debug
from agent.commands.rfsts import read_rfsts
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT^DEBUG? is the base and wins over AT^RFSTS?; AT^CA_INFO? adds secondary carriers."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    read_rfsts(lines, reading)
    read_debug(replies, reading)
    read_ca_info(lines, reading)


FAMILY = Family(
    name="foxconn",
    title="Foxconn T77/T99 and Dell DW58/DW59",
    identity=re.compile(r"\bfoxconn\b|\bT(?:77|99)W\d{3}\w*|\bDW(?:582[0-9]|59[0-9]{2})e?\b", re.IGNORECASE),
    dialect=re.compile(
        r"\^(?:DEBUG|CA_INFO|RFSTS|TEMP)\?|^\^RFSTS:|\blte_cell_id:|\bnr_cell_id:|\beNB ID\(PCI\)", re.IGNORECASE | re.MULTILINE
    ),
    poll=(
        *generic.POLL,
        Command("AT^DEBUG?", 5.0),
        Command("AT^CA_INFO?", beside=True),
        Command("AT^RFSTS?"),
    ),
    read=read,
    setup=generic.SETUP,
    usb={"0489:e0b4": "02", "0489:e0b5": "02", "413c:81d7": "02", "413c:81e0": "02"},
)
