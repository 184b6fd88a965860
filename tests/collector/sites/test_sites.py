"""The register: 141 villages as shipped, and a clear answer to every kind of bad row."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.sites.sites import read_sites

SHIPPED = Path(__file__).parents[3] / "config" / "sites.csv"
HEADER = "code,kecamatan,desa,lat,lon,coordinate_source,population,power,antenna,booster,operators,sim_expiry,source\n"
GOOD = "6408012001,Muara Ancalong,Senyiur,0.3,116.5,centroid,,,,,,,\n"


def test_the_shipped_register_has_all_villages_and_says_where_they_are_from() -> None:
    sites = read_sites(SHIPPED)
    assert len(sites) == 141
    assert len({site.kecamatan for site in sites.values()}) == 18
    assert all(site.coordinate_source == "centroid" and site.source for site in sites.values())
    assert sum(site.power == "no_grid" for site in sites.values()) == 13
    assert {site.population for site in sites.values()} == {None}


def test_a_full_row(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(HEADER + "hall-1,Busang,Mekar Baru,0.9,116.2,gnss,812,solar,outdoor,yes,Telkomsel;IOH,2026-12-31,visit\n")
    site = read_sites(path)["hall-1"]
    assert (site.population, site.power, site.antenna, site.booster) == (812, "solar", "outdoor", True)
    assert site.operators == ("Telkomsel", "IOH")
    assert str(site.sim_expiry) == "2026-12-31"


BAD_ROWS = [
    ("64.08.01.2001,A,B,0.3,116.5,centroid,,,,,,,", "code: must be the village code without dots"),
    (
        "6408012002,A,B,61.2,116.5,centroid,,,,,,,",
        "lat: must be between -11 and 6; write degrees with a decimal point (got 61.2)",
    ),
    (
        '6408012002,A,B,0.3,"1.165,5",centroid,,,,,,,',
        "lon: must be between 95 and 141; write degrees with a decimal point (got 1.165,5)",
    ),
    ("6.41E+09,A,B,0.3,116.5,centroid,,,,,,,", "code: the spreadsheet shortened the code; make its column text"),
    ("6408012002,A,B,nan,116.5,centroid,,,,,,,", "lat: must be between -11 and 6; write degrees with a decimal point (got nan)"),
    ("6408012002,,B,0.3,116.5,centroid,,,,,,,", "kecamatan: is empty; every site needs it"),
    ("6408012002,A,B,0.3,116.5,guess,,,,,,,", "coordinate_source: must be one of centroid, gnss"),
    ("6408012002,A,B,0.3,116.5,centroid,1.200,,,,,,", "population: must be an integer"),
    ("6408012002,A,B,0.3,116.5,centroid,,PLN,,,,,", "power: must be one of grid"),
    ("6408012002,A,B,0.3,116.5,centroid,,,,maybe,,,", "booster: must be one of yes, no"),
    ("6408012002,A,B,0.3,116.5,centroid,,,,,,31-12-2026,", "sim_expiry: must be a date as 2026-12-31"),
    ("6408012002,A,B,0.3,116.5", "row: has not as many cells"),
    ("6408012002,A,B,0.3,116.5,centroid,,,,,,,,extra", "row: has not as many cells"),
    (GOOD.strip(), "code: 6408012001 is already on line 2"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS, ids=[m for _, m in BAD_ROWS])
def test_a_bad_row_names_line_column_reason_and_cure(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(HEADER + GOOD + row + "\n")
    with pytest.raises(ConfigError) as caught:
        read_sites(path)
    assert str(caught.value).startswith(f"sites.csv:3: {message}")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(HEADER + "\n".join(row for row, _ in BAD_ROWS[:5]) + "\n")
    with pytest.raises(ConfigError) as caught:
        read_sites(path)
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["2", "3", "4", "5", "6"]


def test_header_faults(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("code;kecamatan;desa\n")
    with pytest.raises(ConfigError, match=r"sites\.csv:1: lat: column is missing"):
        read_sites(path)


def test_a_file_saved_by_a_spreadsheet_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("\ufeff" + HEADER + GOOD)
    assert list(read_sites(path)) == ["6408012001"]


def test_columns_are_those_of_the_shipped_file() -> None:
    with SHIPPED.open() as file:
        assert next(csv.reader(file)) == HEADER.strip().split(",")
