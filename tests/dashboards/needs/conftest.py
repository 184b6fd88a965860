"""The made-up halls in a store, the report of them, and a Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.store.sqlite import Sqlite
from dashboards.needs.command import Paper, write_report
from dashboards.needs.detail import read_details
from dashboards.needs.letterhead import Letterhead, Office, Signature
from dashboards.needs.model import Report
from dashboards.needs.pdf import prints
from tests.dashboards.needs.halls import PERIOD, basis, fill, full_report, sites

HEAD = Letterhead(
    office=Office(lines=("PEMERINTAH KABUPATEN", "DINAS CONTOH"), address="Jalan Contoh 1"),
    signatures=(Signature(role="Kepala Dinas", name="Nama Lengkap", number="NIP 1"),),
)


@pytest.fixture(scope="session")
def printed() -> None:
    """Skip where no PDF can be printed: asked by who needs it, for the answer costs a second."""
    if not prints():
        pytest.skip("Pango is not installed")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    made = Sqlite(tmp_path_factory.mktemp("needs") / "store.db")
    fill(made, sites())
    yield made
    made.close()


@pytest.fixture(scope="session")
def made(store: Sqlite) -> Report:
    return full_report(store)


@pytest.fixture(scope="session")
def folder(made: Report, store: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole report, written once; without the PDF where this machine cannot print it."""
    out = tmp_path_factory.mktemp("report") / "laporan"
    paper = Paper(HEAD, printed=prints())
    write_report(
        made, out, basis(sites()), paper, lambda: read_details(store, sites(), PERIOD), semicolon=False, decimal_comma=False
    )
    return out
