"""Huawei and HiSilicon Balong sticks and modules (E3372, ME909, MH5000), TD Tech MT5700."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.hcsq import read_hcsq
from agent.commands.ltersrp import read_ltersrp
from agent.commands.monsc import read_monsc
from agent.commands.sysinfoex import read_sysinfoex
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT^MONSC (dBm, identity) wins over AT^HCSQ? (indices)."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    read_sysinfoex(replies, reading)
    read_hcsq(lines, reading)
    read_ltersrp(lines, reading)
    read_monsc(lines, reading)


FAMILY = Family(
    name="huawei",
    title="Huawei, HiSilicon, TD Tech",
    identity=re.compile(
        r"\bhuawei\b|\bTD[ -]?Tech\b|\b(?:ME909|MU709|MH5000|MT57[01]\d|E3372|E3276|E398|E173|E1750)\w*", re.IGNORECASE
    ),
    dialect=re.compile(
        r"\^(?:HCSQ|MONSC|MONNC|SYSINFOEX|LTERSRP|CURC|HFREQINFO|CHIPTEMP|NWTIME|DSFLOWRPT)\b|\^RSSI ?:", re.IGNORECASE
    ),
    poll=(
        *generic.POLL,
        Command("AT^HCSQ?"),
        Command("AT^SYSINFOEX"),
        Command("AT^MONSC"),
    ),
    read=read,
    setup=(*generic.SETUP, Command("AT^CURC=0")),  # sticks send a signal line every few seconds
    bands=(Command("AT^SYSCFGEX?"),),
    causes=(Command("AT^REJINFO?"),),
    usb={"12d1:*": "", "3466:3301": ""},  # by class ff/01/02 or ff/02/02 (PCUI), not by number
)
