"""The maps of the report as plain figures: polygons of villages, their borders, symbols that do not cover each other, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import dist, hypot

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
NEAR = 80.0
"""How far a name reaches, units."""
OUTSIDE = 1e6
Box = tuple[float, float, float, float]
"""West, north, east, south, units."""


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
        lines, named = "", beside([v.site.desa for v in villages], shown, (flat.width, flat.height))
    # What was measured is drawn over what was not.
    return Map(flat.width, flat.height, sorted(places, key=lambda place: place.village.best.evidence is not None), lines, named)


def beside(texts: Sequence[str], symbols: Sequence[tuple[float, float]], size: tuple[float, float]) -> list[Name]:
    """Place a name at each symbol: below it, or where it covers least of the symbols and of the names placed before it."""
    taken = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in symbols]
    placed = {}
    for at in sorted(range(len(symbols)), key=lambda at: -_neighbours(symbols[at], symbols)):  # who has most choice comes last
        x, y = symbols[at]
        tries = [Name(texts[at], x + dx, y + dy) for dx, dy in _sides(Name(texts[at], x, y).width)]
        placed[at] = min(tries, key=lambda name: _cost(name, at, symbols, taken, size))  # of equal ones the first
        taken.append(_box(placed[at]))
    return [placed[at] for at in range(len(symbols))]


def _cost(name: Name, at: int, symbols: Sequence[tuple[float, float]], taken: Sequence[Box], size: tuple[float, float]) -> float:
    """Return the area of what a name covers; one that seems to be of another symbol costs as much as one that covers it."""
    away = [hypot(max(abs(name.x - x) - name.width / 2, 0.0), max(abs(name.y - y) - LINE / 2, 0.0)) for x, y in symbols]
    return _covered(_box(name), taken, size) + (RADIUS * LINE if min(away) < away[at] - 1 else 0.0)


def _neighbours(symbol: tuple[float, float], symbols: Sequence[tuple[float, float]]) -> int:
    return sum(dist(symbol, other) < NEAR for other in symbols)


def _sides(width: float) -> list[tuple[float, float]]:
    """Return where the middle of a name may lie from that of its symbol, best first."""
    up, aside = RADIUS + LINE / 2, RADIUS + width / 2
    round_it = [(0.0, up), (0.0, -up), (aside, 0.0), (-aside, 0.0)]
    corners = [(k * part * aside, sign * up) for part in (0.5, 0.9) for k in (1, -1) for sign in (1, -1)]
    outer = [(k * aside, sign * up / 2) for k in (1, -1) for sign in (1, -1)]
    return round_it + corners + outer + [(k * aside * 0.9, sign * (up + LINE)) for k in (0, 1, -1) for sign in (1, -1)]


def _box(name: Name) -> Box:
    return name.x - name.width / 2, name.y - LINE / 2, name.x + name.width / 2, name.y + LINE / 2


def _covered(box: Box, taken: Sequence[Box], size: tuple[float, float]) -> float:
    """Return the area of what a name covers; what lies outside the drawing is lost, and counts more than all."""
    west, north, east, south = box
    outside = max(0.0, -west, -north, east - size[0], south - size[1])
    parts = (max(0.0, min(east, e) - max(west, w)) * max(0.0, min(south, s) - max(north, n)) for w, n, e, s in taken)
    return sum(parts) + OUTSIDE * outside
