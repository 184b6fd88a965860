"""What one simulated modem lives through: whose SIM it has, on whose cell it camps, what it hears, and what is wrong with it.

`ROWS` has one for each row of docs/truth.md. A `Life` gives the situation of each moment, so that a modem can have service for
ten minutes of a day; `family_answers(family, Life(by_row(7)))` is a modem in row 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from demo.card import Card, CardState
from demo.radio import GSM_CHANNEL, Air, Heard, Radio

TELKOMSEL, INDOSAT, TRI, XL, SMARTFREN = "51010", "51001", "51089", "51011", "51009"
_H = Card(TELKOMSEL)
UMTS_CHANNEL = 10700
RADIO_OFF, RADIO_ON, RESET = "AT+CFUN=4", "AT+CFUN=1", "AT+CFUN=1,1"


@dataclass(frozen=True, slots=True)
class Situation:
    """One lasting state of a modem. `stat` and `voice` are `<stat>` of TS 27.007 10.1.22 and 7.2."""

    camped: str | None = TELKOMSEL
    """PLMN of the cell camped on; None: no cell."""
    stat: int = 1
    voice: int | None = None
    card: Card = _H
    rat: str = "lte"
    profile: str = "fair"
    cause: int | None = None
    tells_rat: bool = True
    tells_level: bool = True
    heard: tuple[Heard, ...] = ()
    branches_db: tuple[float, ...] = (0.0, -2.0)
    fix: tuple[float, float] | None = None
    deaf: bool = False
    """Hears nothing, whatever is there; `cure` says what ends it."""
    cure: str | None = None
    """RADIO_ON or RESET: the command that ends deafness; None: nothing does."""
    silent: bool = False
    """Does not answer: set the modem's fault to SILENCE."""
    packets: bool = True
    """Whether packets get out of its network interface; the AT port does not show it."""


Schedule = Callable[[float], Situation]
"""UTC in s -> what the modem lives through then."""


class Life:
    """The air around a modem that lives through situations. `schedule`: one situation for ever, or one for each moment."""

    def __init__(self, schedule: Situation | Schedule, *, seed: int = 1) -> None:
        self._schedule: Schedule = schedule if callable(schedule) else lambda _: schedule
        self._seed = seed
        self._radios: dict[tuple[str, str], Radio] = {}
        self._cured: set[Situation] = set()
        self._now = self._schedule(0.0)

    def told(self, command: str) -> None:
        """Take a command that turns the radio off or on, or resets the modem."""
        if self._now.deaf and command == self._now.cure:
            self._cured.add(self._now)

    def air(self, utc_s: float) -> Air:
        """Return what the modem makes of the air at a time (seconds since 1970, UTC)."""
        now = self._now = self._schedule(utc_s)
        deaf = now.deaf and now not in self._cured
        camped = None if deaf else now.camped
        air = self._radio(now.profile, camped or now.card.plmn).air(utc_s)
        rat = now.rat if camped and air.rat else None
        return replace(
            air,
            rat=rat,
            channel={"gsm": GSM_CHANNEL, "wcdma": UMTS_CHANNEL}.get(now.rat, air.channel),
            card=now.card,
            stat=now.stat if rat or now.stat not in (1, 5) else 2,
            voice=now.voice,
            cause=now.cause,
            tells_rat=now.tells_rat,
            tells_level=now.tells_level,
            heard=() if deaf else now.heard,
            branches_db=now.branches_db,
            fix=now.fix,
        )

    def _radio(self, profile: str, plmn: str) -> Radio:
        profile = "fair" if profile == "gsm" else profile
        if (profile, plmn) not in self._radios:
            self._radios[profile, plmn] = Radio(seed=self._seed, profile=profile, plmn=plmn)
        return self._radios[profile, plmn]


def minutes_of_day(minutes: int, good: Situation, else_: Situation) -> Schedule:
    """Return a schedule with `good` for the first minutes of each UTC day and `else_` for the rest of it."""
    return lambda utc_s: good if utc_s % 86400 < minutes * 60 else else_


_X = Heard(XL, channel=1675, pci=218, level_dbm=-97.0)
LIMITED = Situation(XL, stat=2, card=_H, heard=(_X,))
NOBODY = Situation(None, stat=2, card=_H, profile="none")

ROWS: Mapping[str, Situation] = {
    "1": Situation(),
    "2": Situation(rat="gsm"),
    "2 wcdma": Situation(rat="wcdma"),
    "3": Situation(tells_rat=False),
    "4": Situation(tells_rat=False, tells_level=False),
    "5": Situation(XL, stat=5),
    "6": replace(NOBODY, heard=()),
    "7": LIMITED,
    "7 emergency": replace(LIMITED, stat=8),
    "7 out of coverage": replace(LIMITED, stat=4),
    "7 not searching": replace(LIMITED, stat=0),
    "8": Situation(TELKOMSEL, stat=2),
    "9": Situation(TELKOMSEL, stat=3, cause=8),
    "9 illegal equipment": Situation(XL, stat=3, cause=6),
    "10": Situation(TELKOMSEL, stat=3, voice=1, cause=7, rat="gsm"),
    "10 on LTE": Situation(TELKOMSEL, stat=3, voice=1, cause=7),
    "11": Situation(packets=False),
    "12 pin": Situation(None, stat=0, card=replace(_H, state=CardState.PIN)),
    "12 puk": Situation(None, stat=0, card=replace(_H, state=CardState.PUK)),
    "12 puk, camped": Situation(XL, stat=8, card=replace(_H, state=CardState.PUK)),
    "12 locked": Situation(XL, stat=0, card=replace(_H, state=CardState.LOCKED)),
    "12 blocked": Situation(None, stat=0, card=replace(_H, state=CardState.BLOCKED)),
    "12 broken": Situation(None, stat=0, card=replace(_H, state=CardState.BROKEN)),
    "12 uicc failure": Situation(None, stat=90, card=_H),
    "13": Situation(None, stat=0, card=replace(_H, state=CardState.ABSENT)),
    "13, camped": Situation(XL, stat=8, card=replace(_H, state=CardState.ABSENT)),
    "14": Situation(XL, stat=2, card=replace(_H, state=CardState.UNREADABLE)),
    "15": Situation(silent=True),
    "16": Situation(None, stat=2, deaf=True),
    "16 cured by radio off and on": Situation(deaf=True, cure=RADIO_ON),
    "16 cured by reset": Situation(deaf=True, cure=RESET),
    "17": Situation(SMARTFREN, card=Card(XL)),
    "17 ioh": Situation(TRI, card=Card(INDOSAT)),
}
"""Rows of docs/truth.md by number, with their variants; H is Telkomsel (XLSMART, IOH in 17), X is XL."""


def by_row(row: str | int) -> Situation:
    """Return the situation of a row. Raises KeyError for an unknown one."""
    return ROWS[str(row)]


def is_radio(command: str) -> bool:
    """Whether a command turns the radio off or on, or resets the modem."""
    return re.fullmatch(r"AT\+CFUN=[014](,[01])?", command) is not None
