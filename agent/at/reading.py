"""What one poll of a modem came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetry.streams import Cell, Signal


@dataclass(slots=True)
class Reading:
    """What one poll gave: the serving cell, the other cells, and why something was left out."""

    signal: Signal = field(default_factory=Signal)
    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    packets_refused: bool = False
    """Voice is registered, and the network refused the packet domain."""
