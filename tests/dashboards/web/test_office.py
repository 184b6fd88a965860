"""The office's page: who signs in, what each role may do, and that no other page can do it in somebody's name."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from httpx import Client, Response
from playwright.sync_api import Browser

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import Minutes, Outcome, Person, Publication, Role, Step
from collector.agreement.ledger import LedgerError
from collector.agreement.papers import check_papers
from collector.agreement.people import People
from collector.agreement.rules import OFFICE
from collector.store.sqlite import Sqlite
from dashboards.web.app import WRITES_AT_ONCE
from dashboards.web.office import COOKIE
from dashboards.web.serve import serve_in_thread
from tests.collector.agreement.parts import EVIDENCE, PUBLISHED, T0_MS, VILLAGE, proposal, remark
from tests.collector.agreement.test_photo import jpeg
from tests.dashboards.web.plant import CLASSES, GOOD, SITES, TWO_G

PASSWORD = "kuda laut 7"
PEOPLE = (
    Person(name="budi", role=Role.OFFICE),
    Person(name="camat", role=Role.KECAMATAN, kecamatan=GOOD.kecamatan),
    Person(name="lain", role=Role.KECAMATAN, kecamatan="Sandaran"),
    Person(name="dinas", role=Role.READER),
)


class Desk:
    """The page with a record, and somebody who is signed in or not."""

    def __init__(self, url: str, book: Agreement) -> None:
        self.url, self.book = url, book
        self.client = Client(base_url=url, trust_env=False, timeout=60)

    def sign_in(self, name: str, password: str = PASSWORD) -> str:
        """Sign in; return the page."""
        given = {"act": "sign_in", "name": name, "password": password}
        self.client.post("/office", content=urlencode(given))
        return self.client.get("/office?lang=en").text

    def write(self, **fields: object) -> Response:
        """Send a form of the page with its own secret."""
        form = re.search(r'name="form" value="([^"]+)"', self.client.get("/office").text)
        given = {"form": form[1] if form else "", **fields}
        return self.client.post("/office", content=urlencode(given))


@pytest.fixture
def desk(planted: Sqlite, tmp_path: Path) -> Iterator[Desk]:
    book, people = Agreement(tmp_path / FILE, SITES), People(tmp_path / FILE)
    book.add(PUBLISHED, OFFICE, "server", T0_MS)
    for person in PEOPLE:
        book.add(person, OFFICE, "server", T0_MS)
        people.set_password(person.name, PASSWORD)
    with serve_in_thread(planted, SITES, CLASSES, port=0, record=tmp_path) as server:
        made = Desk(server.url, book)
        yield made
        made.client.close()
    book.close()


def test_the_office_answers_proposes_and_takes_it_further(desk: Desk) -> None:
    n = desk.book.add(remark(text="<i>PLN</i>"), VILLAGE, "page", T0_MS)
    text = desk.sign_in("budi")
    assert "&lt;i&gt;PLN&lt;/i&gt;" in text
    assert desk.write(act="answer", remark=n, outcome="noted", reason="we ask PLN about it").headers["Location"] == "/office"
    assert desk.book.state().remarks[n].answers[0].outcome is Outcome.NOTED
    desk.write(act="propose", site=GOOD.code, channel="signal", text="a tower")
    (one,) = desk.book.state().proposals.values()
    desk.write(act="progress", number=one.proposal.number, to="village_agreed", reference="letter 7")
    assert desk.book.state().proposals[one.proposal.number].step is Step.VILLAGE_AGREED
    again = desk.write(act="propose", site=GOOD.code, channel="signal")
    assert one.proposal.number in again.headers["Location"], "a double one is refused with the old number"
    nothing = desk.write(act="propose", site=TWO_G.code, channel="signal").headers["Location"]
    assert nothing.startswith(f"/office/village/{TWO_G.code}?refused=")
    origins = {record.origin for record in desk.book.ledger.records() if record.who == "budi"}
    assert origins == {"office 127.0.0.1"}


def test_a_paper_form_with_a_photo_is_typed_in_and_only_who_may_see_the_village_sees_it(desk: Desk) -> None:
    desk.sign_in("budi")
    page = desk.client.get(f"/office/village/{GOOD.code}").text
    form, evidence = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("form", "evidence"))
    assert form is not None
    assert evidence is not None
    said = {"form": form[1], "evidence": evidence[1], "act": "remark", "once": "ab" * 16, "operator": "Telkomsel"}
    said |= {"says": "power", "site": GOOD.code}
    for content in (b"<script>evil()</script>", jpeg() + b"PK"):
        answer = desk.client.post("/office", data=said, files={"photo": ("x.jpg", content, "image/jpeg")})
        assert "refused=photo" in answer.headers["Location"]
    assert desk.book.state().remarks == {}
    answer = desk.client.post("/office", data=said, files={"photo": ("x.html", jpeg(), "text/html")})
    assert answer.headers["Location"] == f"/office/village/{GOOD.code}"
    (one,) = desk.book.state().remarks.values()
    assert [record.origin for record in desk.book.ledger.records()][-1] == "paper office 127.0.0.1"
    photo = desk.client.get(f"/office/paper/{one.remark.photo}")
    assert hashlib.sha256(photo.content).hexdigest() == one.remark.photo
    assert b"Exif" not in photo.content
    names = ("Content-Type", "X-Content-Type-Options", "Cache-Control")
    assert [photo.headers[name] for name in names] == ["image/jpeg", "nosniff", "no-store"]
    assert "sandbox" in photo.headers["Content-Security-Policy"]
    assert f"/office/paper/{one.remark.photo}" in desk.client.get("/office").text
    assert desk.client.get(f"/office/paper/{'0' * 64}").status_code == 404
    assert desk.client.get("/office/paper/..%2Fagreement.db").status_code == 404
    desk.client.cookies.clear()
    assert desk.client.get(f"/office/paper/{one.remark.photo}").headers["Location"] == "/office"
    desk.sign_in("lain")
    assert desk.client.get(f"/office/paper/{one.remark.photo}").status_code == 404
    assert desk.client.get(f"/office/village/{GOOD.code}").status_code == 404
    assert check_papers(desk.book.ledger.path.parent, desk.book.state()) == 1


def test_a_proposal_goes_its_whole_road_on_its_page(desk: Desk) -> None:
    desk.book.add(proposal(), OFFICE, "office", T0_MS)
    n = desk.book.add(Minutes(about="U-2026-0001", document="ee" * 32, evidence=EVIDENCE), OFFICE, "office", T0_MS)
    desk.sign_in("budi")
    path = "/office/proposal/U-2026-0001"
    for step in ("village_agreed", "kecamatan_verified", "submitted", "surveyed", "accepted", "built"):
        assert f'value="{step}"' in desk.client.get(path).text
        assert desk.write(act="progress", number="U-2026-0001", to=step, reference="letter 7").headers["Location"] == path
    assert "measured_again" not in desk.client.get(path).text, "nothing was measured since"
    days = {"since": date(2028, 1, 1), "until": date(2028, 2, 1)}
    verdict = PUBLISHED.verdicts[0].model_copy(update=days | {"evidence": "cd" * 32})
    desk.book.add(Publication(table="cd" * 32, verdicts=(verdict,), **days), OFFICE, "server", T0_MS)
    evidence = re.search(r'name="evidence" value="(\w+)"', desk.client.get(path).text)
    assert evidence is not None
    desk.write(act="progress", number="U-2026-0001", to="measured_again", evidence=evidence[1])
    assert desk.book.state().proposals["U-2026-0001"].ended
    form = re.search(r'name="form" value="([^"]+)"', desk.client.get("/office").text)
    assert form is not None
    fields = {"form": form[1], "act": "scan", "number": "U-2026-0001", "minutes": str(n)}
    for content, lands in ((b"%PDF-1.7 signed", path), (b"MZ no paper", f"{path}?refused=a+paper+is")):
        sent = desk.client.post("/office/scan", data=fields, files={"scan": ("s.pdf", content, "application/pdf")})
        assert sent.headers["Location"].startswith(lands)
    (scan,) = desk.book.state().scans[n]
    assert desk.client.get(f"/office/paper/{scan.file}").headers["Content-Disposition"].startswith("attachment")
    assert "refused" in desk.write(act="minutes", number="U-2026-0001").headers["Location"], "this page has no printer"


def test_a_password_that_works_once_only_chooses_another(desk: Desk) -> None:
    People(desk.book.ledger.path).set_password("budi", "once once once", once_until_ms=2**62)
    desk.sign_in("budi", "once once once")
    assert desk.write(act="propose", site=GOOD.code, channel="signal").headers["Location"] == "/office?short=1"
    assert desk.client.get("/office/meeting").headers["Location"] == "/office"
    desk.write(act="choose", password=PASSWORD)
    assert "Choose" not in desk.sign_in("budi")
    assert desk.book.state().proposals == {}


def test_who_writes_too_often_is_answered_before_anything_is_read(desk: Desk) -> None:
    answers = [desk.client.post("/office", content=b"act=nothing").status_code for _ in range(6 * WRITES_AT_ONCE)]
    assert (answers[0], set(answers)) == (403, {403, 429})
    assert desk.client.get("/office").status_code == 200


def test_a_record_that_somebody_changed_is_not_shown(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.book.ledger.path)) as db, db:
        db.execute("DROP TRIGGER never_changed")
        db.execute("UPDATE entry SET who = 'lurah' WHERE n = 2")
    book = Agreement(desk.book.ledger.path, SITES)
    with pytest.raises(LedgerError, match="entry 2 is not what was written"):
        book.state()
    book.close()


def test_a_kecamatan_verifies_its_own_and_answers_nothing(desk: Desk) -> None:
    n = desk.book.add(remark(), VILLAGE, "page", T0_MS)
    desk.book.add(proposal(), OFFICE, "office", T0_MS)
    desk.write(act="sign_out")
    assert "Senyiur" not in desk.sign_in("lain")
    desk.client.cookies.clear()
    assert "Senyiur" in desk.sign_in("camat")
    assert "refused" in desk.write(act="answer", remark=n, outcome="noted", reason="we ask PLN about it").headers["Location"]
    assert "refused" in desk.write(act="progress", number="U-2026-0001", to="village_agreed").headers["Location"]
    assert desk.book.state().remarks[n].answers == ()


def test_what_was_typed_is_there_again_and_the_reason_is_in_the_language_of_who_typed(desk: Desk) -> None:
    desk.sign_in("budi")
    page = desk.client.get(f"/office/village/{GOOD.code}?lang=id").text
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form is not None
    said = {"form": form[1], "act": "remark", "site": GOOD.code, "operator": "Telkomsel", "says": "power"}
    said |= {"once": "ab" * 16, "hamlet": "RT 7", "text": 'genset "rusak" <b>'}
    answer = desk.client.post("/office", data=said, files={"photo": ("x.jpg", b"GIF89a", "image/jpeg")})
    shown = desk.client.get(answer.headers["Location"]).text
    assert "Tidak dicatat: foto: bukan JPEG" in shown
    assert 'value="RT 7"' in shown
    assert "genset &#34;rusak&#34; &lt;b&gt;</textarea>" in shown
    assert 'value="power" checked' in shown
    assert said["once"] in shown, "written again it is the same remark"
    assert "genset" not in desk.client.get(answer.headers["Location"]).text, "shown once"


def test_a_reader_only_reads(desk: Desk) -> None:
    n = desk.book.add(remark(), VILLAGE, "page", T0_MS)
    assert f"remark {n}" in desk.sign_in("dinas")
    for fields in (
        {"act": "answer", "remark": n, "outcome": "noted", "reason": "we ask PLN"},
        {"act": "propose", "site": GOOD.code},
    ):
        assert "refused" in desk.write(**fields).headers["Location"]


@pytest.mark.parametrize(
    ("name", "password"), [("budi", "wrong password"), ("root", PASSWORD), ("' OR 1=1 --", PASSWORD), ("", "")]
)
def test_nobody_else_comes_in(desk: Desk, name: str, password: str) -> None:
    assert "Sign in" in desk.sign_in(name, password)
    assert COOKIE not in desk.client.cookies


def test_no_other_page_writes_in_somebodys_name(desk: Desk) -> None:
    desk.sign_in("budi")
    token = desk.client.cookies[COOKIE]
    fields = {"act": "propose", "site": GOOD.code, "channel": "signal"}
    for form in ("", "guessed", "ä"):
        assert desk.client.post("/office", content=urlencode(fields | {"form": form})).status_code == 403
    cookie = desk.client.post("/office", content=urlencode({"act": "sign_in", "name": "budi", "password": PASSWORD})).headers[
        "Set-Cookie"
    ]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/office"))
    desk.client.cookies.set(COOKIE, token, path="/office")
    desk.write(act="sign_out")
    stolen = {"Cookie": f"{COOKIE}={token}"}
    with Client(base_url=desk.url, trust_env=False) as thief:
        assert "Sign in" in thief.get("/office?lang=en", headers=stolen).text
        assert thief.post("/office", content=urlencode(fields), headers=stolen).status_code == 403
    assert desk.book.state().proposals == {}


def test_nothing_of_it_is_kept_by_a_browser_and_everybody_can_use_it(desk: Desk, chromium: Browser) -> None:
    desk.book.add(remark(), VILLAGE, "page", T0_MS)
    desk.book.add(proposal(), OFFICE, "office", T0_MS)
    assert desk.client.get("/office").headers["Cache-Control"] == "no-store"
    page = chromium.new_page(base_url=desk.url, viewport={"width": 360, "height": 740})
    page.goto("/office?lang=en")
    page.get_by_label("Name").fill("budi")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Remarks without an answer").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    faults = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
    page.close()


def test_a_meeting_sees_what_was_published_what_changed_and_what_waits(desk: Desk) -> None:
    assert desk.client.get("/office/meeting").headers["Location"] == "/office"
    desk.book.add(remark(), VILLAGE, "page", T0_MS)
    later = {"since": date(2026, 11, 1), "until": date(2026, 12, 1), "evidence": "cd" * 32}
    verdicts = tuple(
        verdict.model_copy(update=later | {"word": word})
        for verdict, word in (
            (PUBLISHED.verdicts[0], "cukup"),
            (PUBLISHED.verdicts[0].model_copy(update={"operator": None}), "layak"),
        )
    )
    told = Publication(since=date(2026, 11, 1), until=date(2026, 12, 1), table="cd" * 32, verdicts=verdicts)
    desk.book.add(told, OFFICE, "server", T0_MS)
    desk.sign_in("dinas")
    text = desk.client.get("/office/meeting?lang=en").text
    assert "Senyiur, Telkomsel: weak → cukup (measured otherwise)" in text
    row = re.search(rf'<th scope="row">{GOOD.kecamatan}</th>(.*?)</tr>', text)
    assert row is not None
    assert re.findall(r"<td>(.*?)</td>", row[1]) == ["2", "1/1", "0", "0", "1", "1", "–"]
    assert desk.book.ledger.head()[1][:16] in text
