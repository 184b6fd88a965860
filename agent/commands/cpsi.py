"""AT+CPSI? (SIMCom): the serving cell. The first word selects the layout; cell ids are decimal, TAC and LAC hexadecimal.

LTE      `LTE,Online,MCC-MNC,TAC,cell,PCI,EUTRAN-BANDn,EARFCN,DL bw,UL bw,RSRQ,RSRP,RSSI,RSSNR`
NR5G_SA  `NR5G_SA,Online,MCC-MNC,TAC,cell,PCI,NR5G_BANDn,NRARFCN,RSRP,RSRQ,SNR`
NR5G_NSA `NR5G_NSA,PCI,NR5G_BANDn,NRARFCN,RSRP,RSRQ,SNR[,scs,bw]`, older firmware `NR5G,PCI,NRARFCN,RSRQ,RSRP,SNR`
WCDMA    `WCDMA,Online,MCC-MNC,LAC,CI,band,PSC,UARFCN,SSC,EcIo,RSCP,Qual,RxLev,TxPwr` (EcIo and RSCP without sign)
GSM      `GSM,Online,MCC-MNC,LAC,CI,<ARFCN> <band>,rxlev,track,C1-C2` (rxlev in dBm with or without sign, or an index)
         `LTE-LIMITED` and the like: camped without normal service.
Scale by model: tenths (SIM76xx, 79xx, 82xx, 83xx), whole (SIM70xx), 36.133 indices (A76xx); told apart by RSRP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agent.at.fields import fields_of, hex_id, pick, records, to_float, to_int
from agent.commands.rssnr import Form, sinr_db
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
    limited: bool = False
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
        rat = _rat(pick(row, 0).upper().removesuffix("-LIMITED"))
        if rat is Rat.NR_NSA:
            rows.append(_nsa(row))
        elif rat is not None:
            limited = pick(row, 0).upper().endswith("-LIMITED")
            rows = [replace(_serving(rat, row), limited=limited)]
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


def _cell(rat: Rat, row: list[str]) -> Cpsi:
    """Read the fields that all serving rows begin with."""
    mcc, _, mnc = pick(row, 2).partition("-")
    return Cpsi(rat, pick(row, 1), mcc=mcc, mnc=mnc, tac=hex_id(pick(row, 3)), cell_id=to_int(pick(row, 4)))


def _band(text: str) -> int | None:
    match = re.search(r"BAND ?n?(\d{1,4})(?!\w)", text, re.IGNORECASE)
    return int(match.group(1)) if match else None


def lte_levels(rsrq: str, rsrp: str, rssi: str, rssnr: str = "") -> dict[str, float | None]:
    """Scale the LTE values by the size of RSRP: tenths below -200, whole dB down to -140, else TS 36.133 index 1..97."""
    power, quality, total, ratio = to_float(rsrp), to_float(rsrq), to_float(rssi), to_float(rssnr)
    if power is None or power == 0:
        return {}
    if power > 0:
        level, quality = units.rsrp_dbm(to_int(rsrp)), units.rsrq_db(to_int(rsrq))
        return {"rsrp_dbm": level, "rsrq_db": quality, "sinr_db": sinr_db(ratio, Form.INDEX, quality)}
    form = Form.TENTHS if power < -200 else Form.WHOLE
    quality = None if quality is None or quality == 0 else quality / form.value
    return {
        "rsrp_dbm": power / form.value,
        "rsrq_db": quality,
        "rssi_dbm": None if total is None else total / form.value,
        "sinr_db": sinr_db(ratio, form, quality),
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
    wide = rat is not Rat.NB_IOT  # index 0 has no meaning there: the carrier is 200 kHz
    downlink, uplink = to_int(pick(row, 8)), to_int(pick(row, 9))  # uplink 0 beside a wide downlink is a filler
    return replace(
        _cell(rat, row),
        pci=to_int(pick(row, 5)),
        band=_band(pick(row, 6)),
        channel=to_int(pick(row, 7)),
        bandwidth_dl_mhz=units.lte_bandwidth_mhz(downlink) if wide else None,
        bandwidth_ul_mhz=units.lte_bandwidth_mhz(uplink) if wide and (uplink or not downlink) else None,
        levels=lte_levels(pick(row, 10), pick(row, 11), pick(row, 12), pick(row, 13)),
    )


def _sa(row: list[str]) -> Cpsi:
    return replace(
        _cell(Rat.NR_SA, row),
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
    return replace(
        _cell(Rat.WCDMA, row),
        pci=to_int(pick(row, 6)),
        channel=to_int(pick(row, 7)),
        levels={"ecio_db": _unsigned(pick(row, 9)), "rscp_dbm": _unsigned(pick(row, 10))},
    )


def _gsm(row: list[str]) -> Cpsi:
    return replace(
        _cell(Rat.GSM, row),
        channel=to_int(pick(row, 5).partition(" ")[0]),
        levels={"rssi_dbm": _rxlev_dbm(to_int(pick(row, 6)), to_int(pick(row, 8).partition("-")[0]))},
    )


def _rxlev_dbm(rxlev: int | None, c1_db: int | None) -> float | None:
    """Return the level of a GSM cell; None where a number without sign may be dBm or the index of TS 45.008 8.1.4.

    C1 tells them apart: it is the level over RXLEV-ACCESS-MIN (TS 45.008 6.4), which cells set at or near the weakest.
    """
    if rxlev is None or rxlev <= 0:
        return None if rxlev == 0 else rxlev
    meant = [level for level in (-rxlev, units.rxlev_dbm(rxlev)) if level is not None]
    if c1_db is None:
        return None
    near = [level for level in meant if abs(level - c1_db - _ACCESS_MIN_DBM) <= _ACCESS_SPREAD_DB]
    return near[0] if len(near) == 1 else None


_ACCESS_MIN_DBM, _ACCESS_SPREAD_DB = -106, 10
"""RXLEV-ACCESS-MIN of the cells in the captures: -103, -106, -107, -111, -112 dBm."""
