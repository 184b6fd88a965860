"""`sinyal-collector import` and `export` as commands, against real stores."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collector.cli import main
from collector.config import load
from collector.line.importer import Result, _messages, _verify
from collector.store.open import open_store
from collector.store.store import Placed, Point
from lab.engines import ENGINES, start_engine, store_section
from lab.servers import Server
from telemetry.frame import Sample, decode, encode_json, pack, unpack
from telemetry.stick import seal
from tests.collector.frames import OTHER, SITE, T0_MS, signal_frame

SITES = "code,kecamatan,desa,lat,lon,coordinate_source\n" + f"{SITE.code},{SITE.kecamatan},{SITE.desa},0.3,116.5,centroid\n"
NAME = f"sinyal-{SITE.code}-20261124T080000Z.jsonl.gz"
Starter = Callable[[Callable[[], Server]], Server]


@pytest.fixture(params=ENGINES)
def config(request: pytest.FixtureRequest, tmp_path: Path, start_server: Starter) -> Path:
    (tmp_path / "sites.csv").write_text(SITES)
    store = store_section(request.param, tmp_path, start_engine(request.param, tmp_path, start_server))
    path = tmp_path / "collector.toml"
    path.write_text(f'[broker]\nhost = "localhost"\n[store]\n{store}\n')
    return path


def stick(folder: Path, *lines: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    return path


def frames(count: int, site: str = SITE.code) -> list[bytes]:
    return [encode_json(signal_frame(1 + 10 * i, 10, site)) for i in range(count)]


def run(config: Path, command: str, *args: object) -> int:
    return main(["--log-level", "error", command, "--config", str(config), *map(str, args)])


def test_import_twice_stores_once_and_says_so(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stick(tmp_path, *frames(5))
    assert run(config, "import", path) == 0
    assert capsys.readouterr().out == f"{path}: stored 50, duplicate 0, rejected 0, held 0\n"
    assert run(config, "import", path) == 0
    assert capsys.readouterr().out == f"{path}: stored 0, duplicate 50, rejected 0, held 0\n"


def test_import_checks_as_the_line_does(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = frames(2)
    path = stick(tmp_path, good[0], b"{broken", *frames(1, OTHER.code), b"", good[1], b'{"v":9}')
    assert run(config, "import", path) == 1
    assert "stored 20, duplicate 0, rejected 3 (not a sound frame: payload is not JSON" in capsys.readouterr().out
    assert len(list((tmp_path / "rejected").iterdir())) == 3


def test_import_of_an_unknown_site_is_held(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stick(tmp_path, *frames(2, OTHER.code), name=f"sinyal-{OTHER.code}-20261124T080000Z.jsonl.gz")
    assert run(config, "import", path) == 1
    assert "held 2 (site 6408042002 is not in the collector's list of sites: add its row)" in capsys.readouterr().out


def sealed(count: int, size: int = 10) -> list[bytes]:
    """Frames as `sinyal-agent export` writes them."""
    return [seal(encode_json(signal_frame(1 + size * i, size)), size * (i + 1), size * count) for i in range(count)]


def test_a_stick_pulled_out_too_early_gives_its_whole_frames_and_says_what_is_missing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / NAME
    whole = gzip.compress(b"\n".join(sealed(400)) + b"\n")
    path.write_bytes(whole[: len(whole) // 2])
    assert run(config, "import", path) == 1
    out = capsys.readouterr().out
    found = re.search(r"stored (\d+), .*cut off .*up to sample (\d+) of 4000 are taken; export once more", out)
    assert found is not None, out
    assert 0 < int(found[1]) == int(found[2]) < 4000


def test_a_damaged_file_of_an_older_agent_gives_nothing(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / NAME
    whole = gzip.compress(b"\n".join(frames(400)) + b"\n")
    path.write_bytes(whole[: len(whole) // 2])
    assert run(config, "import", path) == 3
    assert "stored 0, duplicate 0, rejected 0, held 0; damaged" in capsys.readouterr().out


def test_no_flipped_bit_brings_a_reading_that_was_never_measured(tmp_path: Path) -> None:
    """A thousand files with one flipped bit each, all over the file."""
    content = gzip.compress(b"\n".join(sealed(10, 50)) + b"\n")
    path = tmp_path / NAME
    true = {
        (row.seq, row.t_ms, tuple(sorted(row.values.items()))) for i in range(10) for row in unpack(signal_frame(1 + 50 * i, 50))
    }
    step = len(content) * 8 // 1000 | 1  # odd: every place in a byte
    damaged = taken = 0
    for bit in range(0, len(content) * 8, step):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        result = Result(path)
        whole = not _verify(path, result)
        damaged += not whole
        for message in _messages(path, SITE.code, whole=whole):
            rows = {(row.seq, row.t_ms, tuple(sorted(row.values.items()))) for row in unpack(decode(message.payload))}
            assert rows <= true, f"bit {bit}"
            taken += not whole
    assert damaged > 300
    assert taken > 300


def test_import_of_a_folder_of_an_empty_file_and_of_a_folder_without_any(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    assert run(config, "import", usb) == 2
    assert "sinyal-agent export" in capsys.readouterr().err
    stick(usb, *sealed(2))
    stick(usb, name=NAME.replace("08", "09"))
    assert run(config, "import", usb) == 1
    out = capsys.readouterr().out
    assert "stored 20" in out
    assert "nothing waited in the hall" in out


@pytest.mark.parametrize(
    ("name", "content"), [(NAME, b"not gzip"), ("photo.jpg", b""), (f"sinyal-{OTHER.code}-1.jsonl.gz", None)]
)
def test_import_of_nothing_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None) -> None:
    (tmp_path / "sites.csv").write_text(SITES)
    config = tmp_path / "collector.toml"
    config.write_text('[broker]\nhost = "localhost"\n[store]\nengine = "sqlite"\npath = "store.db"\n')
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert run(config, "import", tmp_path / name) == 3
    assert "stored 0" in capsys.readouterr().out


def test_import_while_the_store_is_down(tmp_path: Path, capsys: pytest.CaptureFixture[str], influx: Server) -> None:
    (tmp_path / "sites.csv").write_text(SITES)
    config = tmp_path / "collector.toml"
    config.write_text(f'[broker]\nhost = "localhost"\n[store]\nengine = "influx1"\nurl = "{influx.url}"\n')
    influx.kill()
    assert run(config, "import", stick(tmp_path, *frames(1))) == 1
    assert "store: http://127.0.0.1" in capsys.readouterr().err


def test_export_gives_back_what_was_measured(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, "import", stick(tmp_path, *frames(2)))
    out = tmp_path / "out.csv"
    assert run(config, "export", "--start", "2026-09-01", "--end", "2026-10-01", "--site", SITE.code, "-o", out) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [int(row["seq"]) for row in rows] == list(range(1, 21))
    first = rows[0]
    assert first["time_utc"] == "2026-09-21T14:13:50.000Z"
    assert (first["desa"], first["operator"], first["plmn"], first["band"]) == (SITE.desa, "Telkomsel", "51010", "3")
    assert (float(first["rsrp_dbm"]), first["nr_rsrp_dbm"]) == (-98.0, "")
    capsys.readouterr()
    assert run(config, "export", "--start", "2026-09-21T22:14:20+08:00", "--end", "2026-09-21T22:15:20+08:00") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_export_gives_a_spreadsheet_nothing_to_run(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The desa is the name of the register, the detail what a hall wrote; no cell may begin as a formula does."""
    texts = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", " =1", "weak signal"]
    samples = [Sample(n, T0_MS + n, "ntp", {"kind": "boot", "detail": text}) for n, text in enumerate(texts, 1)]
    store = open_store(load(config).store)
    store.write([Placed(pack(SITE.code, "event", None, samples), replace(SITE, desa="=Desa"))])
    assert run(config, "export", "--start", "2026-09-01", "--end", "2026-10-01", "--measurement", "event") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["detail"] for row in rows] == [f"'{text}" for text in texts[:-1]] + texts[-1:]
    assert {row["desa"] for row in rows} == {"'=Desa"}


def test_export_of_an_empty_period_and_of_a_bad_moment(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "influx1" in config.read_text():  # nobody has made the database: a fault with its name, not an empty period
        assert run(config, "export", "--start", "2025-01-01", "--end", "2025-02-01") == 1
        assert "fault: missing" in capsys.readouterr().err
    run(config, "import", stick(tmp_path, *frames(1)))
    assert run(config, "export", "--start", "2025-01-01", "--end", "2025-02-01") == 3
    with pytest.raises(SystemExit) as caught:
        run(config, "export", "--start", "yesterday", "--end", "2025-02-01")
    assert caught.value.code == 2
    assert "is not a date or time as 2026-11-24" in capsys.readouterr().err


def test_export_of_another_measurement(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(load(config).store)
    store.write([Placed(signal_frame(), SITE)])
    store.write_points([Point("ingest", {}, {"stored_samples": 5 + i}, (T0_MS + i) * 1_000_000) for i in range(2)])
    assert run(config, "export", "--start", "2026-09-01", "--end", "2026-10-01", "--measurement", "ingest") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["stored_samples"] for row in rows] == ["5", "6"]
