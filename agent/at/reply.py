"""What is asked of a modem, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """One AT exchange: the command (empty for unsolicited lines), its information lines, its final result (empty if cut off).

    `foreign`: how many lines stood inside that are no answer of a modem (NMEA, the text of a message); they are not kept.
    """

    command: str
    lines: tuple[str, ...]
    final: str = "OK"
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """A query of a poll. `every` = n asks it only in every n-th poll (slow or rarely changing answers).

    `after`: prefix of the lines that a modem sends behind the final result, as some engineering modes do; "" for none.
    `beside`: it tells of other cells, or again what a faster one tells; no help to a person who turns the antenna.
    """

    text: str
    timeout_s: float = 3.0
    every: int = 1
    after: str = ""
    beside: bool = False
