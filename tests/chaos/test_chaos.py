"""The short form of `make chaos`: every fault once; nothing lost, nothing doubled (P1, P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.servers import MissingServerError
from tests.chaos.faults import FAULTS
from tests.chaos.run import attack, table


@pytest.mark.timeout(900)
def test_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path) -> None:
    try:
        outcome = attack(tmp_path, rounds=len(FAULTS), seed=1, tell=print, sites=("6408012001", "6408052003"))
    except MissingServerError as error:
        pytest.skip(str(error))
    print(table(outcome))
    assert all(c.measured > 0 for c in outcome.counts)
    assert [(c.site, c.lost, c.doubled) for c in outcome.counts] == [(c.site, 0, 0) for c in outcome.counts]
    assert [intruder.taken for intruder in outcome.bad] == [0, 0, 0]
