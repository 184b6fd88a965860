"""The page in a real browser: drawn, filtered, opened, refreshed; nothing from elsewhere, nothing broken, usable by all."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from collector.store.sqlite import Sqlite
from dashboards.web.serve import Server, serve_in_thread
from tests.dashboards.web import approved
from tests.dashboards.web.plant import CLASSES, EVIL, GOOD, LTE, NEVER, SILENT, SITES, Planter

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PAGES = (
    "/",
    "/kecamatan/640801",
    f"/site/{GOOD.code}",
    f"/site/{NEVER.code}",
    "/alerts",
    "/api",
    f"/report?site={GOOD.code}",
    "/nothing",
)
NEEDS = """<!doctype html><html lang="id"><title>Peta</title><style>
h1 { color: rgb(1, 2, 3) }</style><h1 id="d">Peta kebutuhan</h1>
<script>document.getElementById("d").dataset.ran = "yes";</script></html>"""
SERIOUS = ("serious", "critical")
MEANT = ("404 (Not Found)", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "ERR_FAILED")
"""What the console says where a test takes the net away."""


@pytest.fixture(scope="module")
def server(planted: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needs = tmp_path_factory.mktemp("needs")
    (needs / "peta-kebutuhan.html").write_text(NEEDS)
    with lively(planted, needs) as running:
        yield running


@contextmanager
def lively(store: Sqlite, needs: Path | None = None) -> Iterator[Server]:
    """Serve a page that asks every second and keeps nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashboards.web.snapshot.NOW_S", 0)
        patch.setattr("dashboards.web.snapshot.DETAIL_S", 0)
        patch.setattr("dashboards.web.render.EVERY_S", 1)
        patch.setattr("dashboards.web.feed.EVERY_S", 1)
        with serve_in_thread(store, SITES, CLASSES, port=0, needs=needs) as running:
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
    assert [fault for fault in faults if not any(word in fault for word in MEANT)] == []
    assert evil is None


def drawn(page: Page) -> None:
    """Wait until the script has taken the map over."""
    expect(page.locator("#map[data-ready]")).to_be_visible()


def symbols(page: Page, state: str) -> int:
    """Return how many halls of a state the map shows."""
    return page.locator(f"#points .k-{state}").count()


def codes(page: Page) -> set[str]:
    """Return the halls that the list shows now."""
    links = page.locator("#halls tbody tr:not([hidden]) a")
    return set(links.evaluate_all("links => links.map(a => a.pathname.split('/').pop())"))


def test_map_shows_each_hall_in_its_state_and_its_right_place(desk: Page) -> None:
    desk.goto("/")
    drawn(desk)
    expect(desk.locator("#map")).to_have_attribute("data-halls", str(len(SITES)))
    states = ("good", "two_g_only", "no_service", "device_fault", "silent", "not_measured")
    assert [symbols(desk, state) for state in states] == [1] * len(states)
    place = desk.evaluate("""() => {
        const box = document.querySelector("#points .k-good").getBoundingClientRect();
        const land = document.querySelector("#map").getBoundingClientRect();
        return [(box.x + box.width / 2 - land.x) / land.width, (box.y + box.height / 2 - land.y) / land.height, box.width];
    }""")
    assert place[:2] == pytest.approx([0.196, 0.835], abs=0.01)  # Senyiur, in the south-west
    assert 10 < place[2] < 24


def test_a_tap_on_the_map_tells_about_the_hall_and_leads_to_it(phone: Page) -> None:
    phone.goto("/")
    drawn(phone)
    phone.locator("#points .k-good").tap(force=True)
    expect(phone.locator("#card")).to_contain_text("Senyiur")
    expect(phone.locator("#card")).to_contain_text("Indosat (IOH) Sangat buruk")
    phone.locator("#card a").click()
    expect(phone.locator("h1")).to_have_text("Senyiur")


def test_the_map_grows_and_moves_and_comes_back(desk: Page) -> None:
    desk.goto("/")
    drawn(desk)
    whole = desk.locator("#map").get_attribute("viewBox")
    size = desk.locator("#points .k-good").evaluate("e => e.getBoundingClientRect().width")
    for _ in range(2):
        desk.locator("[data-zoom=in]").click()
    assert desk.locator("#points .k-good").evaluate("e => e.getBoundingClientRect().width") == pytest.approx(size, rel=0.02)
    near = desk.locator("#map").get_attribute("viewBox")
    box = desk.locator("#map").bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + 300, box["y"] + 200)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 200, box["y"] + 150, steps=3)
    desk.mouse.up()
    assert len({whole, near, desk.locator("#map").get_attribute("viewBox")}) == 3
    desk.locator("[data-zoom=reset]").click()
    assert desk.locator("#map").get_attribute("viewBox") == whole


def test_filters_work_on_list_and_map_and_stay_in_the_address(desk: Page) -> None:
    desk.goto("/")
    drawn(desk)
    desk.locator("select[name=kecamatan]").select_option("Sandaran")
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
    expect(desk.locator(f"#halls tr:has(a[href='/site/{GOOD.code}'])")).to_contain_text("Sangat buruk")
    expect(desk.locator(f"#halls tr:has(a[href='/site/{SILENT.code}'])")).to_contain_text("Belum diukur")
    desk.get_by_label("Cari desa").fill("senyi")
    assert codes(desk) == {GOOD.code}


def test_hall_opens_with_its_charts_and_the_periods_switch(desk: Page) -> None:
    desk.goto("/")
    desk.locator("#halls").get_by_role("link", name="Senyiur").click()
    expect(desk.locator("#charts[data-ready='24h']")).to_be_visible()
    for metric in ("rsrp_dbm", "rsrq_db", "sinr_db", "rssi_dbm", "service"):
        expect(desk.locator(f"#chart-{metric} canvas, #chart-{metric} svg").first).to_be_visible()
    expect(desk.locator("#keys")).to_contain_text("Telkomsel")
    desk.get_by_role("button", name="7 hari").click()
    expect(desk.locator("#charts-status, #charts[data-ready='7d']").locator("visible=true").first).to_be_visible()
    expect(desk.get_by_role("button", name="7 hari")).to_have_attribute("aria-pressed", "true")


def test_needs_map_runs_as_it_is_and_nothing_else_may(desk: Page) -> None:
    desk.goto(f"/site/{GOOD.code}")
    link = desk.get_by_role("link", name="Desa ini di peta kebutuhan")
    expect(link).to_have_attribute("href", f"/needs/#d-{GOOD.code}")
    policy = desk.request.get("/needs/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "'self'" not in policy
    desk.get_by_role("link", name="Peta kebutuhan", exact=True).click()
    expect(desk.locator("h1")).to_have_attribute("data-ran", "yes")
    expect(desk.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
    assert desk.request.get("/needs/..%2fstore.db").status == 404


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
    row = desk.locator(f"#halls tr:has(a[href='/site/{NEVER.code}'])")
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
    expect(desk.locator("#halls tbody tr:not([hidden]) a")).to_have_text(EVIL)
    desk.goto(f"/site/{GOOD.code}")
    expect(desk.locator(".events")).to_contain_text("modem")
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


@pytest.mark.parametrize(("theme", "pages"), [("light", PAGES[:7]), ("dark", PAGES[:1])])
def test_no_serious_finding_for_accessibility(phone: Page, theme: str, pages: tuple[str, ...]) -> None:
    phone.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for path in pages:
        phone.goto(path)
        if path == "/":
            drawn(phone)
        found = Axe().run(phone).response["violations"]
        assert [(path, rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in SERIOUS] == []


def test_without_any_script_there_are_map_list_and_sentence(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    expect(page.locator(f"#halls tr:has(a[href='/site/{GOOD.code}'])")).to_contain_text("Baik")
    expect(page.locator("#sentence")).to_contain_text("Di 1 dari 6 kantor desa")
    assert symbols(page, "good") == 1
    page.goto("/?state=good")
    assert page.locator("#halls tbody tr:visible").count() == 1
    context.close()


def test_what_was_seen_once_opens_without_a_net_and_tells_its_age(desk: Page, store: Sqlite) -> None:
    with lively(store) as server:
        desk.goto(server.url)
        drawn(desk)
        desk.wait_for_function("async () => Boolean(await caches.match(location.href))")
        desk.goto(f"{server.url}/site/{GOOD.code}")
        expect(desk.locator("#charts[data-ready]")).to_be_visible()
        desk.wait_for_function("async () => Boolean(await caches.match(location.href))")
        desk.goto("about:blank")
    desk.context.set_offline(offline=True)
    desk.goto(server.url)
    drawn(desk)
    assert len(codes(desk)) == len(SITES)
    expect(desk.locator("#banner")).to_contain_text("tidak dapat menghubungi server")
    expect(desk.locator("#fresh")).to_contain_text("yang lalu")
    desk.goto(f"{server.url}/site/{GOOD.code}")
    expect(desk.locator("h1")).to_have_text("Senyiur")
    desk.context.set_offline(offline=False)


def test_streams_that_do_not_come_through_are_replaced_by_questions(desk: Page, store: Sqlite) -> None:
    row = desk.locator(f"#halls tr:has(a[href='/site/{NEVER.code}'])")
    desk.route("**/live/events*", lambda route: route.abort())
    with lively(store) as server:
        desk.goto(server.url)
        expect(row).to_contain_text("Belum diukur")
        Planter(store, time.time_ns()).signal(NEVER, "m1", LTE, rsrp_dbm=-75.0)
        expect(row).to_contain_text("Sangat baik", timeout=60_000)
        desk.goto("about:blank")


def test_paper_of_a4_holds_what_the_screen_shows(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport=DESK, base_url=server.url)  # type: ignore[arg-type]
    page = context.new_page()
    for path in ("/", f"/site/{GOOD.code}"):
        page.goto(path)
        page.wait_for_selector("[data-ready]", state="attached")
        pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
        assert {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in pages} == {(595, 842)}
        assert len(pages) < 4
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1000})  # what 12 mm margins leave of A4
        assert page.evaluate("document.documentElement.scrollWidth") <= 703
        assert page.locator(".filters, .top nav").locator("visible=true").count() == 0
        page.emulate_media(media="screen")
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
    context.close()


@pytest.mark.parametrize("name", ["map", "kecamatan"])
def test_the_map_looks_as_it_was_approved(chromium: Browser, server: Server, name: str) -> None:
    """Compare in coarse fields, without letters: fonts and edges differ from machine to machine, a broken picture more."""
    found = approved.take(chromium, server.url, name)
    assert approved.difference(found, Image.open(approved.path(name))) < approved.MOST
