"""Inbox, ranges, rejected folder, operators: the bounds that keep the collector alive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.line.counters import Counters
from collector.line.inbox import OVERHEAD_BYTES, Inbox, Received
from collector.line.limits import LINES_A_WINDOW, Modems, Throttle
from collector.line.ranges import MAX_RANGES, Ranges, runs
from collector.line.rejected import KEPT_BYTES, RejectedFolder
from telemetry.operators import operator_of

NUMBERS = st.lists(st.integers(1, 60), min_size=1, unique=True).map(sorted)


@given(st.lists(NUMBERS, max_size=12))
def test_ranges_count_what_a_set_counts(batches: list[list[int]]) -> None:
    ranges, known = Ranges(), set[int]()
    for numbers in batches:
        assert ranges.add(numbers) == len(known.intersection(numbers))
        known.update(numbers)


@given(NUMBERS)
def test_runs_cover_exactly_the_numbers(numbers: list[int]) -> None:
    assert [n for start, end in runs(numbers) for n in range(start, end)] == numbers


def test_ranges_forget_the_lowest_when_there_are_too_many() -> None:
    ranges = Ranges()
    ranges.add(range(1, 2 * MAX_RANGES + 3, 2))
    assert ranges.add([1]) == 0
    assert ranges.add([2 * MAX_RANGES + 1]) == 1


def received(site: str, i: int, size: int = 100) -> Received:
    return Received(f"sinyal/v1/{site}/signal", i.to_bytes(size, "big"), i)


def taken(inbox: Inbox, most: int = 100, most_bytes: int = 1 << 20) -> list[tuple[str, int]]:
    return [(m.topic.split("/")[2], m.at_ms) for m in inbox.take(most, most_bytes, 0, 0)]


def test_a_full_inbox_forgets_the_oldest_of_who_has_most_and_counts_them() -> None:
    inbox = Inbox(6 * (OVERHEAD_BYTES + 100))
    inbox.put([received("quiet", 0)])
    inbox.put([received("flood", i) for i in range(8)])
    assert taken(inbox) == [("quiet", 0), *(("flood", i) for i in range(3, 8))]
    assert inbox.dropped == 3
    assert taken(inbox) == []


def test_sites_take_turns_whoever_floods() -> None:
    inbox = Inbox(1 << 24)
    inbox.put([received("flood", i) for i in range(1000)])
    inbox.put([received("a", 0), received("b", 0), received("b", 1)])
    assert taken(inbox, 4) == [("flood", 0), ("a", 0), ("b", 0), ("flood", 1)]
    assert taken(inbox, 2) == [("b", 1), ("flood", 2)]
    assert len(inbox) == 997


def test_inbox_gives_at_most_what_is_asked() -> None:
    inbox = Inbox(1 << 20)
    inbox.put([received("a", i) for i in range(5)])
    assert [len(taken(inbox, 2)) for _ in range(3)] == [2, 2, 1]
    inbox.put([received("a", i, 1000) for i in range(5)])
    assert [len(taken(inbox, 5, 2500)) for _ in range(3)] == [2, 2, 1]
    inbox.put([received("a", 1, 5000)])
    assert len(taken(inbox, 5, 2500)) == 1, "one message is always given"


def test_an_answer_of_the_store_that_comes_for_ever_is_a_fault_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = Counters()
    with counters.asking():
        assert not counters.store_faults()
        monkeypatch.setattr("collector.line.counters.ANSWER_S", -1.0)
        assert [fault["fault"] for fault in counters.store_faults()] == ["unreachable"]
    monkeypatch.undo()
    assert not counters.store_faults()


def test_a_hall_may_have_sixteen_modems_of_which_old_ones_stay() -> None:
    modems = Modems()
    modems.know([("a", f"old{i}") for i in range(10)])
    assert [modems.admit("a", f"new{i}") for i in range(8)] == [True] * 6 + [False] * 2
    assert modems.admit("a", "old3")
    assert modems.admit("b", "new7")
    assert modems.admit("a", None)


def test_a_flood_is_told_a_few_times_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle, now = Throttle(), [0.0]
    monkeypatch.setattr("collector.line.limits.time.monotonic", lambda: now[0])
    assert sum(throttle.admit("a")[0] for _ in range(1000)) == LINES_A_WINDOW
    assert throttle.admit("b") == (True, 0)
    now[0] += 61
    assert throttle.admit("a") == (True, 1000 - LINES_A_WINDOW)


def test_rejected_folder_keeps_topic_reason_and_payload(tmp_path: Path) -> None:
    folder = RejectedFolder(tmp_path, 10, 1 << 20)
    folder.keep("sinyal/v1/x/signal", b"\x00raw", "not_json", "payload is not JSON", 1_795_500_000_123)
    (path,) = tmp_path.iterdir()
    about, payload = path.read_bytes().split(b"\n", 1)
    assert payload == b"\x00raw"
    assert b'"topic": "sinyal/v1/x/signal"' in about
    assert b"payload is not JSON" in about


def test_rejected_folder_is_bounded_in_files_and_bytes_also_after_a_restart(tmp_path: Path) -> None:
    for start in (0, 20):
        folder = RejectedFolder(tmp_path, 5, 200_000)
        for i in range(start, start + 20):
            folder.keep("t", str(i).encode(), "k", "r", 1_795_500_000_000 + i)
    kept = sorted(tmp_path.iterdir())
    assert [path.read_bytes().split(b"\n", 1)[1] for path in kept] == [b"35", b"36", b"37", b"38", b"39"]
    folder.keep("t", bytes(2_000_000), "k", "r", 1_795_500_001_000)
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < KEPT_BYTES + 1000
    for i in range(5):
        folder.keep("t", bytes([i]) * 70_000, "k", "r", 1_795_500_002_000 + i)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200_000


@pytest.mark.parametrize(
    ("plmn", "operator"),
    [
        ("51010", "Telkomsel"),
        ("51001", "IOH"),
        ("51089", "IOH"),
        ("51011", "XLSMART"),
        ("51009", "XLSMART"),
        ("50212", "other"),
        (None, None),
    ],
)
def test_operator_of_plmn(plmn: str | None, operator: str | None) -> None:
    assert operator_of(plmn) == operator
