"""Dashboard *alerts*: what is open, what was, and where it comes from."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import ValueMapping

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import EVERY, RANGE, rows
from dashboards.grafana.panels import OF_GROUP, Panel, coloured, columns, figure, step, without
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, TIME, Column, listing
from ground.words import mark

WHERE = f"{RANGE} AND {EVERY}"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: alerts – what is open, and whose turn is it?")
    about = mark("Alerts as sinyal-collector watch writes them.")
    board = Board(context, "alerts", title, about, since="now-30d")
    board.choose_line()
    board.row(mark("Summary"))
    _figures(board, context)
    board.add(open_now(context), 24, 11)
    board.row(mark("Over time"))
    board.add(_by_day(context), 14, 9)
    board.add(_by_rule(context), 10, 9)
    board.add(_by_kecamatan(context), 8, 14)
    board.add(_history(context), 16, 14)
    return board.build()


def _state(state: str) -> str:
    return f"{WHERE} AND \"state\" = '{state}'"


def _figures(board: Board, context: Context) -> None:
    fault: theme.Steps = [(None, theme.PLAIN), (1, context.classes.classes[3].colour)]
    for name, where, title, about in (
        (
            "opened",
            _state("open"),
            mark("Opened"),
            mark("Alerts opened in this period."),
        ),
        (
            "critical",
            _state("open") + " AND \"severity\" = 'critical'",
            mark("Opened, critical"),
            mark("Those of them that are critical."),
        ),
        (
            "acknowledged",
            _state("acknowledged"),
            mark("Acknowledged"),
            mark("Marked as being dealt with."),
        ),
        (
            "resolved",
            _state("resolved"),
            mark("Resolved"),
            mark("Alerts resolved in this period."),
        ),
    ):
        query = Influx(rows('count("key")', "alert", where), alias=name)
        board.add(
            figure(context, title, about, [query], unit="none", scale=fault if name == "critical" else None, count=True), 6, 4
        )


def severities(context: Context) -> list[ValueMapping]:
    """Return words and colours of severities."""
    colours = {one.key: one.colour for one in context.classes.classes}
    return theme.words(
        context,
        {
            "info": (mark("Info"), colours["good"]),
            "warning": (mark("Warning"), colours["fair"]),
            "critical": (mark("Critical"), colours["very_poor"]),
        },
    )


def states(context: Context) -> list[ValueMapping]:
    """Return words and colours of an alert's states."""
    colours = {one.key: one.colour for one in context.classes.classes}
    return theme.words(
        context,
        {
            "open": (mark("Open"), colours["poor"]),
            "acknowledged": (mark("Acknowledged"), colours["fair"]),
            "resolved": (mark("Resolved"), colours["good"]),
        },
    )


def _changes(context: Context) -> str:
    language = context.language
    fields = f'"key", "rule", "state", "severity", "since_ms", "title_{language}", "text_{language}", "count"'
    return rows(f'{fields}, "kecamatan", "desa", "modem", "operator"', "alert", WHERE)


def _shown(context: Context, suffix: str = "") -> list[Column]:
    language = context.language
    return [
        Column(f"severity{suffix}", mark("Severity"), words=severities(context), width=110),
        Column(f"state{suffix}", mark("State"), words=states(context), width=110),
        Column(f"title_{language}{suffix}", mark("Alert"), width=280),
        Column(f"text_{language}{suffix}", mark("What to do")),
        Column(f"count{suffix}", mark("Halls concerned"), "none", 0, width=90),
    ]


def open_now(context: Context) -> Panel:
    """List the alerts that are not resolved."""
    about = mark("Alerts that are not resolved: the last change of each in the chosen period.")
    kept = (
        "severity",
        "state",
        f"title_{context.language}",
        f"text_{context.language}",
        "count",
        "since_ms",
        "kecamatan",
        "desa",
    )
    fields: dict[str, Any] = {name: {"operation": "aggregate", "aggregations": ["last"]} for name in kept}
    fields["key"] = {"operation": "groupby", "aggregations": []}
    before = [step("groupBy", fields=fields), without("state (last)", "resolved")]
    shown = [
        Column("since_ms (last)", mark("Since"), "dateTimeFromNow", width=140),
        Column("kecamatan (last)", KECAMATAN.heading, width=150),
        Column("desa (last)", DESA.heading, width=150, hall=OF_GROUP),
        *_shown(context, " (last)"),
    ]
    title = mark("Open now")
    return listing(context, title, about, [Influx(_changes(context))], shown, before=before, hide=("key",))


def _by_day(context: Context) -> Panel:
    about = mark("Alerts opened and resolved in each step.")
    opened, resolved = context.say(mark("opened")), context.say(mark("resolved"))
    queries = [
        Influx(rows('count("key")', "alert", _state("open"), "time($__interval) fill(0)"), "A", opened),
        Influx(rows('count("key")', "alert", _state("resolved"), "time($__interval) fill(0)"), "B", resolved),
    ]
    colours = {opened: context.classes.classes[3].colour, resolved: context.classes.classes[1].colour}
    panel = columns(context, mark("Opened and resolved"), about, queries, unit="none", interval="1h")
    return coloured(panel, colours)


def _by_rule(context: Context) -> Panel:
    about = mark("Alerts opened, by rule.")
    fields = {"rule": {"operation": "groupby", "aggregations": []}, "key": {"operation": "aggregate", "aggregations": ["count"]}}
    query = Influx(rows('"rule", "key"', "alert", _state("open")))
    shown = [Column("rule", mark("Rule")), Column("key (count)", mark("Opened"), "none", 0, width=90)]
    title = mark("By rule")
    return listing(
        context, title, about, [query], shown, before=[step("groupBy", fields=fields)], sort="key (count)", descending=True
    )


def _by_kecamatan(context: Context) -> Panel:
    about = mark("Alerts opened, by kecamatan; without a name: general.")
    query = Influx(rows('count("key") AS "n"', "alert", _state("open"), '"kecamatan"'))
    shown = [KECAMATAN, Column("n", mark("Opened"), "none", 0, width=90)]
    return listing(context, mark("By kecamatan"), about, [query], shown, sort="n", descending=True)


def _history(context: Context) -> Panel:
    about = mark("Every change of an alert, newest first; the last 500.")
    query = Influx(_changes(context) + " ORDER BY time DESC LIMIT 500")
    shown = [TIME, KECAMATAN, DESA, *_shown(context)]
    return listing(context, mark("History"), about, [query], shown, hide=("key", "rule", "since_ms", "modem", "operator"))
