"""What waits and what is overdue: nothing that is owed is forgotten, nothing that is done is listed."""

from __future__ import annotations

from pathlib import Path

from collector.agreement.entries import Answer, Outcome, Says, Step
from collector.agreement.rules import OFFICE
from collector.agreement.waiting import waiting
from tests.collector.agreement.parts import DAY_MS, SITES, T0_MS, VILLAGE, agreement, progress, proposal, remark


def test_what_is_owed_is_listed_what_is_due_first_comes_first(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(proposal(), OFFICE, "office", T0_MS)
    n = book.add(remark(), VILLAGE, "page", T0_MS + DAY_MS)
    book.add(remark(Says.AGREE), VILLAGE, "page", T0_MS)
    found = waiting(book.state(), SITES)
    assert [wait.what for wait in found] == [str(n), "U-2026-0001"]
    assert found[0].text.word("id") == f"Senyiur: tanggapan {n} (masalahnya listrik, bukan sinyal) menunggu jawaban"
    assert not found[0].overdue(T0_MS + 15 * DAY_MS)
    assert found[0].overdue(T0_MS + 15 * DAY_MS + 1)
    book.add(Answer(remark=n, outcome=Outcome.NOTED, reason="we keep it in mind"), OFFICE, "office", T0_MS)
    book.add(progress(Step.REJECTED, reason="no land for a tower"), OFFICE, "office", T0_MS)
    assert waiting(book.state(), SITES) == []


def test_a_step_waits_from_its_own_beginning(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(proposal(), OFFICE, "office", T0_MS)
    book.add(progress(Step.VILLAGE_AGREED), VILLAGE, "page", T0_MS + 20 * DAY_MS)
    (wait,) = waiting(book.state(), SITES)
    assert (wait.since_ms, wait.due_ms) == (T0_MS + 20 * DAY_MS, T0_MS + 34 * DAY_MS)
    assert waiting(book.state(), {})[0].text.word("en").startswith("6408012001: proposal U-2026-0001 is agreed by the village")
