"""The made-up halls in a store, the report of them, and a Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collector.store.sqlite import Sqlite
from dashboards.needs.model import Report
from tests.dashboards.needs.halls import fill, full_report, sites


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    made = Sqlite(tmp_path_factory.mktemp("needs") / "store.db")
    fill(made, sites())
    yield made
    made.close()


@pytest.fixture(scope="session")
def made(store: Sqlite) -> Report:
    return full_report(store)
