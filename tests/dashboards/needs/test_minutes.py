"""The minutes of a proposal: what people sign says what the record says, and proves itself on another machine."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader

from collector import cli as collector
from collector.agreement.entries import Answer, Outcome, Reopening, Says, Step
from collector.agreement.rules import OFFICE
from collector.server import backup
from dashboards import cli as dashboards
from dashboards.needs.minutes import About, minutes_html
from tests.collector.agreement.parts import EVIDENCE, T0_MS, VILLAGE, agreement, progress, proposal, remark
from tests.collector.frames import SITE
from tests.dashboards.needs.conftest import HEAD

EVIL = "<script>alert(1)</script>"
LONG = " ".join(["Sinyal hilang di Dusun Tepian bila hujan."] * 45)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """The state of a server below a root, with a remark, answered and asked again, and a proposal that the village agreed to."""
    etc, var = tmp_path / "etc/sinyal", tmp_path / "var/lib/sinyal"
    etc.mkdir(parents=True)
    var.mkdir(parents=True)
    (etc / "sites.csv").write_text(
        f"code,kecamatan,desa,lat,lon,coordinate_source\n{SITE.code},{SITE.kecamatan},{SITE.desa},0.5,117,centroid\n"
    )
    (etc / "collector.toml").write_text(
        '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "../../var/lib/sinyal/s.db"\n'
    )
    book = agreement(var)
    n = book.add(remark(Says.NOT_SO_AT, hamlet="Tepian", text=EVIL), VILLAGE, "page", T0_MS)
    book.add(Answer(remark=n, outcome=Outcome.STANDS, reason="measured at the hall, as agreed"), OFFICE, "server", T0_MS)
    book.add(Reopening(remark=n, reason="but nobody was in Tepian"), VILLAGE, "page", T0_MS)
    book.add(proposal(text="A tower for Tepian"), OFFICE, "server", T0_MS)
    book.add(progress(Step.VILLAGE_AGREED), VILLAGE, "page", T0_MS)
    return var


def minutes(record: Path, *words: str) -> int:
    etc = record.parents[2] / "etc/sinyal"
    return dashboards.main(["minutes", "--config", f"{etc}/collector.toml", "--record", f"{record}", *words])


def spoken(record: Path, command: str, *words: str) -> int:
    config = record.parents[2] / "etc/sinyal/collector.toml"
    return collector.main(["agreement", command, "--config", f"{config}", "--state", f"{record}", "--lang", "en", *words])


def test_it_says_what_the_record_says_and_no_text_becomes_an_element(record: Path) -> None:
    state = agreement(record).state()
    about = About(state.proposals["U-2026-0001"], SITE, state, HEAD, datetime(2026, 11, 27, tzinfo=UTC))
    page = " ".join(minutes_html(about, 10, "id").split())
    for part in (
        "Berita Acara Usulan U-2026-0001",
        "DINAS CONTOH",
        "27 November 2026",
        "2026-1",
        "Tepian",
        "nobody was in Tepian",
    ):
        assert part in page
    for part in (
        f"Kepala Desa {SITE.desa}",
        f"Camat {SITE.kecamatan}",
        "Nama Lengkap",
        "measured at the hall",
        "A tower for Tepian",
    ):
        assert part in page
    assert EVIDENCE in page.replace(" ", "")
    assert state.head in page.replace(" ", "")
    assert EVIL not in page
    assert "Tanggapan lama yang hanya ada dalam catatan kesepakatan: 1" in minutes_html(about, 0, "id")


@pytest.mark.usefixtures("printed")
def test_the_paper_is_two_pages_at_most_and_proves_itself_from_a_backup(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = agreement(record)
    for _ in range(20):
        book.add(remark(Says.OTHER, text=LONG), VILLAGE, "page", T0_MS)
    assert minutes(record, "U-2026-0009", "--out", f"{tmp_path}/no.pdf") == 2
    assert minutes(record, "U-2026-0001", "--out", f"{tmp_path}/ba.pdf") == 0
    document = (tmp_path / "ba.pdf").read_bytes()
    assert 1 <= len(PdfReader(tmp_path / "ba.pdf").pages) <= 2
    ((n, written),) = book.state().minutes.items()
    assert (written.about, written.document, written.evidence) == ("U-2026-0001", sha256(document).hexdigest(), EVIDENCE)
    (tmp_path / "signed.jpg").write_bytes(b"\xff\xd8\xff signed")
    assert spoken(record, "scan", "U-2026-0001", f"{tmp_path}/signed.jpg") == 0
    assert len(book.state().scans[n]) == 1
    (tmp_path / "new").mkdir()
    other = tmp_path / "new/var/lib/sinyal"
    backup.copy(record, other)
    shutil.copytree(tmp_path / "etc", tmp_path / "new/etc")
    capsys.readouterr()
    assert spoken(other, "verify") == 0
    assert "2 papers, none changed" in capsys.readouterr().out
    (other / "papers" / f"{written.document}.pdf").write_bytes(document + b"\n")
    assert spoken(other, "verify") == 1
    assert "is not what was written" in capsys.readouterr().err
