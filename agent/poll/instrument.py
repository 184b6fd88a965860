"""Is the instrument well: whether a modem is known to hear, and what is tried on a radio that hears nothing. Pure."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from agent.at.reading import Reading
from telemetry.meaning import Registration
from telemetry.streams import Rat
from telemetry.vocabulary import Proof

FRESH_S = 86400.0
"""How long a proof holds: a radio that heard a week ago may have died since."""
DAY_S = 86400.0
_CONTACT = (Registration.HOME, Registration.ROAMING, Registration.LIMITED, Registration.DENIED)
_SEARCHING = (Registration.SEARCHING, Registration.NOT_REGISTERED)


def hears(reading: Reading) -> bool:
    """Whether a poll proves that some cell was received. RSSI alone is the power of whatever is in the air: no proof."""
    signal = reading.signal
    levels = (signal.rsrp_dbm, signal.rscp_dbm, signal.nr_rsrp_dbm, signal.rssi_dbm if signal.rat is Rat.GSM else None)
    return signal.registration in _CONTACT or bool(reading.cells) or any(level is not None for level in levels)


def searches(reading: Reading) -> bool:
    """Whether the modem looks for a network and has none; a SIM fault may keep it from looking at all."""
    return reading.signal.registration in _SEARCHING


class Ears:
    """When each modem of the hall heard last, monotonic s. Of all workers; thread-safe."""

    def __init__(self) -> None:
        self._lock, self._heard = threading.Lock(), dict[str, float]()

    def heard(self, modem: str, now_s: float) -> None:
        """Note that a modem hears now."""
        with self._lock:
            self._heard[modem] = now_s

    def other(self, modem: str, now_s: float) -> str | None:
        """Return the name of another modem that heard within FRESH_S, None when none did."""
        with self._lock:
            return next((m for m, at in self._heard.items() if m != modem and now_s - at < FRESH_S), None)


class Prover:
    """Why one modem is believed to hear."""

    def __init__(self, modem: str, ears: Ears) -> None:
        self._modem, self._ears = modem, ears
        self._heard_s: float | None = None
        self._scanned_s: float | None = None
        self.tried = False
        """The steps of a deaf radio were taken and changed nothing."""

    def heard(self, now_s: float, *, by_scan: bool = False) -> None:
        """Note that it hears, in a poll or by a scan."""
        self._ears.heard(self._modem, now_s)
        self.tried = False
        if by_scan:
            self._scanned_s = now_s
        else:
            self._heard_s = now_s

    def proof(self, now_s: float) -> Proof | None:
        """Return the strongest proof that still holds."""
        for at, proof in ((self._heard_s, Proof.HEARD), (self._scanned_s, Proof.SCAN)):
            if at is not None and now_s - at < FRESH_S:
                return proof
        if self._ears.other(self._modem, now_s):
            return Proof.OTHER_MODEM
        return Proof.RECOVERY_TRIED if self.tried else None


class DeafStep(StrEnum):
    """What to do about a radio that hears nothing. The word is the kind of the event."""

    FOUND = "deaf_radio"
    OFF_ON = "deaf_radio_off_on"
    RESET = "deaf_radio_reset"
    UNCHANGED = "deaf_radio_unchanged"
    OVER = "deaf_radio_over"


@dataclass(frozen=True, slots=True)
class DeafLimits:
    """After how long a silence in the air, s, with which wait after each step, s, and how many series a day (0: none)."""

    after_s: float = 3600.0
    settle_s: float = 600.0
    per_day: int = 1


class DeafRadio:
    """The state of one radio. Call `step` after each good poll; a step that was given is taken."""

    _NEXT: ClassVar = {DeafStep.OFF_ON: DeafStep.RESET, DeafStep.RESET: DeafStep.UNCHANGED}

    def __init__(self, limits: DeafLimits) -> None:
        self._limits = limits
        self._since_s: float | None = None
        self._last: DeafStep | None = None
        self._last_s = 0.0
        self._series_s: float | None = None

    def silence_s(self, now_s: float) -> float:
        """Return for how long it has heard nothing, s."""
        return 0.0 if self._since_s is None else now_s - self._since_s

    def step(self, now_s: float, *, heard: bool, searching: bool) -> DeafStep | None:
        """Return what is to be done or told now. What is neither heard nor searched for says nothing of the radio."""
        if heard:
            begun, self._since_s, self._last = self._last is not None, None, None
            return DeafStep.OVER if begun else None
        if not searching:
            return None
        self._since_s = now_s if self._since_s is None else self._since_s
        if self._last is None:
            return self._give(DeafStep.FOUND, now_s) if now_s - self._since_s >= self._limits.after_s else None
        if self._last in (DeafStep.FOUND, DeafStep.UNCHANGED):
            return self._give(DeafStep.OFF_ON, now_s) if self._may_begin(now_s) else None
        return self._give(self._NEXT[self._last], now_s) if now_s - self._last_s >= self._limits.settle_s else None

    def _may_begin(self, now_s: float) -> bool:
        if self._limits.per_day == 0:
            return False
        return self._series_s is None or now_s - self._series_s >= DAY_S / self._limits.per_day

    def _give(self, step: DeafStep, now_s: float) -> DeafStep:
        self._last, self._last_s = step, now_s
        if step is DeafStep.OFF_ON:
            self._series_s = now_s
        return step
