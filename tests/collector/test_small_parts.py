"""Inbox, ranges, rejected folder, operators: the bounds that keep the collector alive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.line.inbox import OVERHEAD_BYTES, Inbox, Received
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


def test_a_full_inbox_forgets_the_oldest_and_counts_them() -> None:
    inbox = Inbox(5 * (OVERHEAD_BYTES + 100))
    for i in range(8):
        inbox.put(Received(str(i), bytes(100), 0))
    assert [m.topic for m in inbox.take(100, 0, 0)] == ["3", "4", "5", "6", "7"]
    assert inbox.dropped == 3
    assert inbox.take(100, 0, 0) == []


def test_inbox_gives_at_most_what_is_asked() -> None:
    inbox = Inbox(1 << 20)
    for i in range(5):
        inbox.put(Received(str(i), b"", 0))
    assert [len(inbox.take(2, 0, 0)) for _ in range(3)] == [2, 2, 1]


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
