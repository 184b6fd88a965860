"""The interface of the store, and what its engines share: which measurements there are and how a row reads.

A row is a dict: `time_ns` (UTC), the tags, the fields; what a sample did not have is left out. Its types are the contract's,
whatever the engine: `band` is a number again although it is stored as a tag.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.sites.sites import Site
from telemetry.frame import Frame, Value
from telemetry.streams import STREAMS, fields

MEASUREMENTS = (
    *STREAMS,
    *("site", "site_status", "alert", "ingest", "touched", "rollup", "signal_1h", "signal_1d", "signal_1m"),
    *("intake", "fleet", "fleet_1d", "proof", "watch", "maintenance", "verdict", "regency"),
)
KEPT_LONG = ("signal_1h", "signal_1d", "signal_1m", "fleet_1d", "verdict", "regency")
"""What is kept when the samples go."""
Row = dict[str, Value]

_TYPES: dict[str, dict[str, type]] = {
    stream: {"clock": str, "seq": int, **{name: spec.type for name, spec in fields(stream).items()}} for stream in STREAMS
}
_ROLLED_UP: dict[str, type] = dict.fromkeys(
    ("rsrp_median_dbm", "rsrp_p10_dbm", "sinr_median_db", "sinr_busy_median_db", "availability_percent"), float
)
_TYPES |= dict.fromkeys(("signal_1h", "signal_1d", "signal_1m"), _ROLLED_UP)


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
    """What is stored of an installation for a day (UTC): its start in ns, how many different seq, the lowest and the highest."""

    site: str
    inst: str
    """Empty for samples of agents that did not name it yet."""
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

    def check(self) -> None:
        """Write a point and read it back: proof that what is written is stored and can be read.

        Raises StoreUnavailableError, whose `fault`, `reason` and `cure` say what is wrong.
        """

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

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None, below: int | None = None) -> list[SeqDay]:
        """Count the seq of each installation and day over all streams, start <= time < end, inside the database.

        start and end are starts of days; `below`: only numbers less than this. Raises StoreUnavailableError.
        """

    def close(self) -> None:
        """Release connections."""


class Checkable(Protocol):
    """What check_by_point needs of a store."""

    def write_points(self, points: Sequence[Point]) -> None:
        """See Store.write_points."""

    def samples(self, measurement: str, start_ns: int, end_ns: int) -> Iterator[Row]:
        """See Store.samples."""


def check_by_point(store: Checkable) -> None:
    """Do Store.check with the store's own methods."""
    now_ns, number = time.time_ns(), secrets.randbelow(1 << 50)
    try:
        store.write_points([Point("proof", {}, {"number": number}, now_ns)])
    except PointsRefusedError as error:
        what = "a point of this moment (is a clock wrong, the database's or ours?)" if error.expired else "a point of our own"
        raise StoreUnavailableError(f"{what} is refused: {error.reason}", error.fault or Fault.BROKEN) from None
    try:
        found = [row.get("number") for row in store.samples("proof", now_ns, now_ns + 1)]
    except StoreUnavailableError as error:
        if error.fault not in (Fault.MISSING, Fault.NOT_ALLOWED, Fault.LOGIN_REFUSED):
            raise
        # It was written there a moment ago: what is missing is the right to read.
        raise StoreUnavailableError(f"written, but not to be read: {error.reason}", Fault.UNREADABLE) from None
    if number not in found:
        raise StoreUnavailableError("a point that was written and confirmed is not there when read", Fault.UNREADABLE)


def rows_of(measurement: str, names: Sequence[str], table: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """Make rows from what an engine gave: absent cells left out, values in the contract's types."""
    types = _TYPES.get(measurement, {})
    kinds = [types.get(name) for name in names]
    for cells in table:
        yield {
            name: cell if kind is None or type(cell) is kind else kind(cell)
            for name, kind, cell in zip(names, kinds, cells, strict=True)
            if cell is not None and cell != ""
        }
