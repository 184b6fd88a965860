"""What the collector finds wrong with the store reaches everybody who only reads: by name, reason and cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from collector.config import HttpSection
from collector.errors import CURES, Fault, StoreUnavailableError
from collector.line.counters import Counters
from collector.server.http import start_http
from collector.sites.classes import read_classes
from collector.store.health import NAMES, ask_faults, telling
from collector.store.sqlite import Sqlite
from dashboards.web.app import create_app
from dashboards.web.snapshot import Snapshot
from ground.paths import shipped
from lab.servers import free_port
from tests.collector.frames import SITE

DISK = StoreUnavailableError("HTTP 500: no space left on device", Fault.DISK_FULL)
Serve = Callable[[Counters], HttpSection]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started = []

    def start(counters: Counters) -> HttpSection:
        server = start_http("127.0.0.1", 0, counters, lambda: {"store_faults": counters.store_faults()})
        started.append(server)
        return HttpSection(port=server.server_port)

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_every_fault_has_a_name_and_a_cure_in_both_languages() -> None:
    for fault in Fault:
        error = StoreUnavailableError("reason", fault)
        assert telling(error, "id") != telling(error, "en")
    assert set(NAMES) == set(CURES) == set(Fault)


def test_readers_hear_what_the_collector_meets(serve: Serve) -> None:
    counters = Counters()
    http = serve(counters)
    assert ask_faults(http) == []
    counters.store_failed(DISK)
    (found,) = ask_faults(http)
    assert (found.fault, found.reason, found.cure) == (Fault.DISK_FULL, DISK.reason, CURES[Fault.DISK_FULL])
    counters.store_answered()
    assert ask_faults(http) == []
    assert ask_faults(HttpSection(port=free_port())) == []


def test_the_page_says_it_on_the_map_and_in_its_health(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    snapshot = Snapshot(store, {SITE.code: SITE}, read_classes(shipped() / "classes.toml"), ask_faults=lambda: [DISK])
    with TestClient(create_app(snapshot)) as client:
        assert "disk basis data penuh" in client.get("/").text
        (fault,) = client.get("/api/health").json()["store_faults"]
    assert fault["fault"] == "disk_full"
