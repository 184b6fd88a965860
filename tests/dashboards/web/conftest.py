"""The page over real stores with one hall of every state, and a Chromium to look at it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx import Client
from playwright.sync_api import Browser, sync_playwright

from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from tests.dashboards.web.plant import browsing, plant
from tests.servers import MissingServerError, Server, find_program, influxd

StartServer = Callable[[Callable[[], Server]], Server]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    """Give a store with the planted halls as of now, to read only."""
    made = Sqlite(tmp_path_factory.mktemp("planted") / "store.db")
    plant(made, time.time_ns())
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Sqlite]:
    """Give a store with the planted halls as of now, of its own for a test that writes."""
    made = Sqlite(tmp_path / "store.db")
    plant(made, time.time_ns())
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "influx1"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path, start_server: StartServer) -> Store:
    """Give an empty store of each engine."""
    if request.param == "sqlite":
        return Sqlite(tmp_path / "any.db")
    return Influx1(start_server(lambda: influxd(tmp_path / "influxd")).url, "sinyal")


@pytest.fixture(scope="module")
def client(planted: Store) -> Iterator[Client]:
    """Give a client of the page over the planted store."""
    with browsing(planted) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; skip where it is missing, fail where CI=true."""
    try:
        program = find_program("chromium", "chromium")
    except MissingServerError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])  # root in a container has no sandbox
        yield browser
        browser.close()
