"""What the store answered, kept for a few seconds: many viewers, one query."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 64


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    value: Any = None


class Cache:
    """Answers by key, at most 64; who asks while an answer is on its way waits for it instead of asking again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, seconds: float, load: Callable[[], T]) -> T:
        """Return the answer, from memory where it is younger than `seconds`; errors of `load` go through and are not kept."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
        with entry.lock:
            if time.monotonic() >= entry.until:
                entry.value = load()
                entry.until = time.monotonic() + seconds
            value: T = entry.value
            return value
