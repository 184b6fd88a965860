"""What a connection asks first, and again from time to time: the time, and how far the collector has this hall's numbers.

Frames leave when it is answered: then their time is what the collector agrees with, and no number is one that it has already.
Pure of MQTT: the publisher sends the question with the status and hands over answers. One thread uses it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from agent.spool.clock import Clock
from telemetry.ack import Ack
from telemetry.streams import ClockState

log = logging.getLogger(__name__)

FIRST_WAIT_S, LAST_WAIT_S = 5.0, 900.0
"""Between questions that nobody answers; it doubles."""
UNTIMED_WAIT_S = 60.0
"""The same, at most, while no time is known and so nothing can be sent."""
AGAIN_S = 14_400.0
"""A crystal of 100 ppm drifts 1.4 s meanwhile; an answer costs 400 bytes of the SIM."""
AGAIN_NTP_S = 43_200.0
SLOW_S = 2.0
"""An answer that took longer says little about the time: it is asked again, a few times."""
TRIES = 3
OLD_S = 20.0
"""A collector that says nothing at all for so long after the connection knows no questions: frames go without an answer."""
NO_TOP_S = 300.0
"""A collector that tells the time but not the number has no store; frames wait for it so long."""


class Hello:
    """The questions of one connection, the next one's number, and whether frames may leave."""

    def __init__(self, clock: Clock, inst: str | None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._inst, self._now = clock, inst, now
        self._number = 0
        self.connected()

    def connected(self) -> None:
        """Start over on a fresh connection."""
        self._asked: dict[int, float] = {}
        self._began = self._next = self._now()
        self._wait_s = FIRST_WAIT_S
        self._slow = 0
        self.heard = self._topped = False

    @property
    def open(self) -> bool:
        """Whether frames may leave."""
        waited = self._now() - self._began
        return self._topped or waited >= (NO_TOP_S if self.heard else OLD_S)

    def due(self) -> int | None:
        """Return the number of the question to ask now, None while none is due."""
        now = self._now()
        if now < self._next:
            return None
        if self.heard and self._topped:
            self._asked.clear()
            self._wait_s = FIRST_WAIT_S
        untimed = self._clock.state is ClockState.UNTRUSTED
        self._number += 1
        self._asked[self._number] = now
        self._next = now + min(self._wait_s, UNTIMED_WAIT_S if untimed else LAST_WAIT_S)
        self._wait_s *= 2
        return self._number

    def take(self, ack: Ack, late_s: float | None) -> int | None:
        """Take what any answer says of time and numbers; `late_s`: age of the frame that it sends back for its time."""
        if not ack.clock:
            return None if ack.inst is None and ack.time_ms is None else self.answered(ack)
        if late_s is not None and ack.time_ms is not None:  # else it is another installation's, or an answer from long ago
            self.take_time(ack.time_ms, late_s)
            self._clock.tell_again()
        return None

    def answered(self, ack: Ack) -> int | None:
        """Take the answer to a question; return the collector's highest number where it says one.

        An answer without number of its question is of an older collector: it may be late, so the oldest question counts.
        """
        if not self._asked or (ack.inst is not None and ack.inst != self._inst):
            return None
        asked = self._asked.get(ack.ask) if ack.ask is not None else min(self._asked.values())
        if asked is None:
            return None
        self.heard = True
        self._topped = self._topped or ack.top is not None or ack.ask is None
        took_s = self._now() - asked
        if ack.time_ms is not None:
            self.take_time(ack.time_ms, took_s)
            self._slow = self._slow + 1 if took_s > SLOW_S else 0
        if self._topped:
            again_s = AGAIN_NTP_S if self._clock.by_ntp else AGAIN_S
            self._next = self._now() + (FIRST_WAIT_S if 0 < self._slow < TRIES else again_s)
        return ack.top

    def take_time(self, utc_ms: int, took_s: float) -> None:
        """Take the collector's time from an answer that took so long: it was right somewhere between question and answer."""
        half_ms = round(took_s * 500)
        self._clock.trust("collector", utc_ms, mono_ms=self._clock.mono_ms() - half_ms, error_ms=half_ms)
