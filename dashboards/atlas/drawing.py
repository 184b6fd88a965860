"""From longitude and latitude to a flat drawing: enough for a regency, where a degree is the same length everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Self

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

NAME_STEPS = 32
"""A grid of so many points a side is tried for a name: fine enough for 18 names, and quick."""
ENOUGH = 1.5
"""Room that is enough, in what a name needs."""
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular at the middle latitude; x to the right, y down, from the north-west corner."""

    west: float
    north: float
    scale_x: float
    scale_y: float
    width: float
    height: float

    @classmethod
    def fit(cls, bounds: Bounds, width: float, height: float | None = None, margin: float = 0.0) -> Self:
        """Fit west, south, east, north (degrees) into a width, and a height where one is given; keeps the shape."""
        west, south, east, north = bounds
        squeeze = cos(radians((south + north) / 2))
        wide, high = max((east - west) * squeeze, 1e-6), max(north - south, 1e-6)
        scale = (width - 2 * margin) / wide
        if height is not None:
            scale = min(scale, (height - 2 * margin) / high)
        tall = height if height is not None else high * scale + 2 * margin
        spare_x, spare_y = (width - wide * scale) / 2, (tall - high * scale) / 2
        return cls(west - spare_x / (scale * squeeze), north + spare_y / scale, scale * squeeze, scale, width, tall)

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        """Place a point."""
        return (lon - self.west) * self.scale_x, (self.north - lat) * self.scale_y

    def path(self, rings: Iterable[Sequence[tuple[float, float]]], digits: int = 1, *, closed: bool = True) -> str:
        """Write rings, or lines where they are not closed, as the path of an SVG: steps from point to point, which are short."""
        return "".join(_steps([self.point(*p[:2]) for p in (ring[:-1] if closed else ring)], digits, closed) for ring in rings)


def _steps(points: Sequence[tuple[float, float]], digits: int, closed: bool) -> str:
    """Write one line; steps are taken between rounded points, so that rounding never adds up."""
    scale = 10**digits
    grid = [(round(x * scale), round(y * scale)) for x, y in points]
    pairs = [grid[0], *((x - a, y - b) for (a, b), (x, y) in itertools.pairwise(grid) if (a, b) != (x, y))]
    if len(pairs) == 1:
        return ""  # too small to be seen
    first, *rest = (" ".join(f"{value / scale:.{digits}f}".removesuffix(".0") for value in pair) for pair in pairs)
    return f"M{first}l{' '.join(rest)}{'z' if closed else ''}".replace(" -", "-")


def around(all_bounds: Iterable[Bounds], points: Iterable[tuple[float, float]]) -> Bounds:
    """Return the bounds that hold all bounds and points (lon, lat). Raises ValueError for nothing at all."""
    boxes = [*all_bounds, *((x, y, x, y) for x, y in points)]
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def name_place(
    geometry: BaseGeometry, taken: Sequence[tuple[float, float]], beside: float, above: float
) -> tuple[float, float, float]:
    """Find where in a polygon a name lies farthest from what is drawn already (lon, lat), and how much room it has there.

    Its middle is free of a point that is farther than `beside` to a side, or `above` up or down (degrees): then its room is 1.
    """
    west, south, east, north = geometry.bounds
    steps = (np.arange(NAME_STEPS) + 0.5) / NAME_STEPS
    xs, ys = (grid.ravel() for grid in np.meshgrid(west + steps * (east - west), south + steps * (north - south), indexing="ij"))
    inside = shapely.contains_xy(geometry, xs, ys)
    xs, ys = xs[inside], ys[inside]
    middle = geometry.representative_point()
    if not len(xs):
        return middle.x, middle.y, 0.0
    near = np.array(taken, dtype=float).reshape(-1, 2)
    gaps = np.maximum(np.abs(xs[:, None] - near[:, 0]) / beside, np.abs(ys[:, None] - near[:, 1]) / above)
    room = np.minimum(gaps.min(axis=1, initial=ENOUGH), ENOUGH)
    # Where there is room enough, the middle of it is the better place.
    away = np.where(room < room.max(), np.inf, (xs - middle.x) ** 2 + (ys - middle.y) ** 2 if room.max() == ENOUGH else 0.0)
    best = int(away.argmin())
    return float(xs[best]), float(ys[best]), float(room[best])


def ink(colour: str) -> str:
    """Return the colour of a symbol that can be read on a fill: dark on light, white on dark."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else "#111111"
