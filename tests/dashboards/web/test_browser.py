"""The page in a real browser: drawn, filtered, opened, refreshed; nothing from elsewhere, nothing broken, usable by all."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from collector.store.sqlite import Sqlite
from dashboards.web.serve import Server, serve_in_thread
from tests.dashboards.web.plant import CLASSES, EVIL, GOOD, LTE, NEVER, SILENT, SITES, Planter

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PAGES = ("/", f"/site/{GOOD.code}", f"/site/{NEVER.code}", "/alerts", "/api", "/nothing")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def server(planted: Sqlite) -> Iterator[Server]:
    with lively(planted) as running:
        yield running


@contextmanager
def lively(store: Sqlite) -> Iterator[Server]:
    """Serve a page that asks every second and keeps nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashboards.web.snapshot.NOW_S", 0)
        patch.setattr("dashboards.web.snapshot.DETAIL_S", 0)
        patch.setattr("dashboards.web.pages.REFRESH_S", 1)
        with serve_in_thread(store, SITES, CLASSES, port=0) as running:
            yield running


@pytest.fixture
def desk(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(viewport=DESK, base_url=server.url)  # type: ignore[arg-type]
    yield from _watched(context)


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE, base_url=server.url, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    yield from _watched(context)


def _watched(context: BrowserContext) -> Iterator[Page]:
    """Yield a page; afterwards nothing may have been asked of another host, and the console must be clean."""
    asked: list[str] = []
    faults: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    evil = page.evaluate("window.evil")
    context.close()
    assert asked
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}
    assert [fault for fault in faults if "404 (Not Found)" not in fault] == []
    assert evil is None


def drawn(page: Page) -> Image.Image:
    """Wait for the map and give it as a picture."""
    expect(page.locator("#map[data-ready]")).to_be_visible()
    page.wait_for_function("Object.values(Bokeh.index).every(view => view.has_finished())")
    return Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")


def places(picture: Image.Image, colour: str) -> list[tuple[int, int]]:
    """Return the pixels of exactly this colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    ys, xs = np.where((np.asarray(picture) == wanted).all(axis=2))
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def codes(page: Page) -> set[str]:
    """Return the halls that the list shows now."""
    return set(page.locator("#halls tbody tr").evaluate_all("rows => rows.map(row => row.dataset.code)"))


def test_map_shows_each_hall_in_the_colour_of_its_state(desk: Page) -> None:
    desk.goto("/")
    picture = drawn(desk)
    expect(desk.locator("#map")).to_have_attribute("data-halls", str(len(SITES)))
    for key in ("two_g_only", "no_service", "device_fault", "silent"):
        assert places(picture, CLASSES.state[key].colour), key
    good = next(c for c in CLASSES.classes if c.key == "good")
    assert 50 < len(places(picture, good.colour)) < 400  # one marker, not a surface
    assert not places(picture, CLASSES.classes[0].colour)


def test_a_tap_on_the_map_tells_about_the_hall_and_leads_to_it(phone: Page) -> None:
    phone.goto("/")
    picture = drawn(phone)
    good = next(c for c in CLASSES.classes if c.key == "good")
    xs, ys = zip(*places(picture, good.colour), strict=True)
    phone.locator("#map").tap(position={"x": sum(xs) / len(xs), "y": sum(ys) / len(ys)})
    expect(phone.locator("#card")).to_contain_text("Senyiur")
    expect(phone.locator("#card")).to_contain_text("IOH Sangat buruk")
    phone.locator("#card a").click()
    expect(phone.locator("h1")).to_have_text("Senyiur")


def test_filters_work_on_list_and_map_and_stay_in_the_address(desk: Page) -> None:
    desk.goto("/")
    drawn(desk)
    desk.get_by_label("Kecamatan").select_option("Sandaran")
    assert codes(desk) == {SILENT.code, NEVER.code}
    expect(desk.locator("#map")).to_have_attribute("data-halls", "2")
    expect(desk.locator("#shown")).to_have_text("2 dari 6 kantor desa")
    desk.locator("#counts [data-state=silent]").click()
    assert codes(desk) == {SILENT.code}
    desk.reload()
    assert codes(desk) == {SILENT.code}
    desk.get_by_text("Hapus filter").click()
    assert len(codes(desk)) == len(SITES)
    desk.get_by_label("Operator seluler").select_option("IOH")
    expect(desk.locator(f"tr[data-code='{GOOD.code}']")).to_contain_text("Sangat buruk")
    expect(desk.locator(f"tr[data-code='{SILENT.code}']")).to_contain_text("Belum diukur")
    desk.get_by_label("Cari desa").fill("senyi")
    assert codes(desk) == {GOOD.code}


def test_hall_opens_with_its_charts_and_the_periods_switch(desk: Page) -> None:
    desk.goto("/")
    desk.get_by_role("link", name="Senyiur").click()
    expect(desk.locator("#charts[data-ready='24h']")).to_be_visible()
    for metric in ("rsrp_dbm", "rsrq_db", "sinr_db", "rssi_dbm", "service"):
        expect(desk.locator(f"#chart-{metric} .bk-Plot")).to_be_visible()
    expect(desk.locator("#keys")).to_contain_text("Telkomsel")
    desk.get_by_role("button", name="7 hari").click()
    expect(desk.locator("#charts-status, #charts[data-ready='7d']").locator("visible=true").first).to_be_visible()
    expect(desk.get_by_role("button", name="7 hari")).to_have_attribute("aria-pressed", "true")


def test_language_switches_and_is_kept(desk: Page) -> None:
    desk.goto("/?kecamatan=Sandaran")
    expect(desk.locator("h1")).to_have_text("Kondisi sinyal saat ini")
    desk.get_by_role("link", name="English").click()
    expect(desk.locator("h1")).to_have_text("Signal now")
    assert codes(desk) == {SILENT.code, NEVER.code}
    desk.goto(f"/site/{GOOD.code}")
    expect(desk.locator("h2").first).to_have_text("Comparison of operators")
    assert [cookie["name"] for cookie in desk.context.cookies()] == ["lang"]


def test_new_data_show_without_loading_the_page_again(desk: Page, store: Sqlite) -> None:
    row = desk.locator(f"tr[data-code='{NEVER.code}']")
    with lively(store) as server:
        desk.goto(server.url)
        expect(row).to_contain_text("Belum diukur")
        desk.evaluate("window.same = true")
        Planter(store, time.time_ns()).signal(NEVER, "m1", LTE, rsrp_dbm=-75.0)
        expect(row).to_contain_text("Sangat baik")
        expect(row).to_contain_text("−75 dBm")
        assert desk.evaluate("window.same") is True
        desk.goto("about:blank")  # nobody asks a server that is going away


def test_names_from_the_data_are_only_text(desk: Page) -> None:
    desk.goto("/?q=img")
    drawn(desk)
    assert codes(desk) == {NEVER.code}
    expect(desk.locator("#halls tbody a")).to_have_text(EVIL)
    desk.goto(f"/site/{GOOD.code}")
    expect(desk.locator(".events")).to_contain_text(EVIL)
    desk.goto("/alerts")
    expect(desk.locator(".alert-text")).to_have_text(EVIL)
    assert desk.locator("img").count() == 0


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone_of_360_pixels(phone: Page, path: str) -> None:
    phone.goto(path)
    if path == "/":
        drawn(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert phone.locator("h1").is_visible()


@pytest.mark.parametrize(("theme", "pages"), [("light", PAGES[:4]), ("dark", PAGES[:2])])
def test_no_serious_finding_for_accessibility(phone: Page, theme: str, pages: tuple[str, ...]) -> None:
    phone.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for path in pages:
        phone.goto(path)
        if path == "/":
            drawn(phone)
            phone.locator("summary").click()
        found = Axe().run(phone).response["violations"]
        assert [(path, rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in SERIOUS] == []


def test_list_is_useful_while_the_library_has_not_come(desk: Page) -> None:
    desk.route("**/static/bokeh*", lambda _route: None)  # never answered
    desk.goto("/", wait_until="commit")
    expect(desk.locator(f"tr[data-code='{GOOD.code}']")).to_contain_text("Baik")
    expect(desk.locator("#map")).to_have_text("Peta sedang dimuat …")
