"""The JSON API on real stores: states, numbers, absence, alerts, and what it says when the store is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from httpx import Client

from collector.errors import StoreUnavailableError
from collector.rollup import recompute
from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import Row, Store
from dashboards.web.snapshot import Snapshot
from lab.servers import free_port
from telemetry.frame import Value
from tests.dashboards.web.plant import (
    CLASSES,
    DEAD_SPOT,
    FAULTY,
    GOOD,
    LTE,
    NEVER,
    SILENT,
    SITES,
    TWO_G,
    Planter,
    S,
    browsing,
    plant,
)


def halls(client: Client) -> dict[str, dict[str, Any]]:
    return {feature["id"]: feature["properties"] for feature in client.get("/api/v1/sites").json()["features"]}


def test_every_state_on_every_engine(any_store: Store) -> None:
    plant(any_store, time.time_ns())
    with browsing(any_store) as client:
        found = halls(client)
        counts = client.get("/api/v1/sites").json()["counts"]
    assert {code: hall["state"] for code, hall in found.items()} == {
        GOOD.code: "good",
        TWO_G.code: "two_g_only",
        DEAD_SPOT.code: "no_service",
        FAULTY.code: "device_fault",
        SILENT.code: "silent",
        NEVER.code: "not_measured",
    }
    assert counts["not_measured"] == 1
    assert counts["very_good"] == 0
    assert sum(counts.values()) == len(SITES)
    good = found[GOOD.code]
    assert (good["operator"], good["rsrp_dbm"]) == ("Telkomsel", -86.0)  # of -85, -86, -87 by turns
    assert {modem["operator"]: modem["state"] for modem in good["modems"]} == {"IOH": "very_poor", "Telkomsel": "good"}
    assert [modem["band"] for modem in good["modems"]] == [8, 3]
    dead = found[DEAD_SPOT.code]["modems"][0]
    assert dead["operator"] == "Telkomsel"  # no service tells no operator; the modem's last one does
    assert "rsrp_dbm" not in dead
    silent = found[SILENT.code]
    assert (silent["last_known"], silent["rsrp_dbm"], silent["modems"][0]["samples"]) == ("fair", -95.0, 0)


def test_what_was_never_measured_has_no_values_at_all(client: Client) -> None:
    never = halls(client)[NEVER.code]
    assert never["modems"] == []
    assert never["operators"] == []
    assert not {"updated", "rsrp_dbm", "operator", "last_known", "booster", "antenna"} & set(never)
    assert "null" not in client.get("/api/v1/sites").text


def test_register_is_shown_with_each_hall(client: Client) -> None:
    feature = client.get("/api/v1/sites").json()["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": [GOOD.lon, GOOD.lat]}
    assert {name: feature["properties"][name] for name in ("coordinate_source", "booster", "antenna", "population")} == {
        "coordinate_source": "gnss",
        "booster": True,
        "antenna": "outdoor",
        "population": 1234,
    }


def test_detail_has_device_events_and_the_alerts_that_concern_the_hall(client: Client) -> None:
    detail = client.get(f"/api/v1/sites/{GOOD.code}").json()
    assert detail["device"]["undervoltage"] is True
    assert "mains" not in detail["device"]
    assert [event["kind"] for event in detail["events"]] == ["modem_reset"]
    assert [alert["key"] for alert in detail["alerts"]] == ["hall"]
    assert [alert["key"] for alert in client.get(f"/api/v1/sites/{SILENT.code}").json()["alerts"]] == ["common"]


def test_an_alert_is_shown_once_as_its_newest_change_left_it(client: Client) -> None:
    alerts = client.get("/api/v1/alerts").json()["alerts"]
    assert [(alert["key"], alert["state"]) for alert in alerts] == [("common", "open"), ("hall", "resolved")]
    assert "until" not in alerts[0]
    assert alerts[1]["until"] > alerts[1]["since"]
    assert [alert["key"] for alert in client.get("/api/v1/alerts?state=open").json()["alerts"]] == ["common"]


def test_an_alert_that_comes_back_is_another_one(tmp_path: Path) -> None:
    store, now_ns = Sqlite(tmp_path / "s.db"), time.time_ns()
    p, place = Planter(store, now_ns), {"site": GOOD.code}
    for state, age_s, since_s in (("open", 900, 900), ("resolved", 800, 900), ("open", 500, 500), ("open", 100, 100)):
        p.alert("silent", state, age_s, place, since_ms=now_ns // 1_000_000 - since_s * 1000)
    alerts = Snapshot(store, SITES, CLASSES).alerts(1).alerts
    assert [(alert.state, round(now_ns / S - alert.since.timestamp())) for alert in alerts] == [("open", 100), ("resolved", 900)]
    store.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/sites/6408999999", 404),
        ("/api/v1/sites/6408999999/series", 404),
        ("/api/v1/sites/NO_CODE", 422),
        (f"/api/v1/sites/{GOOD.code}/series?range=2y", 422),
        ("/api/v1/alerts?days=0", 422),
        ("/api/v1/alerts?state=nonsense", 422),
        ("/api/nothing", 404),
    ],
)
def test_wrong_questions_get_an_answer_as_json(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, "detail" in answer.json()) == (status, True)


def test_nothing_can_be_written(client: Client) -> None:
    for path in ("/", "/api/v1/sites", f"/site/{GOOD.code}"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.request(method, path).status_code == 405


def test_openapi_describes_every_endpoint_and_no_page_loads_from_elsewhere(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {path for path in paths if not path.startswith("/api/v1/")} == set()
    assert all(operation.get("description") for methods in paths.values() for operation in methods.values())
    assert [client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]


def test_24_hours_are_medians_of_five_minutes_with_gaps_as_gaps(client: Client) -> None:
    series = client.get(f"/api/v1/sites/{GOOD.code}/series").json()
    assert (series["range"], series["step_s"], series["steps"]) == ("24h", 300, 288)
    by_operator = {modem["operator"]: modem for modem in series["modems"]}
    assert set(by_operator) == {"Telkomsel", "IOH"}
    curve = by_operator["Telkomsel"]["curves"]["rsrp_dbm"]
    assert len(curve["median"]) == 288
    assert set(curve["median"][:280]) == {None}
    assert all(-87 <= value <= -85 for value in curve["median"] if value is not None)
    assert "rsrq_db" not in by_operator["IOH"]["curves"]
    dead = client.get(f"/api/v1/sites/{DEAD_SPOT.code}/series").json()["modems"]
    assert [modem["operator"] for modem in dead] == ["Telkomsel"]
    assert {value for value in dead[0]["service"] if value} == {"lte", "no_service"}
    assert client.get(f"/api/v1/sites/{NEVER.code}/series").json()["modems"] == []


def test_7_days_are_the_hours_of_the_rollup(store: Sqlite) -> None:
    now_ns = time.time_ns()
    hour_ns = (now_ns // (3600 * S) - 30) * 3600 * S
    levels = [-80.0, -90.0, -91.0, -92.0, -120.0]
    values: list[dict[str, Value]] = [LTE | {"rsrp_dbm": level} for level in levels]
    Planter(store, hour_ns).samples(NEVER, "signal", "m1", [-60 - i for i in range(5)], values)
    recompute(store, SITES, {NEVER.code: {hour_ns // (3600 * S)}})
    with browsing(store) as client:
        series = client.get(f"/api/v1/sites/{NEVER.code}/series?range=7d").json()
    assert (series["step_s"], series["steps"]) == (3600, 168)
    curve = series["modems"][0]["curves"]["rsrp_dbm"]
    place = next(i for i, value in enumerate(curve["median"]) if value is not None)
    assert datetime.fromisoformat(series["start"]).timestamp() + place * 3600 == hour_ns // S
    low, *_, high = quantiles(levels, n=10, method="inclusive")
    assert (curve["median"][place], curve["low"][place], curve["high"][place]) == (-91.0, low, high)
    assert [value for value in series["modems"][0]["service"] if value] == ["lte"]


def test_many_viewers_cost_one_query(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    read = store.samples

    def samples(measurement: str, start_ns: int, end_ns: int, site: str | None = None) -> Iterator[Row]:
        asked.append(measurement)
        return read(measurement, start_ns, end_ns, site)

    monkeypatch.setattr(store, "samples", samples)
    Snapshot(store, SITES, CLASSES).halls()
    alone = len(asked)
    crowd = Snapshot(store, SITES, CLASSES)
    with ThreadPoolExecutor(8) as viewers:
        snapshots = list(viewers.map(lambda _: crowd.halls(), range(40)))
    assert len(asked) == 2 * alone
    assert all(snapshot is snapshots[0] for snapshot in snapshots)


def test_new_samples_show_and_a_hall_that_stops_turns_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, now = Sqlite(tmp_path / "s.db"), [time.time_ns()]
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    snapshot = Snapshot(store, SITES, CLASSES, clock_ns=lambda: now[0])

    def state() -> tuple[str, str | None]:
        hall = next(f.properties for f in snapshot.halls().features if f.id == GOOD.code)
        return hall.state, hall.last_known

    assert state() == ("not_measured", None)
    Planter(store, now[0]).signal(GOOD, "m1", LTE, rsrp_dbm=-85.0)
    assert state() == ("good", None)
    now[0] += 16 * 60 * S
    assert state() == ("silent", "good")
    Planter(store, now[0]).signal(GOOD, "m1", LTE, count=1, rsrp_dbm=-105.0)
    assert state() == ("poor", None)
    store.close()


def test_store_away_is_said_and_the_last_data_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    store = Sqlite(tmp_path / "s.db")
    plant(store, time.time_ns())

    def refuse(*_: object) -> list[object]:
        raise StoreUnavailableError("disk gone")

    with browsing(store) as client:
        assert client.get("/api/health").json()["status"] == "ok"
        monkeypatch.setattr(store, "samples", refuse)
        stale = client.get("/api/v1/sites").json()
        health = client.get("/api/health")
        page = client.get("/")
    assert stale["stale"] is True
    assert stale["counts"]["good"] == 1
    assert (health.status_code, health.json()["status"]) == (503, "store_unavailable")
    assert "Basis data tidak dapat dibaca" in page.text
    store.close()


def test_store_that_never_answered_is_a_503_and_a_page_in_words() -> None:
    nobody = Influx1(f"http://127.0.0.1:{free_port()}", "sinyal")
    with browsing(nobody) as client:
        answer, page = client.get("/api/v1/sites"), client.get("/")
    assert (answer.status_code, page.status_code) == (503, 503)
    assert "Data belum dapat dibaca" in page.text
