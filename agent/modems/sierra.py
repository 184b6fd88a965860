"""Sierra Wireless MC73xx, MC74xx, EM74xx, EM75xx, EM9xxx, and Dell's DW58xx of the same make."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands.gstatus import read_gstatus
from agent.commands.lteinfo import read_lteinfo
from agent.commands.nrinfo import read_nrinfo
from agent.modems import generic
from agent.modems.family import Family


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """AT!GSTATUS? is the base, AT!LTEINFO? adds the PCI and the neighbours, AT!NRINFO? the NR cell."""
    generic.read(replies, reading)
    read_gstatus(replies, reading)
    read_lteinfo(replies, reading)
    read_nrinfo(replies, reading)


FAMILY = Family(
    name="sierra",
    title="Sierra Wireless MC/EM series",
    identity=re.compile(r"\bsierra\b|\b(?:MC7[34]|EM7[345]|EM9[12])\d\d\b|\bDW58(?:0[89]|1[16])e\b", re.IGNORECASE),
    dialect=re.compile(r"!(?:GSTATUS|LTEINFO|NRINFO|NRPCI|SCACT|SELRAT|ENTERCND)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command("AT!GSTATUS?", 5.0),
        Command("AT!LTEINFO?", 5.0, beside=True),
        Command("AT!NRINFO?", 5.0, every=2),
    ),
    read=read,
    setup=generic.SETUP,
    usb={
        "1199:68c0": "03",
        "1199:9071": "03",
        "1199:9079": "03",
        "1199:9091": "03",
        "1199:c001": "00",
        "413c:81b6": "03",  # DW5811e = EM7455
    },
)
