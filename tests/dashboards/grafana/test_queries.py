"""Every query of every dashboard on a real InfluxDB 1.x, and what some panels show against the raw samples, counted by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median
from typing import Any

import pytest

from collector.sites.classes import read_classes
from dashboards.grafana.build import CLASSES, build_all
from dashboards.grafana.context import NATION
from dashboards.grafana.halls import STATES
from lab.grafana_query import ALL, Choice
from tests.dashboards.grafana.conftest import Database
from tests.dashboards.grafana.history import DUMB, END_MS, FAINT, LATE, ODD_NAME, REFUSED, START_MS, STRONG, UNTOLD

HOUR_MS = 3_600_000
SERVED, UNSERVED, FAULT = {"home", "roaming"}, {"searching", "not_registered"}, {"no_sim", "modem_silent"}
REFUSED_STATES = {"denied", "sim_fault"}
BUILT = {path: board for path, board in build_all().items() if not path.startswith(NATION)}


def panel(title: str, name: str = "regency") -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (p for p in BUILT[f"id/{name}.json"]["panels"] if p.get("title") == title and p["type"] != "row")
    return found


def queries() -> list[Any]:
    cases = []
    for path, dashboard in BUILT.items():
        name = path.removesuffix(".json")
        cases += [(f"{name}:${v['name']}", v["query"], None) for v in dashboard["templating"]["list"] if v["type"] == "query"]
        for p in dashboard["panels"]:
            cases += [(f"{name}:{p['title']}:{t['refId']}", t["query"], p.get("interval")) for t in p.get("targets", [])]
        cases += [(f"{name}:annotations", a["query"], None) for a in dashboard.get("annotations", {}).get("list", [])]
    return [pytest.param(query, least, id=title) for title, query, least in cases]


@pytest.mark.parametrize(("query", "least"), queries())
def test_every_query_gives_rows(database: Database, query: str, least: str | None) -> None:
    rows = database.ask(query, least=least)
    assert any(value is not None for row in rows for key, value in row.items() if key != "time")


def test_the_map_shows_every_hall_at_its_best_operator(database: Database) -> None:
    levels: dict[str, float] = {}
    for target in panel("Peta kantor desa")["targets"]:
        for row in database.ask(target["query"]):
            values = [row[state] for state in STATES if row.get(state) is not None]
            levels[row["site"]] = max([*values, levels.get(row["site"], -9999)])
    assert levels == by_hand_levels(database)
    assert len(levels) == 141
    assert [levels[code] for code in (STRONG, FAINT, DUMB, LATE, REFUSED, UNTOLD)] == [-70.0, -118.0, -400, -500, -350, -250]
    assert {-600, -500, -400, -350, -300, -250, -200} < set(levels.values())


def by_hand_levels(database: Database) -> dict[str, float]:
    powers: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    levels: dict[str, float] = dict.fromkeys(database.sites, -600)
    for row in database.signal:
        levels[str(row["site"])] = -500
    for row in database.store.samples("signal", (END_MS - 900_000) * 1_000_000 + 1, END_MS * 1_000_000 + 1):
        site, state = str(row["site"]), row["registration"]
        codes = {**dict.fromkeys(UNSERVED, -300), **dict.fromkeys(REFUSED_STATES, -350), **dict.fromkeys(FAULT, -400)}
        code = -200 if row.get("rat") == "gsm" else codes.get(str(state), -250)
        levels[site] = max(levels[site], code)
        if state in SERVED and row.get("rat") == "lte":
            powers[site, str(row["modem"]), str(row["operator"])].append(float(row["rsrp_dbm"]))
    for (site, _, _), values in powers.items():
        levels[site] = max(levels[site], median(values))
    return levels


def test_halls_by_class_are_counted_right(database: Database) -> None:
    shown: Counter[str] = Counter()
    for target in panel("Kantor desa per kategori")["targets"]:
        (row,) = database.ask(target["query"])
        shown[target["alias"]] = row["sum"]
    start = (END_MS // HOUR_MS - 1) * HOUR_MS
    powers: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for row in database.raw("signal", start, start + HOUR_MS):
        site, state = str(row["site"]), str(row["registration"])
        kinds = {**dict.fromkeys(UNSERVED, "no_service"), **dict.fromkeys(REFUSED_STATES, "sim_refused")}
        served = "two_g_only" if row.get("rat") == "gsm" else "served"
        seen[site].add(served if state in SERVED else kinds.get(state, "device_fault"))
        if state in SERVED and row.get("rat") == "lte":
            powers[site, str(row["modem"]), str(row["operator"])].append(float(row["rsrp_dbm"]))
    best: dict[str, float] = {}
    for (site, _, _), values in powers.items():
        best[site] = max(best.get(site, -999), median(values))
    classes = read_classes(CLASSES)
    expected = Counter(classes.of("rsrp_dbm", value).id for value in best.values())
    for site in seen.keys() - best.keys():
        key = next(key for key in ("two_g_only", "served", "no_service", "sim_refused", "device_fault") if key in seen[site])
        expected[classes.state[key].id] += 1
    assert shown == expected
    assert shown.total() == len(seen)


@pytest.mark.parametrize(
    ("title", "summaries", "start_ms"),
    [("Jam terukur per kategori", "signal_1h", START_MS), ("Hari terukur per kategori", "signal_1d", START_MS - 24 * HOUR_MS)],
)
def test_every_measured_hour_and_day_has_one_class(database: Database, title: str, summaries: str, start_ms: int) -> None:
    shown = Counter({t["alias"]: sum(r["count"] for r in database.ask(t["query"], least="1h")) for t in panel(title)["targets"]})
    classes = read_classes(CLASSES)
    expected: Counter[str] = Counter()
    for row in database.raw(summaries, start_ms):
        count: Counter[str] = Counter({name: int(value) for name, value in row.items() if isinstance(value, int)})
        if count["lte"]:
            expected[classes.of("rsrp_dbm", float(row["rsrp_median_dbm"])).id] += 1
            continue
        states = {
            "two_g_only": count["two_g"] + count["three_g"],
            "served": count["served"],
            "no_service": count["no_service"],
            "device_fault": count["no_sim"] + count["silent"],
            "sim_refused": count["refused"] + count["sim_fault"],
        }
        expected[classes.state[next(key for key, n in states.items() if n)].id] += 1
    assert shown == expected
    assert len(+expected) > 5


def test_availability_by_kecamatan_is_that_of_the_samples(database: Database) -> None:
    (target, _) = panel("Per kecamatan")["targets"]
    shown = {row["kecamatan"]: row["availability"] for row in database.ask(target["query"])}
    first = (START_MS // HOUR_MS + 1) * HOUR_MS  # the hour that the period begins in is not in it
    served: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for row in database.raw("signal", first):
        state = row["registration"]
        served[str(row["kecamatan"])] += state in SERVED
        asked[str(row["kecamatan"])] += state in SERVED | UNSERVED
    assert shown == pytest.approx({name: 100 * served[name] / count for name, count in asked.items() if count})
    assert 0 in shown.values()
    assert any(0 < share < 100 for share in shown.values())


def test_the_curve_of_a_hall_is_the_median_of_each_step_and_has_gaps(database: Database) -> None:
    places: defaultdict[str, set[int]] = defaultdict(set)
    for row in database.signal:
        places[str(row["desa"])].add(int(row["time_ns"]) // 10**6 // HOUR_MS)
    desa = next(name for name, hours in places.items() if 8 < len(hours) < 20)  # the one without power at night
    curve = panel("RSRP, kuat sinyal", "hall")
    shown = database.ask(curve["targets"][0]["query"], {"desa": [desa]}, curve["interval"])
    step_ms = Choice(START_MS, END_MS).interval_s(curve["interval"]) * 1000
    values: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for row in database.signal:
        if row["desa"] == desa and "rsrp_dbm" in row:
            values[str(row["modem"]), int(row["time_ns"]) // 10**6 // step_ms * step_ms].append(float(row["rsrp_dbm"]))
    assert {(r["modem"], r["time"]): r["median"] for r in shown if r["median"] is not None} == {
        key: median(found) for key, found in values.items()
    }
    empty = [row["time"] for row in shown if row["median"] is None]
    assert len(empty) * step_ms > 6 * HOUR_MS, "the hours without power must be rows without a value"


def test_a_name_full_of_pattern_characters_is_taken_as_it_is(database: Database) -> None:
    target = panel("Sel aktif (serving cell)", "hall")["targets"][0]
    rows = database.ask(target["query"], {"desa": [ODD_NAME]})
    assert [(row["modem"], row["operator"], row["rsrp_dbm"]) for row in rows] == [("axis", "XLSMART", -70)]
    both = database.ask(panel("Peta kantor desa")["targets"][0]["query"], {"desa": [ODD_NAME, "Senyiur"]})
    assert {row["desa"] for row in both} == {ODD_NAME, "Senyiur"}


def test_all_includes_what_has_no_operator_and_an_operator_what_its_sims_do_not_get(database: Database) -> None:
    """A modem whose SIM was never read has no operator tag; choosing all must not hide it. One without service has its SIM's."""
    targets = {t["refId"]: t["query"] for t in panel("Peta kantor desa")["targets"]}
    of_all, of_one = ({row["site"] for row in database.ask(targets["E"], {"operator": [name]})} for name in (ALL, "Telkomsel"))
    assert DUMB in of_all - of_one
    assert database.ask(targets["D"], {"operator": ["Telkomsel"]})


def test_variables_follow_each_other(database: Database) -> None:
    variables = {v["name"]: v["query"] for v in BUILT["id/hall.json"]["templating"]["list"] if v["type"] == "query"}
    kecamatan = database.sites[STRONG].kecamatan
    desa = {row["value"] for row in database.ask(variables["desa"], {"kecamatan": [kecamatan]})}
    assert desa == {site.desa for site in database.sites.values() if site.kecamatan == kecamatan}
    chosen = {"kecamatan": [kecamatan], "desa": [ODD_NAME]}
    assert [row["value"] for row in database.ask(variables["operator"], chosen)] == ["XLSMART"]
    assert [row["value"] for row in database.ask(variables["modem"], chosen)] == ["axis"]
    assert len(database.ask(variables["kecamatan"])) == 18
