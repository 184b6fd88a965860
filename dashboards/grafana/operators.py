"""Dashboard *operators*: what each operator offers, side by side, by kecamatan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grafana_foundation_sdk.builders import histogram, timeseries

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import AVAILABILITY, DAYS, EVERY, RANGE, RESPONSIBLE, last_days, rows
from dashboards.grafana.panels import Panel, curves, dressed, having, join, minus, only, step
from dashboards.grafana.query import Influx
from dashboards.grafana.regency import availability, medians_of
from dashboards.grafana.tables import DESA, KECAMATAN, OPERATOR, TIME, WHEN, Column, listing, matrix
from ground.words import joined, mark, phrase
from telemetry.operators import OPERATORS, OTHER, operator_name

NAMED = f"{EVERY} AND \"operator\" != ''"
WHERE = f"{RANGE} AND {NAMED}"
OF_DAYS = f"{DAYS} AND {NAMED}"
ASKED = f"{OF_DAYS} AND {RESPONSIBLE}"
LAST_WEEK = f"{last_days(7)} AND {NAMED}"
RSRP, P10, SINR = (f'percentile("{name}", 50)' for name in ("rsrp_median_dbm", "rsrp_p10_dbm", "sinr_median_db"))
ON_LTE = '100.0 * sum("lte") / (sum("served") + sum("no_service"))'
SHARES = f'{AVAILABILITY} AS "availability", {ON_LTE} AS "lte", sum("cell_changes") AS "moves"'
LEVELS = f'{RSRP} AS "rsrp", {P10} AS "p10", {SINR} AS "sinr", percentile("sinr_busy_median_db", 50) AS "busy"'
NAMES_OF_ALL = (*dict.fromkeys(OPERATORS.values()), OTHER)
STEPS = 168
"""Points of a curve, a week of hours: of a month they are 6 hours each, which costs the database a third."""
PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
NOTE = phrase("One SIM measures one operator only: an empty cell means not measured, not no signal.")
HOURLY = joined([phrase("From hourly summaries."), NOTE], " ")
OVER_DAYS = phrase("From daily summaries of the days that the chosen period touches.")
DAILY = phrase("From the daily median of each hall and operator.")


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: operators – which operator is better where?")
    about = mark("Operators compared by kecamatan and by hall.")
    board = Board(context, "operators", title, about, since="now-7d")
    board.choose_line()
    board.row(mark("Summary"))
    board.add(_summary(context), 24, 6)
    board.row(mark("By kecamatan"))
    for panel in _matrices(context):
        board.add(panel, 12, 12)
    board.add(_weeks(context), 24, 12)
    board.row(mark("By hour of the day"))
    for panel in _hours(context):
        board.add(panel, 12, 14)
    board.row(mark("Distribution"))
    for metric, unit, size, name in (("rsrp_median_dbm", theme.DBM, 4, "RSRP"), ("sinr_median_db", "dB", 2, "SINR")):
        board.add(_distribution(context, metric, unit, size, name), 12, 9)
    for metric, scale, unit, name in (
        ("rsrp_median_dbm", "rsrp_dbm", theme.DBM, "RSRP"),
        ("sinr_median_db", "sinr_db", "dB", "SINR"),
    ):
        board.add(_percentiles(context, metric, theme.classes_of(context, scale), unit, name), 12, 7)
    board.row(mark("Over time"))
    for panel in _over_time(context):
        board.add(panel, 8, 9)
    board.row(mark("By hall"))
    board.add(_by_hall(context), 24, 14)
    board.add(_verdicts(context), 24, 12)
    return board.build()


def _figure_columns(context: Context) -> list[Column]:
    rsrp, sinr = medians_of(context)
    return [
        availability(context),
        Column("lte", mark("LTE or NR"), "percent", 1, theme.rising(context, theme.AVAILABILITY)),
        rsrp,
        Column("p10", mark("RSRP, 10th percentile"), theme.DBM, 0, theme.classes_of(context, "rsrp_dbm")),
        sinr,
        Column("busy", mark("SINR, 19–22 WITA"), "dB", 1, theme.classes_of(context, "sinr_db")),
        Column("moves", mark("Cell changes"), "none", 0),
    ]


def _summary(context: Context) -> Panel:
    about = joined(
        [
            phrase("Each operator, by whose SIM is in the modem, over all chosen places."),
            phrase("As a guest: share of the served samples on another operator's cell."),
            phrase("Only others heard: share without service while other operators' cells were heard."),
            NOTE,
            OVER_DAYS,
            phrase("SINR that falls in the evening: the cell is loaded."),
        ],
        " ",
    )
    heard = '100.0 * sum("limited") / (sum("served") + sum("no_service")) AS "limited"'
    queries = [
        Influx(rows(f"{SHARES}, {heard}", "signal_1d", ASKED, '"operator"'), "A"),
        Influx(
            rows('100.0 * sum("guest") / sum("served") AS "guest"', "signal_1d", f'{OF_DAYS} AND "served" > 0', '"operator"'), "B"
        ),
        _levels('"operator"', "C"),
    ]
    beside = [
        Column("guest", mark("As a guest"), "percent", 1),
        Column("limited", mark("Only others heard"), "percent", 1),
    ]
    shown = [OPERATOR, *_figure_columns(context), *beside]
    before = [join("operator"), only(*(column.name for column in shown))]
    title = mark("Operators side by side")
    return listing(context, title, about, queries, shown, before=before, sort="availability", descending=True)


def _matrices(context: Context) -> list[Panel]:
    def per_operator(what: str) -> dict[str, str]:
        """Return for each operator the query whose column has its name."""
        return {
            name: rows(f'{what} AS "{name}"', "signal_1d", f"{ASKED} AND \"operator\" = '{name}'", '"kecamatan"')
            for name in NAMES_OF_ALL
        }

    rsrp, sinr = (theme.classes_of(context, metric) for metric in ("rsrp_dbm", "sinr_db"))
    shares = theme.rising(context, theme.AVAILABILITY)
    kinds = (
        (mark("RSRP, median"), RSRP, theme.DBM, 0, rsrp),
        (mark("Availability"), AVAILABILITY, "percent", 1, shares),
        (mark("SINR, median"), SINR, "dB", 1, sinr),
        (mark("Time on LTE or NR"), ON_LTE, "percent", 1, shares),
    )
    return [
        matrix(context, title, joined([NOTE, OVER_DAYS], " "), per_operator(what), unit=unit, decimals=decimals, scale=scale)
        for title, what, unit, decimals, scale in kinds
    ]


def _hours(context: Context) -> list[Panel]:
    """Return the day as it usually is: each hour of it over all days of the period, operators side by side."""
    night = phrase("Each hour of the day in WITA, the mean over the last 7 days of the chosen period.")
    hour = Column("hour_wita", mark("Hour (WITA)"), "none", 0, width=110)
    panels: list[Panel] = []
    for title, about, what, unit, scale, more in (
        (
            mark("Availability by hour of the day"),
            phrase("Without service at the same hours every day: power, not coverage."),
            AVAILABILITY,
            "percent",
            theme.rising(context, theme.AVAILABILITY),
            f" AND {RESPONSIBLE}",
        ),
        (
            mark("SINR by hour of the day: load"),
            phrase("SINR that falls in the evening: the cell is loaded."),
            SINR,
            "dB",
            theme.classes_of(context, "sinr_db"),
            ' AND "lte" > 0',
        ),
    ):
        queries = [
            Influx(
                rows(
                    f'max("hour_wita") AS "hour_wita", {what} AS "{name}"',
                    "signal_1h",
                    f"{LAST_WEEK} AND \"operator\" = '{name}'{more}",
                    "time(1h) fill(none)",
                ),
                ref,
            )
            for ref, name in zip("ABCDEF", NAMES_OF_ALL, strict=False)
        ]
        fields = {"hour_wita": {"operation": "groupby", "aggregations": []}}
        fields |= {name: {"operation": "aggregate", "aggregations": ["mean"]} for name in NAMES_OF_ALL}
        shown = [hour, *(Column(f"{name} (mean)", operator_name(name), unit, 1, scale) for name in NAMES_OF_ALL)]
        before = [step("merge"), step("groupBy", fields=fields)]
        panels.append(listing(context, title, joined([night, about], " "), queries, shown, before=before, sort="hour_wita"))
    return panels


def _verdicts(context: Context) -> Panel:
    about = mark(
        "What the needs map that was made last in the chosen period says of each hall and operator, and how much its evidence "
        "can bear: A proves, B and C tell, D is too little. Empty: no needs map was made in it."
    )
    tags = '"site", "kecamatan", "desa", "operator"'
    query = rows(f'last("title_{context.language}") AS "word", "grade", "first_ms"', "verdict", WHERE, tags)
    colours = [context.classes.classes[k].colour for k in (0, 1, 2, 4)]
    shown = [
        KECAMATAN,
        DESA,
        OPERATOR,
        Column("word", mark("Verdict")),
        Column(
            "grade", mark("Grade"), words=theme.mapped((key, key, colour) for key, colour in zip("ABCD", colours, strict=True))
        ),
        Column("first_ms", mark("Period from"), WHEN),
        replace(TIME, heading=mark("Period to")),
    ]
    title = mark("Verdicts of the needs map and the grade of their evidence")
    return listing(context, title, about, [Influx(query)], shown, sort="grade", descending=True, hide=("site",))


def _weeks(context: Context) -> Panel:
    about = mark(
        "Availability of the last 7 days of the chosen period beside the 7 days before them, by kecamatan and operator, where "
        "both weeks were measured. Change: percentage points."
    )
    tags = '"kecamatan", "operator"'
    this, last = "time > ${__to}ms - 7d AND time <= ${__to}ms", "time > ${__to}ms - 14d AND time <= ${__to}ms - 7d"
    both = {"now": this, "before": last}
    queries = [
        Influx(rows(f'{AVAILABILITY} AS "{name}"', "signal_1h", f"{when} AND {NAMED} AND {RESPONSIBLE}", tags), ref)
        for ref, (name, when) in zip("AB", both.items(), strict=True)
    ]
    share_of = theme.rising(context, theme.AVAILABILITY)
    worse, same = context.classes.classes[3].colour, theme.PLAIN
    change: theme.Steps = [(None, worse), (-2.0, same), (2.0, context.classes.classes[1].colour)]
    shown = [
        KECAMATAN,
        OPERATOR,
        Column("before", mark("Week before"), "percent", 1, share_of),
        Column("now", mark("This week"), "percent", 1, share_of),
        Column("change", mark("Change"), "none", 1, change),
    ]
    before = [only("kecamatan", "operator", *both), step("merge"), having(*both), minus("change", "now", "before")]
    return listing(context, mark("This week against the week before"), about, queries, shown, before=before, sort="change")


def _distribution(context: Context, metric: str, unit: str, size: int, name: str) -> Panel:
    about = joined([phrase("How many days of halls had which {name}.", name=name), DAILY], " ")
    query = Influx(rows(f'"{metric}"', "signal_1d", f'{WHERE} AND "lte" > 0', '"operator"'), alias="$tag_operator")
    panel = dressed(histogram.Panel(), context, phrase("{name}: distribution", name=name), about, [query])
    return panel.unit(unit).bucket_size(size).combine(False).fill_opacity(40).line_width(1)


def _percentiles(context: Context, metric: str, scale: theme.Steps, unit: str, name: str) -> Panel:
    about = joined([phrase("So many percent of the days of halls had this {name} or less.", name=name), DAILY], " ")
    what = ", ".join(f'percentile("{metric}", {p}) AS "p{p}"' for p in PERCENTILES)
    query = Influx(rows(what, "signal_1d", f'{WHERE} AND "lte" > 0', '"operator"'))
    shown = [OPERATOR, *(Column(f"p{p}", f"{p} %", unit, 0, scale) for p in PERCENTILES)]
    return listing(context, phrase("{name}: cumulative", name=name), about, [query], shown, sort="operator")


def _over_time(context: Context) -> list[Panel]:
    by_step = 'time($__interval), "operator" fill(null)'
    panels: list[timeseries.Panel] = []
    for what, unit, metric, title in (
        (RSRP, theme.DBM, "rsrp_dbm", mark("RSRP by hour")),
        (SINR, "dB", "sinr_db", mark("SINR by hour")),
    ):
        query = Influx(rows(what, "signal_1h", WHERE, by_step), alias="$tag_operator")
        scale = theme.classes_of(context, metric)
        panels.append(curves(context, title, HOURLY, [query], unit=unit, scale=scale, interval="1h"))
    shares = rows(f'{AVAILABILITY} AS "availability"', "signal_1h", f"{WHERE} AND {RESPONSIBLE}", by_step)
    query = Influx(shares, alias="$tag_operator")
    title = mark("Availability by hour")
    scale = theme.rising(context, theme.AVAILABILITY)
    panels.append(curves(context, title, HOURLY, [query], unit="percent", scale=scale, interval="1h", low=0))
    return [panel.max_data_points(STEPS) for panel in panels]


def _levels(tags: str, ref: str) -> Influx:
    """Ask for the medians of the daily medians."""
    return Influx(rows(LEVELS, "signal_1d", f'{OF_DAYS} AND "lte" > 0', tags), ref)


def _by_hall(context: Context) -> Panel:
    about = joined([NOTE, OVER_DAYS], " ")
    shown = [KECAMATAN, DESA, OPERATOR, *_figure_columns(context)]
    tags = '"site", "kecamatan", "desa", "operator"'
    queries = [Influx(rows(SHARES, "signal_1d", ASKED, tags), "A"), _levels(tags, "B")]
    before = [only("site", *(column.name for column in shown)), step("merge")]
    return listing(context, mark("Halls and operators"), about, queries, shown, before=before, sort="desa", hide=("site",))
