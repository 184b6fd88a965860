"""Telit LE910, LM940, LM960, FN980, HE910 and older 2G modules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.ca_info import read_ca_info
from agent.commands.debug import read_debug
from agent.commands.moni import read_moni
from agent.commands.rfsts import read_rfsts
from agent.commands.servinfo import read_servinfo
from agent.modems import generic
from agent.modems.family import SCAN_S, Family, Gnss


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT#RFSTS is the fullest and wins; AT#MONI and AT#SERVINFO add; the LN960 speaks the Foxconn dialect too."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    read_moni(replies, reading)
    read_servinfo(lines, reading)
    read_rfsts(lines, reading)
    read_debug(replies, reading)
    read_ca_info(lines, reading)


_USB = {
    "00": ("1003", "1004", "1005", "1006"),
    "01": ("1011", "1031", "1033", "1101", "110a"),
    "02": ("10a0", "10b0", "10c0", "10d0"),
    "03": ("1010",),
    "04": ("1201", "1040", "1050", "1060", "1070", "7010", "7011"),
    "05": ("1204", "1041", "1051", "1061", "1071"),
    "06": ("7020", "7021"),
}

FAMILY = Family(
    name="telit",
    title="Telit LE/LM/FN series",
    identity=re.compile(
        r"\btelit\b|\b(?:LE9[14]0|LM9[46]0|LN9[246]0|FN9[89]0|FT9[89]0|HE910|GE910|ME910|UE910)\w*", re.IGNORECASE
    ),
    dialect=re.compile(r"#(?:RFSTS|SERVINFO|MONI|CSURVC|CCID|PSNT)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command("AT#RFSTS"),
        Command("AT#MONI", 5.0, beside=True),
        Command("AT#SERVINFO", beside=True),
    ),
    read=read,
    setup=generic.SETUP,
    causes=(Command("AT#CEERNET"),),
    scans=(Command("AT#CSURVC", SCAN_S),),
    bands=(Command("AT#BND?"),),
    gnss=Gnss("AT$GPSP=1", "AT$GPSACP", "AT$GPSP=0"),
    usb={f"1bc7:{product}": interface for interface, products in _USB.items() for product in products},
)
