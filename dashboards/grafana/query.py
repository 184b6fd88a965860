"""One query of a panel, as Grafana stores it."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

DATASOURCE = DataSourceRef(type_val="influxdb", uid="${datasource}")


@dataclass(slots=True)
class Influx(Dataquery, Builder[Dataquery]):
    """One query of a panel. `alias` names its series (`$tag_modem`); a table has none."""

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
            "datasource": DATASOURCE,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": "table" if self.alias is None else "time_series",
        }
        return payload if self.alias is None else {**payload, "alias": self.alias}
