"""Whether the month still has bytes for this hall, by its own budget and by what its SIM may move (P8)."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

from agent.spool.clock import Clock
from agent.uplink.meter import Meter
from telemetry.streams import Event

log = logging.getLogger(__name__)


class Allowance:
    """Reads what the connection has moved and says when too much: then frames go hourly. `budget`: bytes a month."""

    def __init__(
        self,
        meter: Meter,
        clock: Clock,
        budget: int,
        record_event: Callable[[Event], None],
        sim_spent: Callable[[str], bool] | None,
    ) -> None:
        self._meter, self._clock, self._record_event, self._sim_spent = meter, clock, record_event, sim_spent
        self.budget = budget
        self.over = False

    @property
    def left(self) -> int | None:
        """Bytes that the month still has; None while the month is not known."""
        used = self._meter.month_bytes()
        return None if used is None else 0 if self.over else self.budget - used

    def account(self, sock: socket.socket | None) -> None:
        """Take note of what moved; tell when the budget is spent or free again."""
        if sock is not None:
            self._meter.read(sock, self._clock.now_ms())
        used = self._meter.month_bytes()
        sim = sock is not None and self._sim_spent is not None and self._sim_spent(sock.getsockname()[0])
        over = sim or (used is not None and used >= self.budget)
        if over != self.over:
            self.over = over
            what = "the SIM has moved all it may" if sim else f"{used} of {self.budget} bytes"
            detail = f"{what} this month: sending {'hourly' if over else 'as usual'}"
            log.warning("event=budget over=%s used=%s", over, used)
            self._record_event(Event(kind="budget_spent" if over else "budget_free", detail=detail))
