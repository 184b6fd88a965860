"""What a forger tries on the agreement, and how each is refused: `python -m tests.forgery` prints a table.

Exit 1 where one succeeds. The page is the real one, on loopback, with a record of a published month; nothing is left behind.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from httpx import Client, Response

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import Link, Minutes, Person, Role
from collector.agreement.ledger import LedgerError
from collector.agreement.links import FILE as KEY
from collector.agreement.links import read_key, token
from collector.agreement.papers import FOLDER, check_papers, keep
from collector.agreement.people import People
from collector.agreement.rules import OFFICE
from collector.store.sqlite import Sqlite
from dashboards.web.office import COOKIE
from dashboards.web.serve import serve_in_thread
from tests.collector.agreement.parts import EVIDENCE, PUBLISHED, T0_MS, proposal
from tests.collector.agreement.test_photo import jpeg
from tests.dashboards.web.plant import CLASSES, EVIL, GOOD, SITES, TWO_G, plant

PASSWORD = "kuda laut 7"
ONCE = "0123456789abcdef0123456789abcdef"
Tried = tuple[str, bool, str]
"""What was tried, whether it was refused, and how."""


class Stage:
    """The page, the record, one village's link, and people of office and kecamatan."""

    def __init__(self, folder: Path, url: str, book: Agreement) -> None:
        self.folder, self.url, self.book = folder, url, book
        self.key = read_key(folder / KEY)
        self.link = book.new_link(GOOD.code, OFFICE, "server", T0_MS)
        self.path = f"/r/{token(self.link, self.key)}"
        self.client = Client(base_url=url, trust_env=False, timeout=60)

    def said(self, path: str = "", **more: str) -> Response:
        """Send a remark by a link."""
        fields = {"act": "remark", "once": ONCE, "operator": "Telkomsel", "says": "power", **more}
        return self.client.post(path or self.path, content=urlencode(fields), headers={"Accept": "application/json"})

    def office(self, name: str) -> tuple[Client, str]:
        """Sign in; return the client and the secret of its forms."""
        client = Client(base_url=self.url, trust_env=False, timeout=60)
        client.post("/office", content=urlencode({"act": "sign_in", "name": name, "password": PASSWORD}))
        form = re.search(r'name="form" value="([^"]+)"', client.get("/office").text)
        return client, form[1] if form else ""


def links(stage: Stage) -> Iterator[Tried]:
    """Try addresses that nobody was given."""
    n = stage.book.state().n
    own = token(Link(site=TWO_G.code, serial=1), stage.key)
    wrong = stage.path[:-1] + ("b" if stage.path.endswith("a") else "a")
    for what, path in (
        ("hostile link: another village's code in a good link", stage.path.replace(GOOD.code, TWO_G.code)),
        ("hostile link: signed, but never given out", f"/r/{own}"),
        ("hostile link: another serial", stage.path.replace("-1-", "-2-")),
        ("guessed code: one letter changed", wrong),
        ("hostile link: a path in it", "/r/..%2F..%2Foffice"),
    ):
        yield _same(what, stage.said(path), n, stage, 404)
    rate = time.monotonic()
    guesses = [stage.client.get(f"/r/{GOOD.code}-1-{k:024d}").status_code for k in range(200)]
    yield (
        "guessed code: 200 guesses",
        set(guesses) == {404},
        f"404 each; 2^120 codes, {200 / (time.monotonic() - rate):.0f} a second here",
    )
    stage.book.add(Link(site=GOOD.code, serial=1, revoked=True), OFFICE, "server", T0_MS)
    yield _same("revoked link", stage.said(), n + 1, stage, 404)
    stage.path = f"/r/{token(stage.book.new_link(GOOD.code, OFFICE, 'server', T0_MS), stage.key)}"


def replays(stage: Stage) -> Iterator[Tried]:
    """Send again what was sent, say what nobody published, and put in what is no photo."""
    first, n = stage.said(text=EVIL).json(), stage.book.state().n
    again = stage.said(text="something else").json()
    yield "replay of a remark", again == first and stage.book.state().n == n, f"counts once, entry {again['n']}"
    yield _same("remark on a verdict that was never published", stage.said(once="1" * 32, evidence="f" * 64), n, stage, 422)
    yield _same("a village answers itself", stage.said(act="answer", remark="1", reason="so says the office"), n, stage, 422)
    for what, content in (
        ("a script as a photo", b"<script>alert(1)</script>"),
        ("a photo with a file behind it", jpeg() + b"PK"),
    ):
        fields = {"act": "remark", "once": "2" * 32, "operator": "Telkomsel", "says": "power"}
        sent = stage.client.post(
            stage.path, data=fields, files={"photo": ("x.jpg", content)}, headers={"Accept": "application/json"}
        )
        yield _same(what, sent, n, stage, 422)
    shown = stage.client.get(stage.path).text
    client, _ = stage.office("budi")
    both = shown + client.get("/office").text + client.get(f"/office/village/{GOOD.code}").text
    yield (
        "stored script",
        EVIL not in both and "script-src 'self'" in stage.client.get(stage.path).headers["Content-Security-Policy"],
        ("shown as text on village and office page; the policy runs no script of a page"),
    )


def sessions(stage: Stage) -> Iterator[Tried]:
    """Try to write in somebody's name."""
    stage.book.add(proposal(), OFFICE, "office", T0_MS)
    client, form = stage.office("budi")
    n, cookie = stage.book.state().n, client.cookies[COOKIE]
    fields = {"act": "progress", "number": "U-2026-0001", "to": "village_agreed", "reference": "letter"}
    for what, given in (("CSRF: without the form's secret", fields), ("CSRF: with another's", fields | {"form": "x" * 22})):
        yield _same(what, client.post("/office", content=urlencode(given)), n, stage, 403)
    set_by = client.post("/office", content=urlencode({"act": "sign_in", "name": "budi", "password": PASSWORD}))
    kept = set_by.headers["Set-Cookie"]
    yield "CSRF: the cookie from another page", "SameSite=strict" in kept, "SameSite=strict, HttpOnly, only for /office"
    client.cookies.set(COOKIE, cookie, path="/office")
    with Client(base_url=stage.url, trust_env=False) as thief:
        stolen = {"Cookie": f"{COOKIE}={cookie}"}
        yield _same(
            "stolen session without its form", thief.post("/office", content=urlencode(fields), headers=stolen), n, stage, 403
        )
        client.post("/office", content=urlencode({"act": "sign_out", "form": form}))
        again = thief.post("/office", content=urlencode(fields | {"form": form}), headers=stolen)
        yield _same("stolen session and form after sign-out", again, n, stage, 403)
    with closing(sqlite3.connect(stage.folder / FILE)) as db:
        tokens = [row[0] for row in db.execute("SELECT token FROM session")]
    with Client(base_url=stage.url, trust_env=False) as thief:
        read = {"Cookie": f"{COOKIE}={tokens[0]}"}
        yield _same(
            "session read from a stolen file", thief.post("/office", content=urlencode(fields), headers=read), n, stage, 403
        )
    for name, act, what in (
        ("dinas", fields, "a reader takes a proposal further"),
        ("camat", fields, "a kecamatan agrees for a village"),
        ("camat", {"act": "minutes", "number": "U-2026-0001"}, "a kecamatan makes minutes"),
    ):
        other, secret = stage.office(name)
        yield _same(what, other.post("/office", content=urlencode(act | {"form": secret})), n, stage, 303)


def guesses(stage: Stage) -> Iterator[Tried]:
    """Guess passwords, last: the address and the name wait afterwards."""
    answers = [
        stage.client.post(
            "/office", content=urlencode({"act": "sign_in", "name": "budi", "password": f"kuda laut {k}x"})
        ).status_code
        for k in range(60)
    ]
    _, form = stage.office("budi")
    yield (
        "guessed password: 60 tries",
        429 in answers and not form,
        f"429 after {answers.index(429)}; then even the right one waits",
    )


def edits(stage: Stage) -> Iterator[Tried]:
    """Change the file itself."""
    stage.book.add(Minutes(about="U-2026-0001", document="ee" * 32, evidence=EVIDENCE), OFFICE, "office", T0_MS)
    whole = (stage.folder / FILE).with_name("whole.db")
    with closing(sqlite3.connect(stage.folder / FILE)) as db, closing(sqlite3.connect(whole)) as copy:
        db.backup(copy)
    try:
        check_papers(stage.folder, stage.book.state())
        yield "minutes whose paper is gone", False, "not seen"
    except LedgerError as error:
        yield "minutes whose paper is gone", True, str(error).split(";")[0].replace(str(stage.folder), "…")
    for what, statement in (
        ("edited file: a word changed", "UPDATE entry SET body = replace(body, 'weak', 'layak') WHERE n = 1"),
        ("edited file: who wrote it", "UPDATE entry SET who = 'lurah' WHERE n = 3"),
        ("edited file: an entry taken out", "DELETE FROM entry WHERE n = 4"),
        ("edited file: moved in time", "UPDATE entry SET at_ms = at_ms - 1 WHERE n = 5"),
        (
            "edited file: one put in",
            "INSERT INTO entry SELECT 99, at_ms, who, origin, body, hash, 'x' FROM entry WHERE n = 2",
        ),
    ):
        edited = stage.folder / "edited.db"
        edited.write_bytes(whole.read_bytes())
        with closing(sqlite3.connect(edited)) as db, db:
            db.executescript("DROP TRIGGER never_changed; DROP TRIGGER never_taken_out;")
            db.execute(statement)
        with closing(Agreement(edited, SITES)) as book:
            try:
                book.state()
                yield what, False, "not seen"
            except LedgerError as error:
                yield what, True, str(error).split(": ")[1].split(";")[0]
    with closing(sqlite3.connect(whole)) as db:
        try:
            db.execute("UPDATE entry SET who = 'x'")
            yield "edited file: through SQLite as it is", False, "not refused"
        except sqlite3.DatabaseError as error:
            yield "edited file: through SQLite as it is", True, str(error)
    keep(stage.folder, b"%PDF-1.7 a paper")
    kept = (stage.folder / FOLDER, *(stage.folder / FOLDER).iterdir())
    yield "papers can be read by others", all(path.stat().st_mode & 0o77 == 0 for path in kept), "0700, 0600"


def _same(what: str, answer: Response, n: int, stage: Stage, status: int) -> Tried:
    where = answer.headers.get("Location", "")
    told = f"{answer.status_code}" + (" with its reason" if "refused" in where else "")
    return what, answer.status_code == status and stage.book.state().n == n and (status != 303 or "refused" in where), told


def main() -> int:
    """Try everything; print the table."""
    tries: tuple[Callable[[Stage], Iterator[Tried]], ...] = (links, replays, sessions, guesses, edits)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Sqlite(folder / "store.db")
        plant(store, time.time_ns())
        book, people = Agreement(folder / FILE, SITES), People(folder / FILE)
        book.add(PUBLISHED, OFFICE, "server", T0_MS)
        for person in (
            Person(name="budi", role=Role.OFFICE),
            Person(name="camat", role=Role.KECAMATAN, kecamatan=GOOD.kecamatan),
            Person(name="dinas", role=Role.READER),
        ):
            book.add(person, OFFICE, "server", T0_MS)
            people.set_password(person.name, PASSWORD)
        with serve_in_thread(store, SITES, CLASSES, port=0, record=folder) as server:
            stage = Stage(folder, server.url, book)
            print("| tried | refused | how |\n|---|---|---|")
            for attempt in tries:
                for what, refused, how in attempt(stage):
                    failed += not refused
                    print(f"| {what} | {'yes' if refused else 'NO'} | {how} |", flush=True)
            stage.client.close()
        book.close()
        store.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
