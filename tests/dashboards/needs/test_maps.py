"""Names on the maps of the report: each can be read, and none is cut by an edge."""

from __future__ import annotations

from itertools import combinations, product
from types import SimpleNamespace
from typing import cast

import pytest

from collector.sites.sites import read_sites
from dashboards.atlas.areas import DESA, read_areas
from dashboards.needs.maps import LINE, RADIUS, Name, beside, draw
from dashboards.needs.model import Village
from ground.paths import shipped

SIZE = (400.0, 200.0)


def _apart(one: Name, other: Name) -> bool:
    """Whether no letters meet; a name has a margin of three units around them."""
    return abs(one.x - other.x) >= (one.width + other.width) / 2 - 3 or abs(one.y - other.y) >= LINE - 3


@pytest.mark.parametrize(
    "symbols", [[(180.0, 100.0), (216.0, 100.0)], [(150.0, 90.0), (186.0, 90.0), (222.0, 90.0), (186.0, 126.0)]]
)
def test_names_of_neighbours_do_not_cover_each_other(symbols: list[tuple[float, float]]) -> None:
    placed = beside(["Muara Wahau", "Karya Bhakti", "Wanasari", "Dabeq"][: len(symbols)], symbols, SIZE)
    assert all(_apart(*pair) for pair in combinations(placed, 2))


@pytest.mark.parametrize("symbol", [(200.0, 190.0), (200.0, 10.0), (10.0, 100.0), (390.0, 190.0)])
def test_no_edge_cuts_a_name(symbol: tuple[float, float]) -> None:
    (name,) = beside(["Muara Bengkal"], [symbol], SIZE)
    assert name.width / 2 <= name.x <= SIZE[0] - name.width / 2
    assert LINE / 2 <= name.y <= SIZE[1] - LINE / 2


def test_where_there_is_room_a_name_stands_below_its_symbol() -> None:
    (name,) = beside(["Saka"], [(200.0, 100.0)], SIZE)
    assert (name.x, name.y > 100) == (200.0, True)


def test_on_the_sheets_of_the_shipped_register_names_cover_no_symbol_and_no_name() -> None:
    """The symbols of all kecamatan stand where villages are crowded in life."""
    sites, areas = read_sites(shipped() / "sites.csv").values(), read_areas(DESA)
    for kecamatan in sorted({site.kecamatan for site in sites}):
        here = [site for site in sites if site.kecamatan == kecamatan]
        villages = cast("list[Village]", [SimpleNamespace(site=site, best=SimpleNamespace(evidence=None)) for site in here])
        sheet = draw(villages, areas, 1000, 470)
        assert all(_apart(*pair) for pair in combinations(sheet.names, 2)), kecamatan
        for name, place in product(sheet.names, sheet.places):
            beside_it = abs(name.x - place.x) >= name.width / 2 + RADIUS or abs(name.y - place.y) >= LINE / 2 + RADIUS
            assert beside_it, (name.text, place.village.site.desa)
