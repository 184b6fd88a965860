from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.spool.clock import boot_id, monotonic_ms
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from telemetry.frame import decode, unpack

T0 = 1_800_000_000_000


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    (tmp_path / "stick").mkdir()
    path.write_text(f'[agent]\nsite = "6408012001"\ndata_dir = "{tmp_path}/data"\n[broker]\nhost = "h"\ntls = false\n')
    return path


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool whose agent runs: it looks from time to time whether another program wants its turn."""
    spool, ended = Spool(tmp_path / "data" / "spool.db", boot_id()), threading.Event()

    def run() -> None:
        while not ended.wait(0.01):
            spool.tidy()

    agent = threading.Thread(target=run)
    agent.start()
    yield spool
    ended.set()
    agent.join()


def entry(n: int, stream: str = "signal", modem: str | None = "a", t_ms: int | None = T0) -> Entry:
    return Entry(stream, modem, n, None if t_ms is None else t_ms + n, "ntp", b'{"rsrp_dbm":-97}')


def numbers(folder: Path) -> list[int]:
    (file,) = folder.glob("sinyal-6408012001-*.jsonl.gz")
    with gzip.open(file) as lines:
        return sorted(sample.seq for line in lines for sample in unpack(decode(line.rstrip(b"\n"))))


def test_all_waiting_samples_go_to_the_stick_and_stay(config: Path, spool: Spool, capsys: pytest.CaptureFixture[str]) -> None:
    stick = config.parent / "stick"
    seqs = spool.append([entry(n, modem=m) for n in range(700) for m in "ab"])
    assert main(["export", "--config", str(config), str(stick)]) == 0
    assert numbers(stick) == seqs
    assert "1.400 pengukuran" in capsys.readouterr().out
    assert spool.depth == 1400
    assert [p.name for p in stick.iterdir() if p.name.endswith(".part")] == []


def test_refused_ones_only_with_all(config: Path, spool: Spool) -> None:
    stick = config.parent / "stick"
    seqs = spool.append([entry(n) for n in range(10)])
    spool.quarantine(seqs[:3], "no")
    assert main(["export", "--config", str(config), str(stick)]) == 0
    assert numbers(stick) == seqs[3:]
    for file in stick.iterdir():
        file.unlink()
    assert main(["export", "--all", "--config", str(config), str(stick)]) == 0
    assert numbers(stick) == seqs


def test_a_pi_without_time_gets_it_from_a_person(config: Path, spool: Spool, capsys: pytest.CaptureFixture[str]) -> None:
    stick = config.parent / "stick"
    mono = monotonic_ms()
    seqs = spool.append([Entry("signal", "a", mono - 60_000, None, "unknown", b"{}")])
    assert main(["export", "--config", str(config), str(stick)]) == 0
    assert "tambahkan --now" in capsys.readouterr().err
    for file in stick.iterdir():
        file.unlink()
    assert main(["export", "--config", str(config), "--now", "2027-03-01T08:15:00+08:00", str(stick)]) == 0
    assert numbers(stick) == seqs
    (file,) = stick.iterdir()
    assert file.name == "sinyal-6408012001-20270301T001500Z.jsonl.gz"
    (row,) = spool.window(9, 9)
    assert row.clock == "rebased"
    assert abs(row.t_ms - (1_803_860_100_000 - 60_000)) < 10_000


@pytest.mark.parametrize(
    ("text", "why"), [("2027-03-01", "not a time with zone"), ("1980-01-06T00:00Z", "cannot be now"), ("x", "not a time")]
)
def test_a_wrong_time_is_refused(config: Path, capsys: pytest.CaptureFixture[str], text: str, why: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "--config", str(config), "--now", text, str(config.parent)])
    assert why in capsys.readouterr().err


def test_no_spool_and_no_stick_are_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--config", str(config), str(config.parent / "stick"), "--lang", "en"]) == 2
    assert "has the agent run" in capsys.readouterr().err
    assert main(["export", "--config", str(config), "/no/stick"]) == 2
    assert "pasang flashdisk dahulu" in capsys.readouterr().err


def test_quarantine_list_export_and_resend(config: Path, spool: Spool, capsys: pytest.CaptureFixture[str]) -> None:
    stick = config.parent / "stick"
    seqs = spool.append([entry(n) for n in range(5)])
    spool.quarantine(seqs, "shape: modem must be text")
    assert main(["quarantine", "list", "--config", str(config)]) == 0
    assert (
        capsys.readouterr().out == "       5  signal/a  seq 1..5  kiriman rusak atau bukan dari agen: shape: modem must be text\n"
    )
    assert main(["quarantine", "export", str(stick), "--config", str(config)]) == 0
    assert numbers(stick) == seqs
    assert main(["quarantine", "resend", "--config", str(config)]) == 0
    assert [r.seq for r in spool.window(9, 9)] == seqs[::-1]
    spool.keep_bounds()  # the running agent notices what another program did
    assert (spool.depth, spool.quarantined) == (5, 0)


def test_status_of_a_hall_whose_agent_does_not_run(config: Path, spool: Spool, capsys: pytest.CaptureFixture[str]) -> None:
    spool.append([Entry("signal", "a", monotonic_ms() - 7_200_000, None, "unknown", b"{}")])
    assert main(["status", "--config", str(config)]) == 1
    indonesian = capsys.readouterr().out
    assert "Agen TIDAK berjalan" in indonesian
    assert "Data mutakhir: TIDAK, 1 pengukuran menunggu, yang tertua 2 jam. Tidak ada yang hilang" in indonesian
    assert main(["status", "--lang", "en", "--config", str(config)]) == 1
    assert "Data up to date: NO, 1 measurements wait, the oldest 2 hours. None is lost" in capsys.readouterr().out


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["run"], ["status"], ["export"], ["quarantine"], ["parse"], ["detect"], ["capture"]):
        with pytest.raises(SystemExit, match="0"):
            main([*arguments, "--help"])
    assert "sinyal-agent export /media/usb" in capsys.readouterr().out
