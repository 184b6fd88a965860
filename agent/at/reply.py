"""What is asked of a modem, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """One AT exchange: the command (empty for unsolicited lines), its information lines, its final result (empty if cut off)."""

    command: str
    lines: tuple[str, ...]
    final: str = "OK"


@dataclass(frozen=True, slots=True)
class Command:
    """A query of a poll. `every` = n asks it only in every n-th poll (slow or rarely changing answers)."""

    text: str
    timeout_s: float = 3.0
    every: int = 1
