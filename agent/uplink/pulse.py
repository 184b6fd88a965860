"""Whether a connection is one: a broker that answers pings may still never confirm a subscription or carry an answer."""

from __future__ import annotations

import time
from collections.abc import Sequence

from paho.mqtt.reasoncodes import ReasonCode

from agent.uplink.outbox import Outbox

SUBACK_S = 20.0
SILENT_TIMEOUTS, MOST_SILENT_TIMEOUTS = 2, 8
"""Answers overdue in a row after which a connection counts as half dead; each that came to nothing lets the next wait longer."""


class Pulse:
    """What a connection has shown of life since the broker took it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.subscribed = False
        self._refused = False
        self._up_at = 0.0
        self._silent = 0

    def connected(self) -> None:
        """Note that the broker took a connection."""
        self.subscribed, self._refused, self._up_at = False, False, time.monotonic()

    def granted(self, codes: Sequence[ReasonCode]) -> None:
        """Note the broker's answer to the subscription."""
        self._refused = any(code.is_failure for code in codes)
        self.subscribed = not self._refused

    @property
    def answered(self) -> bool:
        """Whether frames of this connection were answered, or none was overdue since the last that were."""
        return self.subscribed and self._silent == 0

    def fault(self) -> str | None:
        """Return why this connection is none, None while it may be one."""
        if self._refused:
            return "the broker refused the subscription: its rules do not let this hall read its own answers"
        if not self.subscribed:
            return "the broker does not confirm the subscription" if time.monotonic() - self._up_at > SUBACK_S else None
        if self._outbox.answers:
            self._silent = 0
        if self._outbox.overdue < min(SILENT_TIMEOUTS * (1 + self._silent), MOST_SILENT_TIMEOUTS):
            return None
        self._silent += 1
        return "the broker takes frames, but nobody answers them"
