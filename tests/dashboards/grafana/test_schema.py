"""Grafana's own schema of a dashboard, as grafana-foundation-sdk has it, knows every key of ours, and takes it as it is.

`make test-grafana` asks the newest schema too; the one that is installed is the oldest there is, of Grafana 10.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana.context import GENERATED

FILES = sorted(GENERATED.glob("*/*.json"))
OF_INFLUXQL = ("query", "titleColumn", "textColumn", "tagsColumn", "timeEndColumn")
"""What the InfluxDB data source reads of an annotation; the schema has those of Grafana's own annotations only."""
TARGET = (*OF_INFLUXQL, "refId", "rawQuery", "resultFormat", "fromAnnotations")


def unknown(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Yield the paths in ours that theirs has lost or changed."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from unknown(value, theirs[key], f"{path}/{key}") if key in theirs else (f"{path}/{key}",)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for a, b in zip(ours, theirs, strict=True):
            yield from unknown(a, b, f"{path}[]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_schema_of_grafana_knows_everything_in_a_dashboard(path: Path) -> None:
    register_default_plugins()
    ours = json.loads(path.read_text("utf-8"))
    theirs = json.loads(json.dumps(Dashboard.from_json(ours), cls=JSONEncoder))
    release = version("grafana-foundation-sdk").partition("!")[2].split(".")
    paged = (int(release[0]), int(release[1])) >= (11, 4)
    allowed = {f"/annotations/list[]/{key}" for key in OF_INFLUXQL} | {f"/annotations/list[]/target/{key}" for key in TARGET}
    assert set(unknown(ours, theirs)) <= allowed | (set() if paged else {"/panels[]/options/perPage"})
