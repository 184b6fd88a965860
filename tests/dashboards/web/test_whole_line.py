"""From a modem to a phone: agent, broker, collector, store, page and Chromium in one run."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from demo.halls import HALLS
from demo.line import DemoLine
from lab.servers import wait_for


def test_what_an_agent_measures_stands_on_the_page(tmp_path: Path, chromium: Browser) -> None:
    hall = HALLS[0]
    with DemoLine(tmp_path / "line", [hall]) as line:
        wait_for(lambda: line.store.latest("signal", hall.code), "a sample in the store", seconds=60)
        line.start_page()
        page = chromium.new_page()
        page.goto(line.page.url)
        row = page.locator(f"#halls tr:has(a[href='/site/{hall.code}'])")
        expect(row).to_be_visible()
        expect(row).not_to_contain_text("Belum diukur")
        expect(page.locator("#points use:not(.k-not_measured)")).to_have_count(1)
        row.get_by_role("link").click()
        expect(page.locator("#charts[data-ready]")).to_be_visible(timeout=60_000)
        page.goto("about:blank")  # nobody asks a server that is going away
        page.close()
