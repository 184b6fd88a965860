"""Texts for people: SMS length in septets whatever the letters, cuts at words, one line for WhatsApp templates."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.notify import formats
from collector.notify.formats import GSM_BASIC, GSM_EXTENDED, Text, gsm7, septets
from tests.collector.notify.parts import message, ms

AT = ms("2026-11-24T08:15")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Balai Desa Tadoan \u2013 listrik padam", "Balai Desa Tadoan - listrik padam"),
        ("“baik”, 35 °C …", '"baik", 35 ?C ...'),
        ("RSRP \u2212112 dBm", "RSRP -112 dBm"),
        ("ñ é à Ş ǫ 😀 漢", "ñ é à S o ? ?"),
    ],
)
def test_letters_outside_the_alphabet_become_their_nearest(text: str, plain: str) -> None:
    assert gsm7(text) == plain


@given(st.text(max_size=400), st.integers(1, 2), st.integers(1, 5))
def test_an_sms_always_fits_and_stays_in_the_alphabet(text: str, segments: int, count: int) -> None:
    messages = [dataclasses.replace(message(f"k{number}", AT), title_id=text, text_id=text) for number in range(count)]
    sent = formats.sms(messages, segments)
    assert septets(sent) <= {1: 160, 2: 306}[segments]
    assert set(sent) <= GSM_BASIC | GSM_EXTENDED


def test_the_engines_own_short_form_is_taken_and_gets_a_reference_where_it_fits() -> None:
    short = dataclasses.replace(message("Tadoan", AT), id=12, short_id="Tadoan: listrik padam sejak 08.15. Hubungi PLN 123.")
    assert formats.sms([short], 1) == "Tadoan: listrik padam sejak 08.15. Hubungi PLN 123. Ref 12"
    full = dataclasses.replace(short, short_id="x" * 160)
    assert formats.sms([full], 1) == "x" * 160


def test_a_long_sms_is_cut_at_a_word() -> None:
    long = dataclasses.replace(message("Tadoan", AT), text_id="Periksa meteran dan saklar utama. " * 8)
    sent = formats.sms([long], 1)
    assert sent.startswith("[Waspada] Tadoan: listrik padam. Periksa meteran")
    assert 140 < len(sent) <= 160
    assert long.text_id.startswith(sent.removeprefix("[Waspada] Tadoan: listrik padam. ").removesuffix(".."))
    assert sent.removesuffix("..").rsplit(" ", maxsplit=1)[1] in {"Periksa", "meteran", "dan", "saklar", "utama"}


def test_a_full_digest_of_long_titles_fits_telegram_and_whatsapp() -> None:
    long = "Desa Nehas Liah Bing, Kec. Muara Wahau (Indosat Ooredoo Hutchison): " + "tanpa layanan seluler " * 9
    group = [
        dataclasses.replace(message(f"k{number}", AT), id=10_000 + number, title_id=long, title_en=long) for number in range(10)
    ]
    group += [dataclasses.replace(one, kind="resolve", id=one.id + 100, at_ms=AT + 90_000_000) for one in group]
    text = formats.digest(group, "id")
    assert len(text.title) + len(text.body) < 4096
    assert text.title == "Kecamatan Sandaran: 0 peringatan, 10 selesai"
    assert len(text.body.splitlines()) == 10 + 2


def test_one_line_has_no_line_break_and_fits_a_template() -> None:
    group = [message(f"hall-{number}", AT) for number in range(12)]
    line = formats.on_one_line(formats.digest(group, "id"))
    assert line.title == ""
    assert "\n" not in line.body
    assert len(line.body) <= 900
    assert formats.on_one_line(Text("a", "b\n\n- c")) == Text("", "a | b | c")
