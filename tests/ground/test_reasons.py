"""Why a frame was not stored: what travels as English text is told in the reader's language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.reasons import AHEAD, AHEAD_FOR_EVER, FRAME, NOT_LISTED, OUR_FAULT, STORE, TOO_MANY_MODEMS, TOO_OLD, meaning
from ground.words import LANGUAGES, Lang, Said, tr

VALUES: dict[str, Said] = {"site": "6408012001", "n": 8, "modem": "m9", "seconds": "400", "reason": "HTTP 400: {x} no; such"}


@pytest.mark.parametrize("wording", [NOT_LISTED, TOO_MANY_MODEMS, AHEAD, AHEAD_FOR_EVER, TOO_OLD, STORE, OUR_FAULT])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_travels_in_english_is_told_in_the_language_of_the_reader(wording: str, lang: Lang) -> None:
    assert meaning(tr(wording, "en", **VALUES), lang) == tr(wording, lang, **VALUES)


@given(st.text())
def test_any_other_reason_is_the_frame_and_stays_readable(reason: str) -> None:
    assert meaning(f"payload {reason}", "id") == tr(FRAME, "id", reason=f"payload {reason}")
