"""A real browser for the pages."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from lab.servers import MissingServerError, find_program


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; skip where it is missing."""
    try:
        program = find_program("chromium", "chromium")
        ctypes.CDLL("libatomic.so.1")
    except (MissingServerError, OSError) as error:
        pytest.skip(f"{error}: not installed; the browser needs: apt install chromium libatomic1")
    expect.set_options(timeout=60_000)  # a machine may be busy; who waits for nothing loses nothing
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])  # root in a container has no sandbox
        yield browser
        browser.close()
