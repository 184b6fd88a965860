"""The provisioning files agree with what publish does, and hold no secret."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.config import Influx1Section, Influx2Section
from collector.store.store import Point
from dashboards.grafana.build import DASHBOARDS
from dashboards.grafana.context import DATASOURCE_UID, GENERATED
from dashboards.grafana.publish import FOLDERS, datasource_of
from tests.dashboards.grafana.conftest import Database

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
        assert len(list(Path(path).glob("*.json"))) == len(DASHBOARDS)


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
    provisioned, again = read(file)["datasources"]
    assert again == provisioned, "Grafana 9.4 takes the database of a data source only when it sets it right"
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
    assert all(name[1:] in head for name in used)


RULES = [rule for group in read("alerting/sinyal.yaml")["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["uid"])
def test_the_rules_on_the_server_are_read_by_every_version(rule: dict[str, Any]) -> None:
    """As `rules_types.go` reads them: uid of 40 at most, a condition that is one of its queries, durations, states."""
    steps = {step["refId"]: step for step in rule["data"]}
    assert len(rule["uid"]) <= 40
    assert rule["condition"] in steps
    assert all(step["datasourceUid"] in (DATASOURCE_UID, "__expr__") for step in steps.values())
    assert all(step["model"]["refId"] == ref for ref, step in steps.items())
    assert all(step["model"].get("expression", "A") in steps for step in steps.values())
    assert {rule["noDataState"], rule["execErrState"]} == {"Alerting", "OK"}, "one fault, one message"
    assert re.fullmatch(r"\d+m", rule["for"])
    assert "$" not in yaml.safe_dump(rule), "9.4 puts no variables into annotations"


def test_one_rule_each_says_that_watch_collector_or_store_is_dead() -> None:
    assert [rule["uid"] for rule in RULES] == ["sinyal-watch-dead", "sinyal-collector-dead", "sinyal-store-dead"]
    (contact,) = read("alerting/sinyal.yaml")["contactPoints"]
    (policy,) = read("alternatives/policy-before-10.4.yaml")["policies"]
    assert {rule["notification_settings"]["receiver"] for rule in RULES} == {contact["name"]} == {policy["routes"][0]["receiver"]}
    (name, _, value) = policy["routes"][0]["object_matchers"][0]
    assert all(rule["labels"][name] == value for rule in RULES)


def test_every_runbook_is_there() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/grafana.md").read_text("utf-8")
    anchors = {line.removeprefix("## ").strip().lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    assert {rule["annotations"]["runbook_url"].partition("#")[2] for rule in RULES} <= anchors


def test_each_rule_sees_life_and_death(database: Database) -> None:
    """Life is a point of the last minutes; death is no row, which the rule takes for what it is."""
    for rule, measurement in zip(RULES[:2], ("watch", "ingest"), strict=True):
        query = rule["data"][0]["model"]["query"]
        assert database.ask(query) == []
        field = "open" if measurement == "watch" else "received_frames"
        database.store.write_points([Point(measurement, {}, {field: 0}, time.time_ns() - 60_000_000_000)])
        assert [row["count"] for row in database.ask(query)] == [1]
