"""The official document as its readers open it: pages, tags, author, fingerprint; and a machine that cannot print it."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader

from collector.errors import ConfigError
from dashboards.needs.command import STEM
from dashboards.needs.letterhead import picture, read_letterhead
from dashboards.needs.model import Report
from dashboards.needs.pdf import PACKAGES, printer
from tests.dashboards.needs.halls import CONFIG


@pytest.fixture(scope="module")
def reader(folder: Path) -> PdfReader:
    return PdfReader(folder / f"{STEM}.pdf")


@pytest.mark.usefixtures("printed")
def test_the_document_is_tagged_and_says_whose_it_is(reader: PdfReader) -> None:
    root, about = reader.root_object, reader.metadata
    assert "/StructTreeRoot" in root
    assert str(root["/MarkInfo"]) == "{'/Marked': True}"
    assert str(root["/Lang"]) == "id"
    assert about is not None
    assert about.author == "DINAS CONTOH"
    assert str(about.title).startswith("Peta Kebutuhan Infrastruktur Digital Kabupaten Kutai Timur, 1 Oktober 2026")


@pytest.mark.usefixtures("printed")
def test_the_document_is_to_be_kept_and_to_be_read_by_everybody(reader: PdfReader) -> None:
    metadata = reader.xmp_metadata
    assert metadata is not None
    root = metadata.rdf_root
    assert [node.value for node in metadata.get_element("", "http://www.aiim.org/pdfa/ns/id/", "part")] == ["2"]
    assert [node.value for node in metadata.get_element("", "http://www.aiim.org/pdfa/ns/id/", "conformance")] == ["A"]
    assert [node.value for node in metadata.get_element("", "http://www.aiim.org/pdfua/ns/id/", "part")] == ["1"]
    assert root.getElementsByTagName("pdfaExtension:schemas")
    assert "/DestOutputProfile" in str(reader.root_object["/OutputIntents"])


@pytest.mark.usefixtures("printed")
def test_summary_first_then_a_page_a_kecamatan_then_the_annexes(reader: PdfReader, made: Report, folder: Path) -> None:
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    digest = sha256((folder / f"{STEM}.csv").read_bytes()).hexdigest()
    for part in ("PEMERINTAH KABUPATEN", "Jalan Contoh 1", "Ringkasan", "Kepala Dinas", "Nama Lengkap", "NIP 1"):
        assert part in pages[0]
    assert digest in pages[0].replace(" ", "")
    assert [k for k, text in enumerate(pages) if "Kecamatan Muara Wahau" in text] == [2]
    assert [k for k, text in enumerate(pages) if "Kecamatan Sangatta Utara" in text] == [3]
    assert "Lampiran 3. Metode" in pages[4]
    assert sum("Batasan" in text for text in pages) == 1
    for village in made.villages:
        page = pages[2 if village.site.kecamatan == "Muara Wahau" else 3]
        if village.site.desa != village.site.kecamatan:
            assert page.count(village.site.desa) == 2  # on the map and in the table; no halo repeats it
    assert made.version in pages[-1] + pages[-2]


@pytest.mark.parametrize(
    ("fault", "cure"), [("ImportError", r"pip install 'sinyal\[dashboards\]'"), ("OSError", f"apt-get install -y {PACKAGES}")]
)
def test_without_pango_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str, cure: str) -> None:
    (tmp_path / "weasyprint.py").write_text(f"raise {fault}('cannot load libpango-1.0.so.0')")
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=cure):
        printer()
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)


def test_the_shipped_letterhead_is_read_and_a_logo_becomes_part_of_the_paper(tmp_path: Path) -> None:
    head = read_letterhead(CONFIG / "letterhead.toml")
    assert head.author == "DINAS KOMUNIKASI, INFORMATIKA, STATISTIK DAN PERSANDIAN"
    (tmp_path / "letterhead.toml").write_text('[office]\nlines = ["X"]\nlogo = "logo.svg"\n')
    logo = read_letterhead(tmp_path / "letterhead.toml").office.logo
    with pytest.raises(ConfigError, match=r"office\.logo: .* cannot be read"):
        picture(logo)
    (tmp_path / "logo.svg").write_text("<svg/>")
    assert str(picture(logo)).startswith("data:image/svg+xml;base64,")
    with pytest.raises(ConfigError, match="none of"):
        picture(Path("logo.bmp"))
