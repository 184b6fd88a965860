"""One sheet of the map: lines, names, and places for symbols that do not cover each other; made once for a register of halls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from dashboards.atlas.areas import Area, borders, dissolved, simplified
from dashboards.atlas.drawing import Projection, around, name_place

WIDTH, MARGIN = 2000.0, 24.0
"""Units of the sheet; a whole unit is half a pixel of a large screen, so lines are written without decimals."""
TOLERANCE_DEGREES = 0.006
"""By how much a line may be off: three pixels of a large screen, a third of what the boundaries are sure of."""
GAP = 46.0
"""Middles of two symbols are at least so far apart, units."""
ROUNDS = 160
LETTER, LINE = 11.0, 34.0
"""Width of a letter of the names, and how far a name stays from the middle of a symbol above or below, units; two thirds of it
from one beside."""
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paths and places in units of the sheet; `shown` is where the symbol of a place is drawn, `true` where it is."""

    flat: Projection
    land: str
    kecamatan: str
    desa: str
    names: list[tuple[str, int, int]]
    bounds: dict[str, tuple[float, float, float, float]]
    """West, north, east and south of each kecamatan."""
    true: list[tuple[int, int]]
    shown: list[tuple[int, int]]


def sheet(areas: Mapping[str, Area], places: Sequence[Place], gap: float = GAP) -> Sheet:
    """Draw the borders of villages, and the places (lon, lat) of halls, their symbols at least `gap` apart."""
    drawn = simplified(areas, TOLERANCE_DEGREES)
    flat = Projection.fit(around((area.geometry.bounds for area in drawn.values()), places), WIDTH, margin=MARGIN)
    lines = borders(drawn)
    true = [flat.point(*place) for place in places]
    shown = spread(true, gap)
    taken = [(x / flat.scale_x + flat.west, flat.north - y / flat.scale_y) for x, y in shown]
    homes = dissolved(drawn)
    return Sheet(
        flat=flat,
        land=flat.path(lines.land, 0),
        kecamatan=flat.path(lines.kecamatan, 0, closed=False),
        desa=flat.path(lines.desa, 0, closed=False),
        names=[(name, *_whole(place)) for name, place in names(homes, taken, flat)],
        bounds={name: _box(area, flat) for name, area in homes.items()},
        true=[_whole(place) for place in true],
        shown=[_whole(place) for place in shown],
    )


def names(areas: Mapping[str, Area], taken: Sequence[Place], flat: Projection) -> list[tuple[str, Place]]:
    """Place the names of areas between what is drawn at `taken` (lon, lat), and not on each other; units of the sheet."""
    taken, placed, land = list(taken), [], shapely.union_all([area.geometry for area in areas.values()])
    for name, area in areas.items():
        half = LETTER * len(name) / 2
        beside, above = (half + LINE * 2 / 3) / flat.scale_x, LINE / flat.scale_y
        lon, lat, room = name_place(area.geometry, taken, beside, above)
        if room < 1:  # full of symbols: there may be room off the coast, beyond the border of the regency, or on its own border
            around = area.geometry.buffer(beside).difference(land).union(area.geometry.buffer(above))
            lon, lat, _ = name_place(around.intersection(_frame(flat, half)), taken, beside, above)
        taken += [(lon + k * half / flat.scale_x, lat) for k in (-1, -0.5, 0, 0.5, 1)]
        placed.append((name, flat.point(lon, lat)))
    return placed


def spread(places: Sequence[Place], gap: float) -> list[Place]:
    """Move places apart until no two are nearer than `gap`, each as little as it takes; the same places give the same."""
    if len(places) < 2:
        return list(places)
    home = np.array(places, dtype=float)
    # Halls of one spot need a direction to part in: a small step of their own, by their number.
    turns = np.arange(len(places)) * 2.4
    now = home + 0.01 * np.column_stack([np.cos(turns), np.sin(turns)])
    for left in range(ROUNDS, 0, -1):
        apart = now[:, None] - now[None, :]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        np.fill_diagonal(distance, np.inf)
        lack = np.clip(gap - distance, 0, None) / 2
        now += (apart * (lack / distance)[..., None]).sum(axis=1) * 0.5
        if left > ROUNDS // 4:  # the last rounds only part, so that nothing overlaps in the end
            now += (home - now) * 0.03
    return [(float(x), float(y)) for x, y in now]


def _frame(flat: Projection, half: float) -> shapely.Polygon:
    """Return where the middle of a name of this half width may lie, so that no edge of the sheet cuts it (lon, lat)."""
    x, y = half / flat.scale_x, LINE / 2 / flat.scale_y
    east, south = flat.west + flat.width / flat.scale_x, flat.north - flat.height / flat.scale_y
    return shapely.box(flat.west + x, south + y, east - x, flat.north - y)


def _box(area: Area, flat: Projection) -> tuple[float, float, float, float]:
    west, south, east, north = area.geometry.bounds
    return *flat.point(west, north), *flat.point(east, south)


def _whole(place: Place) -> tuple[int, int]:
    return round(place[0]), round(place[1])
