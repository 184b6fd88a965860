"""One day of raw samples as one Parquet file: its columns, how it is written and read. DuckDB, pandas and R read it too.

A row is a sample of one stream; `stream` says which, and a column that a stream has not, or a sample did not give, is null. Rows
are sorted by stream, site and time, in groups of one stream, so that a reader takes only what it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from collector.errors import ConfigError
from collector.store.store import Row, Store
from ground.wita import midnight_ns
from telemetry.streams import STREAMS, fields

if TYPE_CHECKING:
    import pyarrow as pa

NS = 1_000_000_000
DAY_NS = 86_400 * NS
TAGS = ("stream", "site", "modem", "inst", "clock")
GROUP_ROWS = 65_536
"""Rows of a group: what is in memory at a time."""
LEVEL = 9
VERSION = "1"
"""Of the columns; it grows only."""


def arrow() -> ModuleType:
    """Return pyarrow with its Parquet. Raises ConfigError that says what to install."""
    try:
        import pyarrow.compute  # noqa: PLC0415 - 170 MB that only an archive needs
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise ConfigError("an archive needs pyarrow: pip install 'sinyal[archive]'") from None
    return pyarrow  # type: ignore[no-any-return]


def columns() -> dict[str, tuple[type, str, str]]:
    """Return every column: type, unit, streams that have it."""
    found: dict[str, tuple[type, str, str]] = dict.fromkeys(TAGS, (str, "", "all"))
    found |= {"time_ns": (int, "ns since 1970, UTC", "all"), "seq": (int, "", "all")}
    for stream in STREAMS:
        for name, spec in fields(stream).items():
            known = found.get(name)
            where = f"{known[2]}, {stream}" if known else stream
            kind = spec.type if issubclass(spec.type, (bool, int, float)) else str
            found[name] = (kind, spec.meta.unit, where)
    return found


def schema() -> pa.Schema:
    """Return the schema of a day file, units in the metadata of each column."""
    pa = arrow()
    kinds = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    listed = [
        pa.field(name, kinds[kind], metadata={"unit": unit, "streams": streams})
        for name, (kind, unit, streams) in columns().items()
    ]
    return pa.schema(listed, metadata={"sinyal_archive": VERSION})


def bounds(day: date) -> tuple[int, int]:
    """Return where a day of WITA begins and ends, UTC ns."""
    start = midnight_ns(day)
    return start, start + DAY_NS


def write_day(store: Store, sites: Iterable[str], day: date, path: Path) -> int:
    """Write all samples of a day; return how many. Raises StoreUnavailableError."""
    pq, made, codes = arrow().parquet, schema(), sorted(sites)
    start, end = bounds(day)
    dense = ["time_ns", "seq"]
    dictionaries = [name for name in made.names if name not in dense]
    count = 0
    with pq.ParquetWriter(
        path, made, compression="zstd", compression_level=LEVEL, use_dictionary=dictionaries,
        column_encoding=dict.fromkeys(dense, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        for stream in STREAMS:
            for table in _tables(_rows(store, stream, codes, start, end), made):
                writer.write_table(table)
                count += table.num_rows
    return count


def _rows(store: Store, stream: str, sites: Sequence[str], start: int, end: int) -> Iterator[Row]:
    for site in sites:
        for row in store.samples(stream, start, end, site):
            yield {"stream": stream, **row}


def _tables(rows: Iterable[Row], made: pa.Schema) -> Iterator[pa.Table]:
    pa = arrow()
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == GROUP_ROWS:
            yield pa.Table.from_pylist(waiting, made)
            waiting = []
    if waiting:
        yield pa.Table.from_pylist(waiting, made)


def read_day(path: Path, stream: str, site: str | None = None, names: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the samples of a stream in the order of time, of one site or of all; fields that are null are left out."""
    have = set(columns())
    wanted = None if names is None else [*TAGS, "time_ns", *(name for name in names if name in have and name not in TAGS)]
    asked = [("stream", "=", stream), *([("site", "=", site)] if site else [])]
    table = arrow().parquet.read_table(path, columns=wanted, filters=asked)
    yield from rows_of_table(table.sort_by("time_ns") if site is None else table)


def rows_of_table(table: pa.Table) -> Iterator[Row]:
    """Yield the rows of a table, without what is null; columns without any value cost nothing."""
    full: Mapping[str, Any] = {
        name: column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
        if name != "stream" and column.null_count < len(column)
    }
    names = list(full)
    for cells in zip(*full.values(), strict=True):
        yield {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
