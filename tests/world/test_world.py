"""Every hall of the world gets its verdict for every operator, through the real line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from lab.servers import MissingServerError
from tests.world.halls import PLACE, world
from tests.world.play import play
from tests.world.table import lines, wrong


def test_every_hall_gets_the_verdict_that_its_row_must_get(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    halls = world()
    try:
        rows = play(tmp_path, halls)
    except MissingServerError as error:
        pytest.skip(str(error))
    print("\n".join(lines(halls, rows)))
    assert [fault for hall in halls for fault in wrong(hall, rows[hall.site])] == []
    assert len(halls) >= 16
    (first, *_) = (row for row in rows[halls[0].site] if row["operator"] == "Telkomsel")
    assert (float(first["lat"]), float(first["lon"])) == pytest.approx(PLACE, abs=1e-4)
    assert (first["sumber_koordinat"], float(first["akurasi_m"]) > 0) == ("GNSS di tempat", True)
    assert "B8; " in first["band_didukung"]


def test_the_world_has_every_row_of_the_table() -> None:
    assert {str(number) for number in range(1, 18)} <= {hall.row.split()[0].rstrip(",") for hall in world()}
