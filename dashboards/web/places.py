"""The map of the register: drawn once, and again when a hall is added or moves."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dashboards.atlas.areas import DESA, read_areas
from dashboards.atlas.sheet import Sheet, sheet
from dashboards.web.models import HallNow

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

    def around(self, name: str, halls: Sequence[HallNow]) -> View:
        """Return the view of one kecamatan, in the shape of the whole map: its polygon, and its halls wherever they are."""
        points: list[tuple[float, float]] = [(self.spots[hall.code].x, self.spots[hall.code].y) for hall in halls]
        if name in self.sheet.bounds:
            west, north, east, south = self.sheet.bounds[name]
            points += [(west, north), (east, south)]
        xs, ys = zip(*points, strict=True)
        _, _, full, high = self.whole
        width = max((max(xs) - min(xs)), (max(ys) - min(ys)) * full / high) * (1 + 2 * PAD)
        width = min(max(width, full / 10), full)
        height = width * high / full
        return round((max(xs) + min(xs) - width) / 2), round((max(ys) + min(ys) - height) / 2), round(width), round(height)


class Places:
    """Makes the map when it is first asked for, and keeps it while the halls are where they were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def map(self, halls: Sequence[HallNow]) -> Map:
        """Return the map of these halls."""
        every = sorted(halls, key=lambda hall: hall.code)
        with self._lock:
            drawn = _drawn(tuple((hall.lon, hall.lat) for hall in every))
        pairs = zip(every, drawn.true, drawn.shown, strict=True)
        return Map(drawn, {hall.code: Spot(hall.code, *true, *shown) for hall, true, shown in pairs})


@lru_cache(maxsize=2)
def _drawn(places: tuple[tuple[float, float], ...]) -> Sheet:
    return sheet(read_areas(DESA), places)
