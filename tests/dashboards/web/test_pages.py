"""The pages as the server makes them: useful without script, harmless whatever the data say, in two languages."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from httpx import Client

from collector.rollup import recompute
from collector.server.rollout import Rollout
from collector.store.sqlite import Sqlite
from dashboards.web import pages
from dashboards.web.assets import Assets
from dashboards.web.texts import NAMES, SCRIPT
from tests.dashboards.web.plant import (
    CLASSES,
    DEAD_SPOT,
    EVIL,
    FAULTY,
    GOOD,
    GSM,
    LTE,
    NEVER,
    SILENT,
    SITES,
    TWO_G,
    Planter,
    S,
    browsing,
)

WEB = Path(__file__).resolve().parents[3] / "dashboards" / "web"
PAGES = ("/", "/kecamatan/640811", f"/site/{GOOD.code}", f"/site/{NEVER.code}", "/alerts", "/api", "/report", "/nothing")


def rows(html: str) -> dict[str, str]:
    """Return the text of each row of the list by code."""
    found = re.findall(r'<tr data-n="\d+"(?: data-kecamatan="[^"]*")?>(.*?/site/(\w+).*?)</tr>', html, re.DOTALL)
    return {code: " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row, code in found}


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
    assert {kind for text in texts for kind in re.findall(r't\.name\("([a-z_]+)"', text)} == set(NAMES) - {"service", "event"}


@pytest.mark.parametrize("page", PAGES)
def test_headers_keep_everything_on_this_host(client: Client, page: str) -> None:
    answer = client.get(page)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert re.findall(r'(?:src|href)="(https?:)?//', answer.text) == []
    assert " style=" not in answer.text
    style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert [f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}" in policy for text in style] == [True]
    assert re.findall(r"<[^>]+\son\w+=", answer.text) == []


def test_files_are_compressed_and_kept_for_ever(client: Client) -> None:
    addresses = {a for path in PAGES for a in re.findall(r"/static/[\w.]+", client.get(path).text)}
    assert {address.split(".")[-1] for address in addresses} == {"css", "js", "svg"}
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
    assert (before.style_hash, before.version) != (after.style_hash, after.version)
    assert before.url("map.js") == after.url("map.js")


def test_unknown_hall_is_a_page_with_a_way_back(client: Client) -> None:
    answer = client.get("/site/6408999999")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text
    assert client.get("/site/%3Cscript%3E").status_code == 404


def test_one_sentence_says_what_there_is_worst_comes_first(client: Client) -> None:
    html = client.get("/").text
    assert (
        "Di 1 dari 6 kantor desa ada 4G yang cukup; 1 hanya 2G atau 3G; 1 tanpa layanan; 2 tidak mengirim data; 1 belum diukur."
        in shown(html)
    )
    assert list(rows(html)) == [DEAD_SPOT.code, TWO_G.code, FAULTY.code, SILENT.code, GOOD.code, NEVER.code]
    assert "Indosat (IOH): Di 0 dari 6 kantor desa ada 4G yang cukup; 1 dengan 4G lemah; 5 belum diukur." in shown(
        client.get("/?operator=IOH").text
    )


def test_a_kecamatan_has_its_page_under_its_code(client: Client) -> None:
    html = client.get("/").text
    assert 'href="/kecamatan/640811"' in html
    page = client.get("/kecamatan/640811").text
    assert set(rows(page)) == {SILENT.code, NEVER.code}
    assert "Kondisi sinyal saat ini di Sandaran" in shown(page)
    assert client.get("/kecamatan/649999").status_code == 404


def test_what_changed_since_yesterday_is_told(tmp_path: Path) -> None:
    store, now_ns = Sqlite(tmp_path / "s.db"), time.time_ns()
    day, p = 86_400, Planter(store, now_ns)
    p.signal(GOOD, "m1", LTE, first_s=day + 60, rsrp_dbm=-85.0)
    p.signal(GOOD, "m1", {"registration": "searching"})
    p.signal(TWO_G, "m1", GSM, first_s=day + 60)
    p.signal(TWO_G, "m1", LTE, rsrp_dbm=-85.0)
    p.signal(SILENT, "m1", LTE, first_s=day + 60, rsrp_dbm=-95.0)
    p.signal(FAULTY, "m1", LTE, rsrp_dbm=-95.0)
    p.signal(DEAD_SPOT, "m1", LTE, first_s=day + 60, rsrp_dbm=-95.0)
    p.signal(DEAD_SPOT, "m1", LTE, rsrp_dbm=-75.0)  # better within what is enough: no news
    with browsing(store) as client:
        text = " ".join(
            re.sub(r"<[^>]+>", " ", client.get("/?lang=en").text.split('id="changes"')[1].split("</section>")[0]).split()
        )
    assert "Worse (1): Senyiur Good → No service" in text
    assert "Better (1): Kelinjau Ilir 2G only → Good" in text
    assert "No data since (1): Marukangan Fair → No recent data" in text
    assert "Data again (1): Nehas Not measured → Fair" in text
    store.close()


def test_90_days_of_a_hall_are_a_bar_with_words(store: Sqlite) -> None:
    now_ns, hour = time.time_ns(), 3600 * S
    for age in (2, 40):
        Planter(store, now_ns - age * 24 * hour).signal(GOOD, "m1", LTE, rsrp_dbm=-85.0)
    recompute(store, SITES, {GOOD.code: {(now_ns - age * 24 * hour) // hour + k for age in (2, 40) for k in (-1, 0)}})
    with browsing(store) as client:
        html, kecamatan = client.get(f"/site/{GOOD.code}?lang=id").text, client.get("/kecamatan/640801").text
    assert "2 dari 90 hari terakhir diukur; 0 tanpa layanan" in html
    assert re.findall(r'<rect class="k-(\w+)" x="(\d+)"', html.split('class="days"')[1].split("</svg>")[0]) == [
        ("good", "196"),
        ("good", "348"),
    ]
    assert "<title>" in html.split('class="days"')[1]
    assert kecamatan.count('class="days"') == 2


def test_what_is_not_public_stands_nowhere(client: Client) -> None:
    html = client.get(f"/site/{GOOD.code}").text
    assert "modem direset" in html or "modem diatur ulang" in html  # the event, in the language of the page
    for path in (*PAGES, "/api/v1/sites", "/api/v1/sites.csv", f"/api/v1/sites/{GOOD.code}", "/live", "/openapi.json"):
        text = client.get(path).text
        assert "cell_id" not in text
        assert '"tac"' not in text
        assert "window.evil" not in text or path not in {f"/site/{GOOD.code}", f"/api/v1/sites/{GOOD.code}"}


def test_a_problem_is_reported_with_what_the_page_says(client: Client) -> None:
    text = unescape(client.get(f"/report?site={GOOD.code}").text)
    assert "Sinyal: Senyiur (6408012001)" in text
    assert "mailto:" not in text
    assert f'href="/report?site={GOOD.code}"' in client.get(f"/site/{GOOD.code}").text


def test_how_far_a_version_is_on_its_way_to_the_halls_is_a_line_of_the_page(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ROLLOUT", tmp_path / "rollout.json")
    assert 'id="rollout"' not in client.get("/").text
    values: dict[str, str | int] = {"ring": "pilot", "n": 2, "k": 3}
    on_its_way = Rollout(
        id="a", version="0.2.0", offers={}, pilot=(), said=("ring {ring} is watched: {n} of {k} halls run it", values)
    )
    stopped = on_its_way.model_copy(update={"stopped": True})
    for rollout, said in ((on_its_way, "sedang disebarkan"), (stopped, "DIHENTIKAN")):
        (tmp_path / "rollout.json").write_text(rollout.model_dump_json())
        (line,) = re.findall(r'id="rollout">(.*?)</p>', shown(client.get("/").text))
        assert f"versi 0.2.0 untuk kantor desa {said}: " in line
        assert "2 dari 3" in line
    (tmp_path / "rollout.json").write_text("{torn")
    assert client.get("/").status_code == 200
