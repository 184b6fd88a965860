"""What arrived and is not yet worked on: bounded in bytes, in turns by site, so that a hall that floods slows only itself.

When it is full, the oldest of the site that has most in it goes, for the agent sends it again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

OVERHEAD_BYTES = 500
"""What an entry costs beside its payload, so that a flood of tiny messages is bounded too."""
FEW = 20
"""Fewer messages than this are a quiet time: a batch waits for company, so that the answers to one site share a message."""


class Received(NamedTuple):
    """One MQTT message as it came; at_ms is the collector's UTC."""

    topic: str
    payload: bytes
    at_ms: int


class _Queue:
    """The messages of one site."""

    __slots__ = ("messages", "size")

    def __init__(self) -> None:
        self.messages: deque[Received] = deque()
        self.size = 0


class Inbox:
    """Queues between the MQTT thread and the workers, one for each site."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = self._count = 0
        self._queues: dict[str, _Queue] = {}
        self._turns: deque[str] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0
        """Messages forgotten because the inbox was full."""

    def put(self, messages: Iterable[Received]) -> None:
        """Add messages; never waits."""
        with self._changed:
            for message in messages:
                site = message.topic.rpartition("/")[0]
                queue = self._queues.get(site)
                if queue is None:
                    queue = self._queues[site] = _Queue()
                    self._turns.append(site)
                size = len(message.payload) + OVERHEAD_BYTES
                queue.messages.append(message)
                queue.size += size
                self._bytes += size
                self._count += 1
                if self._bytes > self._max_bytes:
                    self._make_room()
            self._changed.notify()

    def take(self, most: int, most_bytes: int, linger_s: float, wait_s: float) -> list[Received]:
        """Wait up to wait_s for a message, then up to linger_s for company where there are few; return the next to work on.

        They are at most `most`, of `most_bytes` together, or one.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._count or self._closed, wait_s):
                return []
            if self._count < FEW:
                self._changed.wait_for(lambda: self._count >= most or self._closed, linger_s)
            batch: list[Received] = []
            size = 0
            while len(batch) < most and self._count:
                message = self._next(most_bytes - size if batch else most_bytes + self._max_bytes)
                if message is None:
                    break
                size += len(message.payload)
                batch.append(message)
            return batch

    def _next(self, room: int) -> Received | None:
        """Take the oldest message of the site whose turn it is, where it fits."""
        site = self._turns[0]
        queue = self._queues[site]
        if len(queue.messages[0].payload) > room:
            return None
        self._turns.popleft()
        message = self._pop(queue)
        if queue.messages:
            self._turns.append(site)
        else:
            del self._queues[site]
        return message

    def _pop(self, queue: _Queue) -> Received:
        message = queue.messages.popleft()
        size = len(message.payload) + OVERHEAD_BYTES
        queue.size -= size
        self._bytes -= size
        self._count -= 1
        return message

    def _make_room(self) -> None:
        while self._bytes > self._max_bytes and self._count > 1:
            site, queue = max(self._queues.items(), key=lambda item: item[1].size)
            self._pop(queue)
            self.dropped += 1
            if not queue.messages:
                del self._queues[site]
                self._turns.remove(site)

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
        return self._count
