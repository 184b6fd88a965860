"""What arrived and is not yet worked on: bounded in bytes. When it is full the oldest goes, for the agent sends it again."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

OVERHEAD_BYTES = 500
"""What an entry costs beside its payload, so that a flood of tiny messages is bounded too."""


class Received(NamedTuple):
    """One MQTT message as it came; at_ms is the collector's UTC."""

    topic: str
    payload: bytes
    at_ms: int


class Inbox:
    """A queue between the MQTT thread and the worker."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._messages: deque[Received] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0
        """Messages forgotten because the inbox was full."""

    def put(self, message: Received) -> None:
        """Add a message; never waits."""
        with self._changed:
            self._messages.append(message)
            self._bytes += len(message.payload) + OVERHEAD_BYTES
            while self._bytes > self._max_bytes and len(self._messages) > 1:
                self._bytes -= len(self._messages.popleft().payload) + OVERHEAD_BYTES
                self.dropped += 1
            self._changed.notify()

    def take(self, most: int, linger_s: float, wait_s: float) -> list[Received]:
        """Wait up to wait_s for a message, then up to linger_s for company; return at most `most`, or nothing."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._messages or self._closed, wait_s):
                return []
            self._changed.wait_for(lambda: len(self._messages) >= most or self._closed, linger_s)
            batch = [self._messages.popleft() for _ in range(min(most, len(self._messages)))]
            self._bytes -= sum(len(m.payload) + OVERHEAD_BYTES for m in batch)
            return batch

    def close(self) -> None:
        """Wake the worker for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Return whether the worker should end."""
        return self._closed

    def __len__(self) -> int:
        return len(self._messages)
