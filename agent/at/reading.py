"""What one poll of a modem came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetry.streams import Cell, Scan, Signal


@dataclass(slots=True)
class Reading:
    """What one poll gave: the serving cell, the other cells, and why something was left out."""

    signal: Signal = field(default_factory=Signal)
    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heard: list[Scan] = field(default_factory=list)
    """Neighbours of which the modem tells whose they are."""
    packets_refused: bool = False
    """Voice is registered, and the network refused the packet domain."""

    def add_neighbour(self, cell: Cell, plmn: str | None) -> None:
        """Add a neighbour, and whose it is where the modem tells."""
        self.cells.append(cell)
        if plmn is not None:
            shared = ("rat", "pci", "earfcn", "nrarfcn", "uarfcn", "arfcn", "rsrp_dbm", "rsrq_db", "rssi_dbm")
            self.heard.append(Scan(plmn=plmn, **{name: getattr(cell, name) for name in shared}))
