"""The form of a village and its way back: what it says stands in the register, and a wrong cell changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from collector.cli import main
from collector.errors import ConfigError
from collector.sites.facts import FIELDS
from collector.sites.form import BY_NAME, read_form, take_in
from collector.sites.sites import read_sites
from ground.paths import shipped

CODE, OTHER = "6408012001", "6408012012"


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return Path(shutil.copy(shipped() / "sites.csv", tmp_path / "sites.csv"))


def filled(register: Path, answers: dict[str, Any], code: str = CODE) -> Path:
    """Write the form as `sites form` does, and fill a village's row as a person would."""
    path = register.with_name("form.xlsx")
    assert main(["sites", "form", "--file", str(register), "--out", str(path), "--lang", "id"]) == 0
    book = load_workbook(path)
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[2]]
    row = next(cells for cells in sheet.iter_rows(min_row=4) if cells[0].value == code)
    for name, value in answers.items():
        row[names.index(name)].value = value
    book.save(path)
    return path


def test_a_form_in_indonesian_words_fills_the_register(register: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {"population": 1500, "households": 400.0, "power": "PLN 24 jam", "land_status": "dihibahkan pemiliknya"}
    answers |= {"road_access": "mobil sepanjang tahun", "tower_distance_km": 7.5, "booster": "tidak", "lat": 0.31, "lon": 116.5}
    path = filled(register, answers)
    assert main(["sites", "import", str(path), "--into", str(register), "--lang", "en"]) == 0
    site = read_sites(register)[CODE]
    assert (site.population, site.power, site.booster, site.lat, site.coordinate_source) == (1500, "grid", False, 0.31, "office")
    facts = site.facts
    assert (facts.households, facts.land_status, facts.road_access, facts.tower_distance_km) == (400, "granted", "car", 7.5)
    said = capsys.readouterr().out
    assert f"{CODE} Senyiur: 8 of 17 known" in said
    assert "mobile operators: link for a tower" in said
    assert main(["sites", "import", str(path), "--into", str(register), "--lang", "en"]) == 0
    assert "0 cells changed" in capsys.readouterr().out  # a second time changes nothing


def test_one_wrong_cell_changes_nothing_and_is_named(register: Path) -> None:
    before = register.read_bytes()
    path = filled(register, {"population": "about 1500", "road_access": "helicopter", "lat": 0.3, "proposal_number": "@SUM(A1)"})
    with pytest.raises(ConfigError) as error:
        take_in(read_form(path), register)
    told = str(error.value)
    assert [name for name in ("population", "road_access", "lat", "proposal_number") if f": {name}: " not in told] == []
    assert register.read_bytes() == before


def test_a_register_of_an_earlier_version_is_read_and_keeps_its_columns(register: Path) -> None:
    text = register.read_text(encoding="utf-8")
    assert "households" not in text.splitlines()[0]
    assert read_sites(register)[OTHER].power == "no_grid"
    assert read_sites(register)[OTHER].facts.households is None
    take_in(read_form(filled(register, {"public_facilities": 3}, OTHER)), register)
    sites = read_sites(register)
    assert (len(sites), sites[OTHER].power, sites[OTHER].facts.public_facilities) == (141, "no_grid", 3)
    assert sites[OTHER].source == read_sites(shipped() / "sites.csv")[OTHER].source


def test_every_fact_is_asked_by_form_and_paper(register: Path, tmp_path: Path) -> None:
    assert {field.name for field in FIELDS} < set(BY_NAME)
    out = tmp_path / "form.html"
    page = "https://sinyal.example.go.id"
    assert main(["sites", "form", CODE, "--file", str(register), "--out", str(out), "--page", page, "--lang", "id"]) == 0
    text = out.read_text(encoding="utf-8")
    assert all(part in text for part in ("Senyiur", "<svg", "☐ hanya lewat sungai", "Podes R1005A"))
    assert main(["sites", "form", "1234", "--file", str(register), "--out", str(out)]) == 2
