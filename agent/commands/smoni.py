"""AT^SMONI (Cinterion, Thales): the serving cell in one row, layout by technology. "PLS8-E AT Command Set", AT^SMONI."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.commands.labels import hint
from telemetry.streams import Rat, Registration


def read_smoni(lines: Sequence[str], reading: Reading) -> None:
    """Read ^SMONI; the connection state is the last word: NOCONN and CONN are camped, LIMSRV limited, SEARCH no cell."""
    for record in records(lines, "^SMONI")[-1:]:
        row = fields_of(record)
        words = [field.upper() for field in row]
        if "SEARCH" in words:
            hint(reading.signal, Registration.SEARCHING)
        elif "LIMSRV" in words:
            hint(reading.signal, Registration.LIMITED)
        elif "NOCONN" in words or "CONN" in words:
            hint(reading.signal, Registration.HOME)
        if "SEARCH" not in words[:3]:
            {"2G": _gsm, "3G": _wcdma, "4G": _lte}.get(pick(words, 0), _other)(row, reading)


def _other(_: Sequence[str], reading: Reading) -> None:
    reading.notes.append("^SMONI of an unknown technology: left out")


def _lte(row: Sequence[str], reading: Reading) -> None:
    """`4G,EARFCN,band,DLbw,ULbw,mode,MCC,MNC,TAC,cell,PCI,Srxlev|TXpwr,RSRP,RSRQ,state`: widths in MHz; TX power only in CONN."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.LTE,
        earfcn=to_int(pick(row, 1)),
        band=to_int(pick(row, 2)),
        bandwidth_dl_mhz=to_float(pick(row, 3)),
        bandwidth_ul_mhz=to_float(pick(row, 4)),
        plmn=plmn_of(pick(row, 6), pick(row, 7)),
        tac=hex_id(pick(row, 8)),
        cell_id=hex_id(pick(row, 9)),
        pci=to_int(pick(row, 10)),
        tx_power_dbm=to_float(pick(row, 11)) if pick(row, 14).upper() == "CONN" else None,
        rsrp_dbm=to_float(pick(row, 12)),
        rsrq_db=to_float(pick(row, 13)),
    )


def _wcdma(row: Sequence[str], reading: Reading) -> None:
    """`3G,UARFCN,PSC,EcNo,RSCP,MCC,MNC,LAC,cell,...`."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.WCDMA,
        uarfcn=to_int(pick(row, 1)),
        pci=to_int(pick(row, 2)),
        ecio_db=to_float(pick(row, 3)),
        rscp_dbm=to_float(pick(row, 4)),
        plmn=plmn_of(pick(row, 5), pick(row, 6)),
        tac=hex_id(pick(row, 7)),
        cell_id=hex_id(pick(row, 8)),
    )


def _gsm(row: Sequence[str], reading: Reading) -> None:
    """`2G,ARFCN,rxlev,MCC,MNC,LAC,cell,...`; rxlev in dBm."""
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.GSM,
        arfcn=to_int(pick(row, 1)),
        rssi_dbm=to_float(pick(row, 2)),
        plmn=plmn_of(pick(row, 3), pick(row, 4)),
        tac=hex_id(pick(row, 5)),
        cell_id=hex_id(pick(row, 6)),
    )
