"""Raw samples as open files, and the map from them alone: byte for byte the table that the store gave."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pyarrow.parquet
import pytest

from collector.errors import ConfigError
from collector.store.sqlite import Sqlite
from dashboards.needs import archive, recompute
from dashboards.needs.archive import basis_of
from dashboards.needs.archived import Archive
from dashboards.needs.command import STEM
from ground.wita import WITA
from tests.dashboards.needs.halls import CONFIG, PLAN, basis, sites

DAYS = ["--from", "2026-10-01", "--to", "2026-10-09"]


@pytest.fixture(scope="module")
def archived(store: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples of the made-up halls, as the command writes them."""
    beside = tmp_path_factory.mktemp("archive")
    head = "code,kecamatan,desa,lat,lon,coordinate_source,population,power,antenna,booster"
    rows = [
        f"{s.code},{s.kecamatan},{s.desa},{s.lat},{s.lon},{s.coordinate_source},{s.population or ''},{s.power or ''},"
        f"{s.antenna or ''},{'' if s.booster is None else 'yes' if s.booster else 'no'}"
        for s in sites().values()
    ]
    (beside / "sites.csv").write_text("\n".join([head, *rows]))
    for name in ("classes.toml", "needs.toml"):
        (beside / name).write_bytes((CONFIG / name).read_bytes())
    context = [f"{code},0,0,0" for code in basis(sites()).contexts]
    flags = "code,blankspot_list_37,pln_program_2025_15,no_pln_grid_2026_13"
    (beside / "kutim_context.csv").write_text("\n".join([flags, *context]))
    path = store._path
    text = f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "{path}"\n'
    (beside / "collector.toml").write_text(text)
    assert _run(archive, "-c", str(beside / "collector.toml"), "-o", str(beside / "archive"), *DAYS) == 0
    return beside / "archive"


def _run(module: ModuleType, *words: str) -> int:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(words)))


def test_a_day_is_one_file_that_anybody_reads_and_everything_has_its_hash(archived: Path) -> None:
    table = pyarrow.parquet.read_table(archived / "2026-10-02.parquet")
    signal = [row for row in table.to_pylist() if row["stream"] == "signal"]
    assert len(signal) == 288 * 9 + 144  # nine halls all day, one with power for half of it, one only on the first day
    assert {row["rsrp_dbm"] for row in signal if row["site"] == "6408022001"} == {-85.0, -95.0}
    assert {row["rsrp_dbm"] for row in signal if row["site"] == "6408022006"} == {None}
    assert table.schema.field("rsrp_dbm").metadata[b"unit"] == b"dBm"
    sums = dict(line.split("  ")[::-1] for line in (archived / "SHA256SUMS").read_text("utf-8").splitlines())
    assert {"2026-10-01.parquet", "2026-10-08.parquet", "basis/sites.csv", "README.md"} <= set(sums)
    assert all(sha256((archived / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())


def test_the_map_from_the_archive_is_byte_for_byte_that_of_the_store(
    archived: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = (folder / f"{STEM}.csv").read_bytes()
    digest = sha256(table).hexdigest()
    words = [str(archived), *DAYS, "--out", str(tmp_path / "x.csv"), "--workers", "2"]
    assert _run(recompute, *words, "--expect", f"{digest[:8]} {digest[8:]}") == 0
    assert (tmp_path / "x.csv").read_bytes() == table
    assert capsys.readouterr().out.strip() == digest
    assert _run(recompute, *words, "--expect", "0" * 64) == 1
    assert len(PLAN) == len({row["site"] for row in Archive(archived).samples("signal", 0, 2**62)})


def test_a_hall_that_left_the_register_keeps_what_it_measured(archived: Path) -> None:
    beside, gone, day = archived.parent, "6408022006", archived / "2026-10-08.parquet"
    samples, whole = day.read_bytes(), (beside / "sites.csv").read_text()
    (beside / "sites.csv").write_text("\n".join(line for line in whole.splitlines() if gone not in line))
    words = ("-c", str(beside / "collector.toml"), "-o", str(archived), "--from", "2026-10-08", "--to", "2026-10-09")
    for _ in range(2):  # by what was kept of the change too
        assert _run(archive, *words) == 0
        assert day.read_bytes() == samples
    today = datetime.now(UTC).astimezone(WITA).date()
    assert gone not in (basis_of(archived, today) / "sites.csv").read_text()
    kept = basis_of(archived, today - timedelta(days=1))
    assert (kept / "sites.csv").read_text() == whole
    assert f"{kept.relative_to(archived)}/sites.csv" in (archived / "SHA256SUMS").read_text()
    assert basis_of(archived, None) == archived / "basis"
    (kept / "sites.csv").write_bytes(whole.replace(",", ";").encode("utf-16"))  # as a spreadsheet leaves it
    assert _run(archive, *words) == 0
    assert day.read_bytes() == samples


def test_a_run_that_is_cut_off_keeps_what_was_judged_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etc, out, today = tmp_path / "etc", tmp_path / "out", datetime(2026, 10, 20, tzinfo=WITA).date()
    for folder in (etc, out):
        folder.mkdir()

    def run(word: str) -> None:
        for name in ("sites.csv", "needs.toml"):
            (etc / name).write_text(word)
        archive._beside(out, etc, etc / "classes.toml", today)

    def cut_off(path: Path, data: bytes) -> None:
        if path.name == "needs.toml":
            raise OSError("full")
        path.write_bytes(data)

    run("old")
    with monkeypatch.context() as cut:
        cut.setattr(archive, "write_durably", cut_off)
        with pytest.raises(OSError, match="full"):
            run("new")
    run("new")
    kept = out / "basis/until-2026-10-20"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {"sites.csv": "old", "needs.toml": "old"}


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sinyal-dashboards archive"):
        Archive(tmp_path)
