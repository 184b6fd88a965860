"""AT^SCELLINFO (Qualcomm MDM9607, Orbic RC400L): the serving LTE cell as `key:value` lines, ids in decimal."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import plmn_of
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer, labelled, number, settled, whole
from telemetry.streams import Rat

_LABELS = ("CELL_ID", "LAC_ID", "RSSI", "RSRP", "RSRQ", "BAND", "CHANNEL", "SINR", "CGI", "TX_PWR", "PCI")


def read_scellinfo(replies: Sequence[Reply], reading: Reading) -> None:
    """Read ^SCELLINFO. RSSI is printed without its sign and TX_PWR 0 may be a filler: both left out."""
    values = settled(labelled(answer(replies, "^SCELLINFO"), _LABELS))
    if not values:
        return
    plmn = values.get("cgi", "")
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        plmn=plmn_of(plmn[:3], plmn[3:6].strip()),
        tac=whole(values.get("lac_id", "")),
        cell_id=whole(values.get("cell_id", "")),
        pci=whole(values.get("pci", "")),
        earfcn=whole(values.get("channel", "")),
        band=whole(values.get("band", "")),
        rsrp_dbm=number(values.get("rsrp", "")),
        rsrq_db=number(values.get("rsrq", "")),
        sinr_db=number(values.get("sinr", "")),
    )
    if values.get("rssi"):
        reading.notes.append("^SCELLINFO prints RSSI without its sign: left out")
