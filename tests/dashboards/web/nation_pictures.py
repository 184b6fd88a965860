"""Pictures of the page of a node above, and what axe says of each: `python -m tests.dashboards.web.nation_pictures DIR`.

Four made-up regencies, one of them silent; 360 and 1440 px, both languages, light and dark, all and one province. Exit 1
where axe finds a fault or the page is wider than its screen.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from collector.federate import keys
from lab.servers import find_program
from tests.dashboards.web.regencies import MONTH, node_above, page_of

SIZES = ((360, 740), (1440, 900))
SCOPES = {"nation": "", "province": "64"}


def main() -> int:
    """Write the pictures; print a line for each."""
    out, faults = Path(sys.argv[1]), 0
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        above = node_above(Path(folder))
        server, url = page_of(above)
        with server:
            browser = playwright.chromium.launch(executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"])
            for (what, scope), theme in product(SCOPES.items(), ("light", "dark")):
                secret = keys.add_reader(above.letters, f"{what} {theme}", scope)
                signed_in = {"username": "reader", "password": secret}
                page = browser.new_context(base_url=url, color_scheme=theme, http_credentials=signed_in).new_page()  # type: ignore[arg-type]
                for language, (width, height) in product(("id", "en"), SIZES):
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(f"/nation?month={MONTH:%Y-%m}&lang={language}", wait_until="networkidle")
                    page.screenshot(path=out / f"{what}-{theme}-{language}-{width}.png", full_page=True)
                    found = [(one["id"], one["impact"]) for one in Axe().run(page).response["violations"]]
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    faults += len(found) + (wide > width)
                    print(f"{what} {theme} {language} {width}: axe {found or 'clean'}, {wide} px wide", flush=True)
            browser.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
