"""A village's own page: it says something of what was published, sees the answer, asks again, agrees; and nobody else can."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from httpx import Client, Response
from playwright.sync_api import Browser, Route, expect

from collector.agreement import papers
from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import Answer, Link, Outcome, Says, Step
from collector.agreement.links import FILE as KEY
from collector.agreement.links import read_key, token
from collector.agreement.rules import OFFICE
from collector.store.sqlite import Sqlite
from dashboards.web.serve import serve_in_thread
from dashboards.web.village import A_DAY
from tests.collector.agreement.parts import DAY_MS, PUBLISHED, T0_MS, proposal
from tests.collector.agreement.test_photo import jpeg
from tests.dashboards.web.plant import CLASSES, EVIL, GOOD, SITES, TWO_G

ONCE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def village(planted: Sqlite, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """Serve the page with the agreement of a published month, and give the address of one village."""
    book = Agreement(tmp_path / FILE, SITES)
    book.add(PUBLISHED, OFFICE, "server", T0_MS)
    link = book.new_link(GOOD.code, OFFICE, "server", T0_MS)
    path = f"/r/{token(link, read_key(tmp_path / KEY))}"
    with (
        serve_in_thread(planted, SITES, CLASSES, port=0, record=tmp_path) as server,
        Client(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        yield SimpleNamespace(book=book, path=path, client=client, url=server.url, key=read_key(tmp_path / KEY), link=link)
    book.close()


def say(village: SimpleNamespace, **fields: str) -> Response:
    given = {"act": "remark", "once": ONCE, "operator": "Telkomsel", "says": "power", **fields}
    found = village.client.post(village.path, content=urlencode(given), headers={"Accept": "application/json"})
    assert isinstance(found, Response)
    return found


def test_a_village_says_it_is_answered_and_asks_again(village: SimpleNamespace) -> None:
    first = village.client.get(f"{village.path}?lang=en").text
    assert "Telkomsel: weak" in first
    number = say(village, hamlet="RT 3", text="PLN <b>mati</b>").json()["n"]
    assert village.book.state().remarks[number].remark.says is Says.POWER
    assert "PLN &lt;b&gt;mati&lt;/b&gt;" in village.client.get(village.path).text
    village.book.add(Answer(remark=number, outcome=Outcome.NOTED, reason="we ask PLN about it"), OFFICE, "office", T0_MS)
    assert "we ask PLN about it" in village.client.get(village.path).text
    assert say(village, act="reopen", remark=str(number), text="still the same since March").status_code == 200
    assert village.book.state().remarks[number].due_ms is not None


def test_without_script_a_browser_is_led_back(village: SimpleNamespace) -> None:
    once = re.search(r'name="once" value="([0-9a-f-]{36})"', village.client.get(village.path).text)
    assert once is not None
    fields = {"act": "remark", "once": once[1], "operator": "XLSMART", "says": "agree"}
    answer = village.client.post(village.path, content=urlencode(fields))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{village.path}?sent=3#said")
    assert "3" in village.client.get(f"{village.path}?sent=3").text
    refused = village.client.post(village.path, content=urlencode(fields | {"once": ONCE, "says": "other"}))
    assert refused.headers["Location"] == f"{village.path}?refused=1#say"


def test_it_agrees_to_a_proposal(village: SimpleNamespace) -> None:
    village.book.add(proposal(), OFFICE, "office", T0_MS)
    assert "U-2026-0001" in village.client.get(village.path).text
    assert say(village, act="agree", number="U-2026-0001").status_code == 200
    assert village.book.state().proposals["U-2026-0001"].step is Step.VILLAGE_AGREED


def test_sent_again_it_counts_once(village: SimpleNamespace) -> None:
    assert say(village).json() == say(village).json()
    assert len(village.book.state().remarks) == 1


def test_who_has_no_link_sees_and_writes_nothing(village: SimpleNamespace) -> None:
    stolen = token(Link(site=TWO_G.code, serial=1), village.key)  # signed, but never given out
    wrong = village.path[:-1] + ("b" if village.path.endswith("a") else "a")
    for path in ("/r/", f"/r/{GOOD.code}", wrong, f"/r/{stolen}", village.path.replace(GOOD.code, TWO_G.code)):
        assert village.client.get(path).status_code == 404
        assert village.client.post(path, content=urlencode({"act": "remark"})).status_code == 404
    village.book.add(Link(site=GOOD.code, serial=1, revoked=True), OFFICE, "server", T0_MS)
    assert village.client.get(village.path).status_code == 404
    assert say(village).status_code == 404
    assert village.book.state().remarks == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"says": "power; DROP TABLE entry"},
        {"says": "not_so_at"},
        {"operator": "Nobody"},
        {"once": "x"},
        {"text": "x" * 2001},
        {"act": "answer", "outcome": "noted", "remark": "1", "text": "the office says so"},
        {"act": "agree", "number": "U-2026-0009"},
        {"act": "reopen", "remark": "one", "text": "because it is so"},
        {"act": ""},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(village: SimpleNamespace, fields: dict[str, str]) -> None:
    assert say(village, **fields).status_code == 422
    assert village.book.state().n == 2


def test_a_flood_is_bounded(village: SimpleNamespace) -> None:
    assert village.client.post(village.path, content=b"x" * 20_000).status_code == 413
    answers = [say(village, once=f"{number:032x}").status_code for number in range(A_DAY + 3)]
    assert answers == [200] * A_DAY + [429] * 3


def test_the_address_stays_on_the_phone_and_no_page_frames_it(village: SimpleNamespace) -> None:
    headers = village.client.get(village.path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_without_a_record_there_is_no_such_page(planted: Sqlite) -> None:
    with serve_in_thread(planted, SITES, CLASSES, port=0) as server, Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/r/x").status_code == 404


def test_written_without_a_net_for_three_days_it_arrives_once(
    village: SimpleNamespace, chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=village.url, is_mobile=True, has_touch=True)
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": 0.30347, "longitude": 116.53742, "accuracy": 12})
    context.clock.install()
    page = context.new_page()
    moved: list[int] = []
    page.on("response", lambda reply: moved.append(len(reply.body()) if reply.request.method == "GET" else 0))
    page.goto(f"{village.path}?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    faults = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.goto(village.path)
    context.set_offline(True)
    page.goto(f"{village.path}?lang=en")  # as it was kept
    page.get_by_label("not so in a part of the village").check()
    ready = "document.querySelector('form.say').checkValidity()"
    assert not page.evaluate(ready), "without the part of the village it would be refused, and what was written lost"
    page.get_by_role("textbox", name="Part of the village").fill("Dusun 2")
    assert page.evaluate(ready)
    page.get_by_role("button", name="Attach the place").click()
    expect(page.locator(".place-field .note")).to_contain_text("0.30347, 116.53742 (± 12 m)")
    (tmp_path / "camera.jpg").write_bytes(jpeg((1600, 1200), quality=98))
    page.get_by_label("Photo").set_input_files(tmp_path / "camera.jpg")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#kept")).to_contain_text("Kept on this phone until there is a connection: 1")
    context.clock.fast_forward(3 * DAY_MS)
    page.reload()
    expect(page.locator("#kept")).to_contain_text("Kept on this phone until there is a connection: 1")
    assert village.book.state().remarks == {}
    lost = threading.Event()

    def lose(route: Route) -> None:  # what comes first arrives, but its answer does not
        if route.request.method != "POST" or lost.is_set():
            route.continue_()
            return
        lost.set()
        route.fetch()
        route.abort()

    page.route("**/r/**", lose)
    with page.expect_event("requestfailed", lambda request: request.method == "POST", timeout=60_000):
        context.set_offline(False)
    context.clock.fast_forward("00:31")
    expect(page.get_by_text("Dusun 2")).to_be_visible()
    (one,) = village.book.state().remarks.values()
    assert (one.remark.hamlet, one.remark.lat, one.remark.accuracy_m) == ("Dusun 2", 0.30347, 12)
    kind, photo = papers.read(village.book.ledger.path.parent, one.remark.photo or "") or ("", b"")
    assert kind == "jpg"
    assert len(photo) <= 200_000
    assert b"Exif" not in photo
    assert page.evaluate("window.evil") is None
    assert EVIL not in page.content()
    assert sum(moved[:4]) < 60_000, "page and scripts, unpacked"
    context.close()
