from __future__ import annotations

import pytest

from agent.spool.change import BURST, ChangeDetector
from telemetry.streams import Registration, Signal

CUTS = (-115, -105, -95)


@pytest.mark.parametrize(
    ("readings", "changes"),
    [
        ([-97, -98, -96], [False, False, False]),
        ([-97, -94, -93, -92], [False, False, False, True]),  # past -95 by 3 dB
        ([-97, -106, -108.5], [False, False, True]),
        ([-90, -120], [False, True]),
        ([-90, -97, -94, -97], [False, False, False, False]),  # swings about the border
        ([-90, None, -90], [False, True, True]),  # no service, and back
    ],
)
def test_class_changes_past_the_hysteresis(readings: list[float | None], changes: list[bool]) -> None:
    detector = ChangeDetector(CUTS, 3, now=lambda: 0.0)
    assert [detector.changed("a", Signal(Registration.HOME, rsrp_dbm=r)) for r in readings] == changes


def test_registration_changes_at_once_and_modems_are_apart() -> None:
    detector = ChangeDetector(CUTS, 3, now=lambda: 0.0)
    assert not detector.changed("a", Signal(Registration.HOME))
    assert not detector.changed("b", Signal(Registration.SEARCHING))
    assert detector.changed("a", Signal(Registration.SEARCHING))


def test_a_flapping_modem_does_not_spend_the_sim() -> None:
    now = [0.0]
    detector = ChangeDetector(CUTS, 3, now=lambda: now[0])
    urgent = 0
    for n in range(2881):
        now[0] = n * 30.0
        urgent += detector.changed("a", Signal(Registration.HOME if n % 2 else Registration.SEARCHING))
    assert urgent <= BURST + 24 * 12 + 1
