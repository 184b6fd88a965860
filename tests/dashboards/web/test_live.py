"""What open pages are told: rows that say what the page says, the difference alone, and streams that end with the server."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from httpx import Client

from collector.store.sqlite import Sqlite
from dashboards.web import feed
from dashboards.web.live import Live, Versions, live_of
from dashboards.web.serve import serve_in_thread
from dashboards.web.snapshot import Snapshot
from dashboards.web.state import rank
from tests.dashboards.web.plant import CLASSES, GOOD, LTE, NEVER, SILENT, SITES, Planter

KEYS = list(rank(CLASSES))


def test_rows_say_what_the_halls_are(planted: Sqlite) -> None:
    halls = Snapshot(planted, SITES, CLASSES).halls()
    live = live_of(halls, CLASSES, "page")
    rows = dict(zip(sorted(SITES), live.rows, strict=True))
    minute, modems = rows[GOOD.code]
    assert live.names == ["?m1", "IOH", "Telkomsel"]  # of one nobody knows the operator
    assert [KEYS[modem[1]] for modem in modems] == ["very_poor", "good"]
    assert [modem[2] for modem in modems] == [-113, -86]
    assert abs(feed_time(minute) - time.time()) < 120
    [silent] = rows[SILENT.code][1]
    assert (KEYS[silent[1]], KEYS[silent[3]], silent[2]) == ("silent", "fair", -95)
    assert rows[NEVER.code] == [None, []]
    assert live_of(halls, CLASSES, "page") == live
    assert live_of(halls, CLASSES, "other").register != live.register


def feed_time(minute: int) -> float:
    return 1767225600 + 60 * minute


def version(name: str, *rows: list[object], names: tuple[str, ...] = ("IOH",)) -> Live:
    return Live(name, "halls", list(names), list(rows), stale=False, newest=1)


def test_who_has_a_version_is_told_the_difference_and_who_has_it_all_nothing() -> None:
    versions = Versions()
    first, second = version("a", [1, []], [2, []]), version("b", [1, []], [3, []])
    whole = versions.answer(first, "")
    assert whole is not None
    assert whole["rows"] == first.rows
    assert versions.answer(first, "a") is None
    changed = versions.answer(second, "a")
    assert changed is not None
    assert (changed["version"], changed["changed"]) == ("b", {"1": [3, []]})
    assert "rows" not in changed


@pytest.mark.parametrize("since", ["unknown", "old"])
def test_who_has_what_is_forgotten_or_of_other_names_is_told_all(since: str) -> None:
    versions = Versions()
    versions.answer(version("old", [1, []], names=("IOH", "XLSMART")), "")
    answer = versions.answer(version("now", [2, []]), since)
    assert answer is not None
    assert (answer["names"], answer["rows"]) == (["IOH"], [[2, []]])


def test_the_answer_is_small_and_empty_while_nothing_is_new(client: Client) -> None:
    first = client.get("/live")
    assert first.status_code == 200
    same = client.get("/live", params={"since": first.json()["version"]})
    assert (same.status_code, same.content) == (204, b"")


def test_a_stream_tells_what_changed_and_ends_with_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    monkeypatch.setattr(feed, "EVERY_S", 0.0)
    monkeypatch.setattr(feed, "STEP_S", 0.05)
    store = Sqlite(tmp_path / "s.db")
    server = serve_in_thread(store, SITES, CLASSES, port=0)
    with Client(base_url=server.url, trust_env=False, timeout=60) as client:
        since = client.get("/live").json()["version"]
        with client.stream("GET", "/live/events", params={"since": since}) as answer:
            lines = answer.iter_lines()
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["x-accel-buffering"] == "no"
            Planter(store, time.time_ns()).signal(NEVER, "m1", LTE, rsrp_dbm=-75.0)
            news = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
            assert news["rows"][sorted(SITES).index(NEVER.code)][1] == [[0, KEYS.index("very_good"), -75]]
            server.stop()
            assert all(not line.strip(":") for line in lines)
    store.close()


def test_too_many_streams_are_refused_and_may_ask_instead(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_STREAMS", 0)
    assert client.get("/live/events").status_code == 503
    assert client.get("/live").status_code == 200
