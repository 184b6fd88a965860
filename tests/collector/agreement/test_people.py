"""Who may sign in, and for how long; what a stolen file or a guess gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.agreement.agreement import FILE
from collector.agreement.entries import Person, Role
from collector.agreement.first import NAME, VALID_DAYS, first_of_office
from collector.agreement.people import SESSION_MS, TRIES, TRIES_OF_ALL, WAIT_MS, People
from collector.agreement.rules import OFFICE, RefusedError
from collector.agreement.state import State
from tests.collector.agreement.parts import DAY_MS, T0_MS, agreement

PASSWORD = "kuda laut 7"


@pytest.fixture
def office(tmp_path: Path) -> tuple[People, State]:
    book = agreement(tmp_path)
    for person in (Person(name="budi", role=Role.OFFICE), Person(name="lama", role=Role.OFFICE, active=False)):
        book.add(person, OFFICE, "server", T0_MS)
    people = People(tmp_path / FILE)
    for name in ("budi", "lama", "nobody"):
        people.set_password(name, PASSWORD)
    return people, book.state()


def test_who_signed_in_is_known_for_a_day_at_the_office(office: tuple[People, State]) -> None:
    people, state = office
    token = people.sign_in("budi", PASSWORD, state, T0_MS)
    assert token is not None
    session = people.session(token, state, T0_MS + SESSION_MS - 1)
    assert session is not None
    assert (session.actor.name, session.actor.role) == ("budi", Role.OFFICE)
    assert people.session(token, state, T0_MS + SESSION_MS) is None
    people.sign_out(token)
    assert people.session(token, state, T0_MS) is None


@pytest.mark.parametrize(
    ("name", "password"), [("budi", "kuda laut 8"), ("lama", PASSWORD), ("nobody", PASSWORD), ("x", PASSWORD)]
)
def test_nobody_else_signs_in(office: tuple[People, State], name: str, password: str) -> None:
    people, state = office
    assert people.sign_in(name, password, state, T0_MS) is None


def test_who_may_no_more_is_out_at_once_and_a_new_password_ends_sessions(office: tuple[People, State]) -> None:
    people, state = office
    token = people.sign_in("budi", PASSWORD, state, T0_MS)
    assert token is not None
    assert people.session(token, State(), T0_MS) is None
    people.set_password("budi", "ikan pari 99")
    assert people.session(token, state, T0_MS) is None


def test_guessing_waits_and_hurts_no_other_name(office: tuple[People, State]) -> None:
    people, state = office
    for n in range(TRIES):
        assert people.sign_in("budi", f"guess number {n}", state, T0_MS) is None
    assert people.sign_in("invented", PASSWORD, state, T0_MS) is None
    assert set(people._tries) == {"budi"}, "names that are nobody's push no count away"
    assert people.sign_in("budi", PASSWORD, state, T0_MS + WAIT_MS - 1) is None
    assert people.sign_in("budi", PASSWORD, state, T0_MS + WAIT_MS) is not None


def test_a_stranger_keeps_nobody_out_who_signs_in_from_elsewhere(office: tuple[People, State]) -> None:
    people, state = office
    for n in range(TRIES):
        people.sign_in("budi", f"guess number {n}", state, T0_MS, "10.0.0.1")
    assert people.sign_in("budi", PASSWORD, state, T0_MS, "10.0.0.1") is None
    assert people.sign_in("budi", PASSWORD, state, T0_MS, "10.0.0.2") is not None
    people._tries["budi"] = [(T0_MS, f"10.0.1.{n}") for n in range(TRIES_OF_ALL)]
    assert people.sign_in("budi", PASSWORD, state, T0_MS, "10.0.0.2") is None, "who guesses from everywhere waits too"


def test_who_found_no_place_to_be_hashed_has_tried_nothing(office: tuple[People, State], monkeypatch: pytest.MonkeyPatch) -> None:
    people, state = office
    monkeypatch.setattr("collector.agreement.people.HASH_WAIT_S", 0.0)
    with people._one_hash:
        assert [people.sign_in("budi", PASSWORD, state, T0_MS, "hall") for _ in range(TRIES)] == [None] * TRIES
    assert people.sign_in("budi", PASSWORD, state, T0_MS, "hall") is not None


def test_the_first_of_the_office_takes_over_nobody(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(Person(name=NAME, role=Role.KECAMATAN, kecamatan="Muara Ancalong"), OFFICE, "server", T0_MS)
    people = People(tmp_path / FILE)
    people.set_password(NAME, PASSWORD)
    assert first_of_office(book, people, T0_MS)[0] == f"{NAME}2"
    assert people.sign_in(NAME, PASSWORD, book.state(), T0_MS) is not None
    assert book.state().people[NAME].role is Role.KECAMATAN


def test_the_file_holds_neither_password_nor_token(office: tuple[People, State], tmp_path: Path) -> None:
    people, state = office
    token = people.sign_in("budi", PASSWORD, state, T0_MS)
    assert token is not None
    data = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    assert PASSWORD.encode() not in data
    assert token.encode() not in data
    with pytest.raises(ValueError, match="10 characters"):
        people.set_password("budi", "short")


def test_the_first_of_the_office_signs_in_once_and_chooses_a_password(tmp_path: Path) -> None:
    book, people = agreement(tmp_path), People(tmp_path / FILE)
    name, password = first_of_office(book, people, T0_MS)
    state = book.state()
    assert name == NAME
    assert people.sign_in(name, password, state, T0_MS + VALID_DAYS * DAY_MS + 1) is None, "it was not used in time"
    token = people.sign_in(name, password, state, T0_MS)
    assert token is not None
    session = people.session(token, state, T0_MS)
    assert session is not None
    assert session.must_choose
    assert people.sign_in(name, password, state, T0_MS) is None, "it works once"
    people.set_password(name, PASSWORD)
    assert people.session(token, state, T0_MS) is None
    again = people.sign_in(name, PASSWORD, state, T0_MS)
    chosen = people.session(again or "", state, T0_MS)
    assert chosen is not None
    assert not chosen.must_choose
    with pytest.raises(RefusedError, match="can sign in already"):
        first_of_office(book, people, T0_MS)
    assert all(password not in path.read_bytes().decode(errors="replace") for path in tmp_path.iterdir())


def test_a_file_of_before_one_time_passwords_is_taken_up(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(Person(name="budi", role=Role.OFFICE), OFFICE, "server", T0_MS)
    People(tmp_path / FILE).set_password("budi", PASSWORD)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("ALTER TABLE password DROP COLUMN once_until_ms")
    assert People(tmp_path / FILE).sign_in("budi", PASSWORD, book.state(), T0_MS) is not None
