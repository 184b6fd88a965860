"""Pictures of every public page: `python -m tests.dashboards.web.every_page DIR`; those of the agreement: agreement_pictures.

The made-up month of all halls (kept in DIR/month and taken again the next time), live page and needs map at 360 and 1440 px, both
languages. Look at them. Exit 1 where axe finds a fault or a page is wider than its screen.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.web.serve import serve_in_thread
from lab.servers import find_program
from tests.dashboards.web.plant import CLASSES, ROOT
from tests.dashboards.web.screenshots import month

SIZES = ((360, 740), (1440, 900))


def main() -> int:
    """Write the pictures; print a line for each."""
    out, faults = Path(sys.argv[1]), 0
    kept = out / "month"
    if not kept.exists():
        out.mkdir(parents=True, exist_ok=True)
        month(kept)
    sites = read_sites(ROOT / "config" / "sites.csv")
    store = Sqlite(kept / "month.db")
    measured = sorted({str(row["site"]) for row in store.latest("signal")})
    served = {str(row["site"]) for row in store.latest("signal") if row.get("registration") in ("home", "roaming")}
    never = next(code for code in measured if code not in served)
    hall, quiet = min(served), next(code for code in sites if code not in measured)
    pages = {
        "map": "/",
        "kecamatan": f"/kecamatan/{hall[:6]}",
        "hall": f"/site/{hall}",
        "hall-never-served": f"/site/{never}",
        "hall-not-measured": f"/site/{quiet}",
        "alerts": "/alerts",
        "api": "/api",
        "report": f"/report?site={hall}",
        "needs": "/needs/",
        "evidence": f"/needs/bukti/{hall}.html",
    }
    with serve_in_thread(store, sites, CLASSES, port=0, needs=kept) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"])
        page = browser.new_page(base_url=server.url)
        for (what, path), language, (width, height) in product(pages.items(), ("id", "en"), SIZES):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}", wait_until="networkidle")
            page.screenshot(path=out / f"{what}-{language}-{width}.png", full_page=True)
            found = [(one["id"], one["impact"]) for one in Axe().run(page).response["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth")
            faults += len(found) + (wide > width)
            print(f"{what} {language} {width}: axe {found or 'clean'}, {wide} px wide", flush=True)
        browser.close()
    store.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
