"""The tables of a ClickHouse store: one a measurement, made where they lack on each address, grown by the columns that come.

SQL that 18.16 (Debian 12) and today's know alike; a setting that only one of them has is given where the server names it. What is
older than the retention goes week by week, by dropping partitions: 18.16 has no TTL.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.clickhouse.nodes import Nodes, RefusalError, quoted
from collector.store.lines import TAGS
from collector.store.store import KEPT_LONG, MEASUREMENTS
from telemetry.streams import STREAMS, fields

KEY = ("site", "modem", "time_ns")
DAY_NS = 86_400_000_000_000
WEEK_NS = 7 * DAY_NS
LONG_NS = 364 * DAY_NS
LAG_S = 10
LOOK_AFTER_S = 60.0
TYPES: dict[type, str] = {bool: "UInt8", int: "Int64", float: "Float64", str: "String"}
MANY_WEEKS, NOT_LATER = "max_partitions_per_insert_block", "async_insert"
NEWER = (MANY_WEEKS, NOT_LATER, "fsync_after_insert", "fsync_part_directory")
"""Settings that 18.16 lacks."""
Columns = dict[str, str]
"""The columns of a table with their types, in its order; nothing where it is not made."""
log = logging.getLogger(__name__)


class Tables:
    """The tables of one database on all addresses of a store."""

    def __init__(self, nodes: Nodes, database: str, *, replicated: bool) -> None:
        self._nodes, self._database, self._replicated = nodes, database, replicated
        self._columns: dict[tuple[str, str], Columns] = {}
        self._knows: dict[str, frozenset[str]] = {}
        self._fit_until: dict[str, float] = {}

    def name(self, measurement: str) -> str:
        """Return how a table is called in a question. Raises ValueError for what is no measurement."""
        if measurement not in MEASUREMENTS:
            raise ValueError(f"{measurement!r} is not a measurement; known are {', '.join(MEASUREMENTS)}")
        return f"`{self._database}`.`{measurement}`"

    def look(self, url: str, measurement: str) -> Columns:
        """Return what a table has now. Raises StoreUnavailableError, also where the database is missing."""
        own = f"database = {quoted(self._database)} AND table = {quoted(measurement)}"
        rows = self._nodes.rows(url, f"SELECT name, type FROM system.columns WHERE {own}")
        found = {str(row["name"]): str(row["type"]) for row in rows}
        named = f"SELECT name FROM system.databases WHERE name = {quoted(self._database)}"
        if not found and not list(self._nodes.rows(url, named)):
            raise StoreUnavailableError(f"{url}: there is no database {self._database}", Fault.MISSING)
        return found

    def settings(self, url: str) -> dict[str, str]:
        """Return what an INSERT is sent with."""
        # Without insert_deduplicate=0 a value that comes back after another one, as a rollup may, passes for a repetition, and
        # a replica that has heard of a write would confirm it without having it.
        known = self._knows.get(url, frozenset())
        return {"insert_deduplicate": "0"} | dict.fromkeys(known & {MANY_WEEKS, NOT_LATER}, "0")

    def make(self, url: str, measurement: str, types: Mapping[str, type]) -> None:
        """Make a table and the columns that it lacks. Raises StoreUnavailableError, or PointsRefusedError for another type."""
        known = self._columns.get((url, measurement), {})
        if known and not types.keys() - known.keys():
            return
        known = self._there(url, measurement)
        if not known:
            own = {name: f"Nullable({TYPES[kind]})" for name, kind in types.items() if name not in KEY}
            self._create(url, measurement, {"site": "String", "modem": "String", "time_ns": "Int64", **own})
            known = self.look(url, measurement)
        for name in [name for name in types if name not in known]:
            self._add(url, measurement, name, types[name])
        self._columns[url, measurement] = known = self.look(url, measurement)
        self.spread(url)
        for name, kind in types.items():
            found = known.get(name, "").removeprefix("Nullable(").removesuffix(")")
            if found != TYPES[kind] and (kind, found) != (int, "Float64"):
                text = f"{measurement}.{name} is {found} and would be {TYPES[kind]}"
                raise PointsRefusedError(text, fault=Fault.TYPE_CONFLICT)

    def spread(self, url: str) -> None:
        """Make the tables of an address on all others that answer, with the same columns: a replica that is new or was away."""
        for other in self._nodes.urls if self._replicated else ():
            if other == url:
                continue
            try:
                for measurement in [name for at, name in self._columns if at == url and (other, name) not in self._columns]:
                    if not self._there(other, measurement):
                        self._create(other, measurement, self._columns[url, measurement])
                    self._columns[other, measurement] = self.look(other, measurement)
            except StoreUnavailableError as error:
                log.info("event=store_address_away url=%s reason=%r", other, error.reason)

    def forget_looks(self, url: str) -> None:
        """Look anew before the next write: somebody changed or removed a table."""
        self._columns = {key: known for key, known in self._columns.items() if key[0] != url}

    def must_be_fit(self, url: str) -> None:
        """Refuse a replica that is far behind, as one that was away. Raises StoreUnavailableError."""
        if not self._replicated or time.monotonic() < self._fit_until.get(url, 0.0):
            return
        question = f"SELECT max(absolute_delay) AS lag_s FROM system.replicas WHERE database = {quoted(self._database)}"
        lag_s = max((int(row["lag_s"]) for row in self._nodes.rows(url, question)), default=0)
        if lag_s > LAG_S:
            raise StoreUnavailableError(f"{url}: this replica is {lag_s} s behind", Fault.BUSY)
        self._fit_until[url] = time.monotonic() + LOOK_AFTER_S

    def drop_before(self, url: str, time_ns: int) -> None:
        """Drop the weeks that lie wholly before a moment, of all that is not kept long. Raises StoreUnavailableError."""
        own = f"database = {quoted(self._database)} AND active"
        for row in list(self._nodes.rows(url, f"SELECT DISTINCT table, partition AS week FROM system.parts WHERE {own}")):
            table, week = str(row["table"]), int(row["week"])
            if table in MEASUREMENTS and table not in KEPT_LONG and week < time_ns // WEEK_NS:
                self._nodes.ask(url, f"ALTER TABLE {self.name(table)} DROP PARTITION {week}")
                log.info("event=store_forgot table=%s week=%s", table, week)

    def _there(self, url: str, measurement: str) -> Columns:
        """Make the database where it lacks, learn what the server knows, and return what the table has."""
        if url not in self._knows:
            asked = ", ".join(map(quoted, NEWER))
            both = (f"SELECT name FROM system.{part}settings WHERE name IN ({asked})" for part in ("", "merge_tree_"))
            self._knows[url] = frozenset(str(row["name"]) for each in both for row in self._nodes.rows(url, each))
        try:
            return self.look(url, measurement)
        except StoreUnavailableError as error:
            if error.fault is not Fault.MISSING:
                raise
            self._nodes.ask(url, f"CREATE DATABASE IF NOT EXISTS `{self._database}`")
            log.warning("event=store_made what='DATABASE %s' url=%s", self._database, url)
        return {}

    def _create(self, url: str, measurement: str, columns: Columns) -> None:
        body = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
        path = f"'/clickhouse/tables/{{shard}}/{self._database}/{measurement}', '{{replica}}'"
        engine = f"ReplicatedReplacingMergeTree({path})" if self._replicated else "ReplacingMergeTree()"
        span = LONG_NS if measurement in KEPT_LONG else WEEK_NS
        synced = "".join(f", {name} = 1" for name in sorted(self._knows[url]) if name.startswith("fsync"))
        how = f"PARTITION BY intDiv(time_ns, {span}) ORDER BY (site, modem, time_ns) SETTINGS index_granularity = 8192{synced}"
        self._nodes.ask(url, f"CREATE TABLE IF NOT EXISTS {self.name(measurement)} ({body}) ENGINE = {engine} {how}")

    def _add(self, url: str, measurement: str, name: str, kind: type) -> None:
        try:
            self._nodes.ask(url, f"ALTER TABLE {self.name(measurement)} ADD COLUMN `{name}` Nullable({TYPES[kind]})")
        except RefusalError:
            if name not in self.look(url, measurement):  # else somebody was quicker
                raise


def stream_types(measurement: str) -> dict[str, type]:
    """Return what the contract says of a table's columns; of what no contract names, the tags alone."""
    tags = {name: str for name in TAGS if name not in KEY}
    if measurement not in STREAMS:
        return dict(tags)
    return tags | {"seq": int, "clock": str} | {name: spec.type for name, spec in fields(measurement).items()}
