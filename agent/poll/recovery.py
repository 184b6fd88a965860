"""Which step to take when a modem is sick: a pure state machine over time in seconds (any monotonic origin)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HOUR_S = 3600.0


class Fault(StrEnum):
    """What is wrong with a modem. The word is the kind of the event that is recorded."""

    SILENT = "modem_silent"
    GARBAGE = "modem_garbage"
    CUT = "modem_half_line"
    GONE = "modem_gone"
    BUSY = "port_busy"


class Step(StrEnum):
    """What to do about it, from mild to harsh. WAIT: nothing before the next poll."""

    RETRY = "retry"
    REOPEN = "reopen"
    AT_RESET = "at_reset"
    USB_RESET = "usb_reset"
    WAIT = "wait"


_SICK = (Step.RETRY, Step.REOPEN, Step.REOPEN, Step.AT_RESET, Step.USB_RESET)
RUNGS: Mapping[Fault, tuple[Step, ...]] = {
    Fault.SILENT: _SICK,
    Fault.GARBAGE: _SICK,
    Fault.CUT: _SICK,
    # A port that is away or held by somebody else has nothing to reset: look again at each poll.
    Fault.GONE: (Step.REOPEN,),
    Fault.BUSY: (Step.REOPEN,),
}
FREE = (Fault.GONE, Fault.BUSY)
"""Faults whose reopening is only a look at the port: it does not touch a modem, so it costs nothing of the allowance."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How often per hour each step may be taken (0: never), and how long a reset modem is left alone, s."""

    reopen: int = 12
    at_reset: int = 2
    usb_reset: int = 1
    settle_s: float = 30.0


class RecoveryPolicy:
    """The state of one modem's illness. Call `failed` after a poll that failed, `worked` after one that did not."""

    def __init__(self, limits: Limits) -> None:
        self._settle_s = limits.settle_s
        self._limit = {Step.REOPEN: limits.reopen, Step.AT_RESET: limits.at_reset, Step.USB_RESET: limits.usb_reset}
        self._taken: defaultdict[Step, deque[float]] = defaultdict(deque)
        self._since: float | None = None
        self._count = 0
        self._quiet_until = 0.0

    @property
    def sick(self) -> bool:
        """Whether the last poll failed."""
        return self._since is not None

    def failed(self, fault: Fault, now_s: float) -> Step:
        """Return the step to take now. A step over its hourly limit is passed over; after the last one it begins again."""
        if self._since is None:
            self._since, self._count = now_s, 0
        if fault in FREE:
            return Step.REOPEN
        if now_s < self._quiet_until:
            return Step.WAIT
        rungs = RUNGS[fault]
        for _ in rungs:
            # The mild retry is for the first failure of an illness only.
            step = (
                rungs[self._count % len(rungs)] if self._count < len(rungs) else rungs[1:][(self._count - 1) % (len(rungs) - 1)]
            )
            self._count += 1
            if self._allowed(step, now_s):
                return self._take(step, now_s)
        return Step.WAIT

    def worked(self, now_s: float) -> float | None:
        """Note a good poll. Returns how long the illness lasted, s, if there was one."""
        since, self._since, self._quiet_until = self._since, None, 0.0
        return None if since is None else now_s - since

    def _allowed(self, step: Step, now_s: float) -> bool:
        if step not in self._limit:
            return True
        taken = self._taken[step]
        while taken and now_s - taken[0] >= HOUR_S:
            taken.popleft()
        return len(taken) < self._limit[step]

    def _take(self, step: Step, now_s: float) -> Step:
        if step in self._limit:
            self._taken[step].append(now_s)
        if step in (Step.AT_RESET, Step.USB_RESET):
            self._quiet_until = now_s + self._settle_s
        return step
