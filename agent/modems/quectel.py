"""Quectel EC2x, EG2x, EP06, EM1x, RM5xx, RG5xx, BG9x, EC200x (AT manuals: LTE Standard, EM12, RG50xQ&RM5xxQ, BG9x)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.fields import fields_of, pick, records, text_of
from agent.at.plausible import CHANNEL, LTE, is_same_cell, put_plmn, set_missing, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands import qant, qcainfo, qcsq, qeng, qnwinfo, qtemp
from agent.commands.qcainfo import Carrier
from agent.commands.qeng import ServingCell
from agent.modems import generic
from agent.modems.family import SCAN_S, Family, Gnss
from agent.modems.settle import BRANCHES, BRANCHES_EVERY
from telemetry.streams import Cell, Rat, Registration, Role

_REGISTERED = ("NOCONN", "CONNECT", "CONECT")  # the misspelling is the firmware's

SAME_MOMENT_DB = 6
"""How far +QCSQ and +QENG may differ because the channel moved between them."""


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """Read the 3GPP replies, then what Quectel's own say; +QENG has the last word."""
    generic.read(replies, reading)
    lines = all_lines(replies)
    _qspn(lines, reading)
    _qcsq(lines, reading)
    _qnwinfo(lines, reading)
    _carriers(qcainfo.parse(lines), reading)
    _serving(lines, reading)
    _neighbours(lines, reading)
    _antennas(lines, reading)
    set_plausible(reading.signal, reading.notes, temperature_c=qtemp.parse(lines).hottest)


def _qspn(lines: Sequence[str], reading: Reading) -> None:
    for record in records(lines, "+QSPN"):
        plmn = text_of(pick(fields_of(record), 4))
        if reading.signal.plmn is None:
            put_plmn(reading.signal, plmn[:3], plmn[3:])


def _qcsq(lines: Sequence[str], reading: Reading) -> None:
    rows = qcsq.parse(lines)
    anchored = any(row.rat in LTE for row in rows)
    for row in rows:
        if row.rat is None:
            state = Registration.NOT_REGISTERED if row.sysmode.upper() == "NOSERVICE" else None
            set_missing(reading.signal, reading.notes, registration=state)
        elif row.rat is Rat.NR_SA and (anchored or "NSA" in row.sysmode.upper()):
            set_plausible(reading.signal, reading.notes, rat=Rat.NR_NSA, nr_rsrp_dbm=row.rsrp_dbm, nr_rsrq_db=row.rsrq_db)
        else:
            set_plausible(
                reading.signal,
                reading.notes,
                rat=row.rat,
                rssi_dbm=row.rssi_dbm,
                rsrp_dbm=row.rsrp_dbm,
                rsrq_db=row.rsrq_db,
                sinr_db=row.sinr_db,
                rscp_dbm=row.rscp_dbm,
                ecio_db=row.ecio_db,
            )


def _qnwinfo(lines: Sequence[str], reading: Reading) -> None:
    rows = qnwinfo.parse(lines)
    anchored = any(row.rat in LTE for row in rows)
    for row in rows:
        if row.rat is None:
            if row.no_service:
                set_missing(reading.signal, reading.notes, registration=Registration.NOT_REGISTERED)
        elif row.nsa or (row.rat is Rat.NR_SA and anchored):
            set_plausible(reading.signal, reading.notes, rat=Rat.NR_NSA, nr_band=row.band, nr_nrarfcn=row.channel)
        else:
            set_plausible(
                reading.signal, reading.notes, rat=row.rat, plmn=row.plmn, band=row.band, **{CHANNEL[row.rat]: row.channel}
            )


def _carriers(carriers: Sequence[Carrier], reading: Reading) -> None:
    """Take the primary as serving cell; of an LTE anchor's NR carriers the first is the NR leg, the rest are secondary cells."""
    anchored = any(not carrier.nr for carrier in carriers)
    leg = next((carrier for carrier in carriers if carrier.nr), None) if anchored else None
    for carrier in carriers:
        values = {
            "nrarfcn" if carrier.nr else "earfcn": carrier.channel,
            "pci": carrier.pci,
            "band": carrier.band,
            "bandwidth_dl_mhz": carrier.bandwidth_mhz,
            "rsrp_dbm": carrier.rsrp_dbm,
            "rsrq_db": carrier.rsrq_db,
            "rssi_dbm": carrier.rssi_dbm,
            "sinr_db": carrier.sinr_db,
        }
        if carrier is leg:
            set_plausible(
                reading.signal, reading.notes, rat=Rat.NR_NSA, **{f"nr_{name}": value for name, value in values.items()}
            )
        elif carrier.primary:
            narrow = reading.signal.rat if reading.signal.rat in LTE else None
            set_plausible(reading.signal, reading.notes, rat=Rat.NR_SA if carrier.nr else narrow or Rat.LTE, **values)
        else:
            beside = Rat.NR_NSA if anchored else Rat.NR_SA
            cell = Cell(role=Role.SCC)
            set_plausible(cell, reading.notes, rat=beside if carrier.nr else Rat.LTE, **values)
            reading.cells.append(cell)


def _serving(lines: Sequence[str], reading: Reading) -> None:
    serving = qeng.parse_serving(lines)
    if serving is None:
        return
    _state(serving.state, reading)
    for cell in serving.cells:
        if cell.nsa:
            _nr_leg(cell, reading)
        else:
            _cell(cell, lines, reading)


def _state(state: str, reading: Reading) -> None:
    if state in _REGISTERED:
        generic.set_served(reading)
    elif state == "LIMSRV":
        generic.set_unserved(reading, Registration.LIMITED)
    elif state == "SEARCH":
        generic.set_unserved(reading, Registration.SEARCHING)


def _cell(cell: ServingCell, lines: Sequence[str], reading: Reading) -> None:
    sinr = _lte_sinr(cell.sinr, lines, reading) if cell.rat in LTE else cell.sinr
    put_plmn(reading.signal, cell.mcc, cell.mnc)
    set_plausible(
        reading.signal,
        reading.notes,
        rat=cell.rat,
        tac=cell.tac,
        cell_id=cell.cell_id,
        pci=cell.pci,
        band=cell.band,
        bandwidth_dl_mhz=cell.bandwidth_dl_mhz,
        bandwidth_ul_mhz=cell.bandwidth_ul_mhz,
        rsrp_dbm=cell.rsrp,
        rsrq_db=cell.rsrq,
        rssi_dbm=cell.rssi if cell.rssi is not None and cell.rssi < 0 else None,
        sinr_db=sinr,
        rscp_dbm=cell.rscp,
        ecio_db=cell.ecio,
        cqi=cell.cqi,
        tx_power_dbm=cell.tx_power_dbm,
        **{CHANNEL[cell.rat]: cell.channel},
    )


def _nr_leg(cell: ServingCell, reading: Reading) -> None:
    if cell.pci is None and cell.rsrp is None:
        return  # EN-DC is set up, no leg is there
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.NR_NSA,
        nr_pci=cell.pci,
        nr_nrarfcn=cell.channel,
        nr_band=cell.band,
        nr_bandwidth_dl_mhz=cell.bandwidth_dl_mhz,
        nr_scs_khz=cell.scs_khz,
        nr_rsrp_dbm=cell.rsrp,
        nr_rsrq_db=cell.rsrq,
        nr_sinr_db=cell.sinr,
    )


def _lte_sinr(raw: float | None, lines: Sequence[str], reading: Reading) -> float | None:
    """Return dB from the SINR column: plain dB on some firmware, X/5 - 20 on other (EC2x manual).

    Where +QCSQ was read too, the meaning nearer to it is right; else plain up to 30, scaled above 40, unknown between.
    """
    if raw is None or not -23.5 <= raw <= 250:
        return None
    if raw < 0:
        return raw
    scaled = raw / 5 - 20
    known = next((row.sinr_db for row in qcsq.parse(lines) if row.sinr_db is not None), None)
    if known is not None:
        nearest = min((raw, scaled), key=lambda value: abs(value - known))
        return nearest if abs(nearest - known) <= SAME_MOMENT_DB else known
    if 30 < raw <= 40:
        reading.notes.append(f"SINR {raw:g} can be dB or a scale: left out")
        return None
    return raw if raw <= 30 else scaled


def _neighbours(lines: Sequence[str], reading: Reading) -> None:
    """Add the neighbours; the intra list repeats the serving cell, which is no neighbour."""
    serving = qeng.parse_serving(lines)
    own = [(cell.channel, cell.pci) for cell in serving.cells] if serving else []
    for row in qeng.parse_neighbours(lines):
        if any(is_same_cell((row.channel, row.pci), cell) for cell in own):
            continue
        cell = Cell(role=Role.NEIGHBOUR)
        set_plausible(cell, reading.notes, rat=row.rat, pci=row.pci, **{CHANNEL[row.rat]: row.channel}, **row.values)
        reading.add_neighbour(cell, row.plmn)


def _antennas(lines: Sequence[str], reading: Reading) -> None:
    """Use the strongest path where no other reply gave the value."""
    for command, name in (("QRSRP", "rsrp_dbm"), ("QRSRQ", "rsrq_db"), ("QSINR", "sinr_db")):
        for row in qant.parse(lines, command):
            leg = "nr_" if row.rat is Rat.NR_SA and reading.signal.rat in LTE else ""
            if leg and reading.signal.rat is not Rat.NR_NSA:
                continue
            set_missing(reading.signal, reading.notes, **{leg + name: row.best})
            if name == "rsrp_dbm" and not leg and not row.damaged:
                paths = dict(zip(BRANCHES, row.values, strict=False))
                set_plausible(reading.signal, reading.notes, **paths)


FAMILY = Family(
    name="quectel",
    title="Quectel",
    identity=re.compile(
        r"quectel|\b(?:EC2[015]|EG(?:9[125]|2[15]|0[69]|12|18)|EP06|E[MG]1[268]|RM5\d\d|RG[56]\d\d|BG9[56]|EC200)", re.IGNORECASE
    ),
    dialect=re.compile(r"\+Q(?:ENG|CSQ|NWINFO|CAINFO|RSRP|RSRQ|SINR|TEMP|SPN|NWPREFCFG|GDCNT|CFG|CCID)\b", re.IGNORECASE),
    poll=(
        *generic.POLL,
        Command('AT+QENG="servingcell"'),
        Command('AT+QENG="neighbourcell"', timeout_s=5, beside=True),
        Command("AT+QCSQ"),
        Command("AT+QCAINFO", timeout_s=5, beside=True),
        Command("AT+QTEMP", timeout_s=5, every=10),
        Command("AT+QRSRP", every=BRANCHES_EVERY),
    ),
    read=read,
    setup=generic.SETUP,
    clock=Command("AT+QLTS=1"),  # GMT always; +CCLK has GMT or local time by a setting (EC2x AT manual 5.9)
    causes=(Command("AT+QNETRC?"),),
    scans=(Command("AT+QSCAN=3,1", SCAN_S), Command("AT+QOPS", SCAN_S)),
    bands=(Command('AT+QNWPREFCFG="lte_band"'), Command('AT+QCFG="band"')),
    gnss=Gnss("AT+QGPS=1", "AT+QGPSLOC=2", "AT+QGPSEND"),
    usb={"2c7c:0128": "05", "2c7c:*": "02"},
)
