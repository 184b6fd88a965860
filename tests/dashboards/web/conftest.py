"""The page over real stores with one hall of every state, and a Chromium to look at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx import Client

from collector.store.sqlite import Sqlite
from collector.store.store import Store
from lab.engines import ENGINES, open_engine
from lab.servers import Server
from tests.dashboards.web.plant import browsing, plant

StartServer = Callable[[Callable[[], Server]], Server]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    """Yield a store with the planted halls as of now, to read only."""
    made = Sqlite(tmp_path_factory.mktemp("planted") / "store.db")
    plant(made, time.time_ns())
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Sqlite]:
    """Yield a store with the planted halls as of now, of its own for a test that writes."""
    made = Sqlite(tmp_path / "store.db")
    plant(made, time.time_ns())
    yield made
    made.close()


@pytest.fixture(params=ENGINES)
def any_store(request: pytest.FixtureRequest, tmp_path: Path, start_server: StartServer) -> Store:
    """Return an empty store of each engine."""
    return open_engine(request.param, tmp_path, start_server)


@pytest.fixture(scope="module")
def client(planted: Store) -> Iterator[Client]:
    """Yield a client of the page over the planted store."""
    with browsing(planted) as made:
        yield made
