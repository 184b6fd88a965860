"""What the families of simulated modems say beyond TS 27.007: serving cell, neighbours, bands, scan, GNSS. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from demo.radio import Air, Heard, Tower

Live = Mapping[str, Callable[[Air], list[str]]]
"""Command as `key` gives it -> lines of the reply without OK; a last line that is a final result stands for itself."""

NO_PATH = -140
QUECTEL_BANDS = (1, 3, 5, 7, 8, 20, 38, 40, 41)
"""LTE bands of the EC25-E (Quectel EC25 hardware design, 2.1)."""
SIMCOM_BANDS = (1, 3, 5, 7, 8, 20, 38, 40, 41)


def _mask(bands: tuple[int, ...]) -> int:
    return sum(1 << (band - 1) for band in bands)


def _qeng(air: Air) -> list[str]:
    cell, mcc, mnc = air.cells[0], air.plmn[:3], air.plmn[3:]
    if air.rat is None:
        return ['+QENG: "servingcell","SEARCH"']
    state = "NOCONN" if air.registered or air.voice in (1, 5) else "LIMSRV"
    head = f'+QENG: "servingcell","{state}"'
    if not air.tells_rat:
        return [head]
    if air.rat == "gsm":
        rest = ",-,-,-,1,-,-,-,-,-,-,-,-,-,-"
        ids = f"{air.tac:X},{cell.cell_id & 0xFFFF:X},21,{air.channel},1"
        return [f'{head},"GSM",{mcc},{mnc},{ids},{cell.rssi_dbm:.0f},255,255,0,38,38{rest}']
    if air.rat == "wcdma":
        return [
            f'{head},"WCDMA",{mcc},{mnc},{air.tac:X},{cell.cell_id:X},{air.channel},{cell.pci},2,{cell.rsrp_dbm:.0f},-8,-,-,-,-,-'
        ]
    ids = f"{cell.cell_id:X},{cell.pci},{air.channel},{air.band},3,3,{air.tac:X}"
    power = f"{cell.rsrp_dbm:.0f},{cell.rsrq_db:.0f},{cell.rssi_dbm:.0f},{cell.sinr_db:.0f}"
    return [f'{head},"LTE","FDD",{mcc},{mnc},{ids},{power},34']


def _neighbours(air: Air) -> list[str]:
    if air.rat != "lte" or not air.tells_rat:
        return []
    row = '+QENG: "neighbourcell intra","LTE",{},{},{:.0f},{:.0f},{:.0f},-,34,6,2,64,62'
    return [row.format(air.channel, c.pci, c.rsrq_db, c.rsrp_dbm, c.rssi_dbm) for c in air.cells]


def _qcsq(air: Air) -> list[str]:
    cell = air.cells[0]
    if air.rat is None or not air.tells_rat:
        return ['+QCSQ: "NOSERVICE"'] if air.rat is None else ["ERROR"]
    if air.rat == "gsm":
        return [f'+QCSQ: "GSM",{cell.rssi_dbm:.0f}']
    if air.rat == "wcdma":
        return [f'+QCSQ: "WCDMA",{cell.rssi_dbm:.0f},{cell.rsrp_dbm:.0f},-8']
    return [f'+QCSQ: "LTE",{cell.rssi_dbm:.0f},{cell.rsrp_dbm:.0f},{5 * (cell.sinr_db + 20):.0f},{cell.rsrq_db:.0f}']


def _qnwinfo(air: Air) -> list[str]:
    if air.rat is None:
        return ["+QNWINFO: No Service"]
    if not air.tells_rat:
        return ["ERROR"]
    names = {"gsm": ("GSM", "GSM 900"), "wcdma": ("WCDMA", "WCDMA 2100")}
    word, band = names.get(air.rat, ("FDD LTE", f"LTE BAND {air.band}"))
    return [f'+QNWINFO: "{word}","{air.plmn}","{band}",{air.channel}']


def _qrsrp(air: Air) -> list[str]:
    if air.rat != "lte" or not air.tells_level:
        return ["ERROR"]
    paths = [f"{level:.0f}" for level in branches(air)]
    return [f"+QRSRP: {','.join([*paths, *[str(NO_PATH)] * (4 - len(paths))])},LTE"]


def branches(air: Air) -> list[float]:
    """Return the level of each receive branch, dBm; NO_PATH where nothing is plugged in."""
    return [NO_PATH if offset <= -99 else air.cells[0].rsrp_dbm + offset for offset in air.branches_db]


def found(air: Air) -> list[Heard]:
    """Return what a scan of all PLMNs finds: the cell camped on and the others, each operator of a technology once a cell."""
    own = [] if air.rat is None else [_own(air, air.cells[0])]
    return [*own, *(cell for cell in air.heard if air.rat is None or cell.plmn != air.plmn)]


def _own(air: Air, cell: Tower) -> Heard:
    level = cell.rsrp_dbm if air.rat != "gsm" else cell.rssi_dbm
    return Heard(air.plmn, air.rat or "", air.band, air.channel, cell.pci, level)


def _qscan(air: Air) -> list[str]:
    cells = [cell for cell in found(air) if cell.rat == "lte"]
    row = '+QSCAN: "LTE",{},{},{},{},{:.0f},-11,24,18,{:X},{:X},50,{}'
    return [
        row.format(c.plmn[:3], c.plmn[3:], c.channel, c.pci, c.level_dbm, air.cells[0].cell_id, air.tac, c.band) for c in cells
    ]


def _qgpsloc(air: Air) -> list[str]:
    if air.fix is None:
        return ["+CME ERROR: 516"]
    return [f"+QGPSLOC: 061951.000,{air.fix[0]:.5f},{air.fix[1]:.5f},1.2,41.5,3,000.00,0.0,0.0,271126,09"]


def _cpsi(air: Air) -> list[str]:
    cell, plmn = air.cells[0], f"{air.plmn[:3]}-{air.plmn[3:]}"
    if air.rat is None:
        return ["+CPSI: NO SERVICE,Online"]
    if not air.tells_rat:
        return ["ERROR"]
    if air.rat == "gsm":
        return [
            f"+CPSI: GSM,Online,{plmn},0x{air.tac:04X},{cell.cell_id & 0xFFFF},{air.channel} EGSM 900,{cell.rssi_dbm:.0f},0,19-19"
        ]
    if air.rat == "wcdma":
        ids = f"{plmn},0x{air.tac:04X},{cell.cell_id},WCDMA IMT 2000,{cell.pci},{air.channel},0"
        return [f"+CPSI: WCDMA,Online,{ids},8,{-cell.rsrp_dbm:.0f},36,{-cell.rssi_dbm:.0f},500"]
    ids = f"{plmn},0x{air.tac:04X},{cell.cell_id},{cell.pci},EUTRAN-BAND{air.band},{air.channel},3,3"
    tenths = f"{cell.rsrq_db * 10:.0f},{cell.rsrp_dbm * 10:.0f},{cell.rssi_dbm * 10:.0f}"
    return [f"+CPSI: LTE,Online,{ids},{tenths},{cell.sinr_db:.0f}"]


def _minutes(degrees: float, width: int, sides: str) -> str:
    whole, side = int(abs(degrees)), sides[0] if degrees >= 0 else sides[1]
    return f"{whole:0{width}d}{(abs(degrees) - whole) * 60:09.6f},{side}"


def _cgpsinfo(air: Air) -> list[str]:
    if air.fix is None:
        return ["+CGPSINFO: ,,,,,,,,"]
    lat, lon = _minutes(air.fix[0], 2, "NS"), _minutes(air.fix[1], 3, "EW")
    return [f"+CGPSINFO: {lat},{lon},271126,061951.0,41.5,0.0,0.0"]


LIVE: Mapping[str, Live] = {
    "generic": {},
    "quectel": {
        'AT+QENG="SERVINGCELL"': _qeng,
        'AT+QENG="NEIGHBOURCELL"': _neighbours,
        "AT+QCSQ": _qcsq,
        "AT+QNWINFO": _qnwinfo,
        "AT+QRSRP": _qrsrp,
        "AT+QTEMP": lambda _: ["+QTEMP: 41,38,39"],
        "AT+QSCAN=3,1": _qscan,
        'AT+QCFG="BAND"': lambda _: [f'+QCFG: "band",0x93,0x{_mask(QUECTEL_BANDS):x},0x0'],
        "AT+QNETRC?": lambda air: ["ERROR"] if air.cause is None else [f'+QNETRC: "emm_cause",{air.cause}'],
        "AT+QGPS=1": lambda _: [],
        "AT+QGPSLOC=2": _qgpsloc,
        "AT+QGPSEND": lambda _: [],
    },
    "simcom": {
        "AT+CPSI?": _cpsi,
        "AT+CPMUTEMP": lambda _: ["+CPMUTEMP: 42"],
        "AT+CNBP?": lambda _: [f"+CNBP: 0x000700000FEB0180,0x{_mask(SIMCOM_BANDS):016X},0x000000000000003F"],
        "AT+CGPS=1": lambda _: [],
        "AT+CGPSINFO": _cgpsinfo,
        "AT+CGPS=0": lambda _: [],
    },
}
