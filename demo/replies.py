"""What a simulated modem answers: from a recorded session, or live from a radio in the dialect of a family. Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from demo.radio import Air, Radio

Answers = Callable[[str], list[str] | None]
"""Command in capitals without blanks -> lines of the reply with the final result, or None for a command it does not know."""

FINALS = re.compile(r"^(OK|ERROR|\+CM[ES] ERROR: .*|NO CARRIER|ABORTED|COMMAND NOT SUPPORT)$")
TIME_ZONE_QUARTERS = 32  # WITA, UTC+8, in quarters of an hour as +CCLK writes it


def key(command: str) -> str:
    """Return the form by which commands are compared: capitals, no blanks."""
    return re.sub(r"\s+", "", command).upper()


def read_session(text: str) -> dict[str, list[str]]:
    """Read a raw terminal session: lines that begin with AT are commands, what follows are replies; OK is added where cut off.

    The last answer to a command wins. Raises ValueError when no line begins with AT.
    """
    table: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for raw in text.splitlines():
        line = raw.strip()
        if line[:2].upper() == "AT":
            lines = table[key(line)] = []
        elif lines is not None and line:
            lines.append(line)
    if not table:
        raise ValueError("no line begins with AT; write the command before its reply, as in a terminal")
    for reply in table.values():
        if not reply or not FINALS.match(reply[-1]):
            reply.append("OK")
    return table


def session_answers(text: str) -> Answers:
    """Answer as a recorded session did. Raises ValueError as read_session does."""
    table = read_session(text)
    return table.get


IDENTITY: Mapping[str, tuple[str, str, str]] = {
    "generic": ("ACME", "L100", "L100R01"),
    "quectel": ("Quectel", "EC25", "EC25EFAR06A06M4G"),
    "simcom": ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "LE20B04SIM7600M22"),
}


def family_answers(family: str, radio: Radio, now_s: Callable[[], float] = time.time) -> Answers:
    """Answer live as a modem of a family in IDENTITY would, in the air of `radio`. Raises KeyError for another family."""
    maker, model, firmware = IDENTITY[family]
    fixed = {
        "AT+CGMI": [maker],
        "AT+CGMM": [model],
        "AT+CGMR": [firmware],
        "ATI": [maker, model, f"Revision: {firmware}"],
        "AT+CGSN": ["000000000000000"],
        "AT+CPIN?": ["+CPIN: READY"],
    }
    live: dict[str, Callable[[Air], list[str]]] = {
        "AT+CSQ": _csq,
        "AT+CESQ": _cesq,
        "AT+COPS?": _cops,
        "AT+CREG?": lambda air: _reg("+CREG", air, served=air.rat is not None),
        "AT+CGREG?": lambda air: _reg("+CGREG", air, served=air.rat == "gsm"),
        "AT+CEREG?": lambda air: _reg("+CEREG", air, served=air.rat == "lte"),
        "AT+CCLK?": lambda _: [f'+CCLK: "{_local(now_s())}"'],
    } | LIVE[family]
    if family == "quectel":
        live["AT+QLTS=1"] = lambda _: [
            f'+QLTS: "{datetime.fromtimestamp(now_s(), UTC):%Y/%m/%d,%H:%M:%S}+{TIME_ZONE_QUARTERS:02d},0"'
        ]

    def answer(command: str) -> list[str] | None:
        if command in fixed:
            return [*fixed[command], "OK"]
        if command in live:
            return [*live[command](radio.air(now_s())), "OK"]
        return ["OK"] if _harmless_setting(command) else None

    return answer


def _harmless_setting(command: str) -> bool:
    return command == "AT" or bool(re.match(r"ATE[01]$|AT\+(CMEE|CREG|CGREG|CEREG|COPS|CTZU|CTZR|CFUN)=", command))


def _local(utc_s: float) -> str:
    local = datetime.fromtimestamp(utc_s + TIME_ZONE_QUARTERS * 900, UTC)
    return f"{local:%y/%m/%d,%H:%M:%S}+{TIME_ZONE_QUARTERS:02d}"


def _index(value: float, low: float, step: float, top: int) -> int:
    return max(0, min(top, int((value - low) // step)))


def _csq(air: Air) -> list[str]:
    return [f"+CSQ: {_index(air.cells[0].rssi_dbm, -113, 2, 31)},99" if air.rat else "+CSQ: 99,99"]


def _cesq(air: Air) -> list[str]:
    cell = air.cells[0]
    if air.rat == "lte":
        return [f"+CESQ: 99,99,255,255,{_index(cell.rsrq_db, -20, 0.5, 34)},{_index(cell.rsrp_dbm, -141, 1, 97)}"]
    return [f"+CESQ: {_index(cell.rssi_dbm, -111, 1, 63)},0,255,255,255,255" if air.rat else "+CESQ: 99,99,255,255,255,255"]


def _cops(air: Air) -> list[str]:
    return [f'+COPS: 0,2,"{air.plmn}",{7 if air.rat == "lte" else 0}' if air.rat else "+COPS: 0"]


def _reg(prefix: str, air: Air, *, served: bool) -> list[str]:
    if not served:
        return [f"{prefix}: 2,{0 if air.rat else 2}"]
    ci = air.cells[0].cell_id if air.rat == "lte" else air.cells[0].cell_id & 0xFFFF
    return [f'{prefix}: 2,1,"{air.tac:04X}","{ci:X}",{7 if air.rat == "lte" else 0}']


def _qeng(air: Air) -> list[str]:
    cell, mcc, mnc = air.cells[0], air.plmn[:3], air.plmn[3:]
    if air.rat is None:
        return ['+QENG: "servingcell","SEARCH"']
    if air.rat == "gsm":
        rest = ",-,-,-,1,-,-,-,-,-,-,-,-,-,-"
        ids = f"{air.tac:X},{cell.cell_id & 0xFFFF:X},21,{air.channel},1"
        return [f'+QENG: "servingcell","NOCONN","GSM",{mcc},{mnc},{ids},{cell.rssi_dbm:.0f},255,255,0,38,38{rest}']
    ids = f"{cell.cell_id:X},{cell.pci},{air.channel},{air.band},3,3,{air.tac:X}"
    power = f"{cell.rsrp_dbm:.0f},{cell.rsrq_db:.0f},{cell.rssi_dbm:.0f},{cell.sinr_db:.0f}"
    return [f'+QENG: "servingcell","NOCONN","LTE","FDD",{mcc},{mnc},{ids},{power},34']


def _neighbours(air: Air) -> list[str]:
    if air.rat != "lte":
        return []
    row = '+QENG: "neighbourcell intra","LTE",{},{},{:.0f},{:.0f},{:.0f},-,34,6,2,64,62'
    return [row.format(air.channel, c.pci, c.rsrq_db, c.rsrp_dbm, c.rssi_dbm) for c in air.cells]


def _qcsq(air: Air) -> list[str]:
    cell = air.cells[0]
    if air.rat is None:
        return ['+QCSQ: "NOSERVICE"']
    if air.rat == "gsm":
        return [f'+QCSQ: "GSM",{cell.rssi_dbm:.0f}']
    return [f'+QCSQ: "LTE",{cell.rssi_dbm:.0f},{cell.rsrp_dbm:.0f},{5 * (cell.sinr_db + 20):.0f},{cell.rsrq_db:.0f}']


def _qnwinfo(air: Air) -> list[str]:
    if air.rat is None:
        return ["+QNWINFO: No Service"]
    word, band = ("GSM", "GSM 900") if air.rat == "gsm" else ("FDD LTE", f"LTE BAND {air.band}")
    return [f'+QNWINFO: "{word}","{air.plmn}","{band}",{air.channel}']


def _cpsi(air: Air) -> list[str]:
    cell, plmn = air.cells[0], f"{air.plmn[:3]}-{air.plmn[3:]}"
    if air.rat is None:
        return ["+CPSI: NO SERVICE,Online"]
    if air.rat == "gsm":
        return [
            f"+CPSI: GSM,Online,{plmn},0x{air.tac:04X},{cell.cell_id & 0xFFFF},{air.channel} EGSM 900,{cell.rssi_dbm:.0f},0,19-19"
        ]
    ids = f"{plmn},0x{air.tac:04X},{cell.cell_id},{cell.pci},EUTRAN-BAND{air.band},{air.channel},3,3"
    tenths = f"{cell.rsrq_db * 10:.0f},{cell.rsrp_dbm * 10:.0f},{cell.rssi_dbm * 10:.0f}"
    return [f"+CPSI: LTE,Online,{ids},{tenths},{cell.sinr_db:.0f}"]


LIVE: Mapping[str, dict[str, Callable[[Air], list[str]]]] = {
    "generic": {},
    "quectel": {
        'AT+QENG="SERVINGCELL"': _qeng,
        'AT+QENG="NEIGHBOURCELL"': _neighbours,
        "AT+QCSQ": _qcsq,
        "AT+QNWINFO": _qnwinfo,
        "AT+QTEMP": lambda _: ["+QTEMP: 41,38,39"],
    },
    "simcom": {"AT+CPSI?": _cpsi, "AT+CPMUTEMP": lambda _: ["+CPMUTEMP: 42"]},
}

WITHOUT_SIM: Mapping[str, list[str]] = {
    "AT+CPIN?": ["+CME ERROR: {code}"],
    "AT+CIMI": ["+CME ERROR: {code}"],
    "AT+COPS?": ["+COPS: 0", "OK"],
    "AT+CSQ": ["+CSQ: 99,99", "OK"],
    "AT+CESQ": ["+CESQ: 99,99,255,255,255,255", "OK"],
    "AT+CREG?": ["+CREG: 2,0", "OK"],
    "AT+CGREG?": ["+CGREG: 2,0", "OK"],
    "AT+CEREG?": ["+CEREG: 2,0", "OK"],
    'AT+QENG="SERVINGCELL"': ['+QENG: "servingcell","SEARCH"', "OK"],
    'AT+QENG="NEIGHBOURCELL"': ["OK"],
    "AT+QCSQ": ['+QCSQ: "NOSERVICE"', "OK"],
    "AT+QNWINFO": ["+QNWINFO: No Service", "OK"],
    "AT+CPSI?": ["+CPSI: NO SERVICE,Online", "OK"],
}
"""What a modem answers with a SIM fault; `code` is filled in with the CME code."""
