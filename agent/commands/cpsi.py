"""AT+CPSI? (SIMCom): the serving cell. The first word selects the layout; cell ids are decimal, TAC and LAC hexadecimal.

LTE      `LTE,Online,MCC-MNC,TAC,cell,PCI,EUTRAN-BANDn,EARFCN,DL bw,UL bw,RSRQ,RSRP,RSSI,RSSNR`
NR5G_SA  `NR5G_SA,Online,MCC-MNC,TAC,cell,PCI,NR5G_BANDn,NRARFCN,RSRP,RSRQ,SNR`
NR5G_NSA `NR5G_NSA,PCI,NR5G_BANDn,NRARFCN,RSRP,RSRQ,SNR[,scs,bw]`, older firmware `NR5G,PCI,NRARFCN,RSRQ,RSRP,SNR`
WCDMA    `WCDMA,Online,MCC-MNC,LAC,CI,band,PSC,UARFCN,SSC,EcIo,RSCP,Qual,RxLev,TxPwr` (EcIo and RSCP without sign)
GSM      `GSM,Online,MCC-MNC,LAC,CI,<ARFCN> <band>,rxlev,track,C1-C2`
Scale by model: tenths (SIM76xx, 79xx, 82xx, 83xx), whole (SIM70xx), 36.133 indices (A76xx); told apart by RSRP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.at.fields import fields_of, hex_id, pick, records, to_float, to_int
from telemetry import units
from telemetry.streams import Rat

_RAT: tuple[tuple[str, Rat], ...] = (
    (r"LTE[ _]?(CAT[- ]?)?NB.*|NB-?IOT", Rat.NB_IOT),
    (r"LTE[ _]?(CAT[- ]?)?M1?|CAT-?M1?|EMTC", Rat.LTE_M),
    (r"LTE", Rat.LTE),
    (r"NR5G_SA", Rat.NR_SA),
    (r"NR5G(_NSA)?", Rat.NR_NSA),
    (r"WCDMA", Rat.WCDMA),
    (r"GSM", Rat.GSM),
)


@dataclass(frozen=True, slots=True)
class Cpsi:
    """One row. `rat` is None for NO SERVICE; nr_nsa marks the NR leg of EN-DC. a ratio whose scale is in doubt is left out."""

    rat: Rat | None
    state: str = ""
    mcc: str = ""
    mnc: str = ""
    tac: int | None = None
    cell_id: int | None = None
    pci: int | None = None
    band: int | None = None
    channel: int | None = None
    bandwidth_dl_mhz: float | None = None
    bandwidth_ul_mhz: float | None = None
    levels: Mapping[str, float | None] = field(default_factory=dict)
    """Levels by contract name, scaled."""


def parse(lines: Iterable[str]) -> list[Cpsi]:
    """Read the last answer: a serving row, and the NR leg below it in EN-DC."""
    rows: list[Cpsi] = []
    for record in records(lines, "+CPSI"):
        row = fields_of(record)
        rat = _rat(pick(row, 0))
        if rat is Rat.NR_NSA:
            rows.append(_nsa(row))
        elif rat is not None:
            rows = [_serving(rat, row)]
        elif pick(row, 0).upper() == "NO SERVICE":
            rows = [Cpsi(None, pick(row, 1))]
    return rows


def _rat(word: str) -> Rat | None:
    return next((rat for pattern, rat in _RAT if re.fullmatch(pattern, word, re.IGNORECASE)), None)


def _serving(rat: Rat, row: list[str]) -> Cpsi:
    match rat:
        case Rat.NR_SA:
            return _sa(row)
        case Rat.WCDMA:
            return _wcdma(row)
        case Rat.GSM:
            return _gsm(row)
    return _lte(rat, row)


def _plmn(text: str) -> tuple[str, str]:
    mcc, _, mnc = text.partition("-")
    return mcc, mnc


def _band(text: str) -> int | None:
    match = re.search(r"BAND ?n?(\d{1,4})", text, re.IGNORECASE)
    return int(match.group(1)) if match else None


def lte_levels(rsrq: str, rsrp: str, rssi: str) -> dict[str, float | None]:
    """Scale the LTE triple by the size of RSRP: tenths below -200, whole dB down to -140, else TS 36.133 index 1..97."""
    power, quality, total = to_float(rsrp), to_float(rsrq), to_float(rssi)
    if power is None or power == 0:
        return {}
    if power > 0:
        return {"rsrp_dbm": units.rsrp_dbm(to_int(rsrp)), "rsrq_db": units.rsrq_db(to_int(rsrq))}
    scale = 10 if power < -200 else 1
    return {
        "rsrp_dbm": power / scale,
        "rsrq_db": None if quality is None or quality == 0 else quality / scale,
        "rssi_dbm": None if total is None else total / scale,
    }


def nr_levels(rsrp: str, rsrq: str, snr: str) -> dict[str, float | None]:
    """Scale the NR triple: tenths when RSRP is below -157. SNR below 4 dB in tenths looks like whole dB: left out then."""
    power, quality, ratio = to_float(rsrp), to_float(rsrq), to_float(snr)
    if power is None or power >= 0:
        return {}
    scale = 10 if power < -157 else 1
    sure = ratio is not None and (abs(ratio) > 40 or ratio == 0)
    return {
        "rsrp_dbm": power / scale,
        "rsrq_db": None if quality is None or quality == 0 else quality / scale,
        "sinr_db": ratio / 10 if ratio is not None and sure else None,
    }


def _lte(rat: Rat, row: list[str]) -> Cpsi:
    mcc, mnc = _plmn(pick(row, 2))
    wide = rat is not Rat.NB_IOT  # index 0 has no meaning there: the carrier is 200 kHz
    downlink, uplink = to_int(pick(row, 8)), to_int(pick(row, 9))  # uplink 0 beside a wide downlink is a filler
    return Cpsi(
        rat,
        state=pick(row, 1),
        mcc=mcc,
        mnc=mnc,
        tac=hex_id(pick(row, 3)),
        cell_id=to_int(pick(row, 4)),
        pci=to_int(pick(row, 5)),
        band=_band(pick(row, 6)),
        channel=to_int(pick(row, 7)),
        bandwidth_dl_mhz=units.lte_bandwidth_mhz(downlink) if wide else None,
        bandwidth_ul_mhz=units.lte_bandwidth_mhz(uplink) if wide and (uplink or not downlink) else None,
        levels=lte_levels(pick(row, 10), pick(row, 11), pick(row, 12)),
    )


def _sa(row: list[str]) -> Cpsi:
    mcc, mnc = _plmn(pick(row, 2))
    return Cpsi(
        Rat.NR_SA,
        state=pick(row, 1),
        mcc=mcc,
        mnc=mnc,
        tac=hex_id(pick(row, 3)),
        cell_id=to_int(pick(row, 4)),
        pci=to_int(pick(row, 5)),
        band=_band(pick(row, 6)),
        channel=to_int(pick(row, 7)),
        levels=nr_levels(pick(row, 8), pick(row, 9), pick(row, 10)),
    )


def _nsa(row: list[str]) -> Cpsi:
    if _band(pick(row, 2)) is None:  # older firmware: no band, whole dB, RSRQ first
        rsrq, rsrp, snr = (to_float(pick(row, place)) for place in (3, 4, 5))
        if rsrp is None or rsrq is None or rsrp >= rsrq:
            rsrp = rsrq = snr = None
        whole = {"rsrp_dbm": rsrp, "rsrq_db": rsrq, "sinr_db": snr}
        return Cpsi(Rat.NR_NSA, pci=to_int(pick(row, 1)), channel=to_int(pick(row, 2)), levels=whole)
    return Cpsi(
        Rat.NR_NSA,
        pci=to_int(pick(row, 1)),
        band=_band(pick(row, 2)),
        channel=to_int(pick(row, 3)),
        levels=nr_levels(pick(row, 4), pick(row, 5), pick(row, 6)),
    )


def _unsigned(text: str) -> float | None:
    """Put back the minus sign that these columns are printed without."""
    value = to_float(text)
    return None if value is None else -abs(value)


def _wcdma(row: list[str]) -> Cpsi:
    mcc, mnc = _plmn(pick(row, 2))
    return Cpsi(
        Rat.WCDMA,
        state=pick(row, 1),
        mcc=mcc,
        mnc=mnc,
        tac=hex_id(pick(row, 3)),
        cell_id=to_int(pick(row, 4)),
        pci=to_int(pick(row, 6)),
        channel=to_int(pick(row, 7)),
        levels={"ecio_db": _unsigned(pick(row, 9)), "rscp_dbm": _unsigned(pick(row, 10))},
    )


def _gsm(row: list[str]) -> Cpsi:
    mcc, mnc = _plmn(pick(row, 2))
    return Cpsi(
        Rat.GSM,
        state=pick(row, 1),
        mcc=mcc,
        mnc=mnc,
        tac=hex_id(pick(row, 3)),
        cell_id=to_int(pick(row, 4)),
        channel=to_int(pick(row, 5).partition(" ")[0]),
        levels={"rssi_dbm": _unsigned(pick(row, 6))},
    )
