"""A store that is busy for a while gets the whole history all the same; one that stays so is named, after a bounded wait."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collector.errors import Fault, StoreUnavailableError
from collector.store.answers import check_write
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Point
from demo import patient
from tests.demo.test_seed import fill, points


class Busy(Sqlite):
    """Answers every other write as an InfluxDB under load does."""

    asked = 0

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        self._tire()
        super().write(batch, also)

    def write_points(self, points: Sequence[Point]) -> None:
        self._tire()
        super().write_points(points)

    def _tire(self) -> None:
        self.asked += 1
        if self.asked % 2:
            check_write(500, '{"error":"timeout"}', {})


def test_a_store_that_is_busy_now_and_then_gets_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "FIRST_PROBE_S", 0.0)
    busy, well = Busy(tmp_path / "busy.db"), Sqlite(tmp_path / "well.db")
    assert fill(busy, halls=1) == fill(well, halls=1)
    assert busy.asked >= 4
    assert points(busy) == points(well)


@pytest.mark.parametrize(("fault", "waits"), [(Fault.BUSY, True), (Fault.LOGIN_REFUSED, False)])
def test_it_waits_for_what_passes_and_not_for_ever(fault: Fault, waits: bool) -> None:
    waited: list[float] = []

    def refuse() -> None:
        raise StoreUnavailableError("HTTP 500: timeout", fault, retry_after_s=30.0)

    with pytest.raises(StoreUnavailableError, match="timeout"):
        patient.patiently(refuse, waited.append)
    assert waited == [30.0] * (4 if waits else 0)
