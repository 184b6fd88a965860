"""The first of the office who can sign in: made when the server is set up, with a password that is shown once and used once."""

from __future__ import annotations

import secrets
from itertools import chain, count

from collector.agreement.agreement import Agreement
from collector.agreement.entries import Person, Role
from collector.agreement.people import People
from collector.agreement.rules import OFFICE, RefusedError
from collector.agreement.state import DAY_MS, State
from ground.words import Lang, phrase, tr

NAME = "admin"
VALID_DAYS = 7
LETTERS, GROUPS = "abcdefghjkmnpqrstuvwxyz23456789", 5
"""31 letters that nobody mistakes for another, five groups of four: 99 bits."""


def has_office(state: State) -> bool:
    """Whether somebody of the office can sign in."""
    return any(person.active and person.role is Role.OFFICE for person in state.people.values())


def first_of_office(agreement: Agreement, people: People, now_ms: int) -> tuple[str, str]:
    """Make the first person of the office; return name and one-time password. Raises RefusedError where there is one."""
    if has_office(agreement.state()):
        raise RefusedError(phrase("somebody of the office can sign in already; `agreement person NAME office` adds another"))
    taken = agreement.state().people  # somebody of a kecamatan may have it, or somebody who left
    name = next(name for name in chain([NAME], (f"{NAME}{n}" for n in count(2))) if name not in taken)
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))
    people.set_password(name, password, once_until_ms=now_ms + VALID_DAYS * DAY_MS)
    agreement.add(Person(name=name, role=Role.OFFICE), OFFICE, "server", now_ms)
    return name, password


def told(name: str, password: str, lang: Lang) -> str:
    """Say what the one who reads it does with it."""
    return tr(
        "Sign in at /office as {name} with {password} within {days} days: shown only now, works once, then you choose your own.",
        lang,
        name=name,
        password=password,
        days=VALID_DAYS,
    )
