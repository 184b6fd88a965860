"""Who holds a hall's link, and who does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.agreement.entries import Link
from collector.agreement.links import holder, read_key, token
from collector.agreement.rules import OFFICE
from collector.agreement.state import State
from tests.collector.agreement.parts import T0_MS, agreement
from tests.collector.frames import OTHER, SITE

KEY = b"k" * 32
STATE = State(links={SITE.code: Link(site=SITE.code, serial=3), OTHER.code: Link(site=OTHER.code, serial=3)})
RIGHT = token(Link(site=SITE.code, serial=3), KEY)


def test_a_link_speaks_for_its_hall_and_no_other() -> None:
    actor = holder(RIGHT, STATE, KEY)
    assert actor is not None
    assert (actor.site, actor.role) == (SITE.code, None)
    assert holder(RIGHT.upper(), STATE, KEY) == actor, "typed in from paper"


NO_LINKS = [
    *("", "-", "--", SITE.code, f"{SITE.code}-3-", f"{SITE.code}-3-ä", "ä" * 20, RIGHT[:-1], RIGHT + "a"),
    *(RIGHT.replace("-3-", other) for other in ("-2-", "-03-", "-٣-", f"-{'9' * 5000}-")),
    RIGHT.replace(SITE.code, OTHER.code),
    token(Link(site=SITE.code, serial=2), KEY),
    token(Link(site=SITE.code, serial=3), b"x" * 32),
]


@pytest.mark.parametrize("text", NO_LINKS)
def test_nothing_else_is_a_link(text: str) -> None:
    assert holder(text, STATE, KEY) is None


@given(st.text(max_size=60))
def test_no_text_is_a_link_by_chance(text: str) -> None:
    assert holder(text, STATE, KEY) is None
    assert holder(f"{SITE.code}-3-{text}", STATE, KEY) is None


def test_a_new_link_ends_the_old_one_and_a_revoked_one_is_none(tmp_path: Path) -> None:
    book, key = agreement(tmp_path), read_key(tmp_path / "links.key")
    first = book.new_link(SITE.code, OFFICE, "server", T0_MS)
    second = book.new_link(SITE.code, OFFICE, "server", T0_MS)
    assert holder(token(first, key), book.state(), key) is None
    assert holder(token(second, key), book.state(), key) is not None
    book.add(Link(site=SITE.code, serial=second.serial, revoked=True), OFFICE, "server", T0_MS)
    assert holder(token(second, key), book.state(), key) is None
    third = book.new_link(SITE.code, OFFICE, "server", T0_MS)
    assert holder(token(third, key), book.state(), key) is not None


def test_the_key_stays_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = read_key(tmp_path / "links.key")
    assert read_key(tmp_path / "links.key") == key
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600
