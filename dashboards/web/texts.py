"""The page's texts in one language, and the names of what the contract, the register and the alerts hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from dashboards.web.totals import Part
from ground.wita import WITA
from ground.words import Lang, Said, clock, day, mark, number, span, timestamp, tr
from telemetry.events import EVENTS
from telemetry.meaning import Registration
from telemetry.operators import operator_name

JUST_NOW_S = 10
NAMES = {
    "registration": {word.value: word.message for word in Registration},
    "note": {
        "two_g_only": mark("2G or 3G only"),
        "served": mark("the modem tells no RSRP or no technology"),
        "sim_refused": mark("not about the network: check the SIM and its plan"),
        "no_service": mark("device works, but there is no network"),
        "device_fault": mark("modem unresponsive or no SIM"),
        "silent": mark("no data for more than 15 minutes"),
        "not_measured": mark("never any data"),
    },
    "service": {
        "lte": "4G/5G",
        "three_g": "3G",
        "two_g": "2G",
        "served": mark("Served, technology not told"),
        "sim_refused": mark("SIM refused or locked"),
        "no_service": mark("No service"),
        "device_fault": mark("Device fault"),
    },
    "metric": {
        "rsrp_dbm": mark("RSRP, signal strength (dBm)"),
        "rsrq_db": "RSRQ (dB)",
        "sinr_db": mark("SINR, signal quality (dB)"),
        "rssi_dbm": "RSSI (dBm)",
    },
    "event": {**EVENTS, "other": mark("another event of the device")},
    "clock": {
        "ntp": mark("synced (NTP)"),
        "network": mark("synced (network)"),
        "rtc": mark("by its clock chip"),
        "untrusted": mark("not synced"),
    },
    "check": {"ok": mark("ok"), "unknown": mark("unknown"), "warning": mark("attention"), "fault": mark("FAULT")},
    "alert": {"open": mark("open"), "acknowledged": mark("acknowledged"), "resolved": mark("resolved")},
    "severity": {"info": mark("info"), "warning": mark("warning"), "critical": mark("critical")},
    "antenna": {"internal": mark("internal"), "indoor": mark("indoor"), "outdoor": mark("outdoor")},
    "coordinates": {
        "centroid": mark("coordinates: middle of the village"),
        "gnss": mark("coordinates: GNSS"),
        "office": mark("coordinates: from the office"),
        "map": mark("coordinates: from a map"),
    },
    "power": {
        "grid": mark("grid power, 24 h"),
        "grid_partial": mark("grid power, under 24 h"),
        "no_grid": mark("no grid power"),
        "solar": mark("solar power"),
        "genset": mark("generator"),
        "none": mark("no electricity"),
    },
    "range": {"24h": mark("24 hours"), "7d": mark("7 days"), "30d": mark("30 days"), "1y": mark("1 year")},
    "filter": {"kecamatan": mark("Kecamatan"), "operator": mark("Mobile operator")},
    "refusal_title": {
        "store_down": mark("Data cannot be read yet"),
        "not_found": mark("Page not found"),
        "forbidden": mark("Not written"),
        "too_large": mark("Not written"),
        "too_often": mark("Too much at once"),
        "record": mark("The record cannot be trusted"),
    },
    "refusal": {
        "store_down": mark("The database does not respond. This page tries again automatically."),
        "not_found": mark("There is no village hall or page at this address."),
        "forbidden": mark("This form is of an earlier sign-in, or of another page. Load the page again and write anew."),
        "too_large": mark("What was sent is too large. The page makes a photo smaller by itself; a scan has at most 20 MB."),
        "too_often": mark("Too much was sent from here. Wait a few minutes; what is kept on a phone is sent later by itself."),
        "record": mark("An entry of the agreement is not what was written. It is shown again when it is restored."),
    },
}
SCRIPT = (
    mark("just now"),
    mark("no data yet"),
    mark("no recent data"),
    mark("no recent data; last {state}"),
    mark("newest data {age}"),
    mark("updated {age}"),
    mark("{n} of {all} village halls"),
    mark("Open this hall"),
    mark("Close"),
    mark("No data"),
    mark("Modem"),
    mark("The database cannot be read; what is shown is the last data."),
    mark("The page cannot reach the server; what is shown is the last data."),
    mark("Adequate 4G is available at {n} of {all} village halls"),
    mark("Show all {n}"),
)
"""What the scripts of the page say with `t`."""


class Texts:
    """One language: `texts("{n} halls", n=3)`, numbers, times in WITA."""

    def __init__(self, language: Lang) -> None:
        self.language = language

    def __call__(self, message: str, **values: Said) -> str:
        """Return a message with its braces filled."""
        return tr(message, self.language, **values)

    def name(self, kind: str, value: str) -> str:
        """Return the name of a word of the contract or the register; the word itself where this page does not know it."""
        known = NAMES[kind].get(value)
        return value if known is None else tr(known, self.language)

    def event(self, kind: str) -> str:
        """Return what an event is called; one that this page does not know has no public name."""
        return self.name("event", kind if kind in NAMES["event"] else "other")

    def sentence(self, kinds: Mapping[str, int], parts: Sequence[Part], operator: str = "") -> str:
        """Say in one sentence what the halls come to; of one operator where one is asked for (list.js says the same)."""
        total = sum(kinds.values())
        first = self("Adequate 4G is available at {n} of {all} village halls", n=kinds["adequate"], all=total)
        said = "; ".join([first, *(self(part.message, n=part.n) for part in parts)])
        return f"{operator_name(operator)}: {said}." if operator else f"{said}."

    def day(self, when: date) -> str:
        """Write a day: 24 Nov 2026."""
        return f"{day(when, self.language, short=True)} {when.year}"

    def script(self) -> dict[str, str]:
        """Return the texts that the scripts need, by message."""
        return {message: tr(message, self.language) for message in SCRIPT}

    def number(self, value: float, digits: int = 1) -> str:
        """Write a number with at most `digits` decimals."""
        return number(value, self.language, digits)

    def time(self, when: datetime) -> str:
        """Write date and time: 24 November 2026 19.27 WITA."""
        return timestamp(when, self.language)

    def short_time(self, when: datetime) -> str:
        """Write date and time without year and zone: 24 Nov 19.27."""
        return f"{day(when.astimezone(WITA), self.language, short=True)} {clock(when, self.language)}"

    def age(self, when: datetime, now: datetime) -> str:
        """Write how long ago it was: 3 menit yang lalu. What is ahead of us is just now."""
        passed_s = (now - when).total_seconds()
        if passed_s < JUST_NOW_S:
            return tr("just now", self.language)
        return tr("{span} ago", self.language, span=self.span(passed_s))

    def span(self, seconds: float) -> str:
        """Write a length of time: 3 jam."""
        return span(seconds, self.language)


def utc_now() -> datetime:
    """Return the time now, UTC."""
    return datetime.now(UTC)
