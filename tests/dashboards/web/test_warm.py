"""Who opens the page never waits for the store: the last snapshot comes at once with its age, and is read anew behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from httpx import Client

from collector.errors import StoreUnavailableError
from collector.store.sqlite import Sqlite
from collector.store.store import Row
from dashboards.web.cache import Cache
from dashboards.web.serve import serve_in_thread
from dashboards.web.snapshot import Snapshot
from dashboards.web.warm import Warm
from lab.servers import wait_for
from tests.dashboards.web.plant import CLASSES, SITES, browsing


class Slow:
    """Lets a store answer only when it is told to, and counts who asked."""

    def __init__(self, store: Sqlite, patch: pytest.MonkeyPatch) -> None:
        self.go, self.asked = threading.Event(), 0
        self._read = store.samples
        patch.setattr(store, "samples", self._samples)

    def _samples(self, measurement: str, start_ns: int, end_ns: int, site: str | None = None) -> Iterator[Row]:
        self.asked += 1
        assert self.go.wait(30)
        return iter(list(self._read(measurement, start_ns, end_ns, site)))


def test_a_page_is_there_while_the_store_takes_its_time(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    with browsing(store) as client:
        assert "Diperbarui baru saja" in client.get("/").text
        slow = Slow(store, monkeypatch)
        pages = [client.get("/") for _ in range(3)]
        assert all("Diperbarui" in page.text for page in pages)
        wait_for(lambda: slow.asked > 0, "the store to be asked behind")
        slow.go.set()


def test_what_is_read_behind_is_shown_next(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    snapshot = Snapshot(store, SITES, CLASSES)
    first = snapshot.last()
    wait_for(lambda: snapshot.last() is not first, "a newer snapshot")


def test_a_store_that_is_lost_is_told_by_the_last_snapshot(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    snapshot = Snapshot(store, SITES, CLASSES)
    made = snapshot.last().generated

    def refuse(*_: object) -> list[Row]:
        raise StoreUnavailableError("disk gone")

    monkeypatch.setattr(store, "samples", refuse)
    wait_for(lambda: snapshot.last().stale, "the snapshot to be marked")
    assert snapshot.last().generated >= made


def test_the_server_visits_itself_first_and_goes_on(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.web.snapshot.NOW_S", 0)
    slow = Slow(store, monkeypatch)
    slow.go.set()
    with serve_in_thread(store, SITES, CLASSES, port=0) as server, Warm(server.url, every_s=0.05):
        seen = slow.asked
        assert seen > 0
        wait_for(lambda: slow.asked > seen + 3, "the page to be visited again")
        slow.go.clear()
        with Client(base_url=server.url, trust_env=False, timeout=5) as client:
            assert client.get("/").status_code == 200
        slow.go.set()


def test_another_register_is_shown_at_once(store: Sqlite) -> None:
    snapshot = Snapshot(store, SITES, CLASSES)
    assert len(snapshot.last().features) == len(SITES)
    code = min(SITES)
    snapshot.register({code: SITES[code]})
    assert [feature.id for feature in snapshot.last().features] == [code]


def test_a_failure_behind_keeps_what_there_was_and_is_not_asked_about_by_everybody() -> None:
    cache, asked = Cache(), list[int]()

    def load() -> int:
        asked.append(1)
        if len(asked) > 1:
            raise StoreUnavailableError("gone")
        return 7

    assert cache.last("k", 0, load) == 7
    wait_for(lambda: cache.last("k", 60, load) == 7 and len(asked) == 2, "the second question")
    assert [cache.last("k", 60, load) for _ in range(5)] == [7] * 5
    assert len(asked) == 2
