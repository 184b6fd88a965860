"""The sheet of the map: borders that fit, steps that do not drift, symbols that do not cover each other."""

from __future__ import annotations

import itertools
import math
import re

import pytest

from collector.sites.sites import read_sites
from dashboards.atlas.areas import DESA, Area, borders, dissolved, read_areas, simplified
from dashboards.atlas.drawing import Projection, around
from dashboards.atlas.sheet import GAP, LETTER, LINE, Sheet, names, sheet, spread
from ground.paths import shipped


@pytest.fixture(scope="module")
def areas() -> dict[str, Area]:
    return read_areas(DESA)


@pytest.fixture(scope="module")
def regency(areas: dict[str, Area]) -> Sheet:
    sites = read_sites(shipped() / "sites.csv")
    return sheet(areas, [(site.lon, site.lat) for site in sites.values()])


def walked(path: str) -> list[list[tuple[int, int]]]:
    """Return the points of a path of whole numbers."""
    lines = []
    for line in re.findall(r"M([^M]+)", path):
        numbers = [int(n) for n in re.findall(r"-?\d+", line)]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        lines.append(list(itertools.accumulate(steps, lambda a, b: (a[0] + b[0], a[1] + b[1]))))
    return lines


def test_a_path_of_steps_ends_where_its_points_are() -> None:
    flat = Projection(0, 0, 10, 10, 100, 100)
    ring = [(k * 0.333, -k * 0.777) for k in range(30)]
    (points,) = walked(flat.path([ring], 0, closed=False))
    assert points == [(round(3.33 * k), round(7.77 * k)) for k in range(30)]
    assert flat.path([[(0, 0), (0.25, 0), (0, -1), (0, 0)]]) == "M0 0l2.5 0-2.5 10z"


def test_villages_drawn_simpler_still_fit_together(areas: dict[str, Area]) -> None:
    drawn = simplified(areas, 0.006)
    parts = sum(area.geometry.area for area in drawn.values())
    whole = sum(area.geometry.area for area in dissolved(drawn).values())
    assert parts == pytest.approx(whole, rel=1e-9)
    assert parts == pytest.approx(sum(area.geometry.area for area in areas.values()), rel=0.002)
    assert len(dissolved(areas)) == 18


def test_each_border_is_drawn_once(areas: dict[str, Area]) -> None:
    found = borders(areas)
    lines = [line for kind in (found.land, found.kecamatan, found.desa) for line in kind]
    steps = [frozenset(pair) for line in lines for pair in itertools.pairwise(line)]
    assert len(steps) == len(set(steps))


def test_no_symbol_covers_another_and_none_is_far_from_its_hall(regency: Sheet) -> None:
    near = min(math.dist(a, b) for a, b in itertools.combinations(regency.shown, 2))
    moved = [math.dist(a, b) for a, b in zip(regency.true, regency.shown, strict=True)]
    assert near > GAP - 2
    assert max(moved) < GAP
    assert sum(step < 2 for step in moved) > 30  # who stands alone stays where he is


def test_halls_of_one_spot_part_and_the_same_halls_give_the_same_sheet() -> None:
    spot = [(5.0, 5.0)] * 7
    assert min(math.dist(a, b) for a, b in itertools.combinations(spread(spot, 10), 2)) > 9
    assert spread(spot, 10) == spread(spot, 10)
    assert spread([], 10) == []


def test_the_whole_map_is_a_few_thousand_bytes(regency: Sheet) -> None:
    assert len(regency.land + regency.kecamatan + regency.desa) < 16_000
    assert len(regency.names) == 18


@pytest.mark.parametrize("width", [1000.0, 2000.0])
def test_no_edge_cuts_a_name(areas: dict[str, Area], regency: Sheet, width: float) -> None:
    """On a small sheet every kecamatan is full of symbols, so that its name lies beside it."""
    flat = Projection.fit(around((area.geometry.bounds for area in areas.values()), []), width, margin=10)
    whole = regency.flat
    taken = [(x / whole.scale_x + whole.west, whole.north - y / whole.scale_y) for x, y in regency.shown]
    for name, (x, y) in names(dissolved(areas), taken, flat):
        half = LETTER * len(name) / 2
        assert half - 1 <= x <= flat.width - half + 1, name
        assert LINE / 2 - 1 <= y <= flat.height - LINE / 2 + 1, name
