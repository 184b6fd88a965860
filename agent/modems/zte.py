"""ZTE sticks, modules and routers (MF821, MF823, MF28x, ZX297520)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.zcainfo import read_zcainfo
from agent.commands.zcellinfo import read_zcellinfo
from agent.commands.zrssi import read_zrssi
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT+ZCELLINFO? and AT+ZCAINFO? give band and channel, AT+ZRSSI the levels."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    read_zcellinfo(lines, reading)
    read_zcainfo(lines, reading)
    read_zrssi(lines, reading)


FAMILY = Family(
    name="zte",
    title="ZTE",
    identity=re.compile(r"\bZTE\b|\bMF(?:8[0-9]{2}|28[0-9])\w*|\bZX2975\w*", re.IGNORECASE),
    dialect=re.compile(r"\+(?:ZCELLINFO|ZRSSI|ZPAS|ZSNT|ZSINR|ZCAINFO)\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT+ZCELLINFO?"), Command("AT+ZCAINFO?", beside=True), Command("AT+ZRSSI")),
    read=read,
    setup=generic.SETUP,
    usb={"19d2:*": ""},  # 01 to 05 by model, mostly 03
)
