"""What aiming knows of one modem: the last poll, the best so far, the rate. Levels in dBm, times monotonic seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from agent.aim.poll import OLD_S, AimPoll
from agent.host.level import KINDS, Level, level_of
from telemetry.streams import Signal

RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Best:
    """The best level of one kind so far, and when and where it was."""

    level: Level
    at_s: float
    when: datetime
    signal: Signal
    operator: str | None


@dataclass(slots=True)
class Track:
    """All polls at one modem so far. `last`: the newest reading; `fault`: what came after it instead of one, if anything."""

    name: str
    since_s: float
    last: AimPoll | None = None
    fault: AimPoll | None = None
    readings: int = 0
    _best: dict[str, Best] = field(default_factory=dict)
    _times: deque[float] = field(default_factory=deque)

    def take(self, poll: AimPoll) -> None:
        """Take one poll."""
        if poll.signal is None:
            self.fault = poll
            return
        self.last, self.fault = poll, None
        self.readings += 1
        self._times.append(poll.at_s)
        level = level_of(poll.signal)
        if level is not None and (level.kind not in self._best or level.dbm > self._best[level.kind].level.dbm):
            self._best[level.kind] = Best(level, poll.at_s, poll.when, poll.signal, poll.operator)

    def forget_best(self) -> None:
        """Begin the search for the best anew."""
        self._best.clear()

    def now(self, now_s: float) -> Signal | None:
        """Return the values of now: None while the modem is sick, or silent for longer than OLD_S."""
        if self.last is None or self.fault is not None or now_s - self.last.at_s > OLD_S:
            return None
        return self.last.signal

    def best(self, kind: str | None = None) -> Best | None:
        """Return the best of a kind; without a kind the best of the newest technology that was seen."""
        kinds = [kind] if kind else [name for _, name in KINDS]
        return next((self._best[name] for name in kinds if name in self._best), None)

    def rate(self, now_s: float) -> float | None:
        """Return readings per second of the last RATE_WINDOW_S; None while there are fewer than two."""
        while self._times and now_s - self._times[0] > RATE_WINDOW_S:
            self._times.popleft()
        if len(self._times) < 2 or self._times[-1] <= self._times[0]:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def quiet_s(self, now_s: float) -> float:
        """Return the seconds since the last reading, or since the start where there was none."""
        return now_s - (self.last.at_s if self.last else self.since_s)


def network(signal: Signal, operator: str | None) -> str:
    """Return operator, band and cell in one short text; what is not known is left out, nothing known is `-`."""
    band = None if signal.band is None else f"{'B' if signal.nrarfcn is None else 'n'}{signal.band}"
    leg = f"5G {signal.nr_rsrp_dbm:.0f}" if signal.nr_rsrp_dbm is not None and signal.rsrp_dbm is not None else None
    parts = (operator or signal.plmn, band, None if signal.cell_id is None else str(signal.cell_id), leg)
    return " ".join(part for part in parts if part) or "-"
