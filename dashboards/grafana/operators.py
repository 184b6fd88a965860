"""Dashboard *operators*: what each operator offers, side by side, by sub-district."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import EVERY, RANGE, rows
from dashboards.grafana.panels import Panel, curves
from dashboards.grafana.query import Influx
from dashboards.grafana.regency import availability, medians_of
from dashboards.grafana.tables import DESA, KECAMATAN, OPERATOR, Column, listing, matrix
from ground.words import joined, mark, phrase
from telemetry.operators import OPERATORS, OTHER

WHERE = f"{RANGE} AND {EVERY} AND \"operator\" != ''"
MEDIANS = 'median("rsrp_median_dbm") AS "rsrp", median("sinr_median_db") AS "sinr"'
NOTE = phrase("From hourly summaries. One SIM measures one operator only: an empty cell means not measured, not no signal.")


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: operators")
    about = mark("Operators compared by sub-district and by hall.")
    board = Board(context, "operators", title, about, since="now-7d")
    board.choose_line()
    board.row(mark("Summary"))
    board.add(_summary(context), 24, 6)
    board.row(mark("By sub-district"))
    for panel in _matrices(context):
        board.add(panel, 12, 12)
    board.row(mark("Over time"))
    for panel in _over_time(context):
        board.add(panel, 8, 9)
    board.row(mark("By hall"))
    board.add(_by_hall(context), 24, 14)
    return board.build()


def _sums() -> str:
    served = 'sum("served") AS "s", sum("served") + sum("no_service") AS "n", sum("lte") AS "lte"'
    return f'{served}, sum("cell_changes") AS "moves", {MEDIANS}, median("rsrp_p10_dbm") AS "p10"'


def _figures(tags: str) -> str:
    shown = '100.0 * "s" / "n" AS "availability", 100.0 * "lte" / "n" AS "lte", "rsrp", "p10", "sinr", "moves"'
    return rows(shown, f"({rows(_sums(), 'signal_1h', WHERE, tags)})", '"n" > 0', tags)


def _figure_columns(context: Context) -> list[Column]:
    rsrp, sinr = medians_of(context)
    return [
        availability(context),
        Column("lte", mark("LTE or NR"), "percent", 1, theme.rising(context, theme.AVAILABILITY)),
        rsrp,
        Column("p10", mark("RSRP, 10th percentile"), "dBm", 0, theme.classes_of(context, "rsrp_dbm")),
        sinr,
        Column("moves", mark("Cell changes"), "none", 0),
    ]


def _summary(context: Context) -> Panel:
    about = joined([phrase("Each operator over all chosen places."), NOTE], " ")
    shown = [OPERATOR, *_figure_columns(context)]
    title = mark("Operators side by side")
    return listing(context, title, about, [Influx(_figures('"operator"'))], shown, sort="availability", descending=True)


def _matrices(context: Context) -> list[Panel]:
    def per_operator(what: str) -> dict[str, str]:
        """Return for each operator the query whose column has its name."""
        found = {}
        for name in (*dict.fromkeys(OPERATORS.values()), OTHER):
            sums = rows(_sums(), "signal_1h", f"{WHERE} AND \"operator\" = '{name}'", '"kecamatan"')
            found[name] = rows(f'{what} AS "{name}"', f"({sums})", '"n" > 0', '"kecamatan"')
        return found

    rsrp, sinr = (theme.classes_of(context, metric) for metric in ("rsrp_dbm", "sinr_db"))
    shares = theme.rising(context, theme.AVAILABILITY)
    kinds = (
        (mark("RSRP, median"), '"rsrp"', "dBm", 0, rsrp),
        (mark("Availability"), '100.0 * "s" / "n"', "percent", 1, shares),
        (mark("SINR, median"), '"sinr"', "dB", 1, sinr),
        (mark("Time on LTE or NR"), '100.0 * "lte" / "n"', "percent", 1, shares),
    )
    return [
        matrix(context, title, NOTE, per_operator(what), unit=unit, decimals=decimals, scale=scale)
        for title, what, unit, decimals, scale in kinds
    ]


def _over_time(context: Context) -> list[Panel]:
    by_hour = 'time(1h), "operator" fill(null)'
    panels = []
    for field, unit, metric, title in (
        ("rsrp_median_dbm", "dBm", "rsrp_dbm", mark("RSRP by hour")),
        ("sinr_median_db", "dB", "sinr_db", mark("SINR by hour")),
    ):
        query = Influx(rows(f'median("{field}")', "signal_1h", WHERE, by_hour), alias="$tag_operator")
        scale = theme.classes_of(context, metric)
        panels.append(curves(context, title, NOTE, [query], unit=unit, scale=scale, interval="1h"))
    sums = rows(
        'sum("served") AS "s", sum("served") + sum("no_service") AS "n"', "signal_1h", WHERE, 'time(1h), "operator" fill(none)'
    )
    shares = rows('100.0 * "s" / "n" AS "a"', f"({sums})", '"n" > 0', '"operator"')
    query = Influx(rows('mean("a")', f"({shares})", RANGE, by_hour), alias="$tag_operator")
    title = mark("Availability by hour")
    scale = theme.rising(context, theme.AVAILABILITY)
    return [*panels, curves(context, title, NOTE, [query], unit="percent", scale=scale, interval="1h", low=0)]


def _by_hall(context: Context) -> Panel:
    shown = [KECAMATAN, DESA, OPERATOR, *_figure_columns(context)]
    query = Influx(_figures('"site", "kecamatan", "desa", "operator"'))
    return listing(context, mark("Halls and operators"), NOTE, [query], shown, sort="desa", hide=("site",))
