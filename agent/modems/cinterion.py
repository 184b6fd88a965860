"""Cinterion and Thales PLS8, PLSx3, PHS8, EHS6, MV31 (MV31 speaks the Foxconn dialect)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.debug import read_debug
from agent.commands.smoni import read_smoni
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT^SMONI gives the cell; AT^DEBUG? answers on MV31 only."""
    generic.read(replies, reading)
    read_smoni(all_lines(replies), reading)
    read_debug(replies, reading)


FAMILY = Family(
    name="cinterion",
    title="Cinterion, Thales",
    identity=re.compile(r"\bcinterion\b|\bgemalto\b|\bthales\b|\b(?:PLS\d|PHS\d|EHS\d|PLPS9|MV3[12])\w*", re.IGNORECASE),
    dialect=re.compile(r"\^(?:SMONI|SMONP|SNMON|SCFG|SIND)\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT^SMONI", 5.0), Command("AT^DEBUG?", 5.0)),
    read=read,
    setup=generic.SETUP,
    usb={
        "1e2d:00b3": "02",
        "1e2d:00f1": "02",
        "1e2d:0061": "02",
        "1e2d:005b": "00",
        "1e2d:005d": "00",
        "1e2d:0069": "00",
    },
)
