"""What the device stream says of the board: mains, battery, clock chip, card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from agent.board.card import read_card
from agent.board.chips import Supply
from agent.board.clock_chip import read_chip
from agent.board.mains import Mains, Unread
from telemetry.streams import Event, PreEol

if TYPE_CHECKING:
    from agent.config import MainsSection

CHIP_ERROR_MS = 1000
"""A clock chip tells whole seconds."""
TELL_AGAIN_S = 120.0
"""Mains that flicker may not spend the SIM: a turn is told at once, the next after so long."""


class Values(TypedDict):
    """The board's fields of a `device` sample."""

    mains: bool | None
    on_battery: bool | None
    battery_v: float | None
    battery_percent: float | None
    rtc: str | None
    rtc_trusted: bool | None
    rtc_battery_ok: bool | None
    rtc_battery_v: float | None
    card_written_mb: float | None
    card_life_used_percent: float | None
    card_pre_eol: PreEol | None
    fs_errors: int | None


class Board:
    """The clock chip is read at the start; mains and card at each look."""

    def __init__(self, wanted: MainsSection | None, folder: Path) -> None:
        """Take [mains] of agent.toml (None: not there) and the folder of the spool."""
        self._mains = None if wanted is None else Mains(wanted)
        self._folder, self._chip = folder, read_chip()
        self._chip_trusted: bool | None = None
        self._told, self._quiet_until_s = None if self._mains is None else self._mains.read().mains, 0.0

    def trusted(self, trust: Callable[..., bool]) -> None:
        """Offer the chip's time to the agent's clock (`Clock.trust`), and note whether it can be believed."""
        self._chip = read_chip()  # now: what was read at the start of the program is seconds old on a slow Pi
        if self._chip is not None:
            told_ms = self._chip.utc_ms
            self._chip_trusted = told_ms is not None and trust("rtc", told_ms, error_ms=CHIP_ERROR_MS)

    @property
    def unread(self) -> Mapping[str, Unread]:
        """Return the sensors that do not answer now, and why."""
        return {} if self._mains is None else self._mains.unread

    def tell(self, record: Callable[[Event], None]) -> None:
        """Record an event of each sensor that was found not to answer, once."""
        while self._mains is not None and self._mains.news:
            record(self._mains.news.pop(0))

    def turned(self, now_s: float) -> bool:
        """Return whether the mains went or came since this last said so."""
        if self._mains is None or now_s < self._quiet_until_s:
            return False
        mains = self._mains.read().mains
        if mains is None or mains is self._told:
            return False
        first, self._told = self._told is None, mains
        if not first:
            self._quiet_until_s = now_s + TELL_AGAIN_S
        return not first

    def values(self) -> Values:
        """Read everything now; what is not there or not measured is None."""
        supply = Supply() if self._mains is None else self._mains.read()
        card, chip = read_card(self._folder), self._chip
        return Values(
            mains=supply.mains,
            on_battery=supply.on_battery,
            battery_v=supply.battery_v,
            battery_percent=supply.battery_percent,
            rtc=None if chip is None else chip.name,
            rtc_trusted=self._chip_trusted,
            rtc_battery_ok=None if chip is None else chip.battery_ok,
            rtc_battery_v=None if chip is None else chip.battery_v,
            card_written_mb=card.written_mb,
            card_life_used_percent=card.life_used_percent,
            card_pre_eol=card.pre_eol,
            fs_errors=card.fs_errors,
        )
