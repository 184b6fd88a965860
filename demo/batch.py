"""Samples of a made-up history that wait until they fill a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telemetry.frame import Frame, Value

Columns = Mapping[str, Value | Sequence[Value | None]]


class Batch:
    """Samples of one stream and modem that wait until they fill a frame."""

    def __init__(self, site: str, stream: str, modem: str | None) -> None:
        self._head = (site, stream, modem)
        self._cols: dict[str, list[Value | None]] = {}
        self.t_ms: list[int] = []

    def add(self, t_ms: Sequence[int], columns: Columns) -> None:
        """Add samples at these times; a column is a value for all of them, or one (or None) for each."""
        before, count = len(self.t_ms), len(t_ms)
        self.t_ms += t_ms
        for name, given in columns.items():
            column = self._cols.setdefault(name, [None] * before)
            column += [given] * count if isinstance(given, (bool, int, float, str)) else given
        for column in self._cols.values():
            column.extend([None] * (len(self.t_ms) - len(column)))

    def frame(self, first: int) -> Frame:
        """Return all that waits as a frame numbered from `first`, and begin anew."""
        count = len(self.t_ms)
        const: dict[str, Value] = {}
        cols: dict[str, list[Value | None]] = {}
        for name, column in self._cols.items():
            value = column[0]
            if column.count(value) != count:
                cols[name] = column
            elif value is not None:
                const[name] = value
        frame = Frame(*self._head, list(range(first, first + count)), self.t_ms, const, cols)
        self._cols, self.t_ms = {}, []
        return frame
