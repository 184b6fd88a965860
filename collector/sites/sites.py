"""The register of sites: `sites.csv`, one row per hall, checked strictly when it is read.

A field that nobody knows is empty in the file and None here. Coordinates marked `centroid` are the middle of the village's
polygon, not the hall, and can be 10 km off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from collector.errors import ConfigError
from collector.sites.facts import ANTENNA, COLUMNS, COORDINATE_SOURCES, POWER, Facts, count, read_facts, word
from ground.edited import plain_dashes, same
from ground.table import number, read_table
from telemetry.operators import OPERATORS
from telemetry.topics import is_site_id

T = TypeVar("T")
LAT = (-11.0, 6.0)  # Indonesia, degrees
LON = (95.0, 141.0)
REQUIRED = ("code", "kecamatan", "desa", "lat", "lon", "coordinate_source")
OPTIONAL = ("population", "power", "antenna", "booster", "operators", "sim_expiry", "source", *COLUMNS)
"""Columns that a file may lack: those of an earlier version have fewer."""


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Site:
    """One hall. lat and lon in degrees WGS84; `booster` says whether a repeater lifts the readings."""

    code: str
    kecamatan: str
    desa: str
    lat: float
    lon: float
    coordinate_source: str
    population: int | None = None
    power: str | None = None
    antenna: str | None = None
    booster: bool | None = None
    operators: tuple[str, ...] | None = None
    sim_expiry: date | None = None
    source: str | None = None
    accuracy_m: float | None = None
    """Of a measured position: radius that holds 68 % of the fixes, m; and how many there were."""
    fixes: int | None = None
    facts: Facts = NO_FACTS


def read_sites(path: Path) -> dict[str, Site]:
    """Read the register by site code. Raises ConfigError with one line for each fault: `sites.csv:17: lat: reason`."""
    rows, faults = read_table(path, REQUIRED, OPTIONAL)
    names = one_spelling([row.cells["kecamatan"] for row in rows])
    sites: dict[str, Site] = {}
    places: dict[str, str] = {}
    for row in rows:
        site, reasons = _read_row(row.cells | {"kecamatan": names[row.cells["kecamatan"]]})
        if site is not None and site.code in sites:
            line = places[site.code].rpartition(":")[2]
            reasons = [f"code: {site.code} is already on line {line}; delete one of the two rows"]
        faults += [f"{row.where}: {reason}" for reason in reasons]
        if site is not None:
            sites.setdefault(site.code, site)
            places.setdefault(site.code, row.where)
    if faults:
        raise ConfigError("\n".join(faults))
    return sites


def one_spelling(names: Sequence[str]) -> dict[str, str]:
    """Return the spelling that counts for every name: capitals, blanks and dashes make no second kecamatan.

    Of several the one with small and capital letters counts, of those the most frequent, of those the first.
    """
    counted = Counter(names)
    best: dict[str, str] = {}
    for name in sorted(counted, key=lambda name: (not name.isupper() and not name.islower(), counted[name]), reverse=True):
        best.setdefault(same(name), name)
    return {name: best[same(name)] for name in counted}


def _read_row(cells: Mapping[str, str]) -> tuple[Site | None, list[str]]:
    reasons: list[str] = []

    def cell(name: str, parse: Callable[[str], T]) -> T | None:
        text = cells.get(name, "")
        if not text:
            if name in REQUIRED:
                reasons.append(f"{name}: is empty; every site needs it")
            return None
        try:
            return parse(text)
        except ValueError as error:
            reasons.append(f"{name}: {error} (got {text})")
            return None

    code, kecamatan, desa = cell("code", _code), cell("kecamatan", _name), cell("desa", _name)
    lat, lon = cell("lat", lambda text: degrees(text, LAT)), cell("lon", lambda text: degrees(text, LON))
    origin = cell("coordinate_source", lambda text: word(text, COORDINATE_SOURCES))
    population, booster = cell("population", count), cell("booster", _yes_no)
    power, antenna = (
        cell("power", lambda text: word(text, tuple(POWER))),
        cell("antenna", lambda text: word(text, tuple(ANTENNA))),
    )
    operators, expiry = cell("operators", _words), cell("sim_expiry", _date)
    facts = read_facts(cell)
    if code is None or kecamatan is None or desa is None or lat is None or lon is None or origin is None or reasons:
        return None, reasons
    source = cells.get("source") or None
    known = (population, power, antenna, booster, operators, expiry, source)
    return Site(code, kecamatan, desa, lat, lon, origin, *known, facts=facts), []


def _code(text: str) -> str:
    if re.fullmatch(r"[0-9][.,][0-9]+[eE][+]?[0-9]+", text):
        raise ValueError("the spreadsheet shortened the code; make its column text and enter the code again")
    if not is_site_id(text):
        raise ValueError("must be the village code without dots (6408012001) or 1..32 of a-z, 0-9 and '-'")
    return text


def _name(text: str) -> str:
    if len(text) > 64 or text.endswith("\\"):
        raise ValueError("must be at most 64 characters and not end with a backslash")
    return text


def degrees(text: str, limits: tuple[float, float]) -> float:
    """Read a latitude or longitude. Raises ValueError."""
    low, high = limits
    try:
        value = number(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ValueError(f"must be between {low:g} and {high:g}; write degrees with a decimal point")
    return value


def _yes_no(text: str) -> bool:
    return word(text, ("yes", "no")) == "yes"


def _words(text: str) -> tuple[str, ...]:
    groups = {same(group): group for group in OPERATORS.values()}
    words = (word.strip() for word in re.split("[;,]", text))
    return tuple(groups.get(same(word), word) for word in words if word)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(plain_dashes(text))
    except ValueError:
        raise ValueError("must be a date as 2026-12-31; leave it empty when unknown") from None
