"""Time that is true (P3): a Pi without a clock chip boots in the past, so samples carry time since boot until UTC is trusted.

Trust comes from NTP, else from the collector's answer, else from the modem's network. The system clock is never set from here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ground.ntp import ntp_synced
from telemetry.streams import Clock as Stamp
from telemetry.streams import ClockState, Event

log = logging.getLogger(__name__)

BUILD_MS = 1_767_225_600_000
"""2026-01-01: this program did not exist earlier, so an earlier clock is wrong whatever it claims."""
END_MS = 4_102_444_800_000
"""2100-01-01, where the contract's times end."""
STEP_MS = 1000
"""A trusted clock that moves by more than this against time since boot was stepped; less is slewing and jitter."""
NTP_CHECK_S = 10.0
DAY_MS = 86_400_000

RANKS = {"ntp": 3, "collector": 2, "network": 1}


def monotonic_ms() -> int:
    """Time since boot, ms; goes on during suspend, never steps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def wall_ms() -> int:
    """Return what the system clock takes for UTC, ms."""
    return time.time_ns() // 1_000_000


def boot_id() -> str:
    """Return the kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def sane(utc_ms: int) -> bool:
    """Return whether a time can be now: after this program was built, before 2100."""
    return BUILD_MS <= utc_ms < END_MS


class Clock:
    """Maps time since boot to UTC once something trusted said how. Safe to use from threads.

    `on_trust(offset_ms, source)` is called whenever the mapping is found or replaced; `notices` collects clock_step events.
    """

    def __init__(
        self,
        on_trust: Callable[[int, str], None] | None = None,
        *,
        mono: Callable[[], int] = monotonic_ms,
        wall: Callable[[], int] = wall_ms,
        ntp: Callable[[], bool] = ntp_synced,
    ) -> None:
        self.notices: list[Event] = []
        self.on_trust = on_trust
        self._mono, self._wall, self._ntp = mono, wall, ntp
        self._lock = threading.RLock()
        self._offset_ms: int | None = None
        self._source: str | None = None
        self._checked_ms: int | None = None

    @property
    def state(self) -> ClockState:
        """Return whether the time is trusted, and by what."""
        if self._source is None:
            return ClockState.UNTRUSTED
        return ClockState.NTP if self._source == "ntp" else ClockState.NETWORK

    def mono_ms(self) -> int:
        """Return time since boot, ms."""
        return self._mono()

    def stamp(self, mono_ms: int) -> tuple[int | None, str]:
        """Return UTC ms and how it was found for a moment of this boot; (None, unknown) before the clock is trusted."""
        with self._lock:
            self.check()
            if self._offset_ms is None:
                return None, Stamp.UNKNOWN
            return mono_ms + self._offset_ms, Stamp.NTP if self._source == "ntp" else Stamp.NETWORK

    def now_ms(self) -> int | None:
        """Return UTC ms, None while it is not trusted."""
        return self.stamp(self._mono())[0]

    def system_is_right(self) -> bool:
        """Return whether the system clock, by which TLS judges dates, agrees with the trusted time to a day."""
        now = self.now_ms()
        return now is not None and abs(self._wall() - now) < DAY_MS

    def check(self) -> None:
        """Look whether NTP holds the system clock (at most every 10 s) and whether that clock was stepped."""
        with self._lock:
            now = self._mono()
            if self._checked_ms is None or now - self._checked_ms >= NTP_CHECK_S * 1000:
                self._checked_ms = now
                wall = self._wall()
                if sane(wall) and self._ntp():
                    self._accept("ntp", wall - now)

    def trust(self, source: str, utc_ms: int) -> bool:
        """Take a time from the collector or the network; False when it is impossible or a better source rules."""
        with self._lock:
            self.check()
            rank = RANKS[source]
            if not sane(utc_ms) or (self._source is not None and RANKS[self._source] >= rank):
                return False
            self._accept(source, utc_ms - self._mono())
            return True

    def _accept(self, source: str, offset_ms: int) -> None:
        before, old_source = self._offset_ms, self._source
        step = None if before is None else offset_ms - before
        if step is not None and abs(step) <= STEP_MS and source == old_source:
            self._offset_ms = offset_ms  # follows the slewing of NTP
            return
        self._offset_ms, self._source = offset_ms, source
        log.info("event=clock_trusted source=%s step_ms=%s", source, step)
        if step is not None and abs(step) > STEP_MS:
            detail = f"clock stepped by {step / 1000:+.1f} s ({old_source} -> {source})"
            self.notices.append(Event(kind="clock_step", detail=detail))
        if self.on_trust is not None:
            self.on_trust(offset_ms, source)


@dataclass(frozen=True, slots=True)
class Lost:
    """A boot that never learnt the time: its samples that wait, from the boot's start to `last_mono_ms`."""

    n: int
    last_mono_ms: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a boot lies: UTC ms = offset_ms + mono_ms * scale."""

    n: int
    offset_ms: int
    scale: float = 1.0


def spread(lost: Sequence[Lost], after_ms: int | None, before_ms: int) -> list[Placement]:
    """Place consecutive boots evenly between the last time known before and the start of the next known boot.

    Order is kept and no two overlap. Without a time before (`after_ms` None) they end right before the next boot. Where they do
    not fit between their neighbours, their time is shrunk; where the neighbours contradict each other the later one is believed.
    """
    spans = [boot.last_mono_ms + 1 for boot in lost]
    count, total = len(lost), sum(spans)
    room = 0 if after_ms is None else before_ms - after_ms
    if after_ms is None or room <= count:
        start, pause, scale = before_ms - total - count, 0, 1.0
    else:
        scale = min(1.0, (room - count) / total)
        pause = max(0, room - total - count) // (count + 1)
        start = after_ms + pause
    placements = []
    for boot, span in zip(lost, spans, strict=True):
        placements.append(Placement(boot.n, start, scale))
        start += int(span * scale) + 1 + pause
    return placements
