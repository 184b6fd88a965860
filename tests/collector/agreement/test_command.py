"""`sinyal-collector agreement` as the office uses it on the server."""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
from pathlib import Path

import pytest

from collector.agreement.entries import Indicator, Minutes
from collector.agreement.links import holder, read_key
from collector.agreement.papers import keep
from collector.agreement.people import People
from collector.agreement.rules import OFFICE
from collector.cli import main
from tests.collector.agreement import parts
from tests.collector.agreement.parts import EVIDENCE, T0_MS, VILLAGE, remark
from tests.collector.frames import SITE


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sites.csv").write_text(
        f"code,kecamatan,desa,lat,lon,coordinate_source\n{SITE.code},{SITE.kecamatan},{SITE.desa},0.5,117,centroid\n"
    )
    (tmp_path / "collector.toml").write_text(
        '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "s.db"\n'
    )
    return tmp_path


def agreement(etc: Path, *words: str) -> int:
    command, *rest = words
    return main(["agreement", command, "--config", f"{etc}/collector.toml", "--state", f"{etc}", "--lang", "en", *rest])


def test_the_office_sees_what_waits_and_answers(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "list") == 3
    book = parts.agreement(etc)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    assert agreement(etc, "list") == 0
    assert f"Senyiur: remark {n} (it is the power, not the signal) waits for an answer: " in capsys.readouterr().out
    assert agreement(etc, "answer", str(n), "noted", "--reason", "no") == 2
    assert "reason: String should have at least 10 characters" in capsys.readouterr().err
    assert agreement(etc, "answer", "99", "noted", "--reason", "we keep it in mind") == 2
    assert capsys.readouterr().err.strip() == "agreement: there is no remark 99"
    assert agreement(etc, "answer", str(n), "noted", "--reason", "we keep it in mind") == 0
    assert agreement(etc, "list") == 3
    assert book.state().remarks[n].answers[0].reason == "we keep it in mind"


def test_a_village_gets_its_address_and_loses_it(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "link", SITE.code) == 0
    address = capsys.readouterr().out.strip()
    book, key = parts.agreement(etc), read_key(etc / "links.key")
    actor = holder(address.removeprefix("/r/"), book.state(), key)
    assert actor is not None
    assert actor.site == SITE.code
    assert agreement(etc, "link", SITE.code, "--revoke") == 0
    assert holder(address.removeprefix("/r/"), book.state(), key) is None
    assert agreement(etc, "link", "6408999999") == 2
    assert "6408999999 is not in sites.csv" in capsys.readouterr().err


def test_who_edits_the_file_is_told(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts.agreement(etc).add(remark(), VILLAGE, "page", T0_MS)
    assert agreement(etc, "verify") == 0
    assert "2 entries, none changed" in capsys.readouterr().out
    with sqlite3.connect(etc / "agreement.db") as db:
        db.executescript("DROP TRIGGER never_changed; UPDATE entry SET body = replace(body, 'power', 'agree') WHERE n = 2")
    assert agreement(etc, "verify") == 1
    assert "entry 2 is not what was written" in capsys.readouterr().err


TABLE = f"""\
kode_desa;kecamatan;operator;kondisi;periode_awal;periode_akhir;versi_ambang;kualitas_bukti;kondisi_desa
64.08.01.2001;{SITE.kecamatan};Telkomsel;sinyal lemah;2026-11-01;2026-11-30;2026-1;B;sinyal lemah
64.08.01.2001;{SITE.kecamatan};XLSMART;blank spot;2026-11-01;2026-11-30;2026-1;A;sinyal lemah
64.08.01.2001;{SITE.kecamatan};;;2026-11-01;2026-11-30;2026-1;;sinyal lemah
"""


def test_a_table_is_published_and_a_village_proposed_on_it(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "propose", SITE.code, "signal") == 2
    assert "nothing was published of 6408012001" in capsys.readouterr().err
    table = etc / "needs.csv"
    table.write_text(TABLE, encoding="utf-8-sig")
    assert agreement(etc, "publish", str(table)) == 0
    assert agreement(etc, "propose", SITE.code, "signal", "--operator", "XLSMART") == 0
    number = capsys.readouterr().out.split()[-1]
    proposal = parts.agreement(etc).state().proposals[number].proposal
    assert [(v.operator, v.word, v.grade) for v in proposal.verdicts] == [
        *(("Telkomsel", "sinyal lemah", "B"), (None, "sinyal lemah", None), ("XLSMART", "blank spot", "A")),
    ]
    assert proposal.evidence == hashlib.sha256(table.read_bytes()).hexdigest()
    assert agreement(etc, "propose", SITE.code, "signal") == 2
    assert f"{SITE.code} is already proposed: {number}, drafted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("64.08.01.2001;", "Senyiur;", "needs.csv:2: site: String should match"),
        ("2026-11-01", "November", "needs.csv:2: periode_awal, periode_akhir: Invalid isoformat"),
        ("kondisi;", "condition;", "needs.csv:1: kondisi: column is missing"),
        (";B;", ";Z;", "needs.csv:2: grade: String should match"),
        (
            "XLSMART;blank spot;2026-11-01",
            "XLSMART;blank spot;2026-10-01",
            "needs.csv: needs the rows of one period, has those of 2",
        ),
    ],
)
def test_another_table_is_refused_by_line_and_column(
    etc: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, fault: str
) -> None:
    (etc / "needs.csv").write_text(TABLE.replace(old, new, 1))
    assert agreement(etc, "publish", str(etc / "needs.csv")) == 2
    assert fault in capsys.readouterr().err


def test_somebody_of_the_office_gets_a_password(
    etc: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert agreement(etc, "person", "budi", "office") == 2
    assert "10 characters" in capsys.readouterr().err
    assert parts.agreement(etc).state().people == {}
    monkeypatch.setattr("sys.stdin", io.StringIO("kuda laut 7\n"))
    assert agreement(etc, "person", "budi", "office") == 0
    assert People(etc / "agreement.db").sign_in("budi", "kuda laut 7", parts.agreement(etc).state(), T0_MS) is not None
    assert agreement(etc, "person", "budi", "office", "--end") == 2
    assert "the last of the office" in capsys.readouterr().err


def test_a_scan_belongs_to_minutes_and_is_a_paper(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "scan", "U-2026-0001", "signed.pdf") == 2
    assert "no such minutes of U-2026-0001 were printed" in capsys.readouterr().err
    book = parts.agreement(etc)
    book.add(Minutes(about="U-2026-0001", document=keep(etc, b"%PDF-1"), evidence=EVIDENCE), OFFICE, "server", T0_MS)
    (etc / "signed.exe").write_bytes(b"MZ")
    assert agreement(etc, "scan", "U-2026-0001", f"{etc}/signed.exe") == 2
    assert "a paper is a PDF, JPEG or PNG" in capsys.readouterr().err
    (next((etc / "papers").iterdir())).unlink()
    assert agreement(etc, "verify") == 1
    assert "minutes of U-2026-0001, entry 2: the paper" in capsys.readouterr().err


def test_every_village_has_its_address_on_the_page_of_its_kecamatan(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "links", "--out", f"{etc}/letters", "--base", "https://sinyal.example.go.id") == 0
    assert "1 addresses on 1 pages" in capsys.readouterr().out
    page = etc / "letters/muara-ancalong.html"
    (address,) = re.findall(r"https://sinyal\.example\.go\.id/r/([^<]+)", page.read_text())
    actor = holder(address, parts.agreement(etc).state(), read_key(etc / "links.key"))
    assert actor is not None
    assert actor.site == SITE.code
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    first = page.read_text()
    assert agreement(etc, "links", "--out", f"{etc}/letters", "--base", "https://sinyal.example.go.id/") == 0
    assert page.read_text() == first  # printed again: what hangs in the halls still holds
    agreement(etc, "link", SITE.code, "--revoke")
    assert agreement(etc, "links", "--out", f"{etc}/none", "--base", "https://sinyal.example.go.id") == 0
    assert list((etc / "none").iterdir()) == []


def test_the_first_password_is_shown_on_a_terminal_only(etc: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "admin") == 2
    assert "on a terminal only" in capfd.readouterr().err
    assert parts.agreement(etc).state().people == {}


def test_a_target_of_the_plan_is_written_down(etc: Path) -> None:
    assert agreement(etc, "target", "blank_spots", "2027", "20", "--source", "Renstra 2025-2029") == 0
    ((key, target),) = parts.agreement(etc).state().targets.items()
    assert (key, target.value) == ((Indicator.BLANK_SPOTS, 2027), 20)
