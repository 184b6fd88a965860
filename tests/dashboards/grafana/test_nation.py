"""The board of a node above: the same questions to InfluxDB and to ClickHouse, and what the table of `federate table` says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collector.federate import keys
from collector.federate.chain import Chain
from collector.federate.table import Tables
from collector.federate.take import Node
from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from collector.store.influx1 import Influx1
from collector.store.store import Store
from dashboards.grafana.build import build_all
from dashboards.grafana.context import NATION
from ground.wita import WITA, midnight_ns
from lab.clickhouse import chosen
from lab.engines import ENGINES
from lab.federation import DAY, Regency
from lab.grafana_query import Choice
from lab.servers import MissingServerError, Server, fetch, influxd

TODAY = datetime.now(UTC).astimezone(WITA).date()
NAMES = {"6408": "Kutai Timur", "6472": "Kota Samarinda"}
Row = dict[str, Any]


class Above:
    """A node above on one engine, and Grafana asking its database."""

    def __init__(self, engine: str, server: Server, folder: Path) -> None:
        self.engine, self.url, self.letters = engine, server.url, folder / "letters"
        clickhouse = engine == "clickhouse"
        self.store: Store = ClickHouse(Nodes([server.url]), "sinyal") if clickhouse else Influx1(server.url, "sinyal")
        node = Node(self.letters, self.store)
        for code, name in NAMES.items():
            regency = Regency(folder / code, code)
            keys.admit(self.letters, code, name, regency.key)
            regency.measure(TODAY - DAY)
            regency.measure(TODAY.replace(day=1), halls=2, arrived=TODAY - DAY)
            regency.publish(TODAY - DAY)
            regency.write_letters(TODAY - DAY)
            for _, data in Chain(regency.letters, code).after(0):
                node.take(data)

    def ask(self, query: str, chosen: Mapping[str, list[str]]) -> list[Row]:
        """Return the rows of an answer, as Grafana gets them for this month."""
        start_ms = midnight_ns(TODAY.replace(day=1)) // 10**6
        text = Choice(start_ms, midnight_ns(TODAY + DAY) // 10**6, chosen).fill(query)
        if self.engine == "clickhouse":
            code, body = fetch(f"{self.url}/?{urlencode({'database': 'sinyal'})}", f"{text} FORMAT JSON".encode())
            assert code == 200, body
            return [{name: _number(value) for name, value in row.items()} for row in json.loads(body)["data"]]
        code, body = fetch(f"{self.url}/query", urlencode({"db": "sinyal", "epoch": "ms", "q": text}).encode())
        (result,) = json.loads(body)["results"]
        assert "error" not in result, f"{result} for {text}"
        names = ("time",)
        return [
            {**one.get("tags", {}), **{k: v for k, v in zip(one["columns"], row, strict=True) if k not in names}}
            for one in result.get("series", [])
            for row in one["values"]
        ]


def _number(value: Any) -> Any:
    """ClickHouse writes whole numbers of 64 bits as texts in JSON."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 4 else value


@pytest.fixture(scope="module", params=["influxdb", *(("clickhouse",) if "clickhouse" in ENGINES else ())])
def above(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Above]:
    folder = tmp_path_factory.mktemp("above")
    try:
        server = influxd(folder / "store") if request.param == "influxdb" else chosen(folder / "store")
    except MissingServerError as error:
        pytest.skip(str(error))
    with server:
        yield Above(request.param, server, folder)


def panel(engine: str, title: str) -> list[str]:
    board = build_all()[f"{NATION}/en-{engine}.json"]
    (found,) = (p for p in board["panels"] if p["title"] == title and p["type"] != "row")
    return [target.get("query") or target["rawSql"] for target in found["targets"]]


def joined(above: Above, title: str, key: str = "regency", chosen: Mapping[str, list[str]] | None = None) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for query in panel(above.engine, title):
        for row in above.ask(query, chosen or {}):
            rows.setdefault(row[key], {}).update(row)
    return rows


def test_the_board_says_what_the_table_says(above: Above) -> None:
    table = Tables(above.store, above.letters).regencies(None)
    rows = joined(above, "Regencies, worst first")
    assert set(rows) == set(NAMES)
    for said in table:
        row = rows[said["regency"]]
        same = {name: row[name] for name in ("name", "halls", "halls_measured", "villages_blank_spot", "proposals", "lat", "lon")}
        assert same == {name: said[name] for name in same}
        assert row["last_day"] == str(said["last_day"])
        for mine, theirs in (
            ("availability", "availability_percent"),
            ("lte_percent", "lte_percent"),
            ("rsrp", "rsrp_median_dbm"),
        ):
            assert row[mine] == pytest.approx(said[theirs], abs=0.05)


def test_one_regency_can_be_chosen(above: Above) -> None:
    assert set(joined(above, "Map of regencies", chosen={"regency": ["6472"]})) == {"6472"}


def test_totals_and_operators(above: Above) -> None:
    said = {title: above.ask(panel(above.engine, title)[0], {})[0]["total"] for title in ("Regencies", "Registered", "Measured")}
    assert said == {"Regencies": 2, "Registered": 6, "Measured": 6}
    assert set(joined(above, "By operator", "operator")) == {"Telkomsel"}


def test_every_question_is_answered(above: Above) -> None:
    board = build_all()[f"{NATION}/en-{above.engine}.json"]
    asked = [t.get("query") or t["rawSql"] for p in board["panels"] for t in p.get("targets", [])]
    asked += [v["query"] for v in board["templating"]["list"] if v["type"] == "query"]
    assert all(above.ask(query, {}) for query in asked)
