"""The HTML in a real browser: nothing from outside, nothing on the console, the map drawn, filter and sorting at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dashboards.atlas.areas import DESA, KECAMATAN, read_areas
from dashboards.needs.html import write_html
from dashboards.needs.model import Report
from tests.dashboards.needs.halls import NEVER, PLAN
from tests.dashboards.needs.test_outputs import renamed

HOSTILE = "</script><script>document.title='x'</script>"


@pytest.fixture(scope="module")
def path(made: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "peta.html"
    write_html(made, read_areas(DESA), read_areas(KECAMATAN), file)
    return file


@pytest.fixture
def page(chromium: Browser, path: Path) -> Iterator[Page]:
    made = chromium.new_page(viewport={"width": 1280, "height": 900})
    requests: list[str] = []
    faults: list[str] = []
    made.on("request", lambda request: requests.append(request.url))
    made.on("console", lambda message: faults.append(message.text))
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.goto(path.as_uri())
    yield made
    assert faults == []
    assert [url for url in requests if url != path.as_uri() and not url.startswith("data:")] == []
    made.close()


def test_the_map_is_drawn_and_shows_another_operator(page: Page) -> None:
    halls = page.locator("#map .hall")
    assert halls.count() == len(PLAN) + 1
    box = page.locator("#map .desa path").first.bounding_box()
    assert box is not None
    assert box["width"] > 20
    blank = page.locator('#map .hall[data-code="6408022006"]')
    assert blank.get_attribute("class") == "hall s-blank_spot"
    colour = blank.locator("circle").evaluate("e => getComputedStyle(e).fill")
    assert colour == "rgb(26, 26, 26)"  # classes.toml, no_service
    page.select_option("#map-operator", "XLSMART")
    assert blank.get_attribute("class") == "hall s-absent"  # scans by a modem that has its bands found nobody
    assert page.locator("#legend li[data-state=not_measured] .count").inner_text() == str(len(PLAN))


def test_filter_and_sorting_work(page: Page) -> None:
    rows = page.locator("#ranked tbody tr:visible")
    assert rows.count() == 3 * (len(PLAN) + 1)
    assert rows.first.get_attribute("data-diagnosis") == "blank_spot"
    page.select_option("#f-diagnosis", "two_g_only")
    assert [row.get_attribute("data-code") for row in rows.all()] == ["6408022005"]
    page.select_option("#f-diagnosis", "measured")
    assert rows.count() == len(PLAN)
    page.fill("#f-text", "jak lu")
    assert rows.count() == 1
    page.fill("#f-text", "")
    page.get_by_role("button", name="RSRP dBm").click()
    assert rows.first.get_attribute("data-rsrp") == "-105.0"
    assert page.locator("th[data-sort=rsrp]").get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="RSRP dBm").click()
    assert rows.first.get_attribute("data-rsrp") == "-85.0"


def test_a_village_opens_with_its_evidence_and_says_what_was_not_measured(page: Page) -> None:
    page.locator(f'#ranked tr[data-code="{NEVER}"] a').first.click()
    detail = page.locator(f"#d-{NEVER}")
    assert detail.get_attribute("open") is not None
    text = detail.inner_text()
    assert "titik tengah desa, bukan kantor" in text
    assert "Telkomsel, IOH, XLSMART" in text
    assert "bukan berarti tidak ada sinyal" in text
    assert "Blank spot\n" not in text


def test_method_limits_and_thresholds_are_in_the_page(page: Page, made: Report) -> None:
    text = page.locator("main").inner_text()
    for part in (
        "skor = 100",
        made.version,
        "bukan standar hukum",
        "wilayah_boundaries",
        "limits.min_samples",
        "bukan seluruh wilayah desa",
    ):
        assert part in text


def test_it_fits_a_phone_and_has_no_serious_fault_of_access(page: Page) -> None:
    page.locator("details").first.evaluate("e => e.open = true")
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []


def test_a_hostile_name_is_text(chromium: Browser, made: Report, tmp_path: Path) -> None:
    file = tmp_path / "peta.html"
    write_html(renamed(made, HOSTILE), read_areas(DESA), read_areas(KECAMATAN), file)
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert page.title().startswith("Peta Kebutuhan")
    assert page.locator("#ranked a").filter(has_text=HOSTILE).count() == 3
    page.close()
