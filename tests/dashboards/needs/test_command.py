"""`sinyal-dashboards needs` as it is called: exit codes, what stands in the folder, what it says when something is wrong."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.store.sqlite import Sqlite
from dashboards.needs import command
from tests.dashboards.needs.halls import CONFIG, PLAN, fill, sites

MONTH = ["--from", "2026-10-01", "--to", "2026-10-09"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A collector.toml over a store with one kecamatan of halls; the register has the twelve halls."""
    rows = [
        f"{s.code},{s.kecamatan},{s.desa},{s.lat},{s.lon},{s.coordinate_source},{'' if s.population is None else s.population}"
        for s in sites().values()
    ]
    (tmp_path / "sites.csv").write_text("\n".join(["code,kecamatan,desa,lat,lon,coordinate_source,population", *rows]))
    for name in ("classes.toml", "needs.toml", "kutim_context.csv"):
        (tmp_path / name).write_bytes((CONFIG / name).read_bytes())
    path = tmp_path / "collector.toml"
    path.write_text('[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "store.db"\n')
    return path


def _run(config: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(["-c", str(config), "-o", str(config.parent / "out"), "--no-pdf", *more]))


def test_a_month_becomes_a_folder_and_a_second_time_is_refused(config: Path) -> None:
    made = Sqlite(config.parent / "store.db")
    fill(made, sites(), plan=PLAN[:2])
    made.close()
    assert _run(config, *MONTH, "--csv-semicolon", "--decimal-comma") == 0
    out = config.parent / "out"
    assert {path.name for path in out.iterdir()} == {
        *(f"peta-kebutuhan.{kind}" for kind in ("html", "xlsx", "csv", "geojson")),
        *("bukti", "SHA256SUMS"),
    }
    assert {path.stem for path in (out / "bukti").iterdir()} == {code for code, *_ in PLAN[:2]}
    assert (out / "peta-kebutuhan.csv").read_text(encoding="utf-8-sig").startswith("kode_desa;kecamatan;desa;")
    with pytest.raises(ConfigError, match="already exists"):
        _run(config, *MONTH)
    made = Sqlite(config.parent / "store.db")
    kept = list(made.samples("verdict", 0, 1 << 62))
    made.close()
    with (out / "peta-kebutuhan.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {
            (row["kode_desa"].replace(".", ""), row["operator"]): row["kualitas_bukti"]
            for row in csv.DictReader(file, delimiter=";")
        }
    assert kept
    assert {(row["site"], row["operator"]): row.get("grade", "") for row in kept} == {
        (str(row["site"]), str(row["operator"])): told[str(row["site"]), str(row["operator"])] for row in kept
    }


def test_nothing_measured_writes_nothing_and_says_3(config: Path) -> None:
    assert _run(config, *MONTH) == 3
    assert not (config.parent / "out").exists()


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (["--from", "2026-10-09", "--to", "2026-10-09"], "--to: must be after --from"),
        (["--from", "2126-10-01", "--to", "2126-10-09"], "--from: lies in the future"),
        ([*MONTH, "--compare-from", "2026-09-01"], "belong together"),
        ([*MONTH, "--compare-from", "2026-09-01", "--compare-to", "2026-10-02"], "must end before --from begins"),
    ],
)
def test_periods_that_make_no_sense_are_refused(config: Path, days: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        _run(config, *days)


def test_a_missing_needs_file_is_named_with_its_cure(config: Path) -> None:
    (config.parent / "needs.toml").unlink()
    with pytest.raises(ConfigError, match=r"needs\.toml: no such file; copy config/needs\.toml there"):
        _run(config, *MONTH)


def test_a_wrong_context_names_its_line(config: Path) -> None:
    context = config.parent / "kutim_context.csv"
    context.write_text(context.read_text(encoding="utf-8").replace("Senyiur,0,", "Senyiur,maybe,"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kutim_context\.csv:2: blankspot_list_37: must be"):
        _run(config, *MONTH)
