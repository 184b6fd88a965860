"""Pictures of the agreement's pages, and what axe says of each: `python -m tests.dashboards.web.agreement_pictures DIR`.

A played year of all villages; every page at 360 and 1440 px, the meeting at 1920, both languages. Exit 1 where axe finds a fault
or a page is wider than its screen.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from collector.agreement.agreement import FILE
from collector.agreement.entries import Indicator, Person, Role, Target
from collector.agreement.links import FILE as KEY
from collector.agreement.links import read_key, token
from collector.agreement.people import People
from collector.agreement.rules import OFFICE
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.web.app import create_app
from dashboards.web.printer import Printer
from dashboards.web.serve import Server
from dashboards.web.snapshot import Snapshot
from ground.paths import shipped
from lab.agreement_play import played
from lab.servers import find_program
from tests.dashboards.web.plant import CLASSES

PASSWORD = "kuda laut 7"
CONFIG = '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "s.db"\n'
SIZES = {"meeting": ((1920, 1080),)}
BOTH = ((360, 740), (1440, 900))
TARGETS = {Indicator.ADEQUATE_PERCENT: 45, Indicator.BLANK_SPOTS: 15, Indicator.ANSWERED_IN_TIME_PERCENT: 90}


def main() -> int:
    """Write the pictures; print a line for each page."""
    out, faults = Path(sys.argv[1]), 0
    out.mkdir(parents=True, exist_ok=True)
    sites = read_sites(shipped() / "sites.csv")
    with tempfile.TemporaryDirectory() as name:
        record = Path(name)
        year = played(sites, record, days=200, seed=17, papers=1)
        book, now_ms = year.book, year.now_ms
        for indicator, value in TARGETS.items():
            book.add(Target(indicator=indicator, year=2027, value=value, source="Renstra 2025-2029"), OFFICE, "server", now_ms)
        book.add(Person(name="budi", role=Role.OFFICE), OFFICE, "server", now_ms)
        People(record / FILE).set_password("budi", PASSWORD)
        proposal = next(iter(book.state().proposals.values())).proposal
        link = book.new_link(proposal.site, OFFICE, "server", now_ms)
        store = Sqlite(record / "store.db")
        snapshot = Snapshot(store, sites, CLASSES)
        began_ns = time.time_ns()
        (record / "sites.csv").write_bytes((shipped() / "sites.csv").read_bytes())
        (record / "collector.toml").write_text(CONFIG)
        printer = Printer(record / "collector.toml", record)
        app = create_app(
            snapshot, record=record, printer=printer, clock_ns=lambda: now_ms * 1_000_000 + time.time_ns() - began_ns
        )
        pages = {
            "signin": "/office",
            "village": f"/r/{token(link, read_key(record / KEY))}",
            "office": "/office",
            "dossier": f"/office/village/{proposal.site}",
            "proposal": f"/office/proposal/{proposal.number}",
            "meeting": "/office/meeting",
        }
        with Server(app, "127.0.0.1", 0) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"])
            context = browser.new_context(base_url=server.url)
            page = context.new_page()
            for what, path in pages.items():
                if what == "office":
                    page.goto("/office")
                    page.locator("[name=name]").fill("budi")
                    page.locator("[name=password]").fill(PASSWORD)
                    page.locator("form.say button").click()
                    page.wait_for_selector("text=budi")
                if what == "proposal":  # the minutes are made from the page, by the real printer
                    page.goto(path)
                    before = len(book.state().minutes)
                    page.locator("form.act button").click(timeout=90_000)
                    page.wait_for_load_state()
                    print(f"minutes made from the page: {len(book.state().minutes) - before}", flush=True)
                for language, (width, height) in product(("id", "en"), SIZES.get(what, BOTH)):
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(f"{path}?lang={language}")
                    page.screenshot(path=out / f"{what}-{language}-{width}.png", full_page=what != "meeting")
                    found = [(one["id"], one["impact"]) for one in Axe().run(page).response["violations"]]
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    faults += len(found) + (wide > width)
                    tall = page.evaluate("document.documentElement.scrollHeight")
                    print(f"{what} {language}: axe {found or 'clean'}, {wide} x {tall} px of {width} x {height}", flush=True)
            browser.close()
        book.close()
        store.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
