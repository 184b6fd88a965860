"""AT+QENG="servingcell" and "neighbourcell" (Quectel EC2x, EG2x, EP06, EM1x, RM5xx, RG5xx, BG9x).

Serving: `"servingcell",<state>[,<cell>]`, in EN-DC the cells stand on lines of their own. The cell by its first word:
LTE      `"LTE",duplex,MCC,MNC,cell(hex),PCI,EARFCN,band,UL bw,DL bw,TAC(hex),RSRP,RSRQ,RSSI,SINR[,CQI,tx power/10],srxlev`
NR5G-NSA `"NR5G-NSA",MCC,MNC,PCI,RSRP,SINR,RSRQ,NRARFCN,band,bw,scs` (SINR before RSRQ)
NR5G-SA  `"NR5G-SA",duplex,MCC,MNC,cell(hex),PCI,TAC(hex),NRARFCN,band,bw,RSRP,RSRQ,SINR,scs,srxlev`
WCDMA    `"WCDMA",MCC,MNC,LAC(hex),CI(hex),UARFCN,PSC,RAC,RSCP,EcIo,...`
GSM      `"GSM",MCC,MNC,LAC(hex),CI(hex),BSIC,ARFCN,band,rxlev,...`
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.commands.qnwinfo import rat_of
from telemetry import units
from telemetry.streams import Rat

_RAT = re.compile(r"LTE|CAT-?M1?|EMTC|CAT-?NB[12]?|(?:NTN )?NB-?IOT|NR5G(?:-N?SA)?|WCDMA|GSM", re.IGNORECASE)
NR_BANDWIDTH_MHZ = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0)
"""Index 0..8, the same in all manual versions; from 9 on they disagree."""


@dataclass(frozen=True, slots=True)
class ServingCell:
    """One serving cell as printed; `nsa` marks the NR leg of EN-DC. `sinr` is raw: its scale depends on the firmware."""

    rat: Rat
    nsa: bool = False
    mcc: str = ""
    mnc: str = ""
    tac: int | None = None
    cell_id: int | None = None
    pci: int | None = None
    channel: int | None = None
    band: int | None = None
    bandwidth_dl_mhz: float | None = None
    bandwidth_ul_mhz: float | None = None
    rsrp: float | None = None
    rsrq: float | None = None
    rssi: float | None = None
    sinr: float | None = None
    rscp: float | None = None
    ecio: float | None = None
    cqi: int | None = None
    tx_power_dbm: float | None = None
    scs_khz: int | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """State word (NOCONN, CONNECT, LIMSRV, SEARCH; "" when its line is missing) and the cells, LTE anchor first."""

    state: str
    cells: tuple[ServingCell, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One neighbour row; only what has one meaning in every mode."""

    rat: Rat
    channel: int | None = None
    pci: int | None = None
    values: dict[str, float | None] = field(default_factory=dict)
    plmn: str | None = None
    """Whose it is; only the 2G list tells."""


def nr_bandwidth_mhz(text: str) -> float | None:
    """Return MHz from an NR bandwidth index 0..8, or from MHz itself (Unisoc prints 20..100); None where manuals disagree."""
    number = to_int(text)
    if number is None:
        return None
    if 0 <= number < len(NR_BANDWIDTH_MHZ):
        return NR_BANDWIDTH_MHZ[number]
    return float(number) if number in (20, 25, 30, 40, 50, 60, 70, 80, 90, 100) else None


def parse_serving(lines: Iterable[str]) -> Serving | None:
    """Read the last serving answer; None where there is none."""
    words: list[str] = []
    for record in records(lines, "+QENG"):
        row = fields_of(record)
        if not row or row[0].lower().startswith("neighbourcell"):
            continue
        words = row if row[0].lower() == "servingcell" else [*words, *row]
    if not words:
        return None
    places = [place for place, word in enumerate(words) if _RAT.fullmatch(word)]
    state = pick(words, 1).upper() if words[0].lower() == "servingcell" and 1 not in places else ""
    ends = [*places[1:], len(words)]
    cells = [_cell(words[start], words[start + 1 : end]) for start, end in zip(places, ends, strict=False)]
    return Serving(state, tuple(cell for cell in cells if cell is not None))


def _cell(word: str, row: list[str]) -> ServingCell | None:
    rat = rat_of(word)
    if word.upper() == "NR5G-NSA":
        return _nsa(row)
    match rat:
        case Rat.WCDMA:
            return _wcdma(row)
        case Rat.GSM:
            return _gsm(row)
        case None:
            return None
    anchored = _from_mcc(row)
    if anchored is None:
        return ServingCell(rat)  # neither duplex nor MCC: nothing has a sure place
    return _sa(anchored) if rat is Rat.NR_SA else _lte(rat, anchored)


def _from_mcc(row: list[str]) -> list[str] | None:
    """Return the fields from the MCC on, without the duplex word or its empty place; None where that place cannot be told."""
    first, second = pick(row, 0), pick(row, 1)
    mcc_first, mcc_second = (re.fullmatch(r"\d{3}", text) is not None for text in (first, second))
    if re.fullmatch(r"[FT]DD", first, re.IGNORECASE) or (mcc_second and not mcc_first):
        return row[1:]
    return row if mcc_first else None


def _lte(rat: Rat, row: list[str]) -> ServingCell:
    narrow = rat is Rat.NB_IOT  # the bandwidth index has no meaning there
    cqi, tx = (to_int(row[13]), to_float(row[14])) if len(row) >= 16 else (None, None)
    tx = tx or None  # 0 is printed when nothing was sent, and then CQI 0 too
    return ServingCell(
        rat,
        mcc=pick(row, 0),
        mnc=pick(row, 1),
        cell_id=hex_id(pick(row, 2)),
        pci=to_int(pick(row, 3)),
        channel=to_int(pick(row, 4)),
        band=to_int(pick(row, 5)),
        bandwidth_ul_mhz=None if narrow else units.lte_bandwidth_mhz(to_int(pick(row, 6))),
        bandwidth_dl_mhz=None if narrow else units.lte_bandwidth_mhz(to_int(pick(row, 7))),
        tac=hex_id(pick(row, 8)),
        rsrp=to_float(pick(row, 9)),
        rsrq=to_float(pick(row, 10)),
        rssi=to_float(pick(row, 11)),
        sinr=to_float(pick(row, 12)),
        cqi=cqi or (cqi if tx else None),
        tx_power_dbm=tx / 10 if tx else None,
    )


def _nsa(row: list[str]) -> ServingCell:
    sinr, rsrq = to_float(pick(row, 4)), to_float(pick(row, 5))
    if rsrq is not None and rsrq > 0:  # another order than the manual's: which is which cannot be told
        sinr = rsrq = None
    scs = to_int(pick(row, 9))
    return ServingCell(
        Rat.NR_NSA,
        nsa=True,
        mcc=pick(row, 0),
        mnc=pick(row, 1),
        pci=to_int(pick(row, 2)),
        rsrp=to_float(pick(row, 3)),
        sinr=sinr,
        rsrq=rsrq,
        channel=to_int(pick(row, 6)),
        band=to_int(pick(row, 7)),
        bandwidth_dl_mhz=nr_bandwidth_mhz(pick(row, 8)),
        scs_khz=15 << scs if scs is not None and 0 <= scs <= 4 else None,
    )


def _sa(row: list[str]) -> ServingCell:
    return ServingCell(
        Rat.NR_SA,
        mcc=pick(row, 0),
        mnc=pick(row, 1),
        cell_id=hex_id(pick(row, 2)),
        pci=to_int(pick(row, 3)),
        tac=hex_id(pick(row, 4)),
        channel=to_int(pick(row, 5)),
        band=to_int(pick(row, 6)),
        bandwidth_dl_mhz=nr_bandwidth_mhz(pick(row, 7)),
        rsrp=to_float(pick(row, 8)),
        rsrq=to_float(pick(row, 9)),
        sinr=to_float(pick(row, 10)),
    )


def _wcdma(row: list[str]) -> ServingCell:
    return ServingCell(
        Rat.WCDMA,
        mcc=pick(row, 0),
        mnc=pick(row, 1),
        tac=hex_id(pick(row, 2)),
        cell_id=hex_id(pick(row, 3)),
        channel=to_int(pick(row, 4)),
        pci=to_int(pick(row, 5)),
        rscp=to_float(pick(row, 7)),
        ecio=to_float(pick(row, 8)),
    )


def _gsm(row: list[str]) -> ServingCell:
    return ServingCell(
        Rat.GSM,
        mcc=pick(row, 0),
        mnc=pick(row, 1),
        tac=hex_id(pick(row, 2)),
        cell_id=hex_id(pick(row, 3)),
        channel=to_int(pick(row, 5)),
        rssi=to_float(pick(row, 7)),
    )


def parse_neighbours(lines: Iterable[str]) -> list[Neighbour]:
    """Read every neighbour row that names a channel."""
    found = []
    for record in records(lines, "+QENG"):
        row = fields_of(record)
        rat = rat_of(pick(row, 1)) if row and row[0].lower().startswith("neighbourcell") else None
        if rat is not None and len(row) > 2:
            found.append(_neighbour(rat, row[2:]))
    return [row for row in found if row.channel is not None]


def _neighbour(rat: Rat, row: list[str]) -> Neighbour:
    if rat is Rat.WCDMA:
        return _umts_neighbour(row)
    if rat is Rat.GSM:
        return _gsm_neighbour(row)
    values = _by_size(to_float(pick(row, 2)), to_float(pick(row, 3)))
    rssi = to_float(pick(row, 4)) if len(row) > 5 and rat is not Rat.NR_SA else None
    values["rssi_dbm"] = rssi if rssi is not None and rssi < 0 else None
    return Neighbour(rat, to_int(row[0]), to_int(pick(row, 1)), values)


def _by_size(first: float | None, second: float | None) -> dict[str, float | None]:
    """Tell RSRP (at or below -44 dBm) from RSRQ: their order depends on the serving technology."""
    numbers = [value for value in (first, second) if value is not None]
    return {
        "rsrp_dbm": next((value for value in numbers if value <= -44), None),
        "rsrq_db": next((value for value in numbers if -44 < value < 0), None),
    }


def _umts_neighbour(row: list[str]) -> Neighbour:
    """Read a 3G row. Its layout depends on the serving technology.

    LTE `UARFCN,prio,thr,thr,PSC,RSCP*10,EcNo*10,srxlev`, WCDMA `UARFCN,srxqual,PSC,RSCP,EcNo,...`, GSM `UARFCN,PSC,RSCP,EcNo`.
    """
    channel = to_int(row[0])
    scaled = to_float(pick(row, 5))
    if len(row) == 4:
        psc, rscp, ecno = row[1:4]
        return Neighbour(Rat.WCDMA, channel, to_int(psc), {"rscp_dbm": to_float(rscp), "ecio_db": to_float(ecno)})
    plain = to_float(pick(row, 3))
    if plain is not None and plain < -20:
        return Neighbour(Rat.WCDMA, channel, to_int(row[2]), {"rscp_dbm": plain, "ecio_db": to_float(pick(row, 4))})
    if scaled is not None and scaled < -200:
        ecio = to_float(pick(row, 6))
        return Neighbour(
            Rat.WCDMA, channel, to_int(row[4]), {"rscp_dbm": scaled / 10, "ecio_db": None if ecio is None else ecio / 10}
        )
    return Neighbour(Rat.WCDMA, channel)


def _gsm_neighbour(row: list[str]) -> Neighbour:
    """Read a 2G row: on LTE `ARFCN,prio,thr,thr,ncc,band,bsic,rssi,srxlev`, on GSM `MCC,MNC,LAC,CI,BSIC,ARFCN,rxlev,...`."""
    if len(row) >= 10:
        return Neighbour(Rat.GSM, to_int(row[5]), None, {"rssi_dbm": to_float(row[6])}, plmn_of(row[0], row[1]))
    rssi = to_float(pick(row, 7))
    if rssi is not None and rssi < -120:
        rssi /= 10
    return Neighbour(Rat.GSM, to_int(row[0]) if len(row) >= 8 else None, None, {"rssi_dbm": rssi})
