"""A measured position replaces the middle of the village, visibly; never what somebody wrote down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.sites.position import measured_place, newest_positions
from collector.sites.sites import Site
from collector.store.sqlite import Sqlite
from collector.store.store import Placed
from dashboards.web.snapshot import Snapshot
from telemetry.frame import Sample, Value, pack
from tests.dashboards.web.plant import CLASSES

CENTROID = Site("6408012001", "Muara Ancalong", "Senyiur", 0.3, 116.5, "centroid")
T_MS = 1_795_500_000_000
MEASURED: dict[str, Value] = {"lat_deg": 0.53451, "lon_deg": 117.21672, "accuracy_m": 6.5, "fixes": 60}


def test_only_the_middle_of_the_village_gives_way() -> None:
    found = measured_place(CENTROID, MEASURED)
    assert (found.lat, found.lon, found.coordinate_source) == (0.53451, 117.21672, "gnss")
    assert (found.accuracy_m, found.fixes) == (6.5, 60)
    for source in ("office", "gnss", "map"):
        written = replace(CENTROID, coordinate_source=source)
        assert measured_place(written, MEASURED) is written
    assert measured_place(CENTROID, None) is CENTROID


@pytest.mark.parametrize("missing", ["lat_deg", "lon_deg"])
def test_half_a_position_is_none(missing: str) -> None:
    half = {name: value for name, value in MEASURED.items() if name != missing}
    assert measured_place(CENTROID, half) is CENTROID
    assert newest_positions([{**half, "site": "a", "time_ns": 1}]) == {}


def test_the_page_shows_the_newest_measured_place(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    for modem, t_ms, lat in (("m1", T_MS - 86_400_000, 0.1), ("m2", T_MS, 0.53451)):
        frame = pack(CENTROID.code, "position", modem, [Sample(1, t_ms, "ntp", {**MEASURED, "lat_deg": lat})])
        store.write([Placed(frame, CENTROID)])
    snapshot = Snapshot(store, {CENTROID.code: CENTROID}, CLASSES, lambda: (T_MS + 60_000) * 1_000_000)
    (hall,) = snapshot.halls().features
    store.close()
    assert hall.geometry.coordinates == (117.21672, 0.53451)
    assert (hall.properties.coordinate_source, hall.properties.accuracy_m) == ("gnss", 6.5)
