"""ClickHouse, one server or replicas of one store: what has the same (site, modem, time_ns) is one row, the last write stays.

ReplacingMergeTree forgets what was overwritten when it merges; until then every question says FINAL.
"""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.clickhouse import copying
from collector.store.clickhouse.nodes import SCHEMA_CODES, Nodes, RefusalError, quoted
from collector.store.clickhouse.tables import DAY_NS, KEY, Columns, Tables, stream_types
from collector.store.lines import frame_cells, frame_tags
from collector.store.store import KEPT_LONG, Placed, Point, Row, SeqDay, check_by_point
from telemetry.frame import Value
from telemetry.streams import STREAMS

SITE_SLICES = 31
LATEST_DAYS = 400
FORGET_EVERY_S = 3600.0
INT64 = range(-(2**63), 2**63)
_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
T = TypeVar("T")
Rows = list[Mapping[str, Value | None]]
log = logging.getLogger(__name__)


class ClickHouse:
    """One database on one or several servers; what it lacks is made. See Store for what each method does."""

    def __init__(self, nodes: Nodes, database: str, *, quorum: int = 0, retention_days: int = 0) -> None:
        self._nodes, self._tables, self._quorum = nodes, Tables(nodes, database, replicated=quorum > 0), quorum
        self._kept_ns, self._forget_at = retention_days * DAY_NS, 0.0

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Write frames, one INSERT a stream; see Store.write."""
        rows: dict[str, Rows] = defaultdict(list)
        for frame, site in batch:
            names, cells = frame_cells(frame, frame_tags(frame, site))
            rows[frame.stream] += [dict(zip(names, row, strict=True)) for row in cells]
        self._write(rows, also)

    def write_points(self, points: Sequence[Point]) -> None:
        """Write other points, one INSERT a measurement; see Store.write_points."""
        self._write(defaultdict(list), points)

    def check(self) -> None:
        """Write a point and read it back; see Store.check. Seldom also drop what is older than the retention."""
        check_by_point(self)
        self._tables.spread(self._nodes.current)
        if self._kept_ns and time.monotonic() >= self._forget_at:
            self._nodes.first_that(lambda url: self._tables.drop_before(url, time.time_ns() - self._kept_ns))
            self._forget_at = time.monotonic() + FORGET_EVERY_S

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Yield the rows of a period in the order of time, a slice of it in one question; see Store.samples."""
        known = self._known(measurement)
        if not known:
            return
        what = "*" if names is None else ", ".join(f"`{name}`" for name in known if name in KEY or name in names)
        first, last = self._ends(measurement, start_ns, end_ns, site)
        step_ns = (31 if measurement in KEPT_LONG else 1) * DAY_NS * (1 if site is None else SITE_SLICES)
        for at in range(first, last, step_ns):
            where = _where(at, min(last, at + step_ns), site)
            yield from self._rows(
                f"SELECT {what} FROM {self._tables.name(measurement)} FINAL {where} ORDER BY time_ns", measurement
            )

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Return the newest row of each site and modem: first when it was, which needs the key alone."""
        if not self._known(measurement):
            return []
        end_ns = time.time_ns() if before_ns is None else int(before_ns)
        where = _where(end_ns - LATEST_DAYS * DAY_NS, 2**62 if before_ns is None else end_ns, site)
        table = self._tables.name(measurement)
        newest = f"SELECT site, modem, max(time_ns) FROM {table} {where} GROUP BY site, modem"
        found = f"SELECT * FROM {table} FINAL {where} AND (site, modem, time_ns) IN ({newest}) ORDER BY site, modem"
        return list(self._rows(found, measurement))

    def seqs(self, site: str) -> list[int]:
        """Return the seq of every sample of a site, sorted."""
        own = f"WHERE site = {quoted(site)}"
        return sorted(int(row["seq"]) for row in self._of_streams(lambda table: f"SELECT seq FROM {table} FINAL {own}", "*"))

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None, below: int | None = None) -> list[SeqDay]:
        """Count the numbers of samples by day, inside the database; see Store.seq_days."""
        where = f"{_where(start_ns, end_ns, site)} AND seq < {2**63 - 1 if below is None else int(below)}"
        what = f"site, ifNull(inst, '') AS whose, intDiv(time_ns, {DAY_NS}) * {DAY_NS} AS day, assumeNotNull(seq) AS number"
        counts = "site, whose, day, uniqExact(number) AS samples, min(number) AS first, max(number) AS last"
        rows = self._of_streams(lambda table: f"SELECT {what} FROM {table} {where}", counts, "GROUP BY site, whose, day")
        numbers = ("day", "samples", "first", "last")
        return [SeqDay(str(row["site"]), str(row.get("whose", "")), *(int(row[name]) for name in numbers)) for row in rows]

    def close(self) -> None:
        """Close the connections."""
        self._nodes.close()

    def copy_out(self, folder: Path) -> dict[str, int]:
        """Write all that is stored into a folder; return the rows of each table. Raises StoreUnavailableError, OSError."""
        return copying.copy_out(self._nodes, self._tables, folder)

    def copy_in(self, folder: Path) -> None:
        """Put back what `copy_out` wrote. Raises StoreUnavailableError, OSError, ConfigError for files of something else."""
        copying.copy_in(self._nodes, self._tables, folder, max(1, self._quorum))

    def _write(self, rows: dict[str, Rows], points: Sequence[Point]) -> None:
        for point in points:
            rows[point.measurement].append({"site": "", "modem": "", **point.tags, "time_ns": point.time_ns, **point.values})
        expired, oldest_ns = 0, time.time_ns() - self._kept_ns if self._kept_ns else 0
        for measurement, some in rows.items():
            kept = some if measurement in KEPT_LONG else [row for row in some if int(row["time_ns"] or 0) >= oldest_ns]
            expired += len(some) - len(kept)
            if kept:
                self._insert(measurement, kept)
        if expired:
            raise PointsRefusedError(f"{expired} points are older than retention_days", expired=True)

    def _insert(self, measurement: str, rows: Rows) -> None:
        """Write to as many replicas as must have it, each by itself.

        ClickHouse's own insert_quorum is not used: a replica that stops between writing and telling the others stops all writes
        until it is back (18.16, seen with SIGSTOP: 129 s). What two replicas were given is one row by its key.
        """
        types, data = _types(measurement, rows), _body(rows)
        marked = self._nodes.each_of(max(1, self._quorum), lambda url: self._insert_at(url, measurement, types, data))
        if not all(marked) and measurement != "proof":
            self.check()  # a success without ClickHouse's mark may be anybody's, who must show that it keeps what it takes

    def _insert_at(self, url: str, measurement: str, types: Mapping[str, type], data: bytes) -> bool:
        query = f"INSERT INTO {self._tables.name(measurement)} FORMAT JSONEachRow"
        try:
            self._tables.make(url, measurement, types)
            answer, marked = self._nodes.ask(url, query, data, self._tables.settings(url))
        except RefusalError as error:
            if error.code not in SCHEMA_CODES:
                raise
            self._tables.forget_looks(url)
            self._tables.make(url, measurement, types)
            answer, marked = self._nodes.ask(url, query, data, self._tables.settings(url))
        if answer:
            raise StoreUnavailableError(f"{url}: a success with an answer, as no INSERT has", Fault.NOT_A_STORE)
        return marked

    def _known(self, measurement: str) -> Columns:
        self._tables.name(measurement)
        return self._read(lambda url: self._tables.look(url, measurement))

    def _ends(self, measurement: str, start_ns: int, end_ns: int, site: str | None) -> tuple[int, int]:
        """Narrow a period to where there are rows."""
        what = "SELECT count() AS rows, min(time_ns) AS first, max(time_ns) AS last FROM"
        (found,) = self._rows(f"{what} {self._tables.name(measurement)} {_where(start_ns, end_ns, site)}", "")
        return (int(found["first"]), int(found["last"]) + 1) if found["rows"] else (0, 0)

    def _of_streams(self, each: Callable[[str], str], what: str, end: str = "") -> Iterator[Row]:
        parts = " UNION ALL ".join(each(self._tables.name(stream)) for stream in STREAMS if self._known(stream))
        return self._rows(f"SELECT {what} FROM ({parts}) {end}", "") if parts else iter(())

    def _rows(self, question: str, measurement: str) -> Iterator[Row]:
        return self._read(lambda url: self._nodes.rows(url, question, measurement))

    def _read(self, works: Callable[[str], T]) -> T:
        """Read where nothing is missing; where all are behind, the one that answers."""

        def fit(url: str) -> T:
            self._tables.must_be_fit(url)
            return works(url)

        try:
            return self._nodes.first_that(fit)
        except StoreUnavailableError as error:
            if error.fault is not Fault.BUSY:
                raise
            return self._nodes.first_that(works)


def _types(measurement: str, rows: Rows) -> dict[str, type]:
    """Return what the table must have for these rows."""
    types = stream_types(measurement)
    if measurement not in STREAMS:
        types |= {
            name: type(v) for row in rows for name, v in row.items() if name not in KEY and v is not None and name not in types
        }
    return types


def _body(rows: Iterable[Mapping[str, Value | None]]) -> bytes:
    """Write rows as JSON. Raises PointsRefusedError for a number that no column holds and a text that is none."""
    try:
        for row in rows:
            if any(type(v) is int and v not in INT64 for v in row.values()):
                raise PointsRefusedError("a whole number does not fit into 64 bits")
        return "\n".join([_encode({name: v for name, v in row.items() if v is not None}) for row in rows]).encode()
    except ValueError as error:  # not a number, or half of a character
        raise PointsRefusedError(str(error)) from None


def _where(start_ns: int, end_ns: int, site: str | None) -> str:
    only = "" if site is None else f"site = {quoted(site)} AND "
    return f"WHERE {only}time_ns >= {int(start_ns)} AND time_ns < {int(end_ns)}"
