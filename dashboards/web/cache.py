"""What the store answered, kept for a while: many viewers, one query; and where somebody must not wait, the last answer."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from collector.errors import StoreUnavailableError

T = TypeVar("T")
MOST = 64
AGAIN_S = 10
"""After how long what could not be read behind is tried again."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    loaded: bool = False
    value: Any = None

    def load(self, seconds: float, load: Callable[[], Any]) -> None:
        """Take a new answer; the lock is held."""
        self.value = load()
        self.loaded, self.until = True, time.monotonic() + seconds


class Cache:
    """Answers by key, at most 64; who asks while the first answer is on its way waits for it instead of asking again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, seconds: float, load: Callable[[], T]) -> T:
        """Return the answer, from memory where it is younger than `seconds`; errors of `load` go through and are not kept."""
        entry = self._entry(key)
        with entry.lock:
            if time.monotonic() >= entry.until:
                entry.load(seconds, load)
            value: T = entry.value
            return value

    def last(self, key: Hashable, seconds: float, load: Callable[[], T]) -> T:
        """Return the last answer at once; one older than `seconds` is read anew behind. Only the first is waited for."""
        entry = self._entry(key)
        if not entry.loaded:
            return self.get(key, seconds, load)
        if time.monotonic() >= entry.until and entry.lock.acquire(blocking=False):
            threading.Thread(target=self._behind, args=(entry, seconds, load), name="behind", daemon=True).start()
        value: T = entry.value
        return value

    def clear(self) -> None:
        """Forget all answers, also those on their way."""
        with self._lock:
            self._entries.clear()

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
            return entry

    def _behind(self, entry: _Entry, seconds: float, load: Callable[[], Any]) -> None:
        try:
            entry.load(seconds, load)
        except StoreUnavailableError as error:
            entry.until = time.monotonic() + min(seconds, AGAIN_S)
            log.warning("event=store_unavailable error=%r", str(error))
        finally:
            entry.lock.release()
