"""A store that is only busy is asked again while a history is written, as often as the collector asks it; not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from collector.errors import Fault, StoreUnavailableError
from collector.line.keeper import FIRST_PROBE_S, LAST_PROBE_S

PATIENCE_S = 120.0
T = TypeVar("T")


def patiently(work: Callable[[], T], wait: Callable[[float], object] = time.sleep) -> T:
    """Do it and return what it returns; while the store is busy, again, for PATIENCE_S of waiting. Raises as the work does."""
    waited_s, delay_s = 0.0, FIRST_PROBE_S
    while True:
        try:
            return work()
        except StoreUnavailableError as error:
            if error.fault is not Fault.BUSY or waited_s >= PATIENCE_S:
                raise
            pause_s = max(delay_s, error.retry_after_s or 0.0)
        wait(pause_s)
        waited_s, delay_s = waited_s + pause_s, min(2 * delay_s, LAST_PROBE_S)
