"""The HTML in a real browser: nothing from outside, nothing on the console, the map drawn, filter and sorting at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dashboards.atlas.areas import DESA, read_areas
from dashboards.needs.command import STEM
from dashboards.needs.document import drawn
from dashboards.needs.html import write_html
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.model import Report
from tests.dashboards.needs.halls import NEVER, PLAN
from tests.dashboards.needs.test_outputs import renamed

HOSTILE = "</script><script>document.title='x'</script>"


@pytest.fixture(scope="module")
def path(folder: Path) -> Path:
    return folder / f"{STEM}.html"


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
    halls = page.locator("#map [data-hall]")
    assert halls.count() == len(PLAN) + 1
    box = page.locator("#map path[data-code]").first.bounding_box()
    assert box is not None
    assert box["width"] > 20
    blank = page.locator('#map [data-hall="6408022006"] circle')
    assert blank.get_attribute("fill") == "#1a1a1a"  # classes.toml, no_service
    page.select_option("#map-operator", "IOH")
    assert page.locator("#legend li[data-state=two_g_only] .count").inner_text() == "1"
    page.select_option("#map-operator", "XLSMART")
    assert page.locator('#map [data-hall="6408022006"]').get_attribute("data-state") == "absent"  # scans found nobody


def test_one_language_at_a_time(page: Page) -> None:
    assert page.locator("h1").inner_text().startswith("Peta Kebutuhan Infrastruktur Digital")
    assert page.locator("#f-state option").first.inner_text() == "Semua"
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").inner_text().startswith("Needs map of digital infrastructure")
    assert page.locator("#f-state option").first.inner_text() == "All"
    assert "Kebutuhan" not in page.locator("main").inner_text()


def test_worst_first_folded_and_found_by_filters(page: Page) -> None:
    folded = page.locator("details.kecamatan")
    assert [box.get_attribute("open") for box in folded.all()] == [None, None]
    assert folded.first.get_attribute("data-kecamatan") == "Muara Wahau"  # the blank spot is there
    rows = page.locator(".villages tbody tr:visible")
    assert rows.count() == 0
    page.select_option("#f-diagnosis", "two_g_only")
    assert [row.get_attribute("data-code") for row in rows.all()] == ["6408022005"]
    page.select_option("#f-diagnosis", "")
    page.fill("#f-text", "jak lu")
    assert rows.count() == 1
    assert page.locator("#shown").inner_text() == f"1 dari {len(PLAN) + 1} desa"
    page.fill("#f-text", "")
    page.evaluate("document.querySelectorAll('details.kecamatan').forEach(e => { e.open = true; })")
    assert rows.first.get_attribute("data-code") == "6408022006"


def test_a_village_opens_with_its_reasons_and_leads_to_its_evidence(page: Page) -> None:
    page.fill("#f-text", "a")
    page.locator(f'.villages tr[data-code="{NEVER}"] a').click()
    text = page.locator(f"#d-{NEVER}").inner_text()
    assert "Telkomsel, Indosat (IOH), XLSMART" in text
    assert "bukan berarti tidak ada sinyal" in text
    page.locator('.villages tr[data-code="6408022002"] a').click()
    detail = page.locator("#d-6408022002")
    assert "di bawah \N{MINUS SIGN}100 dBm" in detail.inner_text()
    assert detail.get_by_role("link").get_attribute("href") == "bukti/6408022002.html"
    page.locator("[data-to=en]").click()
    assert detail.get_by_role("link").get_attribute("href") == "bukti/6408022002.html?lang=en"


def test_method_limits_and_thresholds_are_in_the_page(page: Page, made: Report) -> None:
    page.locator("#thresholds details").evaluate("e => e.open = true")
    text = page.locator("main").inner_text()
    for part in (made.version, "bukan standar hukum", "wilayah_boundaries", "limits.min_samples", "bukan seluruh wilayah desa"):
        assert part in text


def test_it_fits_a_phone_and_has_no_serious_fault_of_access(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []


def test_it_prints_with_everything_unfolded(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".villages tbody tr:visible").count() == len(PLAN) + 1
    assert not page.locator("#filter").is_visible()


def test_a_hostile_name_is_text(chromium: Browser, made: Report, tmp_path: Path) -> None:
    file, hostile = tmp_path / "peta.html", renamed(made, HOSTILE)
    write_html(hostile, drawn(hostile, read_areas(DESA)), Letterhead(), file)
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert page.title().startswith("Peta Kebutuhan")
    assert page.locator(".villages a").filter(has_text=HOSTILE).count() == 1
    page.close()


def test_the_evidence_of_a_hall_shows_hours_gaps_cells_and_samples(chromium: Browser, folder: Path) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.goto((folder / "bukti" / "6408022007.html").as_uri())  # power from 6 to 18 only
    text = page.locator("main").inner_text()
    assert "perangkat mati: mulai ulang pada akhirnya" in text
    assert page.locator(".strip svg path").count() == 1  # one colour: every hour with power is alike
    assert str(page.locator(".strip svg path").get_attribute("d")).count("M") == 8 * 12
    assert "cell_id 7" in text
    assert page.locator(".raw tbody tr").count() == 12
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []
    page.get_by_role("button", name="English").click()
    assert "the device was off: it started anew at the end" in page.locator("main").inner_text()
    page.close()
