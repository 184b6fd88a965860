"""The page of a node above: regencies worst first, to each reader his own, and nothing of a hall."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from html import unescape

import pytest
from httpx import BasicAuth, Client

from collector.federate import keys
from collector.federate.chain import Chain
from collector.federate.command import node
from collector.federate.take import MONTHLY
from collector.store.open import open_store
from collector.store.store import Point
from ground.paths import shipped
from ground.wita import WITA, midnight_ns
from lab.federation import DAY, IMSI_LIKE, Above, Regency
from lab.plant import python
from lab.servers import Server, free_port, listening

TODAY = datetime.now(UTC).astimezone(WITA).date()
MONTH = (TODAY - DAY).replace(day=1)
NAMES = {"6408": "Kutai Timur", "6472": "Kota Samarinda", "7201": "Banggai", "6501": "Bulungan"}
SILENT = "6501"


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> Above:
    """Four regencies: the second is served worst, the last was admitted and has not sent a letter."""
    folder = tmp_path_factory.mktemp("nation")
    made = Above(folder / "above")
    shutil.copy(shipped() / "classes.toml", made.folder)
    taker, _ = node(made.config, made.folder)
    for code, name in NAMES.items():
        regency = Regency(folder / code, code)
        keys.admit(made.letters, code, name, regency.key)
        if code != SILENT:
            regency.measure(TODAY - DAY)
            regency.publish(TODAY - DAY)
            regency.write_letters(TODAY - DAY)
        for _, data in Chain(regency.letters, code).after(0):
            taker.take(data)
    with closing(open_store(made.config.store)) as store:
        bad = {"samples": 100, "served": 40, "no_service": 60, "lte": 0, "days": 1}
        store.write_points([Point(MONTHLY, {"site": "6472012001", "modem": "m2", "operator": "XL"}, bad, midnight_ns(MONTH) + 9)])
    return made


@pytest.fixture(scope="module")
def url(above: Above) -> Iterator[str]:
    """The program itself, told by its configuration alone that it is a node above."""
    port = free_port()
    words = ("serve", "--config", str(above.config_file), "--state", str(above.folder), "--port", str(port))
    server: Server = python("page", above.folder, "dashboards.cli", *words)
    server.ready = lambda: listening(port)
    with server:
        yield f"http://127.0.0.1:{port}"


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
    assert "Not measured" in found[SILENT]
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
