"""`sinyal-dashboards alert-rules`: the rules of alerts.toml as Grafana alert provisioning, for offices that prefer it.

Grafana judges a window at a time. What `sinyal-collector watch` does beyond that has no counterpart there: it learns power
schedules, tells cause from symptom, ignores late data, closes with hysteresis. So these rules speak more often than the watch.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from collector.errors import ConfigError
from collector.watch.config import Rule, Rules, load
from collector.watch.messages import WHOM, WORDS, Words
from dashboards.grafana.context import DATASOURCE_UID
from dashboards.grafana.influxql import LEVELLED, NO_SERVICE, NO_SIM, RANGE, SILENT, SIM_REFUSED, rows
from ground.words import Lang, tr

HALL = '"site", "kecamatan", "desa"'
MODEM = f'{HALL}, "modem"'
MINUTE, HOUR, DAY = 60, 3600, 86400
DARK_S, FRAME_S = 12 * MINUTE, 6 * MINUTE
"""How long a hall may say nothing, where no rule says it; a frame of five minutes and its travel."""
SERVER = "__expr__"
ROOT = Path(__file__).parents[2]
GROUP, EVALUATE = "sinyal", "1m"
SHIPPED = ROOT / "config" / "alerts.toml"
RESOLUTION = {"intervalMs": 60_000, "maxDataPoints": 43_200}
NOT_EXPORTED = {
    "sim_expiry": "the date stands in sites.csv, not in the store",
    "two_installations": "the account of the fleet finds it, which looks at all samples of the days concerned",
    "cell_gone": "cells are values, not tags: InfluxQL cannot group by them",
}
"""Rules that InfluxQL cannot express, and why."""
EPILOG = """\
Copy the file to /etc/grafana/provisioning/alerting/ and restart Grafana. It expects the data source with uid sinyal-influxdb, as
publish and the provisioning files make it. Rules carry the labels source=sinyal, severity and role for notification policies.
Use either these rules or sinyal-collector watch, not both: everything would be told twice.

  sinyal-dashboards alert-rules --alerts /etc/sinyal/alerts.toml > sinyal-alerts.yaml

exit: 0 written; 2 alerts.toml is faulty
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule in Grafana's terms: queries over their windows (s), and the condition on their newest values (`$A > 0`)."""

    queries: Mapping[str, tuple[str, int]]
    condition: str
    for_s: float = 0
    silence_alerts: bool = False
    """An answer without any series is the alert itself."""


_PLACEHOLDER = re.compile(r" \([^)]*\{detail\}[^)]*\)| ?\{detail\}( %)?")
"""The place of a number in a text, which a rule of Grafana does not fill in."""


def export(rules: Rules, forget_after_days: float, group_share: float, group_min: int) -> dict[str, Any]:
    """Return the provisioning file for all rules that are there and can be expressed."""
    asked = _asked(rules, forget_after_days, group_share, group_min)
    found = [_rule(name, rule, asked[name](rule)) for name in asked if (rule := rules.get(name)) is not None]
    return {"apiVersion": 1, "groups": [{"orgId": 1, "name": GROUP, "folder": "Sinyal", "interval": EVALUATE, "rules": found}]}


def as_text(provisioning: Mapping[str, Any]) -> str:
    """Return the file's text, with what it leaves out said at its head."""
    left_out = "".join(f"# Not here: {name} ({why}).\n" for name, why in NOT_EXPORTED.items())
    head = "# Generated from alerts.toml; change it there and export again: sinyal-dashboards alert-rules --help\n"
    return head + left_out + yaml.safe_dump(dict(provisioning), allow_unicode=True, sort_keys=False, width=1000)


def _asked(rules: Rules, forget_after_days: float, group_share: float, group_min: int) -> dict[str, Callable[[Rule], Asked]]:
    ever_s = int(forget_after_days * DAY)
    dark_s = int(rules.hall_dark.stale_minutes * MINUTE) if rules.hall_dark else DARK_S
    # The newest step may be empty for as long as a frame travels: the wait on top must be longer than that.
    wait_s = max(rules.hall_dark.for_minutes * MINUTE - dark_s if rules.hall_dark else 0, FRAME_S)
    return {
        "hall_dark": lambda _: Asked({"A": (_bucketed(dark_s, HALL), ever_s)}, "$A < 1", wait_s),
        "mains_off": lambda rule: _all_of(rule, "device", '"mains" = false', 'count("mains")', HALL),
        "no_service": lambda rule: _all_of(rule, "signal", NO_SERVICE, 'count("seq")', MODEM),
        "weak_signal": lambda rule: Asked({"A": _median(rule, "rsrp_dbm")}, f"$A < {rule.model_dump()['below']:g}"),
        "low_quality": lambda rule: _noisy(rule, rules),
        "modem_sick": lambda rule: _all_of(rule, "signal", SILENT, 'count("seq")', MODEM),
        "no_sim": lambda rule: _all_of(rule, "signal", NO_SIM, 'count("seq")', MODEM),
        "sim_refused": lambda rule: _all_of(rule, "signal", SIM_REFUSED, 'count("seq")', MODEM),
        "clock_untrusted": lambda rule: _all_of(rule, "device", "\"clock_state\" = 'untrusted'", 'count("clock_state")', HALL),
        "spool_filling": _spool,
        "data_budget": _budget,
        "collector_lagging": _lagging,
        "nothing_arriving": _nothing,
        "area_dark": lambda rule: _area(rule, dark_s, ever_s, wait_s, group_share, group_min),
        "operator_gone": lambda rule: _operator(rule, group_share, group_min),
    }


def _bucketed(step_s: int, tags: str, measurement: str = "signal") -> str:
    """Count samples by step; a step without samples is 0 as long as the series has any in the window."""
    return rows('count("seq") AS "n"', measurement, RANGE, f"time({step_s}s), {tags} fill(0)")


def _all_of(rule: Rule, measurement: str, bad: str, known: str, tags: str) -> Asked:
    """Say that all samples of the rule's time were bad: as many are bad as say anything at all."""
    window_s = int(max(rule.for_minutes, 5) * MINUTE)
    counts = {
        "A": (rows('count("seq")', measurement, f"{RANGE} AND {bad}", tags), window_s),
        "B": (rows(known, measurement, RANGE, tags), window_s),
    }
    return Asked(counts, "$A >= $B")


def _median(rule: Rule, metric: str) -> tuple[str, int]:
    where = f"{RANGE} AND {LEVELLED}"
    return rows(f'median("{metric}")', "signal", where, f'{MODEM}, "operator"'), int(rule.for_minutes * MINUTE)


def _noisy(rule: Rule, rules: Rules) -> Asked:
    """Low quality where the signal is not weak: a weak signal is noisy too."""
    strong = f" && $B >= {rules.weak_signal.below:g}" if rules.weak_signal else ""
    queries = {"A": _median(rule, "sinr_db"), "B": _median(rule, "rsrp_dbm")}
    return Asked(queries, f"$A < {rule.model_dump()['below']:g}{strong}")


def _spool(rule: Rule) -> Asked:
    limits = rule.model_dump()
    queries = {
        "A": (rows('last("spool_depth")', "device", RANGE, HALL), HOUR),
        "B": (rows('last("disk_free_mb")', "device", RANGE, HALL), HOUR),
    }
    condition = f"$A > {limits['max_samples']} || $B < {limits['min_disk_mb']:g}"
    return Asked(queries, condition, rule.for_minutes * MINUTE)


def _budget(rule: Rule) -> Asked:
    used = rows('100.0 * last("bytes_month") / last("budget_month")', "device", RANGE, HALL)
    return Asked({"A": (used, HOUR)}, f"$A >= {rule.model_dump()['used_percent']:g}", rule.for_minutes * MINUTE)


def _lagging(rule: Rule) -> Asked:
    window_s = int(max(rule.for_minutes, 5) * MINUTE)
    queries = {
        "A": (rows('median("lag_ms")', "ingest", RANGE), window_s),
        "B": (rows('sum("store_errors") + sum("dropped_frames")', "ingest", RANGE), window_s),
    }
    return Asked(queries, f"$A > {1000 * rule.model_dump()['max_lag_s']:g} || $B > 0")


def _nothing(rule: Rule) -> Asked:
    window_s = int(max(rule.for_minutes, 5) * MINUTE)
    return Asked({"A": (rows('count("seq")', "signal", RANGE), window_s)}, "$A < 1", silence_alerts=True)


def _area(rule: Rule, dark_s: int, ever_s: int, wait_s: float, share: float, least: int) -> Asked:
    """Most halls of a kecamatan without samples in the newest step."""
    by_hall = _bucketed(dark_s, '"site", "kecamatan"')
    step = f'time({dark_s}s), "kecamatan" fill(0)'
    queries = {
        "A": (rows('count("n")', f"({by_hall})", f'{RANGE} AND "n" = 0', step), ever_s),
        "B": (rows('count("n")', f"({by_hall})", f'{RANGE} AND "n" >= 0', step), ever_s),
    }
    return Asked(queries, f"$A >= {least} && $A >= {share:g} * $B", rule.for_minutes * MINUTE + wait_s)


def _operator(rule: Rule, share: float, least: int) -> Asked:
    """Most modems of an operator without service in this hour; the hourly summaries know whose modem is without service."""
    sums = rows('sum("served") AS "s", sum("no_service") AS "out"', "signal_1h", RANGE, f'{MODEM}, "operator"')
    queries = {
        "A": (rows('count("out")', f"({sums})", '"s" = 0 AND "out" > 0', '"operator"'), HOUR),
        "B": (rows('count("out")', f"({sums})", '"s" + "out" > 0', '"operator"'), HOUR),
    }
    return Asked(queries, f"$A >= {least} && $A >= {share:g} * $B", max(rule.for_minutes, 10) * MINUTE)


def _rule(name: str, rule: Rule, asked: Asked) -> dict[str, Any]:
    words = WORDS[name]
    title_id, title_en = (_plain(words.title, lang) for lang in ("id", "en"))
    return {
        "uid": f"sinyal-{name.replace('_', '-')}",
        "title": f"{title_id[:1].upper()}{title_id[1:]} / {title_en}",
        "condition": "Z",
        "for": f"{int(asked.for_s)}s",
        "noDataState": "Alerting" if asked.silence_alerts else "OK",
        "execErrState": "Error",
        "labels": {"source": "sinyal", "rulename": name, "severity": rule.severity, "role": rule.role},
        "annotations": {
            "title_id": f"{title_id}{_place(asked)}",
            "title_en": f"{title_en}{_place(asked)}",
            "text_id": _told(words, rule, "id"),
            "text_en": _told(words, rule, "en"),
            "reason": rule.reason,
        },
        "data": _data(asked),
    }


def _told(words: Words, rule: Rule, lang: Lang) -> str:
    what = _sentence(_plain(words.likely, lang)) + _sentence(_plain(words.do, lang))
    return what + tr("For: {whom}.", lang, whom=tr(WHOM[rule.role], lang))


def _plain(message: str, lang: Lang) -> str:
    """Return a text without its detail, which Grafana does not know."""
    return _PLACEHOLDER.sub("", tr(message, lang)).strip()


def _place(asked: Asked) -> str:
    """Name the place by the tags that the answers carry. `.Labels`, for Grafana takes a `$` in a file as a variable."""
    query = next(iter(asked.queries.values()))[0]
    tags = [tag for tag in ("desa", "kecamatan", "modem", "operator") if f'"{tag}"' in query.rsplit("GROUP BY", 1)[-1]]
    return (": " if tags else "") + ", ".join(f"{{{{ .Labels.{tag} }}}}" for tag in tags)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}. " if text else ""


def _data(asked: Asked) -> list[dict[str, Any]]:
    """Return the queries, the newest value of each, and the condition on those; $A in the condition is the newest value of A."""
    steps: list[dict[str, Any]] = []
    condition = asked.condition
    for ref, (query, window_s) in asked.queries.items():
        model = {"refId": ref, "query": query, "rawQuery": True, "resultFormat": "time_series"}
        span = {"from": window_s, "to": 0}
        steps.append({"refId": ref, "relativeTimeRange": span, "datasourceUid": DATASOURCE_UID, "model": {**model, **RESOLUTION}})
        newest = {"refId": f"{ref}1", "type": "reduce", "expression": ref, "reducer": "last"}
        steps.append(_expression(newest))
        condition = condition.replace(f"${ref}", f"${{{ref}1}}")
    return [*steps, _expression({"refId": "Z", "type": "math", "expression": condition})]


def _expression(model: dict[str, Any]) -> dict[str, Any]:
    span = {"from": 0, "to": 0}
    return {
        "refId": model["refId"],
        "relativeTimeRange": span,
        "datasourceUid": SERVER,
        "model": {**model, "datasource": {"type": SERVER, "uid": SERVER}},
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards alert-rules`."""
    parser.description = "Writes the rules of alerts.toml as a Grafana alert provisioning file, to the standard output."
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--alerts", type=Path, default=SHIPPED, metavar="FILE", help="alerts.toml (default: the shipped one)")


def run(args: argparse.Namespace) -> int:
    """Write the file; return the exit code."""
    try:
        sys.stdout.write(text_of(args.alerts))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def text_of(path: Path) -> str:
    """Return the provisioning file for an alerts.toml. Raises ConfigError."""
    alerts = load(path)
    engine = alerts.engine
    return as_text(export(alerts.rule, engine.forget_after_days, engine.group_share, engine.group_min))
