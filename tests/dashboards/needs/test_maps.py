"""Names on the maps of the report: each can be read, and none is cut by an edge."""

from __future__ import annotations

from itertools import combinations

import pytest

from dashboards.needs.maps import LINE, Name, beside

SIZE = (400.0, 200.0)


def _apart(one: Name, other: Name) -> bool:
    return abs(one.x - other.x) >= (one.width + other.width) / 2 or abs(one.y - other.y) >= LINE


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
