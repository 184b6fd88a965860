"""Fibocom: Qualcomm (FM150, FM160, FM190), MediaTek (FM350) and Intel XMM (L850, L860)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.gtcainfo import read_gtcainfo
from agent.commands.gtccinfo import read_gtccinfo
from agent.commands.gtsenrdtemp import read_gtsenrdtemp
from agent.commands.rsrp_list import read_rsrp_list
from agent.commands.xccinfo import read_xccinfo
from agent.commands.xcesq import read_xcesq
from agent.commands.xlec import read_xlec
from agent.commands.xmci import read_xmci
from agent.modems import generic
from agent.modems.family import Family

_XMM = re.compile(r"\+(?:XMCI|XCESQ|XLEC|XCCINFO)\b|\bL8[56]0\b", re.IGNORECASE)


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """GT... commands of FM modules, X... commands of L8 modules; weakest first, later ones win."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    if any(_XMM.search(part) for reply in replies for part in (reply.command, *reply.lines)):
        reading.signal.rssi_dbm = None  # there +CSQ is the RSRP mapped onto its scale
    read_xcesq(lines, reading)
    read_xccinfo(lines, reading)
    read_xmci(lines, reading)
    read_xlec(lines, reading)
    read_rsrp_list(lines, reading)
    read_gtccinfo(replies, reading)
    read_gtcainfo(replies, reading)
    read_gtsenrdtemp(lines, reading)


FAMILY = Family(
    name="fibocom",
    title="Fibocom FM and L8 series",
    identity=re.compile(r"\bfibocom\b|\b(?:FM1[569]0|FM350|FM101|L8[56]0|L610|L716|FG[16]\d\d)\b|\bXMM7[35]60\b", re.IGNORECASE),
    dialect=re.compile(r"\+(?:GTCCINFO|GTCAINFO|GTSENRDTEMP|GTACT|GTRAT|XMCI|XCESQ|XLEC|XCCINFO)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command("AT+GTCCINFO?", 8.0),
        Command("AT+GTCAINFO?", beside=True),
        Command("AT+GTSENRDTEMP=1", every=4),
        Command("AT+XMCI=0"),  # cached values: XMCI=1 measures for 10 s and more in weak signal
        Command("AT+XCESQ?"),
        Command("AT+XLEC?", every=2),
    ),
    read=read,
    setup=generic.SETUP,
    bands=(Command("AT+GTACT?"),),
    usb={
        "2cb7:0007": "02",
        "2cb7:0104": "01",
        "2cb7:0106": "01",
        "2cb7:01a0": "02",
        "2cb7:01a2": "02",
        "2cb7:0115": "03",
        "2cb7:01a4": "03",
        "2cb7:010a": "00",
        "0e8d:7126": "06",
        "0e8d:7127": "06",
        "8087:095a": "00",
    },
)
