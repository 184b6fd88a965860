"""How a board asks its data source: in InfluxQL, or in ClickHouse's SQL. One question is written once, and said in each.

Columns, conditions and sums are what both know alike, names between double quotes; only what differs is said here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from dashboards.grafana import influxql
from dashboards.grafana.context import PLUGINS
from dashboards.grafana.query import ClickHouse, Influx, Query

LAST = re.compile(r"\blast\((\"\w+\")\)")
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class InfluxQL:
    """InfluxQL, of every InfluxDB. `plugin`: the type of the data source; `period`: a row lies in the chosen period."""

    name: ClassVar = "influxdb"
    plugin: ClassVar = PLUGINS[name]
    period: ClassVar = influxql.RANGE

    def before_end(self, days: int) -> str:
        """Write the condition that a row lies in the last days before the end of the chosen period."""
        return f"time > ${{__to}}ms - {days}d AND time <= ${{__to}}ms"

    def chosen(self, name: str) -> str:
        """Write the condition that a column has one of the values that were chosen."""
        return f'"{name}" =~ /^${{{name}:regex}}$/'

    def values(self, name: str, measurement: str) -> str:
        """Write the question for the values of a tag."""
        return f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{name}"'

    def rows(self, columns: Mapping[str, str], source: str, where: str, by: str = "") -> str:
        """Write a question; `by` names tags (between quotes, with commas), which are in the answer too.

        `source` is a measurement or a question in brackets; no column may have the name of a field that another one reads.
        """
        return influxql.rows(_columns(columns), source, where, by)

    def query(self, text: str, ref: str = "A") -> Query:
        """Make the query of a panel."""
        return Influx(text, ref)


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL that ClickHouse 18.16 and today's know alike. FINAL: what was written again is there twice until it is merged."""

    name: ClassVar = "clickhouse"
    plugin: ClassVar = PLUGINS[name]
    period: ClassVar = '"time_ns" >= ${__from} * 1000000 AND "time_ns" <= ${__to} * 1000000'

    def before_end(self, days: int) -> str:
        """As InfluxQL has it."""
        return f'"time_ns" > (${{__to}} - {days * DAY_MS}) * 1000000 AND "time_ns" <= ${{__to}} * 1000000'

    def chosen(self, name: str) -> str:
        """As InfluxQL has it."""
        return f"match(\"{name}\", '^${{{name}:regex}}$')"

    def values(self, name: str, measurement: str) -> str:
        """As InfluxQL has it."""
        return f'SELECT DISTINCT "{name}" FROM "{measurement}" ORDER BY "{name}"'  # noqa: S608 - fixed texts of this package

    def rows(self, columns: Mapping[str, str], source: str, where: str, by: str = "") -> str:
        """As InfluxQL has it."""
        known = {name: LAST.sub(r'argMax(\1, "time_ns")', text) for name, text in columns.items()}
        what = f"{by}, {_columns(known)}" if by else _columns(known)
        origin = source if source.startswith("(") else f'"{source}" FINAL'
        question = f"SELECT {what} FROM {origin} WHERE {where}"  # noqa: S608 - fixed texts of this package
        return question + (f" GROUP BY {by}" if by else "")

    def query(self, text: str, ref: str = "A") -> Query:
        """As InfluxQL has it."""
        return ClickHouse(text, ref)


def _columns(columns: Mapping[str, str]) -> str:
    return ", ".join(f'{text} AS "{name}"' for name, text in columns.items())


Dialect = InfluxQL | Sql
DIALECTS: tuple[Dialect, ...] = (InfluxQL(), Sql())
