"""The page of a node above: regencies worst first, to each reader his own, and nothing of a hall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from axe_playwright_python.sync_playwright import Axe
from httpx import BasicAuth, Client
from playwright.sync_api import Browser

from collector.federate import keys
from lab.federation import IMSI_LIKE, Above
from tests.dashboards.web.regencies import MONTH, NAMES, SILENT, node_above, page_of


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> Above:
    return node_above(tmp_path_factory.mktemp("nation"))


@pytest.fixture(scope="module")
def url(above: Above) -> Iterator[str]:
    server, address = page_of(above)
    with server:
        yield address


def reading(above: Above, url: str, scope: str) -> Client:
    secret = keys.add_reader(above.letters, f"reader {scope}", scope)
    return Client(base_url=url, auth=BasicAuth("reader", secret), follow_redirects=True)


def rows(html: str) -> dict[str, str]:
    found = re.findall(r'<tr data-code="(\d+)">(.*?)</tr>', html, re.DOTALL)
    return {code: " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()).replace("\xa0", " ") for code, row in found}


def test_who_has_no_secret_reads_nothing(url: str) -> None:
    for auth in (None, BasicAuth("reader", "guess"), BasicAuth("", "")):
        with Client(base_url=url, auth=auth) as client:
            answer = client.get("/nation")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert "Samarinda" not in answer.text


def test_regencies_stand_worst_first_with_what_was_measured_and_published(above: Above, url: str) -> None:
    with reading(above, url, "") as client:
        answer = client.get(f"/?month={MONTH:%Y-%m}")
        found = rows(client.get(f"/nation?month={MONTH:%Y-%m}&lang=en").text)
    assert answer.headers["Cache-Control"].startswith("private")
    assert list(found) == ["6472", "6408", "7201", SILENT]
    assert found["6408"].startswith("Kutai Timur 6408 100 % 100 % −")
    assert "3/3 3 3 1" in found["6408"]
    assert found[SILENT] == "Bulungan 6501 Not measured – – 0/– – – – –"
    assert not IMSI_LIKE.search(answer.content.split(b"<svg")[0])


def test_the_map_has_a_symbol_for_each_regency_that_sent_its_register(above: Above, url: str) -> None:
    with reading(above, url, "") as client:
        html = client.get(f"/nation?month={MONTH:%Y-%m}").text
    (points,) = re.findall(r'<g id="points".*?</g>', html, re.DOTALL)
    assert points.count("<use") == len(NAMES) - 1
    assert len(re.findall(r'class="land" d="M', html)) == 1


def test_a_province_sees_its_own(above: Above, url: str) -> None:
    with reading(above, url, "64") as client:
        html = client.get(f"/nation?month={MONTH:%Y-%m}").text
    assert set(rows(html)) == {"6408", "6472"}
    assert "Banggai" not in html


def test_a_month_without_letters_is_not_measured_and_what_is_none_is_refused(above: Above, url: str) -> None:
    with reading(above, url, "72") as client:
        assert "elum diukur" in rows(client.get("/nation?month=2020-01").text)["7201"]
        assert client.get("/nation?month=2020-13").status_code == 404
        assert client.get("/nation?month=x").status_code == 422


@pytest.mark.parametrize("path", ["/site/6408012001", "/api/v1/halls", "/alerts", "/live/events"])
def test_nothing_of_a_hall_is_there(above: Above, url: str, path: str) -> None:
    with reading(above, url, "") as client:
        assert client.get(path).status_code == 404


def test_who_reads_it_on_a_phone_by_keyboard_in_the_dark_can(above: Above, url: str, chromium: Browser) -> None:
    """A province alone fills its map; nothing is wider than the screen, and what can be scrolled can be reached."""
    signed_in = {"username": "reader", "password": keys.add_reader(above.letters, "phone", "64")}
    context = chromium.new_context(base_url=url, color_scheme="dark", http_credentials=signed_in)  # type: ignore[arg-type]
    page = context.new_page()
    for width, height in ((360, 740), (700, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"/nation?month={MONTH:%Y-%m}")
        assert not [one["id"] for one in Axe().run(page).response["violations"]]
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("map.viewBox.baseVal.width < sheet.getBBox().width / 2")
    context.close()
