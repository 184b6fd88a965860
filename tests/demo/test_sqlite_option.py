"""`--sqlite FILE` reads what `sinyal-demo seed` made, in every program that looks at a store; no configuration is written."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.cli import main as collector
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.cli import main as dashboards
from demo.seed import seed
from ground.paths import shipped

END = datetime(2026, 11, 24, 16, tzinfo=UTC)
PERIOD = ["--from", "2026-11-24", "--to", "2026-11-25"]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("month") / "month.db"
    seed(Sqlite(path), read_sites(shipped() / "sites.csv"), days=1, halls=2, end=END, interval_s=300)
    return path


def test_export_fleet_and_needs_read_the_file(month: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collector(["export", "--sqlite", str(month), "--start", "2026-11-24", "--end", "2026-11-25"]) == 0
    assert capsys.readouterr().out.count("\n") > 300
    assert collector(["fleet", "--sqlite", str(month)]) == 0
    assert "139 of 141 sites have never reported" in capsys.readouterr().out
    assert dashboards(["needs", "--sqlite", str(month), *PERIOD, "--out", str(tmp_path / "map")]) == 0
    assert {path.suffix for path in (tmp_path / "map").glob("*.*")} == {".html", ".xlsx", ".csv", ".geojson", ".pdf"}


@pytest.mark.parametrize("words", [["fleet"], ["export", "--start", "2026-11-24", "--end", "2026-11-25"]])
def test_a_file_that_is_not_there_is_named_and_not_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nothing.db"
    assert collector([*words, "--sqlite", str(path)]) == 2
    assert dashboards(["serve", "--sqlite", str(path)]) == 2
    assert dashboards(["needs", "--sqlite", str(path), *PERIOD]) == 2
    assert capsys.readouterr().err.count(f"--sqlite {path}: no such file; `sinyal-demo seed") == 3
    assert not path.exists()


@pytest.mark.parametrize("words", [["fleet"], ["export", "--start", "2026-11-24", "--end", "2026-11-25"]])
def test_a_reader_that_leaves_early_is_no_fault(words: list[str], month: Path) -> None:
    command = [sys.executable, "-m", "collector.cli", *words, "--sqlite", str(month)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stderr
        program.stdout.close()  # as `| head` does
        assert "Error" not in program.stderr.read()
    assert program.returncode == 0
