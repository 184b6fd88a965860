"""Panels as this project draws them: titled, described, with units, and with gaps that stay gaps.

Only options that Grafana 9.4 has; newer ones carry them forward themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    geomap,
    histogram,
    stat,
    statetimeline,
    statushistory,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    ValueMapping,
)

from dashboards.grafana.context import Context
from dashboards.grafana.query import Query
from dashboards.grafana.theme import Steps, one_colour, steps
from ground.words import Phrase, mark
from telemetry.operators import NAMES

Panel = (
    timeseries.Panel
    | histogram.Panel
    | stat.Panel
    | statetimeline.Panel
    | statushistory.Panel
    | bargauge.Panel
    | table.Panel
    | geomap.Panel
)
AnyPanel = TypeVar("AnyPanel", bound=Panel)
SQUARES = 120
"""Columns of squares that are still wide enough to be seen."""
DEFAULT_INTERVAL = "1m"
"""Two samples of a modem at the usual 30 s: so an empty interval is a gap in measuring, not a matter of resolution."""


def dressed(panel: AnyPanel, context: Context, title: str | Phrase, about: str | Phrase, queries: Sequence[Query]) -> AnyPanel:
    """Return a panel its title, description, data source and queries."""
    panel.title(context.say(title)).description(context.say(about)).datasource(queries[0].datasource).targets(list(queries))
    if any("$tag_operator" in (query.alias or "") for query in queries):
        panel.transformations([step("renameByRegex", regex=key, renamePattern=name) for key, name in NAMES.items()])
    return panel


def curves(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str,
    scale: Steps | None = None,
    interval: str = DEFAULT_INTERVAL,
    low: float | None = None,
    points: bool = False,
) -> timeseries.Panel:
    """Draw values over time; with a scale, its bands lie behind the lines. `interval` is the least length of a step."""
    panel = dressed(timeseries.Panel(), context, title, about, queries)
    panel.unit(unit).interval(interval).span_nulls(False).line_width(1).fill_opacity(0).legend(_legend()).tooltip(_tooltip())
    panel.draw_style(GraphDrawStyle.POINTS if points else GraphDrawStyle.LINE)
    panel.show_points(VisibilityMode.ALWAYS if points else VisibilityMode.AUTO).point_size(5 if points else 4)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    if scale is not None:
        panel.thresholds(steps(*scale))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.AREA))
    return panel if low is None else panel.min(low)


def columns(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str,
    interval: str = DEFAULT_INTERVAL,
) -> timeseries.Panel:
    """Draw counts over time as columns on top of each other."""
    panel = curves(context, title, about, queries, unit=unit, interval=interval, low=0)
    panel.draw_style(GraphDrawStyle.BARS).fill_opacity(80).show_points(VisibilityMode.NEVER)
    return panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))


def figure(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str = "none",
    scale: Steps | None = None,
    fields: str = "",
    names: bool = False,
    count: bool = False,
) -> stat.Panel:
    """Show the newest value of each query in large figures; `fields` names the column to show where there are several.

    `count`: no row is a count of none; else it is a value that there is not.
    """
    panel = dressed(stat.Panel(), context, title, about, queries)
    panel.unit(unit).color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE).no_value("0" if count else "-")
    panel.text_mode(BigValueTextMode.VALUE_AND_NAME if names else BigValueTextMode.VALUE)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields(fields).values(False))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return panel.thresholds(steps(*(scale or one_colour())))


def gauges(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str,
    scale: Steps,
    low: float = 0,
    high: float | None = None,
    rows: bool = False,
) -> bargauge.Panel:
    """Show values as horizontal bars: one a query, or with `rows` one a row of a table."""
    panel = dressed(bargauge.Panel(), context, title, about, queries)
    panel.unit(unit).orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC).min(low)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(rows)).show_unfilled(True)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS)).thresholds(steps(*scale)).no_value("-")
    return panel if high is None else panel.max(high)


def timeline(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str = "none",
    mappings: list[ValueMapping] | None = None,
    scale: Steps | None = None,
    interval: str = DEFAULT_INTERVAL,
) -> statetimeline.Panel:
    """Show states over time, one row a series; an interval without data is empty."""
    panel = dressed(statetimeline.Panel(), context, title, about, queries)
    panel.unit(unit).interval(interval).merge_values(True).show_value(VisibilityMode.AUTO).row_height(0.8).line_width(0)
    panel.fill_opacity(85).legend(_legend()).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
    panel.mappings(mappings or []).thresholds(steps(*(scale or one_colour())))
    return panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))


def squares(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    *,
    unit: str,
    scale: Steps,
    interval: str,
    link: DashboardLink,
) -> statushistory.Panel:
    """Show one coloured square an interval and series; without data there is none. `link`: where a series leads."""
    panel = dressed(statushistory.Panel(), context, title, about, queries)
    panel.unit(unit).interval(interval).show_value(VisibilityMode.NEVER).row_height(0.9).col_width(0.95).fill_opacity(85)
    panel.legend(_legend()).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE)).thresholds(steps(*scale))
    panel.max_data_points(SQUARES).color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return panel.data_links([link])


def step(name: str, **options: object) -> DataTransformerConfig:
    """Make a transformation of query results."""
    return DataTransformerConfig(id_val=name, options=options)


def join(key: str) -> DataTransformerConfig:
    """Put the rows of all queries that have the same key side by side; rows without a partner stay."""
    return step("joinByField", byField=key, mode="outer")


def only(*names: str) -> DataTransformerConfig:
    """Keep these columns."""
    return step("filterFieldsByName", include={"names": list(names)})


def minus(name: str, left: str, right: str) -> DataTransformerConfig:
    """Add a column that is the difference of two others."""
    binary = {"left": left, "operator": "-", "right": right, "reducer": "sum"}
    return step("calculateField", mode="binary", binary=binary, alias=name, replaceFields=False)


def without(name: str, value: object) -> DataTransformerConfig:
    """Leave out the rows in which a column has this value."""
    found = {"fieldName": name, "config": {"id": "equal", "options": {"value": value}}}
    return step("filterByValue", filters=[found], type="exclude", match="any")


def having(*columns: str) -> DataTransformerConfig:
    """Keep the rows that have a share in each of these columns."""
    there = [{"fieldName": name, "config": {"id": "greaterOrEqual", "options": {"value": 0}}} for name in columns]
    return step("filterByValue", filters=there, type="include", match="all")


def largest(name: str, *of: str) -> DataTransformerConfig:
    """Add a column that is the largest of some others; absent values do not count."""
    return step(
        "calculateField", mode="reduceRow", reduce={"reducer": "max", "include": list(of)}, alias=name, replaceFields=False
    )


OF_ROW = "${{__data.fields.{name}:percentencode}}"
OF_GROUP = '${{__data.fields["{name} (last)"]:percentencode}}'
OF_SERIES = "${{__field.labels.{name}:percentencode}}"
"""Where a link finds the hall: in the columns of its row, in those of a grouped one, in the tags of its series."""


def hall_link(context: Context, where: str = OF_ROW) -> DashboardLink:
    """Return the link from a hall in a map, table or chart to its dashboard, in the same period."""
    place = f"var-kecamatan={where.format(name='kecamatan')}&var-desa={where.format(name='desa')}"
    url = f"/d/{context.uid('hall')}?{place}&var-datasource=${{datasource:percentencode}}&${{__url_time_range}}"
    return DashboardLink(context.say(mark("Open the hall's dashboard"))).url(url).type(DashboardLinkType.LINK)


def area_link(context: Context, where: str = OF_ROW) -> DashboardLink:
    """Return the link from a kecamatan to its halls."""
    url = f"/d/{context.uid('regency')}?var-kecamatan={where.format(name='kecamatan')}"
    url += "&var-datasource=${datasource:percentencode}&${__url_time_range}"
    return DashboardLink(context.say(mark("Open the kecamatan"))).url(url).type(DashboardLinkType.LINK)


def link_property(made: DashboardLink) -> DynamicConfigValue:
    """Return a link for one column."""
    link = made.build()
    return DynamicConfigValue("links", [{"title": link.title, "url": link.url, "targetBlank": False}])


def coloured(panel: AnyPanel, colours: dict[str, str]) -> AnyPanel:
    """Return series a fixed colour by name."""
    for name, colour in colours.items():
        panel.override_by_name(name, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})])
    return panel


def _legend() -> common.VizLegendOptions:
    return common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
