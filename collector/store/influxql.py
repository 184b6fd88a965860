"""Reading back with InfluxQL over `/query`, which every InfluxDB generation answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import requests

from collector.errors import StoreUnavailableError
from collector.store.store import MEASUREMENTS, Row, row_of
from telemetry.streams import STREAMS

QUERY_TIMEOUT_S = 60
CHUNK_ROWS = 10_000
LATEST_SPAN = "400d"


class InfluxQl:
    """Questions to one database of one server."""

    def __init__(self, session: requests.Session, url: str, database: str) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/query"
        self._database = database

    def samples(self, measurement: str, start_ns: int, end_ns: int, site: str | None) -> Iterator[Row]:
        """Give the rows of a period in the order of time."""
        where = f"time >= {int(start_ns)} AND time < {int(end_ns)}{_only(site)}"
        return self._rows(_select("*", [measurement], where), measurement)

    def latest(self, measurement: str, site: str | None) -> list[Row]:
        """Give the newest row of each site and modem, over all its operators, bands and technologies."""
        where = f"time > now() - {LATEST_SPAN}{_only(site)}"
        newest = ' GROUP BY "site", "modem" ORDER BY time DESC LIMIT 1'
        return list(self._rows(_select("*", [measurement], where) + newest, measurement))

    def seqs(self, site: str) -> list[int]:
        """Give the seq of every sample of a site, sorted."""
        return sorted(int(row["seq"]) for row in self._rows(_select('"seq"', STREAMS, f"time > 0{_only(site)}"), ""))

    def command(self, text: str) -> None:
        """Send a statement that changes something (create a database). Raises StoreUnavailableError."""
        for _ in self._answers({"q": text}, ""):
            pass  # read to its end: the status line comes before the work is done, and hanging up then cancels it

    def _ask(self, params: Mapping[str, str]) -> requests.Response:
        try:
            reply = self._session.post(self._url, params=params, timeout=QUERY_TIMEOUT_S, stream=True)
        except requests.RequestException as error:
            raise StoreUnavailableError(f"{self._url}: {error}") from None
        if reply.status_code != 200:
            raise StoreUnavailableError(f"{self._url}: HTTP {reply.status_code}: {reply.text[:200]}")
        return reply

    def _rows(self, question: str, measurement: str) -> Iterator[Row]:
        params = {"db": self._database, "q": question, "epoch": "ns", "chunked": "true", "chunk_size": str(CHUNK_ROWS)}
        return self._answers(params, measurement)

    def _answers(self, params: Mapping[str, str], measurement: str) -> Iterator[Row]:
        with self._ask(params) as reply:
            try:
                for line in reply.iter_lines():
                    yield from _chunk_rows(json.loads(line), measurement)
            except (requests.RequestException, json.JSONDecodeError) as error:
                raise StoreUnavailableError(f"{self._url}: {error}") from None


def _chunk_rows(chunk: Mapping[str, Any], measurement: str) -> Iterator[Row]:
    for result in chunk.get("results", []):
        if str(result.get("error", "")).startswith("database not found"):
            return  # made at the first write: until then there is nothing to read
        if "error" in result:
            raise StoreUnavailableError(f"query refused: {result['error']}")
        for series in result.get("series", []):
            columns = ["time_ns" if name == "time" else name for name in series["columns"]]
            tags = list(series.get("tags", {}).items())
            for values in series["values"]:
                yield row_of(measurement, [*zip(columns, values, strict=True), *tags])


def _select(what: str, measurements: Iterable[str], where: str) -> str:
    names = ", ".join(_name(measurement) for measurement in measurements)
    return f"SELECT {what} FROM {names} WHERE {where}"  # noqa: S608 - names from our list, texts quoted by _text


def _only(site: str | None) -> str:
    return "" if site is None else f' AND "site" = {_text(site)}'


def _name(measurement: str) -> str:
    if measurement not in MEASUREMENTS:
        raise ValueError(f"{measurement!r} is not a measurement; known are {', '.join(MEASUREMENTS)}")
    return f'"{measurement}"'


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
