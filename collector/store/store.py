"""The interface of the store, and what its engines share: which measurements there are and how a row reads.

A row is a dict: `time_ns` (UTC), the tags, the fields; what a sample did not have is left out. Its types are the contract's,
whatever the engine: `band` is a number again although it is stored as a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from collector.sites.sites import Site
from telemetry.frame import Frame, Value
from telemetry.streams import STREAMS, fields

MEASUREMENTS = (
    *STREAMS,
    *("site", "site_status", "alert", "ingest", "touched", "rollup", "signal_1h", "signal_1d"),
    *("intake", "fleet", "fleet_1d"),
)
Row = dict[str, Value]

_TYPES: dict[str, dict[str, type]] = {
    stream: {"clock": str, "seq": int, **{name: spec.type for name, spec in fields(stream).items()}} for stream in STREAMS
}
_ROLLED_UP: dict[str, type] = dict.fromkeys(("rsrp_median_dbm", "rsrp_p10_dbm", "sinr_median_db", "availability_percent"), float)
_TYPES |= {"signal_1h": _ROLLED_UP, "signal_1d": _ROLLED_UP}


class Placed(NamedTuple):
    """A frame and the site that it is from."""

    frame: Frame
    site: Site


@dataclass(frozen=True, slots=True)
class Point:
    """One point that no frame brought: a status, an alert, the collector's own figures."""

    measurement: str
    tags: Mapping[str, str]
    values: Mapping[str, Value]
    time_ns: int


class SeqDay(NamedTuple):
    """What is stored of a site for one day (UTC): its start in ns, how many different seq, the lowest and the highest."""

    site: str
    day_ns: int
    samples: int
    first: int
    last: int


class Store(Protocol):
    """What every engine does. Writing the same thing twice leaves one copy."""

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Store all samples of these frames, and points that must not be without them, durably, before returning.

        Raises StoreUnavailableError (try again later) or PointsRefusedError (at least one sample can never be stored).
        """

    def write_points(self, points: Sequence[Point]) -> None:
        """Store points that are not from frames; raises as `write` does."""

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Return the rows with start <= time < end in the order of time, of one site or of all. Raises StoreUnavailableError.

        `names`: only these fields (at least one) beside time_ns and the tags; much faster than all. SQLite leaves out other tags
        than site and modem unless they are named.
        """

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Return the newest row of each site and modem, or the newest before a moment. Raises StoreUnavailableError."""

    def seqs(self, site: str) -> list[int]:
        """Return the seq of every stored sample of a site, over all streams, sorted; a doubled point shows twice."""

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None) -> list[SeqDay]:
        """Count the seq of each site and day over all streams, start <= time < end, inside the database: no sample travels.

        start and end are starts of days. Raises StoreUnavailableError.
        """

    def close(self) -> None:
        """Release connections."""


def row_of(measurement: str, cells: Iterable[tuple[str, object]]) -> Row:
    """Make a row from what an engine gave: absent cells left out, values in the contract's types."""
    types = _TYPES.get(measurement, {})
    row: Row = {}
    for name, cell in cells:
        if cell is None or cell == "" or not isinstance(cell, (bool, int, float, str)):
            continue
        kind = types.get(name)
        row[name] = cell if kind is None or type(cell) is kind else kind(cell)
    return row
