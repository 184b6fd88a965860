"""What changed since the last publication, and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from collector.agreement.changes import Why, changes
from collector.agreement.entries import Answer, Outcome, Publication, Says
from collector.agreement.rules import OFFICE, RefusedError
from tests.collector.agreement.parts import PUBLISHED, T0_MS, VERDICT, VILLAGE, agreement, remark
from tests.collector.frames import OTHER

NOVEMBER = {"since": date(2026, 11, 1), "until": date(2026, 12, 1), "evidence": "cd" * 32}


def published(*verdicts: dict[str, object]) -> Publication:
    made = tuple(VERDICT.model_copy(update={**NOVEMBER, **more}) for more in verdicts)
    return Publication(since=date(2026, 11, 1), until=date(2026, 12, 1), table="cd" * 32, verdicts=made)


def test_what_has_another_word_is_told_with_its_reason(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    assert list(changes(book.state())) == []
    n = book.add(remark(Says.WRONG_PLACE), VILLAGE, "page", T0_MS)
    reason = "the place was corrected in the register"
    book.add(Answer(remark=n, outcome=Outcome.REGISTER_CORRECTED, reason=reason), OFFICE, "office", T0_MS)
    told = published(
        {"word": "fair"},
        {"operator": "XLSMART", "word": "blank spot"},
        {"site": OTHER.code, "word": "fair", "thresholds": "2026-2"},
        {"operator": "IOH", "word": "fair"},
    )
    book.add(told, OFFICE, "server", T0_MS)
    found = [(change.after.site, change.after.operator, change.before.word, change.why) for change in changes(book.state())]
    assert found == [
        ("6408012001", "Telkomsel", "weak", Why.REGISTER),
        ("6408012001", "XLSMART", "weak", Why.MEASURED),
        (OTHER.code, "Telkomsel", "weak", Why.THRESHOLDS),
    ]


def test_what_is_published_again_is_no_change(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    with pytest.raises(RefusedError, match="published already"):
        book.add(PUBLISHED, OFFICE, "server", T0_MS)
    book.add(published({}, {"operator": "XLSMART"}), OFFICE, "server", T0_MS)
    assert list(changes(book.state())) == []
