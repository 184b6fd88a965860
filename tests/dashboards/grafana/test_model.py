"""The dashboards as Grafana reads them: complete, current, in both languages, and asking nobody outside."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from collector.sites.classes import read_classes
from dashboards.grafana import build, theme
from dashboards.grafana.build import CLASSES, DASHBOARDS, build_all
from dashboards.grafana.context import GENERATED, NATION, Context
from dashboards.grafana.dialect import DIALECTS
from telemetry.streams import STREAMS, fields

BUILT = build_all()
LEADS = re.compile(r"var-kecamatan=\$\{(\S+?)kecamatan[^&]*&var-desa=\$\{\1desa")
"""A hall is named by its kecamatan and its village, from one and the same place: row, grouped row or series."""
ROOT = Path(__file__).parents[3]
each_dashboard = pytest.mark.parametrize("path", BUILT)
PLUGINS = {f"{NATION}/{language}-{d.name}.json": d.plugin for language in ("id", "en") for d in DIALECTS}
"""Type of the data source of the boards that may have another one than InfluxDB."""


def panels(path: str) -> list[dict[str, Any]]:
    return [p for p in BUILT[path]["panels"] if p["type"] != "row"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value


def overrides(panel: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rules = panel["fieldConfig"]["overrides"]
    return {rule["matcher"]["options"]: {p["id"]: p["value"] for p in rule["properties"]} for rule in rules}


def test_generated_files_are_current() -> None:
    assert build.main(["--check"]) == 0
    found = {path.relative_to(GENERATED).as_posix(): json.loads(path.read_text("utf-8")) for path in GENERATED.glob("*/*.json")}
    assert found == BUILT
    assert len(found) == 2 * len(DASHBOARDS) + 2 * len(DIALECTS) == 18


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    code = "import sys, pathlib, dashboards.grafana.build as build; build.write_files(folder=pathlib.Path(sys.argv[1]))"
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=env, check=True)
    assert {p.name: p.read_bytes() for p in tmp_path.glob("id/*")} == {p.name: p.read_bytes() for p in GENERATED.glob("id/*")}


def test_stale_missing_and_orphaned_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    folder = tmp_path / "generated"
    shutil.copytree(GENERATED, folder)
    (folder / "id/hall.json").write_text("{}")
    (folder / "en/fleet.json").unlink()
    (folder / "en/old.json").write_text("{}")
    assert build.stale_files(folder=folder) == ["en/fleet.json", "en/old.json", "id/hall.json"]
    monkeypatch.setattr(build, "stale_files", lambda: ["id/hall.json"])
    assert build.main(["--check"]) == 1
    assert "run: python -m dashboards.grafana.build" in capsys.readouterr().err
    monkeypatch.undo()
    assert build.write_files(folder=folder) == ["en/fleet.json", "en/old.json", "id/hall.json"]
    assert build.stale_files(folder=folder) == []


@each_dashboard
def test_identity_and_variables(path: str) -> None:
    dashboard = BUILT[path]
    language, name = (path.split("/")[1][:2], NATION) if path in PLUGINS else path.removesuffix(".json").split("/")
    assert dashboard["uid"] == (f"sinyal-{name}" if language == "id" else f"sinyal-{name}-en")
    assert "id" not in dashboard
    assert (dashboard["timezone"], dashboard["schemaVersion"]) == ("Asia/Makassar", 37)
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    line = [] if name in ("fleet", "pipeline") else ["operator", "modem"]
    assert list(variables) == ["datasource", *(["regency"] if name == NATION else ["kecamatan", "desa", *line])]
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", PLUGINS.get(path, "influxdb"))
    for variable in list(variables.values())[1:]:
        single = name == "hall" and variable["name"] == "desa"
        assert variable.get("includeAll", False) is not single
        assert single or variable["allValue"] == ".*"


@each_dashboard
def test_panels_are_told_apart_and_do_not_overlap(path: str) -> None:
    everything = BUILT[path]["panels"]
    ids = [p["id"] for p in everything]
    assert len(set(ids)) == len(ids)
    places = [p["gridPos"] for p in everything]
    assert all(g["x"] >= 0 and g["x"] + g["w"] <= 24 and g["y"] >= 0 for g in places)
    for a, b in combinations(places, 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart, (a, b)


@each_dashboard
def test_every_panel_says_what_it_shows_and_in_which_unit(path: str) -> None:
    numeric = {name for stream in STREAMS for name, f in fields(stream).items() if f.type in (int, float)}
    for panel in panels(path):
        assert panel["title"]
        assert len(panel["description"]) > 10
        assert panel["datasource"] == {"type": PLUGINS.get(path, "influxdb"), "uid": "${datasource}"}
        assert all(t["datasource"] == panel["datasource"] and t.get("rawQuery", t.get("rawSql")) for t in panel["targets"])
        refs = [t["refId"] for t in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0
        if panel["type"] == "table":
            columns = overrides(panel)
            assert panel["fieldConfig"]["defaults"].get("unit") or all(
                "unit" in setting for name, setting in columns.items() if name.split(" ")[0] in numeric - {"band", "rat"}
            )
        else:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


@each_dashboard
def test_gaps_stay_gaps(path: str) -> None:
    for panel in panels(path):
        custom = panel["fieldConfig"]["defaults"].get("custom", {})
        assert custom.get("spanNulls", False) is False
        if panel["type"] == "timeseries":
            assert panel["interval"]
            written = [t["query"] for t in panel["targets"]]
            assert all(query.endswith(("fill(null)", "fill(0)")) for query in written)
            counts = [query for query in written if query.endswith("fill(0)")]
            assert all(query.startswith("SELECT count(") for query in counts), "only a count may be 0 where nothing was measured"


def test_the_national_boards_differ_in_their_questions_alone() -> None:
    """One code, two dialects: what a person sees is the same."""
    for language in ("id", "en"):
        influx, clickhouse = (json.dumps(BUILT[f"{NATION}/{language}-{d.name}.json"], sort_keys=True) for d in DIALECTS)
        for dialect in DIALECTS:
            influx, clickhouse = (text.replace(dialect.plugin, "PLUGIN") for text in (influx, clickhouse))
        boards = [json.loads(text) for text in (influx, clickhouse)]
        for board in boards:
            for part in (*board["panels"], *board["templating"]["list"]):
                part.pop("targets", None)
                part.pop("query", None)
        assert boards[0] == boards[1]


def test_both_languages_show_the_same() -> None:
    def bare(dashboard: dict[str, Any]) -> Any:
        def one(panel: dict[str, Any]) -> list[Any]:
            return [
                panel["id"],
                panel["type"],
                panel["gridPos"],
                panel.get("interval"),
                [t["query"] for t in panel.get("targets", [])],
            ]

        return re.sub(r"(title|text)_(id|en)", r"\1", json.dumps([one(panel) for panel in dashboard["panels"]]))

    for name in DASHBOARDS:
        indonesian, english = BUILT[f"id/{name}.json"], BUILT[f"en/{name}.json"]
        assert bare(indonesian) == bare(english)
        assert indonesian["title"] != english["title"]
        both = zip(panels(f"id/{name}.json"), panels(f"en/{name}.json"), strict=True)
        assert all(a["description"] != b["description"] for a, b in both)


@each_dashboard
def test_nothing_is_fetched_from_elsewhere(path: str) -> None:
    texts = list(strings(BUILT[path]))
    assert not [text for text in texts if re.search(r"https?://|(^|[^:])//\w", text)]
    for panel in panels(path):
        if panel["type"] == "geomap":
            layers = [panel["options"]["basemap"], *panel["options"]["layers"]]
            assert [layer["type"] for layer in layers] == ["geojson", "markers"], "other base layers fetch tiles"


def test_the_base_map_is_the_regency() -> None:
    (geomap,) = (p for p in panels("id/regency.json") if p["type"] == "geomap")
    root, path = geomap["options"]["basemap"]["config"]["src"].split("/", 1)
    assert root == "public", (
        "every version of Grafana reads a map file below its own public folder, and nothing else in all of them"
    )
    shapes = json.loads((GENERATED / path).read_text("utf-8"))["features"]
    assert len(shapes) == 18
    assert {"Sangatta Utara", "Sandaran"} < {shape["properties"]["name"] for shape in shapes}


def test_links_lead_to_the_hall_or_sub_district_in_the_same_language() -> None:
    for language, hall, area in (("id", "sinyal-hall", "sinyal-regency"), ("en", "sinyal-hall-en", "sinyal-regency-en")):
        linked = []
        for name in DASHBOARDS:
            for panel in panels(f"{language}/{name}.json"):
                urls = [link["url"] for setting in overrides(panel).values() for link in setting.get("links", [])]
                urls += [link["url"] for link in panel["fieldConfig"]["defaults"].get("links", [])]
                assert all(url.startswith(f"/d/{area}?") or (url.startswith(f"/d/{hall}?") and LEADS.search(url)) for url in urls)
                linked += [panel["type"]] * bool(urls)
        assert {"geomap", "table", "status-history", "state-timeline"} <= set(linked)


def test_what_leads_to_a_hall_knows_its_kecamatan() -> None:
    """Else it would lead to a village of the same name elsewhere."""
    for name in DASHBOARDS:
        for panel in panels(f"id/{name}.json"):
            if "/d/sinyal-hall" in json.dumps(panel["fieldConfig"]):
                asked = [target["query"] for target in panel["targets"] if '"desa"' in target["query"].replace('"desa" =~', "")]
                assert asked, panel["title"]
                assert all('"kecamatan"' in query.replace('"kecamatan" =~', "") for query in asked), panel["title"]


def test_the_dashboard_of_one_hall_opens_on_a_measured_one() -> None:
    (desa,) = (v for v in BUILT["id/hall.json"]["templating"]["list"] if v["name"] == "desa")
    assert "/^(signal|site)$/" in desa["query"]
    assert desa["sort"] == 0, "sorted by name a village without a device would be the first"


def test_each_board_asks_its_question() -> None:
    assert all(board["title"].endswith("?") for board in BUILT.values())


def test_the_wall_fits_one_screen_and_offers_no_choice() -> None:
    board = BUILT["id/wall.json"]
    assert max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board["panels"]) <= 24
    assert all(v["hide"] == 2 for v in board["templating"]["list"][1:])
    assert not board.get("links")


def test_units_and_dates_are_those_of_every_version_and_language() -> None:
    for path, board in BUILT.items():
        text = json.dumps(board)
        assert '"dBm"' not in text, "Grafana 13 writes it dbm"
        assert "dateTimeAsLocal" not in text, "follows the browser"
        assert ("DD/MM/YYYY" in text) <= path.startswith("id/")


def test_thresholds_are_those_of_classes_toml(tmp_path: Path) -> None:
    moved = tmp_path / "classes.toml"
    moved.write_text(CLASSES.read_text("utf-8").replace("rsrp_dbm = -90", "rsrp_dbm = -93"), "utf-8")
    for file, cut in ((CLASSES, -90), (moved, -93)):
        (curve,) = (p for p in build_all(file)["id/hall.json"]["panels"] if p.get("title") == "RSRP, kuat sinyal")
        classes = read_classes(file)
        defaults = curve["fieldConfig"]["defaults"]
        expected = [(None, classes.classes[-1].colour), *((c.cuts["rsrp_dbm"], c.colour) for c in reversed(classes.classes[:-1]))]
        assert [(s["value"], s["color"]) for s in defaults["thresholds"]["steps"]] == expected
        assert cut in [s["value"] for s in defaults["thresholds"]["steps"]]
        assert defaults["custom"]["thresholdsStyle"]["mode"] == "area"
    assert build.stale_files(moved)


def test_a_level_has_the_colour_of_its_state_or_class() -> None:
    classes = read_classes(CLASSES)
    scale = theme.levels_of(Context("id", classes))

    def colour(level: float) -> str:
        return [c for low, c in scale if low is None or level >= low][-1]

    states = {-600: "not_measured", -500: "silent", -400: "device_fault", -300: "no_service", -200: "two_g_only"}
    assert {level: colour(level) for level in states} == {level: classes.state[key].colour for level, key in states.items()}
    for power in (-157.0, -111.0, -110.0, -95.5, -80.0, -44.0):
        assert colour(power) == classes.of("rsrp_dbm", power).colour
