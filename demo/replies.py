"""What a simulated modem answers: from a recorded session, or live from a radio in the dialect of a family. Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from demo.dialects import LIVE, found
from demo.radio import Air, Heard
from demo.situations import Life, is_radio

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


class Place(Protocol):
    """Where a simulated modem is: `Radio`, or `Life` of demo/situations.py."""

    def air(self, utc_s: float) -> Air:
        """Return what the modem makes of the air at a time."""


class FamilyModem:
    """Answers live as a modem of a family in IDENTITY would; remembers what was set. Call it with a command."""

    def __init__(self, family: str, place: Place, now_s: Callable[[], float] = time.time) -> None:
        """Take the family and where the modem is. Raises KeyError for an unknown family."""
        maker, model, firmware = IDENTITY[family]
        self._place, self._now_s = place, now_s
        self._detail = dict.fromkeys(REGISTRATIONS, 2)
        self._causes = family == "generic"
        """Whether it knows the form of +CEREG that tells the cause of a refusal."""
        self._fixed = {
            "AT+CGMI": [maker],
            "AT+CGMM": [model],
            "AT+CGMR": [firmware],
            "ATI": [maker, model, f"Revision: {firmware}"],
            "AT+CGSN": ["000000000000000"],
        }
        self._live: dict[str, Callable[[Air], list[str]]] = {
            "AT+CPIN?": lambda air: air.card.cpin(),
            "AT+CIMI": lambda air: air.card.cimi(),
            "AT+CSQ": _csq,
            "AT+CESQ": _cesq,
            "AT+COPS?": _cops,
            "AT+COPS=?": _cops_scan,
            "AT+CEER": _ceer,
            "AT+CCLK?": lambda _: [f'+CCLK: "{_local(now_s())}"'],
            **{f"AT+{name}?": partial(self._registration, name) for name in REGISTRATIONS},
            **LIVE[family],
        }
        if family == "quectel":
            self._live["AT+QLTS=1"] = lambda _: [
                f'+QLTS: "{datetime.fromtimestamp(now_s(), UTC):%Y/%m/%d,%H:%M:%S}+{TIME_ZONE_QUARTERS:02d},0"'
            ]

    def __call__(self, command: str) -> list[str] | None:
        """Return the lines of the reply with the final result, or None for a command that it does not know."""
        if command in self._fixed:
            return [*self._fixed[command], "OK"]
        air = self._place.air(self._now_s())
        if command.startswith("AT+CRSM="):
            return air.card.file(command)
        if command in self._live:
            reply = self._live[command](air)
            return reply if reply and FINALS.match(reply[-1]) else [*reply, "OK"]
        return self._set(command)

    def _set(self, command: str) -> list[str] | None:
        if isinstance(self._place, Life) and is_radio(command):
            self._place.told(command)
        if detail := re.fullmatch(r"AT\+(C5GREG|CEREG|CGREG|CREG)=(\d)", command):
            if detail[1] not in self._detail or int(detail[2]) > (3 if self._causes else 2):
                return ["ERROR"]
            self._detail[detail[1]] = int(detail[2])
        return ["OK"] if _harmless_setting(command) else None

    def _registration(self, name: str, air: Air) -> list[str]:
        return [registration(name, self._detail[name], air)]


def family_answers(family: str, place: Place, now_s: Callable[[], float] = time.time) -> Answers:
    """Answer live as a modem of a family in IDENTITY would, at a place. Raises KeyError for another family."""
    return FamilyModem(family, place, now_s)


REGISTRATIONS = ("CREG", "CGREG", "CEREG")


def registration(name: str, detail: int, air: Air) -> str:
    """Return one line of registration (TS 27.007 7.2, 10.1.20, 10.1.22) in the detail `<n>` that was set."""
    here = {"CEREG": air.rat == "lte", "CGREG": air.rat != "lte", "CREG": True}[name]
    voice = air.voice if air.voice is not None else air.stat
    stat = voice if name == "CREG" else air.stat
    if stat in (1, 5, 9, 10) and not here:
        stat = 0 if air.rat else 2
    cell, act = air.cells[0], {"lte": 7, "wcdma": 2}.get(air.rat or "", 0)
    ci = cell.cell_id if air.rat != "gsm" else cell.cell_id & 0xFFFF
    head = f"+{name}: {detail},{stat}"
    if stat in (1, 5, 9, 10) and detail >= 2:
        return f'{head},"{air.tac:04X}","{ci:X}"' + (f",{act}" if air.tells_rat else "")
    refused = detail == 3 and air.cause is not None and stat == 3 and name == "CEREG"
    return f"{head},,,,0,{air.cause}" if refused else head


def _harmless_setting(command: str) -> bool:
    return command == "AT" or bool(re.match(r"ATE[01]$|AT\+(CMEE|CREG|CGREG|CEREG|COPS|CTZU|CTZR|CFUN)=", command))


def _local(utc_s: float) -> str:
    local = datetime.fromtimestamp(utc_s + TIME_ZONE_QUARTERS * 900, UTC)
    return f"{local:%y/%m/%d,%H:%M:%S}+{TIME_ZONE_QUARTERS:02d}"


def _index(value: float, low: float, step: float, top: int) -> int:
    return max(0, min(top, int((value - low) // step)))


def _csq(air: Air) -> list[str]:
    told = air.rat and air.tells_level
    return [f"+CSQ: {_index(air.cells[0].rssi_dbm, -113, 2, 31)},99" if told else "+CSQ: 99,99"]


def _cesq(air: Air) -> list[str]:
    cell = air.cells[0]
    if air.rat is None or not air.tells_level:
        return ["+CESQ: 99,99,255,255,255,255"]
    if air.rat == "lte":
        return [f"+CESQ: 99,99,255,255,{_index(cell.rsrq_db, -20, 0.5, 34)},{_index(cell.rsrp_dbm, -141, 1, 97)}"]
    if air.rat == "wcdma":
        return [f"+CESQ: 99,99,{_index(cell.rsrp_dbm, -121, 1, 96)},33,255,255"]
    return [f"+CESQ: {_index(cell.rssi_dbm, -111, 1, 63)},0,255,255,255,255"]


_ACTS = {"lte": 7, "wcdma": 2, "gsm": 0}


def _cops(air: Air) -> list[str]:
    if air.rat is None or not (air.registered or air.voice in (1, 5)):
        return ["+COPS: 0"]
    return [f'+COPS: 0,2,"{air.plmn}"' + (f",{_ACTS[air.rat]}" if air.tells_rat else "")]


def _cops_scan(air: Air) -> list[str]:
    """List every operator and technology once, then the modes and formats (TS 27.007 7.3)."""
    rows = {(cell.plmn, cell.rat): cell for cell in found(air)}.values()
    entries = [f'({_status(air, c)},"{_NAMES.get(c.plmn, c.plmn)}","","{c.plmn}",{_ACTS[c.rat]})' for c in rows]
    return [f"+COPS: {','.join([*entries, '', '(0,1,2,3,4)', '(0,1,2)'])}"]


_NAMES = {"51010": "TELKOMSEL", "51001": "IND INDOSAT", "51011": "XL", "51009": "SMARTFREN", "51089": "3"}


def _status(air: Air, cell: Heard) -> int:
    if cell.plmn == air.plmn and air.registered:
        return 2
    return 1 if cell.plmn == air.card.plmn else 3


def _ceer(air: Air) -> list[str]:
    words = {
        6: "Illegal ME",
        7: "EPS services not allowed",
        8: "EPS services and non-EPS services not allowed",
        11: "PLMN not allowed",
    }
    return [f"+CEER: {words.get(air.cause or 0, 'No cause information available')}"]


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
