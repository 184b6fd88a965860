"""A real InfluxDB 1.x with a day of made-up halls, filled once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from collector.store.influx1 import Influx1
from collector.store.store import Row
from lab import servers
from lab.grafana_query import Choice
from lab.servers import fetch
from tests.dashboards.grafana import history
from tests.dashboards.grafana.history import END_MS, START_MS

Chosen = Mapping[str, Sequence[str]]
Answer = dict[str, Any]


class Database:
    """The filled store, asked as Grafana asks it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.store = Influx1(url, "sinyal")
        self.sites = history.sites()
        history.fill(self.store, self.sites)
        self.signal = list(self.raw("signal"))

    def series(
        self, query: str, chosen: Chosen | None = None, least: str | None = None, start_ms: int = START_MS
    ) -> list[Answer]:
        """Return the series of an answer as InfluxDB gives them; fails on its error."""
        text = Choice(start_ms, END_MS, chosen or {}).fill(query, least)
        form = f"db=sinyal&epoch=ms&q={quote(text)}"
        code, body = fetch(f"{self._url}/query", form.encode())
        (result,) = json.loads(body)["results"]
        assert code == 200
        assert "error" not in result, f"{result} for {text}"
        found: list[Answer] = result.get("series", [])
        return found

    def ask(self, query: str, chosen: Chosen | None = None, least: str | None = None, start_ms: int = START_MS) -> list[Answer]:
        """Return the rows of an answer, tags and columns by name."""
        found = self.series(query, chosen, least, start_ms)
        return [
            {**one.get("tags", {}), **dict(zip(one["columns"], values, strict=True))} for one in found for values in one["values"]
        ]

    def raw(self, measurement: str, start_ms: int = START_MS, end_ms: int = END_MS + 1, site: str | None = None) -> Iterator[Row]:
        """Return the samples themselves."""
        return self.store.samples(measurement, start_ms * 1_000_000, end_ms * 1_000_000, site)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    try:
        server = servers.influxd(tmp_path_factory.mktemp("influxd"))
    except servers.MissingServerError as error:
        pytest.skip(str(error))
    with server:
        yield Database(server.url)
