"""Time that is true (P3, P12): a Pi without a clock chip boots in the past, so samples have time since boot until UTC is trusted.

Trust comes from NTP, else from the collector's answer, else from the board's clock chip, else from the modems' networks. Every
source may correct itself; what it dated wrongly is dated anew. The system clock is never set from here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
DRIFT_PPM = 100
"""How wrong a Pi's crystal may run: 0.36 s per hour."""
AGREE_MS = 60_000
"""Two sources that differ by more contradict each other."""
UNHEARD_OF_MS = 400 * DAY_MS
"""A time of a network or chip that lies further ahead of the last known time is not believed before somebody else says so."""

RANKS = {"ntp": 4, "collector": 3, "rtc": 2, "network": 1}
STATES = {None: ClockState.UNTRUSTED, "ntp": ClockState.NTP, "rtc": ClockState.RTC}
"""What the device stream says of a source; of all others `network`."""
SURE = frozenset({"ntp", "collector", "person"})
"""Sources by which earlier boots are judged."""


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


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a source says of this boot: UTC ms = `offset_ms` + time since boot, wrong by at most `error_ms` at `mono_ms`."""

    offset_ms: int
    error_ms: int
    mono_ms: int

    def error_at(self, mono_ms: int) -> int:
        """Return how wrong it may be by then, ms: it grows with the drift of the crystal."""
        return self.error_ms + (mono_ms - self.mono_ms) * DRIFT_PPM // 1_000_000


class Clock:
    """Maps time since boot to UTC once something trusted said how. Safe to use from threads.

    `on_trust(offset_ms, source)` is called whenever the mapping is found, replaced, or lost (None); `notices` collects events.
    `known_ms` is the last UTC that an earlier boot was sure of.
    """

    def __init__(
        self,
        on_trust: Callable[[int | None, str], None] | None = None,
        *,
        known_ms: int | None = None,
        mono: Callable[[], int] = monotonic_ms,
        wall: Callable[[], int] = wall_ms,
        ntp: Callable[[], bool] = ntp_synced,
    ) -> None:
        self.notices: list[Event] = []
        self.on_trust = on_trust
        self._known_ms = known_ms
        self._mono, self._wall, self._ntp = mono, wall, ntp
        self._lock = threading.RLock()
        self._held: Estimate | None = None
        self._source: str | None = None
        self._networks: dict[str, Estimate] = {}
        self._disputed: set[str] = set()
        self._checked_ms: int | None = None

    @property
    def state(self) -> ClockState:
        """Whether the time is trusted, and by what."""
        return STATES.get(self._source, ClockState.NETWORK)

    @property
    def by_ntp(self) -> bool:
        """Whether NTP holds the time; else it drifts until the next answer of somebody else."""
        return self._source == "ntp"

    def mono_ms(self) -> int:
        """Return time since boot, ms."""
        return self._mono()

    def stamp(self, mono_ms: int) -> tuple[int | None, str]:
        """Return UTC ms and how it was found for a moment of this boot; (None, unknown) before the clock is trusted."""
        with self._lock:
            self.check()
            if self._held is None:
                return None, Stamp.UNKNOWN
            return mono_ms + self._held.offset_ms, Stamp.NTP if self._source == "ntp" else Stamp.NETWORK

    def now_ms(self) -> int | None:
        """Return UTC ms, None while it is not trusted."""
        return self.stamp(self._mono())[0]

    def system_is_right(self) -> bool:
        """Whether the system clock, by which TLS judges dates, agrees with the trusted time to a day."""
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
                    self._accept("ntp", Estimate(wall - now, 0, now))

    def trust(self, source: str, utc_ms: int, *, modem: str = "", mono_ms: int | None = None, error_ms: int = 0) -> bool:
        """Take a time from the collector, the clock chip or a modem's network; False when it is impossible or a better one rules.

        It was `utc_ms` at `mono_ms` since boot (absent: now), give or take `error_ms`: half of an answer's round trip.
        """
        with self._lock:
            self.check()
            at_ms = self._mono() if mono_ms is None else mono_ms
            new = Estimate(utc_ms - at_ms, error_ms, at_ms)
            if not sane(utc_ms) or (source == "rtc" and not self._can_be(utc_ms, AGREE_MS, "the clock chip")):
                return False
            if source == "network" and not self._plausible(utc_ms, modem, new):
                return False
            if self._source is not None and RANKS[self._source] > RANKS[source]:
                self._compare(source, new)
                return False
            return self._accept(source, new)

    def tell_again(self) -> None:
        """Say once more how this boot maps to UTC: some samples were found to be dated otherwise."""
        with self._lock:
            if self._held is not None and self._source is not None and self.on_trust is not None:
                self.on_trust(self._held.offset_ms, self._source)

    def _can_be(self, utc_ms: int, behind_ms: int, who: str) -> bool:
        """Compare a time with the last that an earlier boot was sure of: a chip that stopped meanwhile lies behind it."""
        known = self._known_ms
        if known is None or known - behind_ms <= utc_ms <= known + UNHEARD_OF_MS:
            return True
        self._dispute(who, f"{who} says {_utc(utc_ms)}, last known was {_utc(known)}")
        return False

    def _plausible(self, utc_ms: int, modem: str, new: Estimate) -> bool:
        """Compare a network's time with what is known and with what the other modems say."""
        if not self._can_be(utc_ms, DAY_MS, f"network of modem {modem}"):
            return False
        self._networks[modem] = new
        recent = [e for e in self._networks.values() if new.mono_ms - e.mono_ms < DAY_MS]
        if all(abs(e.offset_ms - new.offset_ms) <= AGREE_MS for e in recent):
            self._disputed.discard("networks")
            return True
        if self._source in (None, "network"):
            self._dispute("networks", "the modems' networks disagree about the time: none is believed")
            if self._source is not None:
                self._held = self._source = None
                log.warning("event=clock_untrusted reason='the networks disagree'")
                if self.on_trust is not None:
                    self.on_trust(None, "network")
            return False
        return True

    def _compare(self, source: str, new: Estimate) -> None:
        """Note a lower source that contradicts the one that rules."""
        held = self._held
        off_ms = 0 if held is None else new.offset_ms - held.offset_ms
        if abs(off_ms) <= AGREE_MS + new.error_ms:
            self._disputed.discard(source)
        else:
            self._dispute(source, f"{source} differs by {off_ms / 1000:+.1f} s from {self._source}, which is believed")

    def _dispute(self, who: str, detail: str) -> None:
        if who not in self._disputed:
            self._disputed.add(who)
            log.warning("event=clock_dispute detail=%r", detail)
            self.notices.append(Event(kind="clock_dispute", detail=detail))

    def _accept(self, source: str, new: Estimate) -> bool:
        held, old_source = self._held, self._source
        step = None if held is None else new.offset_ms - held.offset_ms
        if held is not None and step is not None and source == old_source:
            error_ms = held.error_at(new.mono_ms)
            if abs(step) <= error_ms + new.error_ms and 2 * new.error_ms > error_ms:
                return True  # it fits, and is hardly surer than what is known: a slow answer, a network's whole seconds
            if abs(step) <= STEP_MS + new.error_ms:
                self._held = new  # follows the slewing of NTP and the drift of the crystal
                return True
        self._held, self._source = new, source
        log.info("event=clock_trusted source=%s step_ms=%s error_ms=%d", source, step, new.error_ms)
        if step is not None and abs(step) > STEP_MS:
            detail = f"clock stepped by {step / 1000:+.1f} s ({old_source} -> {source})"
            self.notices.append(Event(kind="clock_step", detail=detail))
        if self.on_trust is not None:
            self.on_trust(new.offset_ms, source)
        return True


def _utc(utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%d %H:%M}"


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
