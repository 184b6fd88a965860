"""The provisioning files agree with what publish does, and hold no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.config import Influx1Section, Influx2Section
from dashboards.grafana.context import GENERATED
from dashboards.grafana.publish import FOLDERS, datasource_of

FOLDER = GENERATED.parent / "provisioning"
FILES = sorted(FOLDER.glob("*/*.yaml"))


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


def test_folders_and_paths_are_those_of_publish() -> None:
    providers = read("dashboards/sinyal.yaml")["providers"]
    assert {p["name"].removeprefix("sinyal-"): (p["folder"], p["folderUid"]) for p in providers} == FOLDERS
    for provider in providers:
        path = provider["options"]["path"].replace("$SINYAL_DASHBOARDS", str(GENERATED))
        assert len(list(Path(path).glob("*.json"))) == 6


@pytest.mark.parametrize(
    ("file", "store"),
    [
        ("datasources/sinyal.yaml", Influx1Section(engine="influx1", url="http://127.0.0.1:8086")),
        ("alternatives/influxdb-2-or-3.yaml", Influx2Section(engine="influx2", org="kutim", bucket="sinyal")),
    ],
    ids=["influxdb1", "influxdb2"],
)
def test_data_sources_are_those_of_publish(
    file: str, store: Influx1Section | Influx2Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINYAL_STORE_TOKEN", "t")
    monkeypatch.setenv("SINYAL_STORE_PASSWORD", "p")
    (provisioned,) = read(file)["datasources"]
    published = datasource_of(store)
    for key in ("uid", "name", "type", "access"):
        assert provisioned[key] == published[key]
    assert set(provisioned["jsonData"]) == set(published["jsonData"])
    assert set(provisioned["secureJsonData"]) == set(published["secureJsonData"])
    assert all("$SINYAL_" in value for value in provisioned["secureJsonData"].values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_explained_at_the_head(path: Path) -> None:
    text = path.read_text("utf-8")
    head = "".join(line for line in text.splitlines() if line.startswith("#"))
    used = {word.split("/")[0].strip() for word in text.replace("Token ", "").split() if word.startswith("$SINYAL_")}
    assert used
    assert all(name[1:] in head for name in used)
