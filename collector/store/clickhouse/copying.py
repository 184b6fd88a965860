"""A whole ClickHouse store as files, and back: each table by its days, in ClickHouse's format Native, which loses no bit.

Through HTTP, as everything here: no file of a server is touched, any replica gives all, and a store of another version takes it.
Putting back what is there already changes nothing, for the key of a row is the same.
"""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

from collector.errors import ConfigError
from collector.store.clickhouse.nodes import Nodes
from collector.store.clickhouse.tables import DAY_NS, KEY, TYPES, Columns, Tables
from collector.store.store import MEASUREMENTS

COLUMNS = "columns.json"
_KINDS = {name: kind for kind, name in TYPES.items()}


def copy_out(nodes: Nodes, tables: Tables, folder: Path) -> dict[str, int]:
    """Write every table into a folder; return the rows of each. Raises StoreUnavailableError, OSError."""

    def whole(url: str) -> dict[str, int]:
        shutil.rmtree(folder, ignore_errors=True)  # what another replica gave before it failed
        tables.must_be_fit(url)
        known = {measurement: tables.look(url, measurement) for measurement in MEASUREMENTS}
        return {name: _table_out(nodes, tables, url, name, folder / name) for name, columns in known.items() if columns}

    return nodes.first_that(whole)


def _table_out(nodes: Nodes, tables: Tables, url: str, measurement: str, folder: Path) -> int:
    folder.mkdir(parents=True)
    (folder / COLUMNS).write_text(json.dumps(tables.look(url, measurement)), encoding="utf-8")
    rows, table = 0, tables.name(measurement)
    for day in list(nodes.rows(url, f"SELECT intDiv(time_ns, {DAY_NS}) AS day, count() AS rows FROM {table} FINAL GROUP BY day")):
        where = f"WHERE time_ns >= {day['day']} * {DAY_NS} AND time_ns < ({day['day']} + 1) * {DAY_NS}"
        nodes.fetch(url, f"SELECT * FROM {table} FINAL {where} FORMAT Native", folder / f"{day['day']}.native")
        rows += int(day["rows"])
    return rows


def copy_in(nodes: Nodes, tables: Tables, folder: Path, copies: int) -> None:
    """Put every table of a folder into so many replicas, which give it to the others; tables that lack are made.

    Raises StoreUnavailableError, OSError, ConfigError for files of something else.
    """
    for own in sorted(path for path in folder.iterdir() if path.is_dir()):
        known: Columns = json.loads((own / COLUMNS).read_text(encoding="utf-8"))
        try:
            types = {name: _KINDS[kind.removeprefix("Nullable(").removesuffix(")")] for name, kind in known.items()}
            tables.name(own.name)
        except (KeyError, ValueError) as error:
            raise ConfigError(f"{own}: is of a later version ({error}); install that version here") from None
        nodes.each_of(copies, partial(_table_in, nodes, tables, own, {k: v for k, v in types.items() if k not in KEY}))


def _table_in(nodes: Nodes, tables: Tables, folder: Path, types: dict[str, type], url: str) -> None:
    tables.make(url, folder.name, types)
    for path in sorted(folder.glob("*.native")):
        with path.open("rb") as file:
            nodes.ask(url, f"INSERT INTO {tables.name(folder.name)} FORMAT Native", file, tables.settings(url))
