"""The small health block of the page: what the server's doctor left, by name and state alone, and nothing where it is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.web import pages
from dashboards.web.app import create_app
from dashboards.web.snapshot import Snapshot
from ground.doctor import Found, broken, fine, note
from ground.paths import shipped


@pytest.mark.parametrize(("hours", "shown"), [(0, True), (3, False)])
def test_the_page_shows_what_the_doctor_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int, shown: bool) -> None:
    left = [Found("database", broken("{path} is missing", "x", path="/secret/place")), Found("clock", fine("kept by NTP"))]
    note(left, tmp_path / "doctor.json", datetime.now(UTC) - timedelta(hours=hours))
    monkeypatch.setattr(pages, "HEALTH", tmp_path / "doctor.json")
    config = shipped()
    snapshot = Snapshot(Sqlite(tmp_path / "s.db"), read_sites(config / "sites.csv"), read_classes(config / "classes.toml"))
    text = TestClient(create_app(snapshot)).get("/?lang=id").text
    assert ("Server: 1 dari 2 pemeriksaan perlu perhatian" in text) is shown
    assert ("basis data" in text and "RUSAK" in text) is shown
    assert "/secret/place" not in text
