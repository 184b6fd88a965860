"""The map of the register: drawn once, and again when a hall is added or moves."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dashboards.atlas.areas import DESA, read_areas
from dashboards.atlas.sheet import GAP, Sheet, sheet

SIZE = 40
"""Height of a symbol on the whole map, units of the sheet."""
LED = 9
"""A symbol that is moved by more is led to its hall by a line, units."""
PAD = 0.06
"""Room around a kecamatan, of its width."""
View = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a hall is on the sheet, and where its symbol stands."""

    code: str
    x: int
    y: int
    shown_x: int
    shown_y: int

    @property
    def led(self) -> bool:
        """Whether a line leads from the hall to its symbol."""
        return (self.x - self.shown_x) ** 2 + (self.y - self.shown_y) ** 2 > LED**2


@dataclass(frozen=True, slots=True)
class Map:
    """The sheet with its halls, by the order of codes."""

    sheet: Sheet
    spots: Mapping[str, Spot]

    @property
    def whole(self) -> View:
        """The view of all of it: x, y, width, height."""
        return 0, 0, round(self.sheet.flat.width), round(self.sheet.flat.height)

    def around(self, name: str, codes: Sequence[str], *, part: int = 10) -> View:
        """Return the view of one kecamatan, in the shape of the whole map: its polygon, and its halls wherever they are.

        Without a name it is that of the halls alone. It is never less than a `part` of the whole map.
        """
        points: list[tuple[float, float]] = [(self.spots[code].x, self.spots[code].y) for code in codes]
        if name and name in self.sheet.bounds:  # the outline of a nation has no name
            west, north, east, south = self.sheet.bounds[name]
            points += [(west, north), (east, south)]
        xs, ys = zip(*points, strict=True)
        _, _, full, high = self.whole
        width = max((max(xs) - min(xs)), (max(ys) - min(ys)) * full / high) * (1 + 2 * PAD)
        width = min(max(width, full / part), full)
        height = width * high / full
        return round((max(xs) + min(xs) - width) / 2), round((max(ys) + min(ys) - height) / 2), round(width), round(height)


class Places:
    """Makes the map when it is first asked for, and keeps it while the halls are where they were.

    `areas` is the file of what lies below them, `gap` the room between two symbols.
    """

    def __init__(self, areas: Path = DESA, gap: float = GAP) -> None:
        self._lock, self._areas, self._gap = threading.Lock(), areas, gap

    def map(self, places: Mapping[str, tuple[float, float]]) -> Map:
        """Return the map of these places (lon, lat), by code."""
        codes = sorted(places)
        with self._lock:
            drawn = _drawn(self._areas, tuple(places[code] for code in codes), self._gap)
        pairs = zip(codes, drawn.true, drawn.shown, strict=True)
        return Map(drawn, {code: Spot(code, *true, *shown) for code, true, shown in pairs})


@lru_cache(maxsize=2)
def _drawn(areas: Path, places: tuple[tuple[float, float], ...], gap: float) -> Sheet:
    return sheet(read_areas(areas), places, gap)
