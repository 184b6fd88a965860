"""The files as their readers open them: openpyxl, a CSV reader with Indonesian settings, shapely, pypdf."""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from openpyxl import load_workbook
from shapely.geometry import Point, shape

from collector.errors import ConfigError
from dashboards.atlas.areas import DESA, read_areas
from dashboards.needs.columns import COLUMNS
from dashboards.needs.command import STEM, Paper, write_report
from dashboards.needs.csv import write_csv
from dashboards.needs.document import drawn
from dashboards.needs.geojson import write_geojson
from dashboards.needs.html import write_html
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.model import Report
from dashboards.needs.pdf import prints
from dashboards.needs.sheets import VILLAGES
from dashboards.needs.xlsx import EVIDENCE, write_xlsx
from ground.table import safe
from tests.dashboards.needs.halls import NEVER, PLAN, basis, sites

HANDOVER = [
    "kode_desa",
    "kecamatan",
    "desa",
    "nama_titik",
    "jenis_titik",
    "lat",
    "lon",
    "sumber_koordinat",
    "akurasi_m",
    "di_dalam_batas_desa",
    "kondisi",
    "operator",
    "plmn",
    "teknologi",
    "band",
    "rsrp_median",
    "rsrp_p10",
    "sinr_median",
    "ketersediaan_persen",
    "jumlah_sampel",
    "periode_awal",
    "periode_akhir",
    "model_modem",
    "band_didukung",
    "antena",
    "penguat_sinyal",
    "jumlah_penduduk",
    "jumlah_kk",
    "fasilitas_umum",
    "listrik",
    "status_lahan",
    "jarak_menara_km",
    "sambungan_kantor",
    "podes_r1005a",
    "podes_r1005b",
    "podes_r1005c",
    "podes_r1005d",
    "skor_prioritas",
    "versi_ambang",
    "nomor_usulan",
    "status_usulan",
    "catatan",
    "kondisi_desa",
    "ketersediaan_bawah",
    "ketersediaan_atas",
    "rsrp_median_bawah",
    "rsrp_median_atas",
    "rsrp_p10_bawah",
    "rsrp_p10_atas",
    "n_efektif",
    "kualitas_bukti",
    "alasan_kualitas",
    "menaikkan_kualitas",
    "peringkat_desa",
    "peringkat_terbaik",
    "peringkat_terburuk",
    "skor_kebutuhan",
    "skor_kebutuhan_min",
    "skor_kebutuhan_maks",
    "skor_kesiapan_min",
    "skor_kesiapan_maks",
    "masukan_tidak_diketahui",
]
KONDISI = {"blank spot", "2G saja", "sinyal lemah", "layanan kurang", "cukup", "layak"}
KONDISI |= {"belum diukur", "tidak terdengar (pemindaian)", "data belum cukup", "tidak dapat dinilai"}
ROWS = 3 * (len(PLAN) + 1)
EVIL = '=HYPERLINK("http://x")'


def renamed(made: Report, name: str) -> Report:
    """Return the first village another name, as somebody could write it into sites.csv."""
    first, *others = made.villages
    site = replace(first.site, desa=name)
    village = replace(first, site=site, rows=tuple(replace(row, site=site) for row in first.rows))
    return replace(made, villages=(village, *others))


def _read(path: Path, delimiter: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter, strict=True))


def test_csv_has_exactly_the_handover_columns_and_a_byte_order_mark(made: Report, tmp_path: Path) -> None:
    write_csv(made, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes().startswith(b"\xef\xbb\xbfkode_desa,")
    rows = _read(tmp_path / "x.csv", ",")
    assert list(rows[0]) == HANDOVER == list(COLUMNS)
    assert len(rows) == ROWS
    assert {row["kondisi"] for row in rows} == KONDISI
    first = rows[0]
    assert (first["kode_desa"], first["operator"], first["plmn"], first["band"]) == ("64.08.02.2001", "Telkomsel", "510-10", "B3")
    assert (first["rsrp_median"], first["rsrp_p10"], first["periode_akhir"]) == ("-85.0", "-95.0", "2026-10-08")
    assert (first["listrik"], first["penguat_sinyal"], first["antena"]) == ("PLN 24 jam", "tidak", "dalam ruang")


def test_csv_of_indonesian_excel_reads_back_with_semicolon_and_decimal_comma(made: Report, tmp_path: Path) -> None:
    write_csv(made, tmp_path / "x.csv", semicolon=True, decimal_comma=True)
    rows = _read(tmp_path / "x.csv", ";")
    assert len(rows) == ROWS
    assert all(len(row) == len(HANDOVER) for row in rows)
    weak = next(row for row in rows if row["kode_desa"] == "64.08.02.2002" and row["operator"] == "Telkomsel")
    numbers = [float(weak[name].replace(",", ".")) for name in ("rsrp_median", "ketersediaan_persen", "skor_prioritas")]
    assert numbers == [-105, 100, 45]
    assert weak["skor_prioritas"] == "45,0"
    assert "." not in weak["lat"]


def test_what_was_never_measured_has_no_values_and_is_a_centroid(made: Report, tmp_path: Path) -> None:
    write_csv(made, tmp_path / "x.csv")
    rows = [row for row in _read(tmp_path / "x.csv", ",") if row["kode_desa"].replace(".", "") == NEVER]
    assert [row["kondisi"] for row in rows] == ["belum diukur"] * 3
    assert {row["jumlah_sampel"] for row in rows} == {"0"}
    assert {row["sumber_koordinat"] for row in rows} == {"titik tengah desa, bukan kantor"}
    assert {row["rsrp_median"] + row["skor_prioritas"] + row["teknologi"] for row in rows} == {""}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1"])
def test_no_text_is_a_formula(name: str) -> None:
    assert safe(name) == f"'{name}"
    assert safe("Jak Luay") == "Jak Luay"


def test_a_hostile_name_stays_text_in_csv_and_workbook(made: Report, tmp_path: Path) -> None:
    write_csv(renamed(made, EVIL), tmp_path / "x.csv")
    assert _read(tmp_path / "x.csv", ",")[0]["desa"] == f"'{EVIL}"
    write_xlsx(renamed(made, EVIL + "\x07"), tmp_path / "x.xlsx")
    cell = load_workbook(tmp_path / "x.xlsx")["Peta Kebutuhan"]["C2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert str(cell.value).startswith(EVIL)


def test_workbook_has_real_types_frozen_header_and_filters(made: Report, tmp_path: Path) -> None:
    write_xlsx(made, tmp_path / "x.xlsx")
    book = load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["Ringkasan", "Desa", "Peta Kebutuhan", "Bukti", "Metode"]
    sheet = book["Peta Kebutuhan"]
    assert [cell.value for cell in sheet[1]] == HANDOVER
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.max_row) == ("D2", f"A1:BJ{ROWS + 1}", ROWS + 1)
    cells = dict(zip(HANDOVER, (cell.value for cell in sheet[2]), strict=True))
    assert isinstance(cells["lat"], float)
    assert (cells["rsrp_median"], cells["jumlah_sampel"], cells["jumlah_penduduk"]) == (-85, 2304, 1500)
    start = cells["periode_awal"]
    assert isinstance(start, datetime)
    assert start.date() == date(2026, 10, 1)
    assert cells["nomor_usulan"] is None


def test_workbook_shows_evidence_ranked_and_the_method_with_every_parameter(made: Report, tmp_path: Path) -> None:
    write_xlsx(made, tmp_path / "x.xlsx")
    book = load_workbook(tmp_path / "x.xlsx")
    proof = list(book["Bukti"].iter_rows(values_only=True))
    assert proof[0] == EVIDENCE
    best = dict(zip(EVIDENCE, proof[1], strict=True))
    assert (best["diagnosis"], best["skor_kebutuhan"], best["kelengkapan_persen"]) == ("Blank spot", 75, 100)
    text = "\n".join(str(value) for line in book["Metode"].iter_rows(values_only=True) for value in line if value)
    assert made.version in text
    for part in (
        "limits.min_days",
        "need.people",
        "severity.blank_spot",
        "kebutuhan = 100",
        "MIT",
        "1 Oktober 2026 – 8 Oktober 2026",
    ):
        assert part in text


def test_geojson_is_valid_and_its_points_are_the_halls(made: Report, tmp_path: Path) -> None:
    write_geojson(made, tmp_path / "x.geojson")
    collection = json.loads((tmp_path / "x.geojson").read_text(encoding="utf-8"))
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection  # RFC 7946 section 4: always WGS84
    features = collection["features"]
    assert len({feature["id"] for feature in features}) == len(features) == ROWS
    areas = read_areas(DESA)
    west, south, east, north = collection["bbox"]
    for feature in features:
        point = shape(feature["geometry"])
        assert isinstance(point, Point)
        assert (feature["type"], point.is_valid) == ("Feature", True)
        assert west <= point.x <= east
        assert south <= point.y <= north
        properties = feature["properties"]
        assert areas[properties["kode_desa"].replace(".", "")].geometry.covers(point)
        assert list(properties)[: len(HANDOVER)] == HANDOVER
    assert {f["properties"]["diagnosis"] for f in features} >= {"blank_spot", "not_measured", "power"}


def test_a_register_without_polygons_still_gives_a_map(made: Report, tmp_path: Path) -> None:
    homeless = replace(made, villages=tuple(replace(village, inside=None) for village in made.villages))
    write_html(homeless, drawn(homeless, {}), Letterhead(), tmp_path / "x.html")
    assert (tmp_path / "x.html").read_text(encoding="utf-8").count("<g data-hall=") == 2 * len(made.villages)
    write_csv(homeless, tmp_path / "x.csv")
    assert {row["di_dalam_batas_desa"] for row in _read(tmp_path / "x.csv", ",")} == {""}


@contextmanager
def _small_files(limit: int) -> Iterator[None]:
    """Let no file grow beyond the limit: a full disk, for this process only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_report_is_whole_or_not_there(made: Report, tmp_path: Path) -> None:
    ground, folder = basis(sites()), tmp_path / "laporan"
    with _small_files(20_000), pytest.raises(ConfigError, match="laporan: cannot be written"):
        write_report(made, folder, ground, Paper(Letterhead(), printed=False), dict, semicolon=False, decimal_comma=False)
    assert list(tmp_path.iterdir()) == []


def test_every_file_has_its_hash(folder: Path) -> None:
    lines = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines())
    kinds = {f"{STEM}.{kind}" for kind in ("html", "xlsx", "csv", "geojson", *(["pdf"] if prints() else []))}
    assert {name for name in lines if "/" not in name} == kinds
    assert set(lines) == {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    for name, digest in lines.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest


def test_every_sheet_prints_on_a4_landscape_with_its_head_on_every_page(folder: Path) -> None:
    book = load_workbook(folder / f"{STEM}.xlsx")
    assert {(s.page_setup.orientation, s.page_setup.paperSize) for s in book} == {("landscape", 9)}
    tables = [book[name] for name in ("Desa", "Peta Kebutuhan", "Bukti")]
    assert [sheet.print_title_rows for sheet in tables] == ["$1:$1"] * 3
    assert [sheet.freeze_panes for sheet in tables] == ["G2", "D2", "E2"]
    assert {s.page_setup.fitToWidth for s in book} == {1}
    assert [str(sheet.print_area).split("!")[1].split("$")[3] for sheet in tables] == [
        "S",
        "S",
        "H",
    ]  # the rest is for the screen
    assert book.properties.creator == "DINAS CONTOH"
    villages = list(book["Desa"].iter_rows(values_only=True))
    assert villages[0] == VILLAGES
    assert [row[0] for row in villages[1:]] == list(range(1, len(PLAN) + 2))
    told = [str(row[0]) for row in book["Ringkasan"].iter_rows(values_only=True)]
    digest = sha256((folder / f"{STEM}.csv").read_bytes()).hexdigest()
    assert f"SHA-256 (CSV): {digest}" in told
