"""RSSNR of SIMCom's +CPSI and +CMGRMI to dB. What settles the scale is written in tests/captures/README.md, "Settled".

- Qualcomm modules with levels in tenths (SIM7500, 7600, 79xx, 82xx, 83xx) and ASR modules with indices (A76xx): dB.
- Modules with whole dB (SIM7000, 7070, 7080): an index, SINR = 2n - 20 ("SIM7070_SIM7080_SIM7090 AT Command Manual", +CPSI).
"""

from __future__ import annotations

import math
from enum import Enum

SUBCARRIERS = 12
"""In a resource block: a fully loaded cell without noise has RSRQ = 1/12 (TS 36.214 5.1.3)."""
SLACK_DB = 7
"""How far the averages of RSRQ and RSSNR may lie apart; the worst capture whose scale is beyond doubt needs 6.3."""


class Form(Enum):
    """How a module prints its levels, told apart by RSRP."""

    TENTHS = 10
    WHOLE = 1
    INDEX = 0


def sinr_db(raw: float | None, form: Form, rsrq_db: float | None) -> float | None:
    """Return SINR in dB; None where it is unknown, off its scale, or better than the RSRQ of the same moment allows."""
    if raw is None or rsrq_db is None or not -30 <= rsrq_db <= 2.5:
        return None
    if form is Form.WHOLE:
        if not 0 <= raw <= 25:
            return None
        raw = 2 * raw - 20
    elif not -20 <= raw <= 30:
        return None
    return raw if raw <= highest_db(rsrq_db) + SLACK_DB else None


def highest_db(rsrq_db: float) -> float:
    """Return the SINR above which a cell cannot be at an RSRQ, though it sends on all subcarriers.

    RSSI of a resource block over RSRP is 1/RSRQ = 12 (own cell) + 12/SINR (all else).
    """
    other = 10 ** (-rsrq_db / 10) - SUBCARRIERS
    return math.inf if other <= 0 else 10 * math.log10(SUBCARRIERS / other)
