"""ZTE sticks and modules (MF821, MF823)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.zcellinfo import read_zcellinfo
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT+ZCELLINFO? gives band and channel."""
    generic.read(replies, reading)
    read_zcellinfo(all_lines(replies), reading)


FAMILY = Family(
    name="zte",
    title="ZTE",
    identity=re.compile(r"\bZTE\b|\bMF8[0-9]{2}\w*", re.IGNORECASE),
    dialect=re.compile(r"\+(?:ZCELLINFO|ZRSSI|ZPAS|ZSNT|ZSINR|ZCAINFO)\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT+ZCELLINFO?")),
    read=read,
    setup=generic.SETUP,
    usb={"19d2:*": ""},  # 01 to 05 by model, mostly 03
)
