"""Dashboard *regency*: how all halls are now, and where it is worst."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.builders.bargauge import Panel as Gauges
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId

from dashboards.grafana import theme
from dashboards.grafana.basemap import OF_REGENCY, basemap, lay
from dashboards.grafana.board import Board
from dashboards.grafana.context import MAP_FILE, Context
from dashboards.grafana.halls import level_queries, level_steps
from dashboards.grafana.influxql import DAYS, EVERY, LAST_HOUR, NOW, PLACE, RANGE, counted, last_days, rows, share
from dashboards.grafana.panels import (
    OF_SERIES,
    Panel,
    area_link,
    coloured,
    columns,
    dressed,
    figure,
    gauges,
    hall_link,
    having,
    join,
    link_property,
    only,
    squares,
    step,
    without,
)
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, OPERATOR, Column, listing
from ground.words import Phrase, mark

HALL_HOUR = {
    "lte": 'sum("lte")',
    "older": 'sum("two_g") + sum("three_g")',
    "served": 'sum("served")',
    "out": 'sum("no_service")',
    "refused": 'sum("refused") + sum("sim_fault")',
    "faulty": 'sum("no_sim") + sum("silent")',
    "r": 'max("rsrp_median_dbm")',
}
"""What one hall had in one hour, over its operators; each query asks only for what its condition needs."""
SAMPLED = f'"samples" > 0 AND {EVERY}'
"""A summary that was corrected to nothing stays as a row of zeros, with the medians that it had."""


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: regency – where is it worst now?")
    about = mark("Signal at all village halls.")
    board = Board(context, "regency", title, about)
    board.choose_line()
    board.mark_alerts()
    board.mark_maintenance()
    board.row(mark("Now"))
    board.add(map_of_halls(context), 15, 18)
    board.add(classes_now(context), 9, 10)
    board.add(registered(context), 3, 4)
    board.add(reporting(context), 3, 4)
    board.add(alerts_opened(context), 3, 4)
    board.add(_halls(context), 24, 10)
    board.row(mark("In the chosen period"))
    board.add(_worst(context), 14, 11)
    board.add(_by_kecamatan(context), 10, 11)
    board.add(_history(context), 12, 9)
    board.add(_days(context), 12, 9)
    board.add(_outages_by_kecamatan(context), 24, 11)
    board.add(_outages(context), 24, 24)
    return board.build()


def map_of_halls(context: Context) -> geomap.Panel:
    """Draw every hall where it stands, in the colour of its best operator."""
    about = mark(
        "One point per hall, coloured by its best operator: median RSRP of the last 15 minutes, or its state where there is "
        "no LTE. Click a point to open the hall. Base map: indicative kecamatan boundaries, no internet needed. "
        "Coordinates marked centroid are the middle of the village, not the office."
    )
    panel = dressed(geomap.Panel(), context, mark("Map of halls"), about, level_queries())
    panel.transformations(list(level_steps())).unit("string").mappings(theme.level_words(context))
    panel.thresholds(theme.steps(*theme.levels_of(context))).color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    lay(panel, "level", OF_REGENCY, basemap("Kecamatan", MAP_FILE))
    level = [*_named(context, mark("Class")), DynamicConfigValue("unit", theme.DBM), link_property(hall_link(context))]
    panel.override_by_name("level", level)
    panel.override_by_name("site", _named(context, mark("Village code")))
    panel.override_by_name("kecamatan", _named(context, KECAMATAN.heading))
    panel.override_by_name("desa", _named(context, DESA.heading))
    for degrees in ("lat", "lon"):
        panel.override_by_name(degrees, [DynamicConfigValue("unit", "degree"), DynamicConfigValue("decimals", 4)])
    return panel


def _named(context: Context, name: str | Phrase) -> list[DynamicConfigValue]:
    return [DynamicConfigValue("displayName", context.say(name))]


def _class_conditions(context: Context) -> list[tuple[str, str, str]]:
    """Return name, colour and condition of each class and state: each hall of an hour belongs to exactly one."""
    found: list[tuple[str, str, str]] = []
    above: float | None = None
    for one in context.classes.classes:
        cut = one.cuts.get("rsrp_dbm")
        limits = [f'"r" >= {cut:g}'] if cut is not None else []
        limits += [f'"r" < {above:g}'] if above is not None else []
        found.append((one.word(context.language), one.colour, " AND ".join(['"lte" > 0', *limits])))
        above = cut
    states = {
        "two_g_only": '"lte" = 0 AND "older" > 0',
        "served": '"lte" = 0 AND "older" = 0 AND "served" > 0',
        "no_service": '"served" = 0 AND "out" > 0',
        "sim_refused": '"served" = 0 AND "out" = 0 AND "faulty" = 0 AND "refused" > 0',
        "device_fault": '"served" = 0 AND "out" = 0 AND "faulty" > 0',
    }
    named = ((context.classes.state[key], condition) for key, condition in states.items())
    return found + [(state.word(context.language), state.colour, condition) for state, condition in named]


def classes_now(context: Context) -> Gauges:
    """Count the halls of each class in the last full hour."""
    about = mark("Halls by class in the last full hour, by the best operator of each. Source: hourly summaries.")
    queries, colours = [], {}
    for k, (name, colour, condition) in enumerate(_class_conditions(context)):
        needed = ", ".join(f'{what} AS "{part}"' for part, what in HALL_HOUR.items() if f'"{part}"' in condition)
        of_power = '"r"' in condition
        hour = rows(needed, "signal_1h", f"{LAST_HOUR} AND {SAMPLED if of_power else EVERY}", '"site"')
        field = "r" if of_power else condition.split('"')[-2]
        of_class = rows(f'count("{field}") AS "n"', f"({hour})", condition)
        queries.append(Influx(counted(of_class), chr(ord("A") + k), alias=name))
        colours[name] = colour
    title = mark("Halls by class")
    return coloured(gauges(context, title, about, queries, unit="none", scale=theme.one_colour()), colours)


def registered(context: Context) -> Panel:
    """Count the halls of the register."""
    about = mark("Halls in the collector's list (sites.csv).")
    inner = rows('last("lat") AS "lat"', "site", "time > ${__to}ms - 7d AND " + PLACE, '"site"')
    query = rows('count("lat")', f"({inner})")
    return figure(context, mark("Registered"), about, [Influx(query, alias="n")], count=True)


def reporting(context: Context) -> Panel:
    """Count the halls that send."""
    about = mark("Halls with data from the last 15 minutes.")
    inner = rows('count("seq") AS "n"', "signal", f"{NOW} AND {EVERY}", '"site"')
    query = rows('count("n")', f"({inner})")
    return figure(context, mark("Reporting"), about, [Influx(query, alias="n")], count=True)


def alerts_opened(context: Context) -> Panel:
    """Count the alerts of the period."""
    about = mark("Alerts opened in the chosen period.")
    query = rows('count("key")', "alert", f"{RANGE} AND \"state\" = 'open' AND {PLACE}")
    return figure(context, mark("Alerts"), about, [Influx(query, alias="n")], count=True)


def _halls(context: Context) -> Panel:
    about = mark(
        "Every hall that is or was measured, as it is now, worst first: the same as the map, for those who cannot read its "
        "colours."
    )
    level = Column("level", mark("Class / RSRP"), theme.DBM, 0, theme.levels_of(context), theme.level_words(context))
    shown = [KECAMATAN, DESA, level]
    title = mark("Halls now")
    measured = [*level_steps(), without("level", theme.NOT_MEASURED)]
    return listing(context, title, about, level_queries(), shown, before=measured, sort="level", hide=("site", "lat", "lon"))


def _worst(context: Context) -> Panel:
    about = mark(
        "Hall and operator with the lowest availability. Availability: samples served over served + no service; device and "
        "power faults do not count. RSRP and SINR: medians of whole days."
    )
    tags = '"site", "kecamatan", "desa", "operator"'
    queries = [Influx(share(tags, f"{RANGE} AND {EVERY}"), "A"), Influx(_medians(tags), "B")]
    shown = [KECAMATAN, DESA, OPERATOR, availability(context), *medians_of(context)]
    cut = [
        *(only("site", *(column.name for column in shown)), step("merge"), having("availability")),
        *(step("sortBy", fields={}, sort=[{"field": "availability", "desc": False}]), step("limit", limitField=15)),
    ]
    return listing(context, mark("Worst halls"), about, queries, shown, before=cut, hide=("site",))


def _medians(tags: str) -> str:
    """Ask for the medians of the daily medians."""
    medians = 'median("rsrp_median_dbm") AS "rsrp", median("sinr_median_db") AS "sinr"'
    return rows(medians, "signal_1d", f'{DAYS} AND {EVERY} AND "lte" > 0', tags)


def availability(context: Context) -> Column:
    """Return the column of availability."""
    scale = theme.rising(context, theme.AVAILABILITY)
    return Column("availability", mark("Availability"), "percent", 1, scale)


def medians_of(context: Context) -> list[Column]:
    """Return the columns of strength and quality."""
    return [
        Column("rsrp", "RSRP", theme.DBM, 0, theme.classes_of(context, "rsrp_dbm")),
        Column("sinr", "SINR", "dB", 1, theme.classes_of(context, "sinr_db")),
    ]


def _by_kecamatan(context: Context) -> Panel:
    about = mark("By kecamatan, over the chosen operators: availability, medians of daily RSRP and SINR.")
    queries = [Influx(share('"kecamatan"', f"{RANGE} AND {EVERY}"), "A"), Influx(_medians('"kecamatan"'), "B")]
    before = [join("kecamatan"), only("kecamatan", "availability", "rsrp", "sinr")]
    shown = [KECAMATAN, availability(context), *medians_of(context)]
    return listing(context, mark("By kecamatan"), about, queries, shown, before=before, sort="availability")


def _history(context: Context) -> Panel:
    about = mark(
        "Each measured hour of a hall and operator by its class, of the last 7 days of the chosen period: shows when an outage "
        "began and ended. Time without data has no column."
    )
    title = mark("Measured hours by class")
    return _measured(context, title, about, "signal_1h", last_days(7), "1h")


def _days(context: Context) -> Panel:
    about = mark("Each measured day of a hall and operator by its class, over the whole of the chosen period.")
    return _measured(context, mark("Measured days by class"), about, "signal_1d", DAYS, "1d")


def _measured(context: Context, title: str, about: str, summaries: str, period: str, interval: str) -> Panel:
    """Count the summaries of each class."""
    queries, colours = [], {}
    for k, (name, colour, condition) in enumerate(_class_conditions(context)):
        of_line = _of_one_line(condition)
        counted_field = "rsrp_median_dbm" if '"r"' in condition else "samples"
        where = f"{period} AND {EVERY} AND {of_line}"
        query = rows(f'count("{counted_field}")', summaries, where, "time($__interval) fill(0)")
        queries.append(Influx(query, chr(ord("A") + k), alias=name))
        colours[name] = colour
    return coloured(columns(context, title, about, queries, unit="none", interval=interval), colours)


def _of_one_line(condition: str) -> str:
    """Write a condition on a hall's hour as one on the hourly summary of one operator, which needs no query in the query."""
    fields = {
        '"older"': '"two_g" {0} OR "three_g" {0}',
        '"out"': '"no_service" {0}',
        '"refused"': '"refused" {0} OR "sim_fault" {0}',
        '"faulty"': '"no_sim" {0} OR "silent" {0}',
        '"r"': '"rsrp_median_dbm" {0}',
    }
    parts = []
    for part in condition.split(" AND "):
        name, test = part.split(" ", 1)
        written = fields.get(name, name + " {0}").format(test)
        parts.append(f"({written.replace(' OR ', ' AND ') if test == '= 0' else written})")
    return " AND ".join(parts)


def _outages_by_kecamatan(context: Context) -> Panel:
    about = mark("One row per kecamatan: share of its samples with service. A red column in many rows: a wide outage.")
    return _squares(context, mark("Outages by kecamatan"), about, '"kecamatan"', "$tag_kecamatan", area_link(context, OF_SERIES))


def _outages(context: Context) -> Panel:
    about = mark(
        "One row per village: share of each step with service. No square: nothing measured (power, device, or data delayed). "
        "Click a square to open the hall. Choose a kecamatan where the rows do not fit."
    )
    return _squares(context, mark("Outage timeline"), about, '"kecamatan", "desa"', "$tag_desa", hall_link(context, OF_SERIES))


def _squares(context: Context, title: str, about: str, tags: str, alias: str, link: DashboardLink) -> Panel:
    query = share(tags, f"{RANGE} AND {EVERY}", step="time($__interval)")
    scale = theme.rising(context, theme.AVAILABILITY)
    return squares(context, title, about, [Influx(query, alias=alias)], unit="percent", scale=scale, interval="1h", link=link)
