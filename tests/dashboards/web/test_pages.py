"""The pages as the server makes them: useful without script, harmless whatever the data say, in two languages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from httpx import Client

from dashboards.web.assets import Assets
from dashboards.web.texts import NAMES, SCRIPT
from tests.dashboards.web.plant import CLASSES, DEAD_SPOT, EVIL, FAULTY, GOOD, NEVER, SILENT, SITES, TWO_G

WEB = Path(__file__).resolve().parents[3] / "dashboards" / "web"
PAGES = ("/", f"/site/{GOOD.code}", f"/site/{NEVER.code}", "/alerts", "/api", "/nothing")


def rows(html: str) -> dict[str, str]:
    """Return the text of each row of the list by code."""
    found = re.findall(r'<tr data-code="(\w+)">(.*?)</tr>', html, re.DOTALL)
    return {code: " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for code, row in found}


def shown(html: str) -> str:
    """Return what a page says, without what it hands to its scripts."""
    return unescape(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)).replace("\xa0", " ")


def test_list_is_there_without_script(client: Client) -> None:
    found = rows(client.get("/").text)
    assert set(found) == set(SITES)
    assert "Baik −86 dBm" in found[GOOD.code]
    assert "idak ada data terbaru" not in found[GOOD.code]
    assert "tidak ada data terbaru; terakhir cukup" in found[SILENT.code]
    assert "Belum diukur" in found[NEVER.code]
    assert "Tanpa layanan" not in found[NEVER.code]
    assert "Tanpa layanan" in found[DEAD_SPOT.code]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("q=senyi", {GOOD.code}),
        (f"q={FAULTY.code}", {FAULTY.code}),
        ("kecamatan=Sandaran", {SILENT.code, NEVER.code}),
        ("state=two_g_only", {TWO_G.code}),
        ("operator=IOH&state=very_poor", {GOOD.code}),
        ("operator=XLSMART&state=no_service", set()),
        ("operator=XLSMART&state=not_measured", set(SITES)),
    ],
)
def test_filters_work_without_script(client: Client, query: str, codes: set[str]) -> None:
    assert set(rows(client.get(f"/?{query}").text)) == codes


def test_hall_page_says_what_may_mislead(client: Client) -> None:
    good, silent = (shown(client.get(f"/site/{site.code}").text) for site in (GOOD, SILENT))
    assert "penguat sinyal terpasang" in good
    assert "antena luar ruang" in good
    assert "tegangan rendah" in good
    assert "belum sinkron" in good
    assert "1.200 sampel, tertua 2 jam" in good
    assert "koordinat: titik tengah desa" not in good
    assert "koordinat: titik tengah desa" in silent
    assert re.search(r"tidak ada data terbaru, diperbarui \d+ (menit|jam) yang lalu", silent)


@pytest.mark.parametrize("page", PAGES)
def test_data_are_never_markup(client: Client, page: str) -> None:
    html = client.get(page).text
    assert "<img" not in html
    assert 'onerror="window' not in html
    assert html.count("</script>") == html.count("<script")


def test_the_name_is_shown_as_it_is_written(client: Client) -> None:
    assert EVIL in unescape(client.get(f"/site/{NEVER.code}").text)


def test_language_is_indonesian_until_asked_and_then_remembered(client: Client) -> None:
    client.cookies.clear()
    first = client.get("/")
    assert '<html lang="id">' in first.text
    assert "set-cookie" not in first.headers
    asked = client.get("/?lang=en")
    assert '<html lang="en">' in asked.text
    assert re.fullmatch(r"lang=en; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", asked.headers["set-cookie"])
    assert "Village halls".lower() in client.get("/").text.lower()
    assert '<html lang="id">' in client.get("/?lang=id").text
    assert '<html lang="id">' in client.get("/?lang=xx").text
    client.cookies.clear()


def test_the_scripts_get_every_text_that_they_say_and_no_other() -> None:
    said = {
        text for path in (WEB / "static").glob("*.js") for text in re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert said == set(SCRIPT)


def test_the_templates_name_only_kinds_of_words_that_exist() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (WEB / "templates").glob("*.html")]
    assert {kind for text in texts for kind in re.findall(r't\.name\("([a-z_]+)"', text)} == set(NAMES) - {"service"}


@pytest.mark.parametrize("page", PAGES)
def test_headers_keep_everything_on_this_host(client: Client, page: str) -> None:
    answer = client.get(page)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert re.findall(r'(?:src|href)="(https?:)?//', answer.text) == []
    assert " style=" not in answer.text
    assert re.findall(r"<[^>]+\son\w+=", answer.text) == []


def test_files_are_compressed_and_kept_for_ever(client: Client) -> None:
    addresses = set(re.findall(r"/static/[\w.]+", client.get("/").text))
    assert {address.split(".")[-1] for address in addresses} == {"css", "js", "json"}
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(address, headers={"Accept-Encoding": "identity"}).content == answer.content
    assert client.get("/static/style.css").status_code == 404
    assert client.get("/static/..%2f..%2fapp.py").status_code == 404


def test_address_of_a_file_changes_with_its_content() -> None:
    changed = CLASSES.model_copy(update={"state": {**CLASSES.state, "silent": CLASSES.state["not_measured"]}})
    before, after = Assets(CLASSES), Assets(changed)
    assert before.url("classes.css") != after.url("classes.css")
    assert before.url("style.css") == after.url("style.css")


def test_unknown_hall_is_a_page_with_a_way_back(client: Client) -> None:
    answer = client.get("/site/6408999999")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text
    assert client.get("/site/%3Cscript%3E").status_code == 404
