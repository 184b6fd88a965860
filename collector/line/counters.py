"""What the collector counts about its own work; one place for /metrics and for the `ingest` measurement."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.errors import CURES, Fault, StoreUnavailableError

REMEMBERED_S = 1800.0
"""How long a fault that held single frames is told: longer than it takes until a hall sends its held frame again."""
ANSWER_S = 100.0
"""How long an answer of the store may take before that is told: longer than the time-outs of a write and a question together.

They see only that nothing comes, and not that it comes byte by byte."""
LAG_WINDOW = 1000
"""Frames whose lag is remembered between two reports."""

ABOUT = {
    "received_frames": "Frames that arrived",
    "stored_samples": "Samples stored for the first time, as far as memory goes back",
    "duplicate_samples": "Samples that had been stored before",
    "late_samples": "Samples that were older than late_after_s when they arrived",
    "future_samples": "Samples from the future, sent back to be dated anew",
    "implausible_values": "Values left out because they are out of the contract's range",
    "held_frames": "Frames of sites that are not in the list of sites",
    "expired_samples": "Samples that the store keeps no more because they are older than its retention",
    "dropped_frames": "Frames forgotten because the inbox was full; agents send them again",
    "store_errors": "Writes that failed because the store was not available",
}


@dataclass(slots=True)
class Counters:
    """Totals since the start. The line locks while it counts."""

    received_frames: int = 0
    stored_samples: int = 0
    duplicate_samples: int = 0
    late_samples: int = 0
    future_samples: int = 0
    implausible_values: int = 0
    held_frames: int = 0
    expired_samples: int = 0
    dropped_frames: int = 0
    store_errors: int = 0
    rejected_frames: Counter[str] = field(default_factory=Counter)
    """Frames answered `bad`, by kind."""
    intake: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By site, since the last report: `late` and `expired` samples, `rejected` and `held` frames."""
    store_up: bool = False
    """Whether the store took a known-good point and gave it back, when it was last asked."""
    store_retry_s: float = 0.0
    """How long the store asked to be left alone, s."""
    _outage: tuple[StoreUnavailableError, float] | None = None
    _noted: dict[Fault, tuple[str, float]] = field(default_factory=dict)
    _asked: dict[int, float] = field(default_factory=dict)
    lag_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LAG_WINDOW))
    """Arrival minus time of the newest sample, of the last frames, ms."""

    def store_failed(self, error: StoreUnavailableError) -> None:
        """Take note that the store is sick."""
        self.store_errors += 1
        self.store_up = False
        self.store_retry_s = error.retry_after_s or 0.0
        self._outage = (error, self._outage[1] if self._outage else time.monotonic())

    def store_answered(self) -> None:
        """Take note that the store took a known-good point and gave it back."""
        self.store_up = True
        self.store_retry_s = 0.0
        self._outage = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Take note of how long this thread waits for the store."""
        me = threading.get_ident()
        self._asked[me] = time.monotonic()
        try:
            yield
        finally:
            del self._asked[me]

    def frame_failed(self, error: StoreUnavailableError) -> bool:
        """Take note of a fault of the store that holds single frames; say whether it is news."""
        news = error.fault not in self._current()
        self._noted[error.fault] = (error.reason, time.monotonic())
        return news

    @property
    def store_down_s(self) -> float:
        """How long the store has been sick, s; 0 when it is well."""
        return time.monotonic() - self._outage[1] if self._outage else 0.0

    def store_faults(self) -> list[dict[str, str]]:
        """Return what is wrong with the store now: `fault`, `reason` (the store's own), `cure`; empty when it is well."""
        found = {fault: reason for fault, (reason, _) in self._current().items()}
        if outage := self._outage:
            found[outage[0].fault] = outage[0].reason
        now = time.monotonic()
        if (waited_s := now - min(list(self._asked.values()), default=now)) > ANSWER_S:
            found.setdefault(Fault.UNREACHABLE, f"no whole answer for {waited_s:.0f} s")
        return [{"fault": str(fault), "reason": reason, "cure": CURES[fault]} for fault, reason in found.items()]

    def _current(self) -> dict[Fault, tuple[str, float]]:
        since = time.monotonic() - REMEMBERED_S
        return {fault: noted for fault, noted in self._noted.items() if noted[1] >= since}

    def take_intake(self) -> dict[str, Counter[str]]:
        """Return what was counted by site since the last call."""
        taken, self.intake = self.intake, defaultdict(Counter)
        return taken

    def totals(self) -> dict[str, int]:
        """Return all totals by name."""
        return {name: getattr(self, name) for name in ABOUT} | {"rejected_frames": self.rejected_frames.total()}


class IngestReport:
    """Makes the fields of the `ingest` measurement: what was counted since the last report."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._before = counters.totals()

    def fields(self) -> dict[str, int]:
        """Return the differences, and median and largest lag in ms where a frame came (below 0: a clock ahead of ours)."""
        now = self._counters.totals()
        fields = {name: value - self._before[name] for name, value in now.items()}
        self._before = now
        lags = list(self._counters.lag_ms)
        self._counters.lag_ms.clear()
        return fields | ({"lag_ms": int(median(lags)), "lag_max_ms": max(lags)} if lags else {})


class PrometheusCounters(Collector):
    """Shows the counters to Prometheus."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Yield one metric per counter."""
        for name, about in ABOUT.items():
            yield CounterMetricFamily(f"sinyal_{name}", about, value=getattr(self._counters, name))
        rejected = CounterMetricFamily("sinyal_rejected_frames", "Frames answered `bad`, by kind", labels=["kind"])
        for kind, count in sorted(dict(self._counters.rejected_frames).items()):
            rejected.add_metric([kind], count)
        yield rejected
        yield GaugeMetricFamily(
            "sinyal_store_up", "1 when the store takes points and gives them back", value=int(self._counters.store_up)
        )
