"""Modems that speak only the Qualcomm reference dialect, such as the Orbic RC400L."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.rsrp_list import read_qcrsrp
from agent.commands.scellinfo import read_scellinfo
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT^SCELLINFO gives the serving cell, AT$QCRSRP? every cell in view."""
    generic.read(replies, reading)
    read_scellinfo(replies, reading)
    read_qcrsrp(all_lines(replies), reading)


FAMILY = Family(
    name="qualcomm",
    title="Qualcomm reference dialect",
    identity=re.compile(r"\borbic\b|\bRC400L\b", re.IGNORECASE),  # the maker is named Qualcomm by many others
    dialect=re.compile(r"\$QC(?:RSR[PQ]|SQ|SYSMODE)\b|\^SCELLINFO\b", re.IGNORECASE),
    poll=(*generic.POLL, Command("AT^SCELLINFO"), Command("AT$QCRSRP?", 5.0), Command("AT$QCRSRQ?", 5.0, beside=True)),
    read=read,
    setup=generic.SETUP,
)
