"""The maps of the report as plain figures: polygons of villages, their borders, symbols that do not cover each other, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.atlas.areas import Area, borders, dissolved, simplified
from dashboards.atlas.drawing import Projection, around
from dashboards.atlas.sheet import names, spread
from dashboards.needs.model import Village

TOLERANCE_DEGREES = 0.004
MARGIN = 26.0
RADIUS = 11.0
"""Of a symbol, units of the drawing."""
LETTER, LINE = 7.0, 17.0
"""Width of a letter and height of a line of the names, units."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name and its middle."""

    text: str
    x: float
    y: float

    @property
    def width(self) -> float:
        """Return the width of what lies behind it, so that it can be read on any colour."""
        return LETTER * len(self.text) + 6


@dataclass(frozen=True, slots=True)
class Place:
    """One village: its polygon as the path of an SVG (empty where there is none), and where its symbol is drawn."""

    village: Village
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Map:
    """Everything that is drawn, in units of the drawing."""

    width: float
    height: float
    places: list[Place]
    kecamatan: str
    names: list[Name]


def draw(villages: Sequence[Village], areas: Mapping[str, Area], width: float, height: float | None = None) -> Map:
    """Draw villages: with the names of their kecamatan where there are several, else with their own."""
    mine = {v.site.code: areas[v.site.code] for v in villages if v.site.code in areas}
    drawn = simplified(mine, TOLERANCE_DEGREES) if mine else {}
    points = [(v.site.lon, v.site.lat) for v in villages]
    flat = Projection.fit(around((a.geometry.bounds for a in drawn.values()), points), width, height, margin=MARGIN)
    whole = len({v.site.kecamatan for v in villages}) > 1
    shown = spread([flat.point(*point) for point in points], 2 * RADIUS + (2 if whole else 14))
    places = [
        Place(v, flat.path(drawn[v.site.code].rings()) if v.site.code in drawn else "", x, y)
        for v, (x, y) in zip(villages, shown, strict=True)
    ]
    if whole and drawn:
        lines = flat.path(borders(drawn).kecamatan, closed=False)
        taken = [(x / flat.scale_x + flat.west, flat.north - y / flat.scale_y) for x, y in shown]
        named = [Name(text, *place) for text, place in names(dissolved(drawn), taken, flat)]
    else:
        lines, named = "", [Name(v.site.desa, x, y + RADIUS + LINE / 2) for v, (x, y) in zip(villages, shown, strict=True)]
    # What was measured is drawn over what was not.
    return Map(flat.width, flat.height, sorted(places, key=lambda place: place.village.best.evidence is not None), lines, named)
