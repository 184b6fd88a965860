"""Export of a period of the store to CSV, one measurement a file, columns in the order of the contract."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from itertools import chain
from typing import TextIO

from collector.store.lines import TAGS
from collector.store.store import Row, Store
from ground.table import safe
from telemetry.streams import STREAMS, fields

NS_PER_S = 1_000_000_000


def export_csv(store: Store, out: TextIO, measurement: str, start: datetime, end: datetime, site: str | None = None) -> int:
    """Write the rows with start <= time < end (UTC) and give their number. An absent value is an empty cell.

    A text that a spreadsheet would run has an apostrophe before it.
    """
    rows = store.samples(measurement, _ns(start), _ns(end), site)
    if measurement in STREAMS:
        known = ["seq", "clock", *fields(measurement)]
    else:  # no contract names its fields: the rows do
        rows = iter(whole := list(rows))
        known = list(dict.fromkeys(name for row in whole for name in row))
    first = next(rows, None)
    if first is None:
        return 0
    columns = ["time_utc", *dict.fromkeys(name for name in (*TAGS, *known) if name != "time_ns")]
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in chain([first], rows):
        writer.writerow(_cells(row))
        count += 1
    return count


def _ns(when: datetime) -> int:
    whole = when.astimezone(UTC).replace(microsecond=0)
    return int(whole.timestamp()) * NS_PER_S + when.microsecond * 1000


def _cells(row: Row) -> Row:
    at = datetime.fromtimestamp(int(row["time_ns"]) // 1_000_000 / 1000, UTC)
    cells = {name: safe(value) if isinstance(value, str) else value for name, value in row.items() if name != "time_ns"}
    return {"time_utc": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", **cells}
