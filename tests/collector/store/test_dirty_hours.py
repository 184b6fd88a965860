"""What was touched is noted before the answer: once in each window of ten minutes, for each hour and hall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from collector.store.dirty_hours import WINDOW_NS, DirtyHours, entry
from collector.store.store import Placed, Point, Store
from tests.collector.frames import OTHER, SITE, T0_MS, signal_frame

HOUR_MS = 3_600_000


class Written:
    """A store that remembers the entries it was given."""

    def __init__(self) -> None:
        self.entries: list[Point] = []

    def write(self, _batch: Sequence[Placed], points: Sequence[Point]) -> None:
        self.entries += points


def test_an_hour_that_goes_on_is_noted_in_every_window(monkeypatch: pytest.MonkeyPatch) -> None:
    store, dirty = Written(), DirtyHours()
    for number in (7, 7, 8, 8, 9):
        monkeypatch.setattr("collector.store.dirty_hours.time.time_ns", lambda number=number: number * WINDOW_NS + 5)
        dirty.write(cast("Store", cast("Any", store)), [Placed(signal_frame(1, 2), SITE)])
    assert store.entries == [entry(SITE.code, T0_MS // HOUR_MS, number) for number in (7, 8, 9)]


def test_halls_and_hours_are_noted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    store, dirty = Written(), DirtyHours()
    monkeypatch.setattr("collector.store.dirty_hours.time.time_ns", lambda: 7 * WINDOW_NS)
    hour = T0_MS // HOUR_MS
    batch = [Placed(signal_frame(1, 3, t0_ms=(hour + n) * HOUR_MS), site) for site in (SITE, OTHER) for n in (0, 5)]
    dirty.write(cast("Store", cast("Any", store)), batch)
    found = {(point.tags["site"], point.values["hour"]) for point in store.entries}
    assert found == {(site.code, (hour + n) * 3600) for site in (SITE, OTHER) for n in (0, 5)}
    assert len({point.time_ns for point in store.entries if point.tags["site"] == SITE.code}) == 2
