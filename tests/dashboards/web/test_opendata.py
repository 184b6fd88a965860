"""Open data: anybody may read it, in three forms, again and again at no cost, and as far back as there are any."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime, timedelta

import pytest
from httpx import Client

from collector.rollup import recompute
from collector.store.sqlite import Sqlite
from ground.wita import WITA
from tests.dashboards.web.plant import EVIL, GOOD, IOH, LTE, NEVER, SITES, Planter, S, browsing

OPEN = ("/api/v1/sites", "/api/v1/sites.csv", "/api/v1/kecamatan", f"/api/v1/sites/{GOOD.code}/history", "/api/v1/alerts")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("path", OPEN)
def test_any_web_page_may_read_it_and_asks_again_for_nothing(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert 'rel="license"' in first.headers["link"]
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == first.headers["content-type"]


def test_the_same_content_is_not_sent_twice(client: Client) -> None:
    for path in (f"/api/v1/sites/{NEVER.code}/history?from=2026-01-01&to=2026-01-02", "/api"):
        tag = client.get(path).headers["etag"]
        again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert "content-length" not in again.headers or again.headers["content-length"] == "0"


def test_pages_are_not_for_other_hosts(client: Client) -> None:
    assert "access-control-allow-origin" not in client.get("/").headers
    assert "access-control-allow-origin" not in client.get("/live").headers


def test_halls_are_geojson_and_a_table_of_modems(client: Client) -> None:
    answer = client.get("/api/v1/sites")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["licence"] == "CC-BY-4.0"
    halls = client.get("/api/v1/sites.csv")
    assert halls.headers["content-type"] == "text/csv; charset=utf-8"
    rows = table(halls.text)
    assert {(row["operator"], row["state"], row["rsrp_dbm"]) for row in rows if row["code"] == GOOD.code} == {
        ("Telkomsel", "good", "-86.0"),
        ("IOH", "very_poor", "-113.0"),
    }
    [never] = [row for row in rows if row["code"] == NEVER.code]
    assert (never["hall_state"], never["desa"], never["rsrp_dbm"], never["time"]) == ("not_measured", EVIL, "", "")
    assert (never["kecamatan_id"], rows[0]["kecamatan_id"]) == ("640811", "640801")


def test_totals_count_each_hall_once(client: Client) -> None:
    found = client.get("/api/v1/kecamatan").json()
    whole, parts = found["regency"], found["kecamatan"]
    assert whole["halls"] == len(SITES) == sum(part["halls"] for part in parts) == sum(whole["kinds"].values())
    assert [part["id"] for part in parts] == ["640801", "640802", "640811"]
    assert (whole["kinds"]["adequate"], whole["kinds"]["not_seen"]) == (1, 2)
    assert client.get("/api/v1/kecamatan/640811").json() == parts[2]
    assert client.get("/api/v1/kecamatan/1").status_code == 404
    rows = table(client.get("/api/v1/kecamatan.csv").text)
    assert [row["halls"] for row in rows] == ["2", "2", "2", "6"]


def test_history_goes_back_as_far_as_data_do(store: Sqlite) -> None:
    hour = time.time_ns() // (3600 * S) - 400 * 24
    Planter(store, (hour + 1) * 3600 * S).signal(NEVER, "m1", LTE, first_s=60, rsrp_dbm=-91.0)
    Planter(store, (hour + 1) * 3600 * S).signal(NEVER, "m2", IOH, first_s=60, count=3)
    recompute(store, SITES, {NEVER.code: {hour}})
    at = datetime.fromtimestamp(hour * 3600, UTC)
    day = at.astimezone(WITA).date()
    with browsing(store) as client:
        base = f"/api/v1/sites/{NEVER.code}/history"
        days = client.get(base, params={"from": str(day), "to": str(day)}).json()
        hours = client.get(base, params={"from": str(day), "to": str(day), "step": "hour"}).json()
        text = client.get(f"{base}.csv", params={"from": str(day), "to": str(day), "step": "hour"}).text
        assert client.get(base).json()["periods"] == []
        wrong = [client.get(base, params=p).status_code for p in ({"from": "2026-02-02", "to": "2026-02-01"}, {"from": "x"})]
        long = client.get(base, params={"from": "2020-01-01", "step": "hour"}).status_code
    assert [period["samples"] for period in days["periods"]] == [20, 3]
    assert [datetime.fromisoformat(period["start"]) for period in hours["periods"]] == [at, at]
    first, second = hours["periods"]
    assert (first["operator"], first["rsrp_median_dbm"], first["availability_percent"]) == ("Telkomsel", -91.0, 100.0)
    assert "rsrp_median_dbm" not in second
    rows = table(text)
    assert [(row["operator"], row["rsrp_median_dbm"]) for row in rows] == [("Telkomsel", "-91.0"), ("IOH", "")]
    assert (wrong, long) == ([422, 422], 422)
    assert datetime.fromisoformat(days["end"]) - datetime.fromisoformat(days["start"]) == timedelta(days=1)


def test_addresses_without_a_version_lead_on(client: Client) -> None:
    for path in ("sites", f"sites/{GOOD.code}", "alerts?days=3"):
        answer = client.get(f"/api/{path}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"/api/v1/{path}")


def test_the_page_of_the_data_explains_them_in_two_languages(client: Client) -> None:
    for language, words in (("id", "Lisensi data: CC-BY-4.0"), ("en", "Licence of the data: CC-BY-4.0")):
        text = client.get("/api", params={"lang": language}).text
        assert words in text
        for path in client.get("/openapi.json").json()["paths"]:
            assert path in text
    client.cookies.clear()
