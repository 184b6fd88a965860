"""Every text has its Indonesian, and nothing else stands in the catalogue; values are written as each language writes them."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

import pytest
from babel.messages.catalog import Catalog

from ground import words
from ground.words import LANGUAGES, Figure, Lang, add_lang, by_locale, joined, mark_in, ntr, phrase, said, span, tr
from scripts.words import faults, messages, placeholders


@pytest.fixture(scope="module")
def used() -> Catalog:
    return messages()


def test_the_catalogue_has_every_message_and_no_other(used: Catalog) -> None:
    assert list(faults(used)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_can_be_said(lang: Lang, used: Catalog) -> None:
    for message in used:
        if not message.id:
            continue
        one, many = (message.id, message.id) if isinstance(message.id, str) else message.id[:2]
        names = placeholders(many)
        values = {name: f"<{name}>" for name in names}
        if one == many:
            text = tr(mark_in(message.context, one) if message.context else one, lang, **values)
        else:
            text = ntr(one, many, 5, lang, **{**values, "n": "<n>"})
        assert text
        assert all(f"<{name}>" in text for name in names), text
        assert "{" not in text.replace("{{", "") or not names


def test_a_language_writes_its_own_numbers_and_dates() -> None:
    when = datetime(2026, 5, 24, 1, 59, tzinfo=UTC)
    shown = phrase("{a} {b} {c} {d} {e} {f}", a=-1234.56, b=Figure(97.25, 2), c=None, d=date(2026, 5, 24), e=when, f=12345678)
    assert said(shown, "id") == "−1.234,6 97,25 – 24 Mei 2026 24 Mei 2026 09.59 WITA 12345678"
    assert said(shown, "en") == "−1,234.6 97.25 – 24 May 2026 24 May 2026 09:59 WITA 12345678"


def test_a_phrase_in_a_phrase_and_in_a_row_takes_the_language() -> None:
    row = joined([phrase("{n} dBm", n=-1.5), tr(mark_in("month", "May"), "en"), mark_in("month", "May")], ", ")
    assert said(row, "id").startswith("−1,5 dBm, May")
    assert tr(mark_in("month", "May"), "id") == "Mei"


def test_a_brace_in_a_value_stays_a_brace() -> None:
    assert tr("{name} answers", "id", name="{modem}") == "{modem} answers"


def test_one_and_many() -> None:
    assert [ntr("{n} day", "{n} days", n, "en") for n in (0, 1, 2, 1200)] == ["0 days", "1 day", "2 days", "1,200 days"]
    assert [ntr("{n} day", "{n} days", n, "id") for n in (1, 1200)] == ["1 hari", "1.200 hari"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-5, "0 detik"), (119, "119 detik"), (120, "2 menit"), (7200, "2 jam"), (172_800, "2 hari")]
)
def test_a_span_is_in_the_unit_that_a_person_would_use(seconds: float, shown: str) -> None:
    assert span(seconds, "id") == shown


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "en_US"}, "en"),
        ({"LANG": "C.UTF-8"}, "id"),
        ({}, "id"),
        ({"LANG": "de_DE.UTF-8"}, "id"),
    ],
)
def test_the_locale_chooses_except_for_what_village_people_use(
    environment: dict[str, str], lang: Lang, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert by_locale() == lang
    office, village = argparse.ArgumentParser(), argparse.ArgumentParser()
    add_lang(office)
    add_lang(village, village=True)
    assert (office.parse_args([]).lang, village.parse_args([]).lang) == (lang, "id")
    assert office.parse_args(["--lang", "en"]).lang == "en"


def test_a_missing_catalogue_leaves_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "DOMAIN", "nobody")
    words._catalogue.cache_clear()
    try:
        assert tr("January", "id") == "January"
    finally:
        words._catalogue.cache_clear()
