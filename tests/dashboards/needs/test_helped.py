"""`sinyal-dashboards helped`: a tower that was built, seen against the halls around it, in the words of the office."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.agreement.entries import Progress, Step
from collector.agreement.rules import OFFICE, Actor
from collector.store.sqlite import Sqlite
from collector.store.store import Point
from dashboards import cli as dashboards
from ground.wita import WITA
from telemetry.frame import Value
from tests.collector.agreement.parts import KECAMATAN, T0_MS, VILLAGE, agreement, progress, proposal
from tests.collector.frames import SITE

BUILT = datetime.fromtimestamp(T0_MS / 1000, UTC).astimezone(WITA).date()
HALLS = [SITE.code, *(f"64080120{k:02}" for k in range(20, 26))]
ROAD: tuple[tuple[Actor, Progress], ...] = (
    (VILLAGE, progress(Step.VILLAGE_AGREED)),
    (KECAMATAN, progress(Step.KECAMATAN_VERIFIED)),
    (OFFICE, progress(Step.SUBMITTED, reference="1")),
    (OFFICE, progress(Step.ACCEPTED)),
    (OFFICE, progress(Step.BUILT)),
)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A register of seven halls, their days around a building that gave one of them 9 dB, and the record of its proposal."""
    rows = "".join(f"{code},Muara Ancalong,Desa {k},0.{k + 3},116.5,centroid\n" for k, code in enumerate(HALLS))
    (tmp_path / "sites.csv").write_text(f"code,kecamatan,desa,lat,lon,coordinate_source\n{rows}")
    (tmp_path / "collector.toml").write_text(
        '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "s.db"\n[sites]\nfile = "sites.csv"\n'
    )
    points = []
    for k, code in enumerate(HALLS):
        for day in range(-30, 31):
            level = -112 + k % 3 + day % 2 + (9 if code == SITE.code and day > 0 else 0) + (k % 2 if day > 0 else 0)
            at = datetime.combine(BUILT + timedelta(days=day), datetime.min.time(), WITA)
            values: dict[str, Value] = {"samples": 100, "served": 90, "no_service": 10, "rsrp_hist": f"{level}:90"}
            tags = {"site": code, "modem": "m1", "operator": "Telkomsel"}
            points.append(Point("signal_1d", tags, values, int(at.timestamp()) * 10**9))
    store = Sqlite(tmp_path / "s.db")
    store.write_points(points)
    store.close()
    agreement(tmp_path).add(proposal(), OFFICE, "server", T0_MS)
    return tmp_path


def helped(office: Path, *words: str) -> int:
    return dashboards.main(["helped", "U-2026-0001", "--config", f"{office}/collector.toml", "--record", f"{office}", *words])


def test_what_was_built_is_seen_against_its_neighbours(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later_s = T0_MS / 1000 + 40 * 86_400
    monkeypatch.setattr("dashboards.needs.helped.time.time_ns", lambda: int(later_s * 1e9))
    assert helped(office, "--lang", "en") == 2
    assert "nothing was built yet" in capsys.readouterr().err
    book = agreement(office)
    for actor, step in ROAD:
        book.add(step, actor, "server", T0_MS)
    assert helped(office, "--lang", "en") == 0
    place, strength, availability = capsys.readouterr().out.splitlines()
    assert place == "Desa 0, Telkomsel"
    assert "strength: improved, 8.5 dB" in strength
    assert "6 halls near" in strength
    assert "availability: no change is shown, 0 percentage points" in availability
    assert helped(office, "--lang", "id", "--from", f"{BUILT - timedelta(days=25)}") == 0
    assert "terlalu sedikit diukur" in capsys.readouterr().out
    assert helped(office, "--from", f"{BUILT + timedelta(days=1)}") == 2
