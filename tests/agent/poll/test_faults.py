"""Every illness of a modem, end to end: real pyserial on a real pty, a real worker, another modem beside it (P5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.poll.fault_table import table
from tests.agent.poll.sick import CASES, Case, Outcome, run_busy, run_case, run_renumbered

OUTCOMES: list[Outcome] = []


@pytest.fixture(scope="module", autouse=True)
def _print_table() -> Iterator[None]:
    """With `pytest -s` the run ends with the fault table."""
    yield
    print(f"\n{table(OUTCOMES)}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_fault_is_recorded_and_recovered_from(case: Case, tmp_path: Path) -> None:
    OUTCOMES.append(run_case(case, tmp_path))


def test_busy_port_names_its_holder_and_is_taken_when_free(tmp_path: Path) -> None:
    OUTCOMES.append(run_busy(tmp_path))


def test_renumbered_modem_is_found_again_and_a_stranger_left_alone(tmp_path: Path) -> None:
    OUTCOMES.append(run_renumbered(tmp_path))
