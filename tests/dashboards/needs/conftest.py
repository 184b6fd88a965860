"""The made-up halls in a store, the report of them, and a Chromium to look at it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from collector.store.sqlite import Sqlite
from dashboards.needs.model import Report
from tests.dashboards.needs.halls import fill, full_report, sites
from tests.servers import MissingServerError, find_program


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    made = Sqlite(tmp_path_factory.mktemp("needs") / "store.db")
    fill(made, sites())
    yield made
    made.close()


@pytest.fixture(scope="session")
def made(store: Sqlite) -> Report:
    return full_report(store)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
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
