"""The rules of alerts.toml in Grafana's terms: every query on a real InfluxDB, and who would be told at the end."""

from __future__ import annotations

import argparse
import operator
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.watch.config import Rules, load
from dashboards.grafana import alert_rules
from dashboards.grafana.alert_rules import NOT_EXPORTED, SHIPPED, text_of
from tests.dashboards.grafana.conftest import Answer, Database
from tests.dashboards.grafana.history import DUMB, END_MS, FAINT, LATE, STRONG

EXPORTED = yaml.safe_load(text_of(SHIPPED))
RULES = {rule["labels"]["rulename"]: rule for rule in EXPORTED["groups"][0]["rules"]}
COMPARE: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
TAGS = ("site", "kecamatan", "desa", "modem", "operator")
Labels = tuple[tuple[str, str], ...]


def queries(rule: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    for step in rule["data"]:
        if step["datasourceUid"] == "sinyal-influxdb":
            yield step["refId"], step["model"]["query"], step["relativeTimeRange"]["from"]


def newest(rows: list[Answer]) -> dict[Labels, float]:
    """Return the last value of each series, as Grafana's reduce does."""
    values: dict[Labels, float] = {}
    for row in rows:
        labels = tuple((tag, row[tag]) for tag in TAGS if tag in row)
        (value,) = (value for name, value in row.items() if name not in (*TAGS, "time"))
        values[labels] = float("nan") if value is None else float(value)
    return values


def holds(expression: str, values: dict[str, float]) -> bool:
    """Work out an expression such as `${A1} >= 0.6 * ${B1} && ${A1} > 2` for one set of labels."""
    if " || " in expression or " && " in expression:
        sign, every = (" || ", any) if " || " in expression else (" && ", all)
        return every(holds(part, values) for part in expression.split(sign))
    left, sign, right = re.fullmatch(r"\$\{(\w+)\} (\S+) (.+)", expression).groups()  # type: ignore[union-attr]  # ours all match
    factor, _, name = right.rpartition(" * ")
    number = values[name[2:-1]] * float(factor or 1) if name.startswith("${") else float(name)
    return COMPARE[sign](values[left], number)


def firing(database: Database, name: str) -> set[str]:
    """Return the sites, kecamatan or operators for which a rule's condition holds at the end; "" for the server."""
    rule = RULES[name]
    found = {f"{ref}1": newest(database.ask(query, start_ms=END_MS - span * 1000)) for ref, query, span in queries(rule)}
    expression = rule["data"][-1]["model"]["expression"]
    told = set()
    for labels in found["A1"]:
        values = {ref: by_labels[labels] for ref, by_labels in found.items() if labels in by_labels}
        if len(values) == len(found) and holds(expression, values):
            told.add(dict(labels).get("site") or dict(labels).get("kecamatan") or dict(labels).get("operator", ""))
    return told


def test_every_rule_is_exported_or_said_to_be_missing() -> None:
    assert set(RULES) | set(NOT_EXPORTED) == set(Rules.model_fields)
    text = text_of(SHIPPED)
    assert all(f"# Not here: {name}" in text for name in NOT_EXPORTED)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_what_grafana_takes(name: str) -> None:
    rule = RULES[name]
    refs = [step["refId"] for step in rule["data"]]
    assert len(set(refs)) == len(refs)
    assert rule["condition"] == refs[-1]
    assert re.fullmatch(r"[a-z-]{1,40}", rule["uid"])
    assert re.fullmatch(r"\d+s", rule["for"])
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert {"title_id", "title_en", "text_id", "text_en"} < set(rule["annotations"])
    assert not [text for text in (*rule["annotations"].values(), *rule["labels"].values()) if "$" in text or "{}" in text]
    for step in rule["data"]:
        assert step["model"]["refId"] == step["refId"]
        if step["datasourceUid"] == "__expr__":
            assert set(re.findall(r"\$\{(\w+)\}", step["model"]["expression"])) | {step["model"]["expression"]} & set(refs) <= {
                *refs
            }


@pytest.mark.parametrize("name", RULES)
def test_every_query_is_understood(database: Database, name: str) -> None:
    for _, query, span in queries(RULES[name]):
        database.ask(query, start_ms=END_MS - span * 1000)


def test_who_is_told_at_the_end_of_the_history(database: Database) -> None:
    last_hour = [row for row in database.signal if int(row["time_ns"]) > (END_MS - 900_000) * 1_000_000]
    away = {str(row["site"]) for row in last_hour if row["registration"] in ("searching", "not_registered")}
    served = {str(row["site"]) for row in last_hour if row["registration"] == "home"}
    assert LATE in firing(database, "hall_dark")
    assert not {STRONG, FAINT, DUMB} & firing(database, "hall_dark")
    assert firing(database, "mains_off") == {STRONG}
    assert firing(database, "clock_untrusted") == {STRONG}
    assert firing(database, "modem_sick") >= {DUMB}
    assert firing(database, "no_service") == away - served
    assert FAINT in firing(database, "weak_signal")
    assert STRONG not in firing(database, "weak_signal")
    assert firing(database, "data_budget") == {STRONG}
    assert firing(database, "spool_filling") == set()
    assert firing(database, "nothing_arriving") == set()
    assert firing(database, "collector_lagging") == {""}


def export(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    alert_rules.add_arguments(parser)
    return alert_rules.run(parser.parse_args(words))


def test_a_faulty_file_is_named(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "alerts.toml").write_text(SHIPPED.read_text("utf-8").replace("below = -110", 'below = "low"'), "utf-8")
    assert export(["--alerts", str(tmp_path / "alerts.toml")]) == 2
    assert "rule.weak_signal.below" in capsys.readouterr().err


def test_a_changed_rule_changes_the_export_and_a_rule_that_is_off_is_left_out(tmp_path: Path, capsys: Any) -> None:
    text = SHIPPED.read_text("utf-8")
    start = text.index("[rule.mains_off]")
    changed = text[:start] + text[start:].replace("severity =", "enabled = false\nseverity =", 1)
    changed = re.sub(r"below = -110\b", "below = -115", changed)
    (tmp_path / "alerts.toml").write_text(changed, "utf-8")
    assert export(["--alerts", str(tmp_path / "alerts.toml")]) == 0
    rules = {r["labels"]["rulename"]: r for r in yaml.safe_load(capsys.readouterr().out)["groups"][0]["rules"]}
    assert set(RULES) - set(rules) == {"mains_off"}
    assert rules["weak_signal"]["data"][-1]["model"]["expression"] == "${A1} < -115"
    assert load(SHIPPED).rule.weak_signal is not None
