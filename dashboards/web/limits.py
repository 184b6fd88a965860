"""How often somebody may write: a bucket for each address; who guesses or floods is answered 429 before anything is read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from fastapi import HTTPException, Request

KNOWN = 10_000
"""Addresses that are remembered; who is forgotten had written nothing for longest."""


class Limit:
    """So many at once, and one more every `every_s` seconds. Safe to use from several threads."""

    def __init__(self, burst: int, every_s: float, clock_ns: Callable[[], int]) -> None:
        self._burst, self._every_s, self._clock_ns = burst, every_s, clock_ns
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str) -> float:
        """Take one; return 0, or how long to wait until there is one again, seconds."""
        now_s = self._clock_ns() / 1e9
        with self._lock:
            full_at = max(self._full_at.get(who, now_s), now_s)
            full_at = min(full_at, now_s + self._burst * self._every_s)  # a clock that was set back keeps nobody out
            wait_s = full_at - now_s - (self._burst - 1) * self._every_s
            self._full_at[who] = full_at if wait_s > 0 else full_at + self._every_s
            self._full_at.move_to_end(who)
            while len(self._full_at) > KNOWN:
                self._full_at.popitem(last=False)
        return max(wait_s, 0.0)

    def check(self, request: Request) -> None:
        """Take one for who asks. Raises HTTPException 429 where there is none."""
        if wait_s := self.take(request.client.host if request.client else ""):
            raise HTTPException(429, headers={"Retry-After": str(int(wait_s) + 1)})
