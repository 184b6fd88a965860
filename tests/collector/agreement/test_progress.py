"""The plan's indicators and the villages by quarter, as they follow from what was published, said and answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from collector.agreement.entries import Answer, Indicator, Outcome, Publication, Target
from collector.agreement.progress import by_kecamatan, last_quarters, reached
from collector.agreement.rules import OFFICE
from collector.agreement.state import ANSWER_MS
from collector.agreement.table import enough
from dashboards.needs.columns import condition
from dashboards.needs.model import State, VillageVerdict
from ground.words import phrase
from tests.collector.agreement.parts import DAY_MS, SITES, T0_MS, VERDICT, VILLAGE, agreement, remark
from tests.collector.frames import OTHER, SITE


def told(month: int, table: str, **words: str) -> Publication:
    until = date(2026, month + 1, 1) if month < 12 else date(2027, 1, 1)
    days = {"since": date(2026, month, 1), "until": until, "evidence": table * 32, "operator": None}
    codes = {"first": SITE.code, "second": OTHER.code}
    verdicts = tuple(VERDICT.model_copy(update=days | {"site": codes[which], "word": word}) for which, word in words.items())
    return Publication(since=verdicts[0].since, until=until, table=table * 32, verdicts=verdicts)


def test_targets_are_compared_with_what_was_published_last(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(told(8, "a1", first="layak", second="blank spot"), OFFICE, "server", T0_MS)
    book.add(told(11, "a2", first="layak", second="di antara layak dan cukup"), OFFICE, "server", T0_MS)
    for indicator, value in ((Indicator.ADEQUATE_PERCENT, 90), (Indicator.BLANK_SPOTS, 0), (Indicator.MEASURED_VILLAGES, 3)):
        book.add(Target(indicator=indicator, year=2026, value=value, source="Renstra"), OFFICE, "server", T0_MS)
    found = {one.indicator: one for one in reached(book.state(), SITES, T0_MS)}
    assert {one.value: one.met for one in found.values()} == {100.0: True, 0.0: True, 2.0: False, None: None}
    lines = by_kecamatan(book.state(), SITES)
    counted = {name: {q: (v.good, v.judged) for q, v in line.quarters.items()} for name, line in lines.items()}
    assert counted[SITE.kecamatan][2026, 3][1] >= 1
    assert last_quarters(lines.values()) == [(2026, 3), (2026, 4)]


def test_an_answer_that_came_late_or_never_is_not_in_time(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    numbers = [book.add(remark(), VILLAGE, "page", T0_MS) for _ in range(4)]
    first, second = (Answer(remark=n, outcome=Outcome.NOTED, reason="we ask PLN about it") for n in numbers[:2])
    book.add(first, OFFICE, "office", T0_MS + DAY_MS)
    in_time = [one.value for one in reached(book.state(), SITES, T0_MS + 2 * DAY_MS)][-1]
    assert in_time == 100.0, "what is not due yet does not count"
    book.add(second, OFFICE, "office", T0_MS + ANSWER_MS + DAY_MS)
    later = [one.value for one in reached(book.state(), SITES, T0_MS + ANSWER_MS + 2 * DAY_MS)][-1]
    assert later == 25.0


@pytest.mark.parametrize("state", State)
def test_each_word_of_the_needs_map_is_good_bad_or_not_judged(state: State) -> None:
    judged = None if not state.judged else state in {State.ADEQUATE, State.FAIR}
    assert enough(condition(VillageVerdict(state, None, phrase("Fair"), (), None))) is judged
