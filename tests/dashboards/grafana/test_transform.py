"""What Grafana's own package makes of the answers of a real InfluxDB, in its oldest and newest version: `make test-grafana`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from collector.sites.classes import read_classes
from dashboards.grafana import theme
from dashboards.grafana.build import CLASSES, build_all
from tests.dashboards.grafana.conftest import Database

PACKAGES = Path(__file__).parents[3] / "build" / "grafana-data"
"""Where the make target puts them, a folder a version."""
VERSIONS = ("9.4.17", "13.2.3")
Panel = dict[str, Any]


def package(version: str) -> Path:
    """Return the folder of the package; skip where Node.js or it is missing."""
    found = PACKAGES / version / "node_modules" / "@grafana" / "data"
    if shutil.which("node") is None or not found.exists():
        pytest.skip(f"@grafana/data {version} or Node.js is not there: make test-grafana fetches it")
    return found


def frames(database: Database, panel: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the answers to the queries of a panel as Grafana's InfluxDB data source hands them on."""
    found: list[dict[str, Any]] = []
    for target in panel["targets"]:
        answers = database.series(target["query"], None, panel.get("interval"))
        if target["resultFormat"] == "table":
            found += [_table(target["refId"], answers)] if answers else []
            continue
        for one in answers:
            for k, name in enumerate(one["columns"][1:], 1):
                alias = target["alias"]
                for tag, value in one.get("tags", {}).items():
                    alias = alias.replace(f"$tag_{tag}", value)
                numbers = [row[k] for row in one["values"]]
                field = {"name": name, "labels": one.get("tags", {}), "config": {"displayNameFromDS": alias}}
                times = {"name": "Time", "type": "time", "config": {}, "values": [row[0] for row in one["values"]]}
                found.append({"refId": target["refId"], "fields": [times, {**field, "type": _type(numbers), "values": numbers}]})
    return found


def _table(ref: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    tags = list(answers[0].get("tags", {}))
    names = ["Time", *tags, *answers[0]["columns"][1:]]
    rows = [[row[0], *one.get("tags", {}).values(), *row[1:]] for one in answers for row in one["values"]]
    columns = [[row[k] for row in rows] for k in range(len(names))]
    fields = [
        {"name": name, "type": "time" if name == "Time" else _type(column), "config": {}, "values": column}
        for name, column in zip(names, columns, strict=True)
    ]
    return {"refId": ref, "fields": fields}


def _type(column: list[Any]) -> str:
    first = next((value for value in column if value is not None), None)
    return "boolean" if isinstance(first, bool) else "number" if isinstance(first, (int, float)) else "string"


@cache
def boards() -> dict[str, Any]:
    """Return the Indonesian dashboards by name."""
    return {Path(path).stem: board for path, board in build_all().items() if path.startswith("id/")}


@pytest.fixture(scope="module", params=VERSIONS)
def panels(request: pytest.FixtureRequest, database: Database) -> dict[str, Panel]:
    """Return what is drawn of each panel, by board and title."""
    folder = package(request.param)
    asked = [
        {
            "title": f"{name}: {panel['title']}",
            "frames": frames(database, panel),
            "transformations": panel.get("transformations", []),
            "fieldConfig": panel["fieldConfig"],
        }
        for name, board in boards().items()
        for panel in board["panels"]
        if panel.get("targets")
    ]
    script = Path(__file__).with_name("transform.cjs")
    done = subprocess.run(["node", script, folder], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    drawn = zip(asked, json.loads(done.stdout), strict=True)
    return {panel["title"]: {**panel, "fields": [f for frame in one["frames"] for f in frame]} for panel, one in drawn}


def column(panel: Panel, name: str) -> dict[str, Any]:
    """Return a field by its name."""
    found: dict[str, Any] = next(field for field in panel["fields"] if field["name"] == name)
    return found


def test_every_panel_shows_what_it_promises(panels: dict[str, Panel]) -> None:
    faults = [fault for title, panel in panels.items() for fault in _faults(title, panel)]
    assert not faults, "\n".join(faults)


def test_units_and_dates_are_written_alike(panels: dict[str, Panel]) -> None:
    levels = column(panels["operators: Operator berdampingan"], "rsrp")["texts"]
    assert all(text.endswith(" dBm") for text in levels if text), levels
    assert all(re.fullmatch(r"\d\d/\d\d/2026 \d\d\.\d\d", t) for t in column(panels["hall: Kejadian"], "Time")["texts"])


def test_the_list_of_halls_has_the_measured_ones_and_their_states_in_words(panels: dict[str, Panel]) -> None:
    level = column(panels["regency: Kantor desa sekarang"], "level")
    assert len(level["values"]) < 30
    assert theme.NOT_MEASURED not in level["values"]
    words = read_classes(CLASSES).state
    assert {words[key].word("id") for key in ("no_service", "device_fault", "sim_refused")} <= set(level["texts"])


def test_a_class_without_halls_is_shown_with_0(panels: dict[str, Panel]) -> None:
    bars = panels["regency: Kantor desa per kategori"]["fields"]
    counts = [field["values"][-1] for field in bars if field["name"] != "Time"]
    assert len(counts) == 10


def _faults(title: str, panel: Panel) -> list[str]:
    fields = panel["fields"]
    if not any(value is not None for field in fields if field["name"] != "Time" for value in field["values"]):
        return [f"{title}: nothing is shown"]
    found = [f"{title}: {field['name']} holds NaN" for field in fields if field["nan"]]
    wrong = ("NaN", "undefined", "Invalid", "[object")
    found += [
        f"{title}: {field['name']} is written {t}" for field in fields for t in field["texts"] if any(w in t for w in wrong)
    ]
    names = {field["name"] for field in fields}
    return found + [
        f"{title}: no column {rule['matcher']['options']}"
        for rule in panel["fieldConfig"]["overrides"]
        if rule["matcher"]["options"] not in names
    ]
