"""The pictures of the documents: `python -m tests.dashboards.web.screenshots` seeds a store, opens the page, writes docs/images.

Takes about three minutes. The data are made up, as `sinyal-demo seed` and `look` make them; the newest sample is of now.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from collector.rollup import recompute
from collector.sites.sites import Site, read_sites
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from dashboards.web.serve import serve_in_thread
from demo.seed import seed
from lab.servers import find_program
from tests.dashboards.web.plant import CLASSES, ROOT, Planter

IMAGES = ROOT / "docs" / "images"
HALLS = 116
FULL_HALLS = 4
"""Halls with a month of history: the hall that is shown is one of them."""
AHEAD = timedelta(minutes=15)
"""The history goes on for as long as taking the pictures may last."""
DESK = {"width": 1280, "height": 820}
PHONE = {"width": 360, "height": 740}


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    sites = read_sites(ROOT / "config" / "sites.csv")
    with tempfile.TemporaryDirectory() as folder:
        store = Sqlite(Path(folder) / "store.db")
        shown = fill(store, sites)
        with serve_in_thread(store, sites, CLASSES, port=0) as server, sync_playwright() as playwright:
            program = find_program("chromium", "chromium")
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            picture(browser, f"{server.url}/", "page-map", DESK)
            picture(browser, f"{server.url}/", "page-map-dark", DESK, dark=True)
            picture(browser, f"{server.url}/site/{shown}", "page-hall", {"width": 1280, "height": 1400})
            picture(browser, f"{server.url}/?lang=en", "page-phone", PHONE)
            picture(browser, f"{server.url}/site/{shown}", "page-phone-hall", PHONE, scroll="#charts-title")
            needs_map(browser, month(Path(folder) / "look"))
            browser.close()
        store.close()


def month(folder: Path) -> Path:
    """Make the month of all halls; return its needs map."""
    subprocess.run([sys.executable, "-m", "demo.cli", "look", "--folder", folder, "--seconds", "1"], cwd=ROOT, check=True)
    return folder / "peta-kebutuhan" / "peta-kebutuhan.html"


def needs_map(browser: Browser, report: Path) -> None:
    """Write the picture of the map of a report, as it stands on the page."""
    page = browser.new_page(viewport=DESK)  # type: ignore[arg-type]
    page.goto(report.as_uri())
    write(page.locator("#map-section").screenshot(), "needs-map")
    page.close()


def fill(store: Store, sites: dict[str, Site]) -> str:
    """Write a day of many halls, a month of some, and an alert; return the hall to show."""
    end = datetime.now(UTC) + AHEAD
    seed(store, sites, days=1.1, halls=HALLS, end=end)
    seed(store, sites, days=30, halls=FULL_HALLS, end=end - timedelta(days=1), interval_s=120)
    hour = int(end.timestamp()) // 3600
    served = Counter(str(row["site"]) for row in store.latest("signal") if "sinr_db" in row)
    shown = min(code for code, modems in served.items() if modems > 1)
    recompute(store, sites, {shown: set(range(hour - 31 * 24, hour + 1))})
    place = {"site": shown, "kecamatan": sites[shown].kecamatan, "desa": sites[shown].desa}
    texts = {"title_id": "Sinyal melemah", "title_en": "Signal weakened", "text_id": "Nilai tengah RSRP turun 12 dB."}
    Planter(store, time.time_ns()).alert("weak", "open", 9000, place, severity="warning", **texts)
    return shown


def picture(browser: Browser, url: str, name: str, size: dict[str, int], *, dark: bool = False, scroll: str = "") -> None:
    """Open a page, wait until it is drawn, and write what is seen."""
    theme = "dark" if dark else "light"
    context = browser.new_context(viewport=size, color_scheme=theme, device_scale_factor=2)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("[data-ready]", state="attached")
    if scroll:
        page.locator(scroll).evaluate("element => element.scrollIntoView()")
    write(page.screenshot(), name)
    context.close()


def write(png: bytes, name: str) -> None:
    """Write a picture with 256 colours: enough for flat surfaces, and a third of the bytes."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
