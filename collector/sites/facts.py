"""What the register knows of a village beside its hall: what weighs in the needs map, and who can give each figure.

Every field may be empty; nobody guesses one. The same list makes the columns of `sites.csv`, the form for the village and the
report of what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ground.table import number, safe
from ground.words import Phrase, phrase

VILLAGE, DISTRICT, GRID, OPERATORS, OFFICE, INSTALLER = (
    phrase("village office"),
    phrase("village administration of the regency (DPMD) or BPS"),
    phrase("PLN"),
    phrase("mobile operators"),
    phrase("communications office"),
    phrase("who installed the device"),
)
"""Who can give a fact."""
COORDINATE_SOURCES = ("centroid", "gnss", "office", "map")
POWER: Mapping[str, Phrase] = {
    "grid": phrase("grid, 24 h"),
    "grid_partial": phrase("grid, less than 24 h"),
    "no_grid": phrase("no grid"),
    "solar": phrase("solar"),
    "genset": phrase("generator"),
    "none": phrase("none"),
}
ANTENNA: Mapping[str, Phrase] = {"internal": phrase("internal"), "indoor": phrase("indoor"), "outdoor": phrase("outdoor")}
LAND: Mapping[str, Phrase] = {
    "government": phrase("owned by village or regency, 20 x 20 m"),
    "granted": phrase("granted by its owner"),
    "private": phrase("private, not granted"),
    "none": phrase("no land offered"),
}
ROAD: Mapping[str, Phrase] = {
    "car": phrase("car, all year"),
    "car_dry": phrase("car, in the dry season"),
    "motorcycle": phrase("motorcycle only"),
    "river": phrase("by river only"),
}
BACKHAUL: Mapping[str, Phrase] = {
    "fibre": phrase("fibre in the village"),
    "microwave": phrase("line of sight to a tower"),
    "none": phrase("satellite only"),
}
OFFICE_LINK: Mapping[str, Phrase] = {
    "fibre": phrase("fibre"),
    "wireless": phrase("wireless"),
    "starlink": phrase("Starlink"),
    "vsat": phrase("VSAT"),
    "cellular": phrase("mobile network"),
    "none": phrase("none"),
}
SIGNAL: Mapping[str, Phrase] = {
    "1": phrase("very strong"),
    "2": phrase("strong"),
    "3": phrase("weak"),
    "4": phrase("no signal"),
}
INTERNET: Mapping[str, Phrase] = {
    "1": phrase("5G, 4G or LTE"),
    "2": phrase("3G"),
    "3": phrase("2.5G"),
    "4": phrase("no internet"),
}
YES_NO: Mapping[str, Phrase] = {"yes": phrase("yes"), "no": phrase("no")}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a village; None: nobody has told it."""

    households: int | None = None
    public_facilities: int | None = None
    """Schools, health posts, markets and offices of the village."""
    land_status: str | None = None
    road_access: str | None = None
    backhaul: str | None = None
    tower_distance_km: float | None = None
    office_link: str | None = None
    podes_r1005a: int | None = None
    """BTS towers in the village, by Podes."""
    podes_r1005b: int | None = None
    """Operators that are received in the village, by Podes."""
    podes_r1005c: str | None = None
    podes_r1005d: str | None = None
    cable_loss_db: float | None = None
    antenna_height_m: float | None = None
    proposal_number: str | None = None
    proposal_status: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the register: what it asks, who can answer, and its words where it has a list of them."""

    name: str
    question: Phrase
    giver: Phrase
    words: Mapping[str, Phrase] | None = None
    kind: type = str

    def parse(self, text: str) -> int | float | str:
        """Read a value as the register writes it. Raises ValueError."""
        if self.words is not None:
            return word(text, tuple(self.words))
        if self.kind is int:
            return count(text)
        return amount(text) if self.kind is float else note(text)


FIELDS = (
    Field("population", phrase("population"), DISTRICT, kind=int),
    Field("households", phrase("households"), DISTRICT, kind=int),
    Field("public_facilities", phrase("public facilities (schools, health posts, markets, offices), number"), VILLAGE, kind=int),
    Field("power", phrase("power of the village office"), GRID, POWER),
    Field("land_status", phrase("land for a tower"), VILLAGE, LAND),
    Field("road_access", phrase("road to the village"), VILLAGE, ROAD),
    Field("backhaul", phrase("link for a tower"), OPERATORS, BACKHAUL),
    Field("tower_distance_km", phrase("distance to the nearest tower, km"), OPERATORS, kind=float),
    Field("office_link", phrase("internet of the village office"), VILLAGE, OFFICE_LINK),
    Field("podes_r1005a", phrase("Podes R1005A: BTS towers, number"), DISTRICT, kind=int),
    Field("podes_r1005b", phrase("Podes R1005B: operators, number"), DISTRICT, kind=int),
    Field("podes_r1005c", phrase("Podes R1005C: phone signal"), DISTRICT, SIGNAL),
    Field("podes_r1005d", phrase("Podes R1005D: internet signal"), DISTRICT, INTERNET),
    Field("antenna", phrase("antenna"), INSTALLER, ANTENNA),
    Field("booster", phrase("signal booster"), INSTALLER, YES_NO),
    Field("cable_loss_db", phrase("loss of the antenna cable, dB"), INSTALLER, kind=float),
    Field("antenna_height_m", phrase("height of the antenna above ground, m"), INSTALLER, kind=float),
    Field("proposal_number", phrase("number of the proposal"), OFFICE),
    Field("proposal_status", phrase("status of the proposal"), OFFICE),
)
"""What a form asks and a report of completeness counts, in this order; some of it is in Site itself."""
COLUMNS = tuple(Facts.__dataclass_fields__)
BY_NAME = {field.name: field for field in FIELDS}
LONGEST, MOST = 64, 1000.0
Cell = Callable[[str, Callable[[str], Any]], Any]
"""Reads a cell by column and parser; None where it is empty."""


def read_facts(cell: Cell) -> Facts:
    """Read the facts of a row; `cell` notes the fault of one that cannot be read."""
    return Facts(**{name: cell(name, BY_NAME[name].parse) for name in COLUMNS})


def count(text: str) -> int:
    """Read a number of things. Raises ValueError."""
    if not text.isdecimal() or not text.isascii():
        raise ValueError("must be an integer without separators; leave it empty when unknown")
    return int(text)


def amount(text: str) -> float:
    """Read a size of 0 to 1000. Raises ValueError."""
    try:
        value = number(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= MOST:
        raise ValueError(f"must be a number from 0 to {MOST:g}; leave it empty when unknown")
    return value


def word(text: str, words: tuple[str, ...]) -> str:
    """Read one of several words. Raises ValueError."""
    if text.casefold() not in words:
        raise ValueError(f"must be one of {', '.join(words)}; leave it empty when unknown")
    return text.casefold()


def note(text: str) -> str:
    """Read a short text, which no spreadsheet may take for a formula. Raises ValueError."""
    if safe(text) != text:
        raise ValueError("must not begin with =, +, - or @")
    if len(text) > LONGEST:
        raise ValueError(f"must be at most {LONGEST} characters")
    return text
