"""What a sample comes to for a person in the hall: its level and class, or in words why it has none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ground.words import Lang, mark, tr
from telemetry.meaning import Registration
from telemetry.streams import Signal

KINDS = (("rsrp_dbm", "RSRP"), ("nr_rsrp_dbm", "SS-RSRP"), ("rscp_dbm", "RSCP"), ("rssi_dbm", "RSSI"))
"""What is taken as the level of a reading, in this order; classes are of RSRP and SS-RSRP only."""
CLASSED = ("RSRP", "SS-RSRP")
CLASSES = (mark("Very poor"), mark("Poor"), mark("Fair"), mark("Good"), mark("Very good"))
LOW_DBM, HIGH_DBM = -125.0, -65.0
"""Ends of the bar: about where cell selection gives up, and better than any hall needs."""
UNSERVED: Mapping[str, str] = {word: word.message for word in Registration if not word.served}


@dataclass(frozen=True, slots=True)
class Level:
    """The value that a reading is judged by."""

    kind: str
    dbm: float

    @property
    def share(self) -> float:
        """Return its place on the bar, 0..1."""
        return min(1.0, max(0.0, (self.dbm - LOW_DBM) / (HIGH_DBM - LOW_DBM)))


def level_of(signal: Signal) -> Level | None:
    """Return the level of a reading, None where it has none."""
    return next((Level(kind, value) for name, kind in KINDS if (value := getattr(signal, name)) is not None), None)


def class_of(level: Level, cuts_dbm: Sequence[float]) -> int | None:
    """Return the class, 0 = worst; None for 2G and 3G, which have no classes."""
    return bisect_right(cuts_dbm, level.dbm) if level.kind in CLASSED else None


def class_word(number: int | None, cuts_dbm: Sequence[float], lang: Lang) -> str:
    """Return the word of a class; where the config has other than four borders, its number of all."""
    if number is None:
        return "-"
    known = len(cuts_dbm) + 1 == len(CLASSES)
    return tr(CLASSES[number], lang) if known else f"{number + 1}/{len(cuts_dbm) + 1}"
