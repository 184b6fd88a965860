"""The approved pictures of the map: `python -m tests.dashboards.web.approved` takes them anew; look at them before you commit.

They are of the planted halls, without letters, and compared in coarse fields, so that another font or another way to smooth an
edge makes no difference, and a map without land, symbols or colours does.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from collector.store.sqlite import Sqlite
from dashboards.web.serve import serve_in_thread
from lab.servers import find_program
from tests.dashboards.web.plant import CLASSES, SITES, plant

PAGES = {"map": "/", "kecamatan": "/kecamatan/640801"}
SIZE = (640, 397)
FIELD = 8
"""Pixels of a side of a field."""
MOST = 18.0
"""The worst field may differ by that much of 255; another smoothing makes 10, a symbol or line that is missing 29 and more."""


def path(name: str) -> Path:
    """Return where an approved picture lies."""
    return Path(__file__).with_name("approved") / f"{name}.png"


def take(browser: Browser, url: str, name: str) -> Image.Image:
    """Take the picture of the map of a page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url, color_scheme="light")
    page = context.new_page()
    page.goto(PAGES[name])
    page.wait_for_selector("#map[data-ready]")
    page.evaluate("document.querySelectorAll('symbol text, #sheet text, .map-tools').forEach(e => e.remove())")
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    context.close()
    return picture.resize(SIZE, Image.Resampling.BOX)


def difference(found: Image.Image, wanted: Image.Image) -> float:
    """Return by how much the worst field differs, of 255."""
    small = (SIZE[0] // FIELD, SIZE[1] // FIELD)
    one, other = (
        np.asarray(picture.convert("RGB").resize(small, Image.Resampling.BOX), dtype=float) for picture in (found, wanted)
    )
    return float(np.abs(one - other).mean(axis=2).max())


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Sqlite(Path(folder) / "store.db")
        plant(store, time.time_ns())
        browser = playwright.chromium.launch(executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"])
        with serve_in_thread(store, SITES, CLASSES, port=0) as server:
            for name in PAGES:
                path(name).parent.mkdir(exist_ok=True)
                take(browser, server.url, name).save(path(name), optimize=True)
        browser.close()
        store.close()


if __name__ == "__main__":
    main()
