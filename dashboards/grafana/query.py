"""One query of a panel, as Grafana stores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

DATASOURCE = DataSourceRef(type_val="influxdb", uid="${datasource}")


@dataclass(slots=True)
class Influx(Dataquery, Builder[Dataquery]):
    """One query of a panel. `alias` names its series (`$tag_modem`); a table has none."""

    datasource: ClassVar[DataSourceRef] = DATASOURCE
    query: str
    ref: str = "A"
    alias: str | None = None

    def build(self) -> Dataquery:
        """Return the query itself; it is its own builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return what Grafana stores of it."""
        payload: dict[str, object] = {
            "refId": self.ref,
            "datasource": self.datasource,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": "table" if self.alias is None else "time_series",
        }
        return payload if self.alias is None else {**payload, "alias": self.alias}


@dataclass(slots=True)
class ClickHouse(Dataquery, Builder[Dataquery]):
    """One query of a panel, for ClickHouse's own data source from version 4 on: always a table."""

    datasource: ClassVar[DataSourceRef] = DataSourceRef(type_val="grafana-clickhouse-datasource", uid="${datasource}")
    alias: ClassVar[None] = None
    query: str
    ref: str = "A"

    def build(self) -> Dataquery:
        """Return the query itself; it is its own builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return what Grafana stores of it; format 1 says table to the data source's server, queryType to its editor."""
        kind: dict[str, object] = {"editorType": "sql", "queryType": "table", "format": 1, "pluginVersion": "4.0.0"}
        return {"refId": self.ref, "datasource": self.datasource, "rawSql": self.query, **kind}


Query = Influx | ClickHouse
