"""A Huawei stick in HiLink mode has no AT port: it is a small router whose web API tells the same things.

`read` maps the answers of the API to a reading and is pure; `HilinkSession` asks over HTTP with huawei-lte-api and is to
the worker what `Session` is for a serial port. Untested on hardware, see SUPPORTED.md. 5G is not read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.commands.cimi import Identity
from agent.commands.cpin import Sim
from agent.poll.session import Poll
from agent.port.link import LinkClosed, LinkError, LinkTimeout
from ground.words import mark, phrase
from telemetry.streams import Rat, Registration

SIGNAL, STATUS, PLMN, INFORMATION = "device/signal", "monitoring/status", "net/current-plmn", "device/information"
PIN = "pin/status"
TIMEOUT_S = 5.0  # a stick answers within 100 ms; its web server sleeps for a second or two at times
NO_STICK = mark("{url}: {what} is not what a HiLink stick answers; is this its address?")
FOREIGN = (
    ExpatError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)  # what the library raises on a page that is none of its own
Answers = Mapping[str, Mapping[str, str]]
"""Path of the API -> element -> text; an element without text is left out."""

_LEVEL = re.compile(r"(>=?|<=?)?\s*([-+]?\d{1,4}(?:\.\d{1,3})?)\s*(?:dBm?|MHz)?", re.IGNORECASE)
_DOWNLINK = re.compile(r"DL:\s*(\d{1,6})\b", re.IGNORECASE)
_MODE = {"0": Rat.GSM, "2": Rat.WCDMA, "7": Rat.LTE}
"""`mode` of device/signal."""
_TYPE = {
    **dict.fromkeys(("1", "2", "3"), Rat.GSM),
    **dict.fromkeys(("4", "5", "6", "7", "9", "17", "18", "41", "42", "43", "44", "45", "46", "64", "65"), Rat.WCDMA),
    **dict.fromkeys(("19", "101", "1011"), Rat.LTE),
}
"""`CurrentNetworkType` and `CurrentNetworkTypeEx` of monitoring/status; "0" is no service."""

_PIN = {"255": Sim.MISSING, "256": Sim.FAILURE, **dict.fromkeys(("257", "258", "259"), Sim.READY), "260": Sim.PIN, "261": Sim.PUK}
"""`SimState` of pin/status, as the stick's own web page names them."""


def read(answers: Answers) -> Poll:
    """Fill a reading from the answers of the API. What is not sure is left out and noted."""
    reading = Reading()
    signal, status = answers.get(SIGNAL, {}), answers.get(STATUS, {})
    sim = _sim(answers)
    if sim is Sim.MISSING:  # its network type and mode are left over from better days
        set_plausible(reading.signal, reading.notes, registration=Registration.NO_SIM)
        return Poll(reading, sim, [])
    state = _registration(status)
    rat = _rat(signal, status, reading.notes)
    levels = {Rat.LTE: _lte, Rat.WCDMA: _wcdma, Rat.GSM: _gsm}[rat](signal, reading.notes) if rat else {}
    served = state is not None and state.served
    known = any(value is not None for value in levels.values())
    set_plausible(reading.signal, reading.notes, registration=state, rat=rat if served or known else None, **levels)
    set_plausible(reading.signal, reading.notes, plmn=_plmn(answers) if served or state is Registration.LIMITED else None)
    reading.signal.sim = sim.state if sim and not served else None
    if sim is not None and sim.unusable and not served:
        reading.signal.registration = Registration.SIM_FAULT
    if served and rat and not known:
        reading.notes.append("the stick gives no signal values; some need the password of their web page switched off")
    return Poll(reading, sim, [])


def _sim(answers: Answers) -> Sim | None:
    """Return the state of the SIM: what is wrong with it by pin/status, else what monitoring/status says."""
    status = answers.get(STATUS, {})
    if status.get("SimlockStatus") == "1":
        return Sim.LOCKED
    told = _PIN.get(answers.get(PIN, {}).get("SimState", ""))
    return told or {"1": Sim.READY, "255": Sim.MISSING}.get(status.get("SimStatus", ""))


def _registration(status: Mapping[str, str]) -> Registration | None:
    service, connection = status.get("ServiceStatus"), status.get("ConnectionStatus")
    if service == "2" or (service is None and connection == "901"):  # 901: a data connection is up
        return {"0": Registration.HOME, "1": Registration.ROAMING}.get(status.get("RoamingStatus", ""))
    if service in ("1", "3"):  # restricted service, restricted area
        return Registration.LIMITED
    return None if service is None else Registration.NOT_REGISTERED


def _rat(signal: Mapping[str, str], status: Mapping[str, str], notes: list[str]) -> Rat | None:
    """Return the technology if everything that names one agrees."""
    named = [(signal.get("mode"), _MODE), *((status.get(f"CurrentNetworkType{end}"), _TYPE) for end in ("", "Ex"))]
    # 0 is "no service" of the types; beside it, mode 0 is no sign of 2G either.
    idle = status.get("CurrentNetworkType") == "0"
    found = {table.get(code) for code, table in named if code and not (code == "0" and (idle or table is _TYPE))}
    if len(found) == 1:
        return found.pop()
    if found:
        codes = ", ".join(code or "none" for code, _ in named)
        notes.append(f"mode and network types {codes} do not name one technology: values left out")
    return None


def _lte(signal: Mapping[str, str], notes: list[str]) -> dict[str, float | int | None]:
    channel = _DOWNLINK.search(signal.get("earfcn", ""))
    return {
        "rsrp_dbm": _level(signal, "rsrp", notes),
        "rsrq_db": _level(signal, "rsrq", notes),
        "rssi_dbm": _level(signal, "rssi", notes),
        "sinr_db": _level(signal, "sinr", notes),
        "bandwidth_dl_mhz": _level(signal, "dlbandwidth", notes),
        "bandwidth_ul_mhz": _level(signal, "ulbandwidth", notes),
        "pci": _count(signal.get("pci")),
        "cell_id": _count(signal.get("cell_id")),
        "band": _count(signal.get("band")),
        "earfcn": int(channel.group(1)) if channel else None,
        "tac": _tac(signal.get("tac"), notes),
    }


def _wcdma(signal: Mapping[str, str], notes: list[str]) -> dict[str, float | int | None]:
    rscp = _level(signal, "rscp", notes)
    measured = rscp is not None and rscp >= -121  # -145 dBm with -32 dB stands for "not measured"
    return {
        "rscp_dbm": rscp if measured else None,
        "ecio_db": _level(signal, "ecio", notes) if measured else None,
        "rssi_dbm": _level(signal, "rssi", notes),
    }


def _gsm(signal: Mapping[str, str], notes: list[str]) -> dict[str, float | int | None]:
    return {"rssi_dbm": _level(signal, "rssi", notes)}


def _level(signal: Mapping[str, str], name: str, notes: list[str]) -> float | None:
    """Read `-97dBm`, `>=-51dBm`, `15MHz`: "at or above" is its edge; "at or below" is left out.

    `<=-113dBm` is what some print for an unknown RSSI (github.com/4IceG/luci-app-3ginfo-lite pull request 63).
    """
    text = html.unescape(signal.get(name, ""))
    found = _LEVEL.fullmatch(text.strip())
    if found is None:
        return None
    if (found.group(1) or "").startswith("<"):
        notes.append(f"{name} {text} can mean unknown: left out")
        return None
    return float(found.group(2))


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 16 else None


def _tac(text: str | None, notes: list[str]) -> int | None:
    """Read a TAC (16 bit), printed in decimal by some and in hexadecimal by others: only where one reading is possible."""
    if not text or not re.fullmatch(r"[0-9A-Fa-f]{1,6}", text):
        return None
    if not text.isdecimal():
        return int(text, 16)
    if int(text, 16) > 0xFFFD:
        return int(text)
    notes.append("tac can be decimal or hexadecimal: left out")
    return None


def _plmn(answers: Answers) -> str | None:
    named = (answers.get(PLMN, {}).get("Numeric"), answers.get(SIGNAL, {}).get("plmn"))
    return next((text for text in named if text and re.fullmatch(r"[2-7][0-9]{4,5}", text)), None)


class HilinkSession:
    """A stick that is being asked over HTTP. `url` as http://192.168.8.1/; `timeout_s` for each answer.

    Raises LinkClosed when huawei-lte-api is not installed or nobody answers, LinkTimeout when the answer is late.
    """

    family_name = "hilink"

    def __init__(self, url: str, timeout_s: float | None = None) -> None:
        try:
            # Imported here: a Pi whose modems all have AT ports does without it.
            import requests  # noqa: PLC0415
            from huawei_lte_api.Connection import Connection  # noqa: PLC0415
            from huawei_lte_api.exceptions import ResponseErrorException  # noqa: PLC0415
        except ImportError as error:
            needs = phrase("{url}: HiLink sticks need huawei-lte-api: pip install 'sinyal[hilink]'", url=url)
            raise LinkClosed(needs) from error
        self.identity = self.model = self.revision = ""
        self.bands: tuple[int, ...] | None = None
        self._url, self._timeout_s = url, timeout_s or TIMEOUT_S
        self._refused, self._late = ResponseErrorException, requests.Timeout
        self._http = requests.Session()
        self._http.trust_env = False  # the stick is a neighbour: no proxy
        try:
            self._api = self._asked("start page", self._connect(Connection))
        except (LinkError, ResponseErrorException) as error:
            self._http.close()
            raise error if isinstance(error, LinkError) else _closed(url, str(error)) from error

    def _connect(self, connection: Callable[..., Any]) -> Callable[[], Any]:
        return lambda: connection(self._url, timeout=self._timeout_s, requests_session=self._http)

    def prepare(self) -> None:
        """Ask what the stick is. Raises LinkError when it does not answer."""
        try:
            told = self._get(INFORMATION)
        except self._refused:
            return
        self.model, self.revision = told.get("DeviceName", ""), told.get("SoftwareVersion", "")
        self.identity = "; ".join(told[name] for name in ("DeviceName", "SoftwareVersion") if name in told)

    def alive(self) -> None:
        """Ask for the status. Raises LinkError when it does not answer; a refusal is an answer."""
        try:
            self._get(STATUS)
        except self._refused:
            return

    def poll(self, number: int) -> Poll:  # noqa: ARG002 - every poll asks the same
        """Ask everything and read it. Raises LinkError when the stick does not answer or refuses everything."""
        answers: dict[str, Mapping[str, str]] = {}
        refusals = []
        for path in (SIGNAL, STATUS, PLMN, PIN):
            try:
                answers[path] = self._get(path)
            except self._refused as error:
                if path != PIN:
                    refusals.append(f"{path} refused: {error}")
        if not answers:
            raise _closed(self._url, "; ".join(refusals))
        poll = read(answers)
        poll.reading.notes.extend(refusals)
        return poll

    def sim_identity(self) -> Identity:
        """Ask for what tells this SIM from others; the API has no word for the length of the MNC."""
        try:
            told = self._get(INFORMATION)
        except self._refused:
            return Identity()
        imsi, iccid = told.get("Imsi", ""), told.get("Iccid", "").rstrip("Ff")
        return Identity(
            imsi if re.fullmatch(r"[0-9]{15}", imsi) else None, iccid if re.fullmatch(r"89[0-9]{16,18}", iccid) else None
        )

    def network_time_ms(self) -> int | None:
        """Return nothing: the API has no time of the network."""
        return None

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _get(self, path: str) -> dict[str, str]:
        answer = self._asked(path, lambda: self._api.get(path))
        if not isinstance(answer, dict):
            raise LinkClosed(phrase(NO_STICK, url=self._url, what=path))
        return {name: value for name, value in answer.items() if isinstance(value, str)}

    def _asked(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask, and tell a stick that is late from one that is not there and from something that is no stick."""
        try:
            return ask()
        except self._late:
            raise LinkTimeout(self._url, what, self._timeout_s) from None
        except OSError as error:  # all of requests' errors are
            absent = phrase("{url}: does not answer: is the stick plugged in? ({error})", url=self._url, error=str(error))
            raise LinkClosed(absent) from error
        except FOREIGN as error:
            raise LinkClosed(phrase(NO_STICK, url=self._url, what=what)) from error


def _closed(url: str, error: str) -> LinkClosed:
    return LinkClosed(
        phrase("{url}: refuses to answer: switch off the password in the web page of the stick ({error})", url=url, error=error)
    )
