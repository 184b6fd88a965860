"""SQLite in one file: the store of the demo and of a pilot. One table a measurement, keyed by (site, modem, time_ns)."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.lines import TAGS, frame_cells, frame_tags
from collector.store.store import MEASUREMENTS, Placed, Point, Row, SeqDay, check_by_point, rows_of
from telemetry.frame import Value
from telemetry.streams import STREAMS, fields

BUSY_TIMEOUT_S = 10
KEY = ("site", "modem", "time_ns")
IDLE_READERS = 4
END_NS = 2**63 - 1
DAY_NS = 86_400_000_000_000
log = logging.getLogger(__name__)
_FAULTS = {
    sqlite3.SQLITE_FULL: Fault.DISK_FULL,
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_READONLY: Fault.NOT_ALLOWED,
    sqlite3.SQLITE_PERM: Fault.NOT_ALLOWED,
    sqlite3.SQLITE_CANTOPEN: Fault.MISSING,
    sqlite3.SQLITE_NOTADB: Fault.NOT_A_STORE,
}
_AFFINITY: dict[type, str] = {bool: "INTEGER", int: "INTEGER", float: "REAL", str: "TEXT"}

# SQLite jumps from key to key in these: the time does not grow with the rows of a modem.
_MODEMS = """
WITH RECURSIVE modems(modem) AS (
    SELECT min(modem) FROM {table} WHERE site = :site
    UNION ALL SELECT (SELECT min(modem) FROM {table} WHERE site = :site AND modem > modems.modem)
    FROM modems WHERE modem IS NOT NULL)
SELECT modem FROM modems WHERE modem IS NOT NULL
"""
_NEWEST = """
WITH RECURSIVE halls(site) AS (
    SELECT ifnull(:site, min(site)) FROM {table}
    UNION ALL SELECT (SELECT min(site) FROM {table} WHERE site > halls.site) FROM halls WHERE site IS NOT NULL AND :site IS NULL),
pairs(site, modem) AS (
    SELECT site, (SELECT min(modem) FROM {table} WHERE site = halls.site) FROM halls WHERE site IS NOT NULL
    UNION ALL SELECT site, (SELECT min(modem) FROM {table} WHERE site = pairs.site AND modem > pairs.modem)
    FROM pairs WHERE modem IS NOT NULL)
SELECT site, modem,
    (SELECT max(time_ns) FROM {table} WHERE site = pairs.site AND modem = pairs.modem AND time_ns < :before) AS time_ns
FROM pairs WHERE modem IS NOT NULL
"""


class Sqlite:
    """One database file. Safe to write from several threads and to read from other processes meanwhile (WAL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._columns: dict[str, set[str]] = {}
        self._idle: list[sqlite3.Connection] = []
        """Connections that read, at rest: a new one reads the whole schema first, which takes longer than most answers."""
        self._open()

    def _open(self) -> None:
        path = self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")  # an ack says "in the store": a power cut must not undo it
            with _one_transaction(self._db):  # two programs may open a new file at the same moment
                self._columns.clear()
                for stream in STREAMS:
                    types = {"seq": int, "clock": str} | {name: spec.type for name, spec in fields(stream).items()}
                    self._add_columns(stream, types)
            self._file = _identity(path)
        except sqlite3.Error as error:
            raise _unavailable(path, error) from None
        except OSError as error:
            raise StoreUnavailableError(f"{path}: {error}", Fault.NOT_ALLOWED) from None

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Write frames in one transaction; see Store.write."""
        with self._lock:
            self._be_there()
            self._make_columns(also)
            with _one_transaction(self._db):
                for frame, site in batch:
                    names, rows = frame_cells(frame, frame_tags(frame, site))
                    self._db.executemany(_insert(frame.stream, names), rows)
                self._insert_points(also)

    def write_points(self, points: Sequence[Point]) -> None:
        """Write other points in one transaction; see Store.write_points."""
        with self._lock:
            self._be_there()
            self._make_columns(points)
            with _one_transaction(self._db):
                self._insert_points(points)

    def check(self) -> None:
        """Write a point and read it back; see Store.check."""
        check_by_point(self)

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Read a period; see Store.samples."""
        of_site = "" if site is None else f"site = :site AND modem IN ({_MODEMS.format(table=_table(measurement))}) AND"
        which = f"WHERE {of_site} time_ns >= :start AND time_ns < :end ORDER BY time_ns"
        return self._rows(measurement, which, {"start": start_ns, "end": end_ns, "site": site}, names)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Read the newest rows; see Store.latest."""
        newest = _NEWEST.format(table=_table(measurement))
        join = f"JOIN ({newest}) AS newest USING (site, modem, time_ns) ORDER BY row.site, row.modem"
        return list(self._rows(measurement, join, {"site": site, "before": END_NS if before_ns is None else before_ns}))

    def seqs(self, site: str) -> list[int]:
        """Read the numbers of a site's samples; see Store.seqs."""
        rows = (row for stream in STREAMS for row in self._rows(stream, "WHERE site = :site", {"site": site}, ["seq"]))
        return sorted(int(row["seq"]) for row in rows)

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None, below: int | None = None) -> list[SeqDay]:
        """Count numbers of samples by day; see Store.seq_days."""
        only = "" if site is None else "site = :site AND "
        which = f"WHERE {only}time_ns >= :start AND time_ns < :end AND seq < :below"
        what = "site, ifnull(inst, '') AS inst, time_ns / :day * :day AS day, seq"
        streams = " UNION ALL ".join(_select(what, stream, which) for stream in STREAMS)
        question = "SELECT site, inst, day, count(DISTINCT seq), min(seq), max(seq) FROM"
        values = {"start": start_ns, "end": end_ns, "site": site, "day": DAY_NS, "below": 2**63 - 1 if below is None else below}
        with self._reading() as db:
            return [SeqDay(*cells) for cells in db.execute(f"{question} ({streams}) GROUP BY site, inst, day", values)]

    def close(self) -> None:
        """Close the connection that writes, and those that read and are at rest."""
        with self._lock:
            self._db.close()
            self._close_idle()

    def _be_there(self) -> None:
        """Open anew where the file was removed or put in another's place: what goes into the old one nobody reads again."""
        if _identity(self._path) != self._file:
            log.error("event=store_made what=%s reason='the file was removed or replaced while in use'", self._path)
            self._db.close()
            self._close_idle()
            self._open()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection of its own: it sees only what is committed, and lets a long read go on beside the writer.

        A file that is gone is a fault, never an empty new one.
        """
        try:
            db = self._reader()
            try:
                yield db
            except BaseException:  # who stopped half-way may still hold its moment in time
                db.close()
                raise
            if len(self._idle) < IDLE_READERS and _identity(self._path) == self._file:
                self._idle.append(db)
            else:
                db.close()
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from None

    def _reader(self) -> sqlite3.Connection:
        if _identity(self._path) == self._file:
            with suppress(IndexError):
                return self._idle.pop()
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True, check_same_thread=False)

    def _rows(
        self, measurement: str, which: str, values: Mapping[str, object], names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        with self._reading() as db:
            known = _columns(db, measurement)
            if not known:
                return
            what = "row.*" if names is None else ", ".join(f"row.{name}" for name in known.intersection((*KEY, *names)))
            cursor = db.execute(_select(what, measurement, which), values)
            columns = [column[0] for column in cursor.description]
            yield from rows_of(measurement, columns, cursor)

    def _make_columns(self, points: Sequence[Point]) -> None:
        for point in points:
            types = {name: type(v) for name, v in {**point.tags, **point.values}.items() if name not in KEY}
            if not self._columns.get(point.measurement, set()).issuperset(types):
                with _one_transaction(self._db):
                    self._add_columns(point.measurement, types)

    def _insert_points(self, points: Sequence[Point]) -> None:
        for point in points:
            cells: dict[str, Value] = {"site": "", "modem": "", **point.tags, "time_ns": point.time_ns, **point.values}
            self._db.execute(_insert(point.measurement, tuple(cells)), list(cells.values()))

    def _add_columns(self, measurement: str, types: Mapping[str, type]) -> None:
        table = _table(measurement)
        tags = "".join(f", {name} TEXT" for name in TAGS if name not in KEY and name not in types)
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (site TEXT NOT NULL, modem TEXT NOT NULL, time_ns INTEGER NOT NULL{tags},"
            " PRIMARY KEY (site, modem, time_ns)) WITHOUT ROWID"
        )
        self._db.execute(f"CREATE INDEX IF NOT EXISTS {measurement}_time ON {table} (time_ns)")
        known = _columns(self._db, measurement)
        for name, kind in {**types, "inst": str}.items():  # a table may be older than installations
            if name not in known:
                self._db.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {_AFFINITY[kind]}')
        self._columns[measurement] = known | {*types, "inst"}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _one_transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit all or nothing, and give sqlite3's errors their meaning for the line."""
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except (OverflowError, UnicodeEncodeError, sqlite3.DataError, sqlite3.IntegrityError) as error:
        db.execute("ROLLBACK")
        raise PointsRefusedError(str(error)) from None
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise _unavailable("sqlite", error) from None


def _unavailable(path: Path | str, error: sqlite3.Error) -> StoreUnavailableError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return StoreUnavailableError(f"{path}: {error}", _FAULTS.get(code, Fault.BROKEN))


def _table(measurement: str) -> str:
    if measurement not in MEASUREMENTS:
        raise ValueError(f"{measurement!r} is not a measurement; known are {', '.join(MEASUREMENTS)}")
    return f'"{measurement}"'


def _select(what: str, measurement: str, which: str) -> str:
    return f"SELECT {what} FROM {_table(measurement)} AS row {which}"  # noqa: S608 - all three parts are written in this file


def _columns(db: sqlite3.Connection, measurement: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({_table(measurement)})")}


@cache
def _insert(measurement: str, names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join("?" * len(names))
    return f"INSERT OR REPLACE INTO {_table(measurement)} ({columns}) VALUES ({places})"  # noqa: S608 - names from the contract
