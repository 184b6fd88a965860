"""SIMCom SIM7000/7070/7080, SIM7500/7600, A76xx, SIM79xx, SIM82xx/83xx (AT manuals SIM7500_SIM7600, SIM82XX_SIM83XX)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.fields import fields_of, pick, records, to_float
from agent.at.plausible import CHANNEL, is_same_cell, put_plmn, set_missing, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands import cmgrmi, cpsi
from agent.commands.cpsi import Cpsi
from agent.modems import generic
from agent.modems.family import Family, Gnss
from telemetry.streams import Cell, Rat, Registration, Role


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """Read the 3GPP replies, then +CMGRMI, then +CPSI, which has the last word."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    _cmgrmi(lines, reading)
    for row in cpsi.parse(lines):
        if row.rat is Rat.NR_NSA:
            _nr_leg(row, reading)
        else:
            _serving(row, replies, reading)
    if any(pick(fields_of(record), 1) == "8" for record in records(lines, "+CNSMOD")):
        set_missing(reading.signal, reading.notes, rat=Rat.LTE)  # the other modes differ by model
    for record in records(lines, "+CPMUTEMP"):
        set_plausible(reading.signal, reading.notes, temperature_c=to_float(pick(fields_of(record), 0)))


def _serving(row: Cpsi, replies: Sequence[Reply], reading: Reading) -> None:
    if row.rat is None:
        generic.set_unserved(reading, Registration.NOT_REGISTERED)
        return
    if row.mcc == "000":
        return  # fillers of a cell not read yet
    if row.limited:
        generic.set_unserved(reading, Registration.LIMITED)
    elif row.state.lower() == "online" and generic.packet_registration(replies) is None:
        generic.set_served(reading)
    put_plmn(reading.signal, row.mcc, row.mnc)
    set_plausible(
        reading.signal,
        reading.notes,
        rat=row.rat,
        tac=row.tac,
        cell_id=row.cell_id,
        pci=row.pci,
        band=row.band,
        bandwidth_dl_mhz=row.bandwidth_dl_mhz,
        bandwidth_ul_mhz=row.bandwidth_ul_mhz,
        **row.levels,
        **{CHANNEL[row.rat]: row.channel},
    )
    if row.rat not in (Rat.WCDMA, Rat.GSM) and row.levels.get("sinr_db") is None:
        reading.notes.append("RSSNR of +CPSI is unknown or better than RSRQ allows: sinr_db left out")


def _nr_leg(row: Cpsi, reading: Reading) -> None:
    if (row.pci is None or not 0 <= row.pci <= 1007) and row.levels.get("rsrp_dbm") is None:
        return  # EN-DC is set up, no leg is there
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.NR_NSA,
        nr_pci=row.pci,
        nr_band=row.band,
        nr_nrarfcn=row.channel,
        **{f"nr_{name}": value for name, value in row.levels.items()},
    )


def _cmgrmi(lines: Sequence[str], reading: Reading) -> None:
    answer = cmgrmi.parse(lines)
    own: tuple[int | None, int | None] = (None, None)
    if answer.serving is not None:
        cell = answer.serving
        own = (cell.earfcn, cell.pci)
        put_plmn(reading.signal, cell.mcc, cell.mnc)
        set_plausible(
            reading.signal,
            reading.notes,
            rat=Rat.LTE,
            earfcn=cell.earfcn,
            pci=cell.pci,
            tac=cell.tac,
            cell_id=cell.cell_id,
            band=cell.band,
            bandwidth_dl_mhz=cell.bandwidth_dl_mhz,
            bandwidth_ul_mhz=cell.bandwidth_ul_mhz,
            **cell.levels,
        )
    for row in answer.neighbours:
        if not is_same_cell((row.earfcn, row.pci), own):
            neighbour = Cell(role=Role.NEIGHBOUR)
            set_plausible(neighbour, reading.notes, rat=Rat.LTE, earfcn=row.earfcn, pci=row.pci, **row.levels)
            reading.cells.append(neighbour)


FAMILY = Family(
    name="simcom",
    title="SIMCom",
    identity=re.compile(r"simcom|\bSIM(?:70|7[56]|79|8[23])\d\d|\bA76\d\d", re.IGNORECASE),
    dialect=re.compile(r"\+(?:CPSI|CMGRMI|CNSMOD|CPMUTEMP|CNWINFO|SIMCOMATI)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command("AT+CPSI?"),
        Command("AT+CMGRMI=4", timeout_s=5, every=2),
        Command("AT+CPMUTEMP", every=10),
    ),
    read=read,
    setup=generic.SETUP,
    bands=(Command("AT+CNBP?"),),
    gnss=Gnss("AT+CGPS=1", "AT+CGPSINFO", "AT+CGPS=0"),
    usb={"1e0e:9011": "04", "1e0e:9100": "03", "1e0e:9200": "03", "1e0e:*": "02"},
)
