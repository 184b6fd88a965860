"""Tables: their columns in a fixed order, each with a heading, a unit, and colours where it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, ValueMapping

from dashboards.grafana.context import Context
from dashboards.grafana.panels import OF_ROW, area_link, dressed, hall_link, join, link_property, only, step
from dashboards.grafana.query import Influx, Query
from dashboards.grafana.theme import MOMENT, Steps, named
from ground.words import Phrase, mark
from telemetry.operators import NAMES, operator_name

WHEN = "moment"
"""In place of a unit: a date and time in the language of the board."""
COLOURED = {
    "custom.cellOptions": {"type": "color-background", "mode": "basic"},
    "custom.displayMode": "color-background-solid",  # what Grafana 9.4 and older call it
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is the query's; scale or words colour its cells.

    `hall`, one of panels.OF_…, links it to the hall, `area` to the kecamatan.
    """

    name: str
    heading: str | Phrase
    unit: str | None = None
    decimals: int | None = None
    scale: Steps | None = None
    words: list[ValueMapping] | None = None
    names: Mapping[str, str] | None = None
    """What is shown for a value, in the text's own colour."""
    width: int | None = None
    hall: str | None = None
    area: bool = False


KECAMATAN = Column("kecamatan", mark("Kecamatan"), width=150, area=True)
DESA = Column("desa", mark("Village"), width=160, hall=OF_ROW)
OPERATOR = Column("operator", mark("Operator"), width=110, names=NAMES)
MODEM = Column("modem", mark("Modem"), width=110)
TIME = Column("Time", mark("Time"), WHEN, width=150)


def listing(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Sequence[Query],
    columns: Sequence[Column],
    *,
    before: Sequence[DataTransformerConfig] = (),
    sort: str | None = None,
    descending: bool = False,
    hide: Sequence[str] = (),
) -> table.Panel:
    """Make a table. `before` are transformations of the data; `hide` are columns that come but are not shown."""
    panel = dressed(table.Panel(), context, title, about, queries)
    hidden = {name: True for name in ("Time", *hide) if name not in {column.name for column in columns}}
    order = {column.name: k for k, column in enumerate(columns)}
    arrange = step("organize", excludeByName=hidden, indexByName=order, renameByName={})
    panel.transformations([*before, arrange]).show_header(True)
    for column in columns:
        panel.override_by_name(column.name, _properties(context, column))
    if sort is not None:
        heading = next(context.say(column.heading) for column in columns if column.name == sort)
        panel.sort_by([common.TableSortByFieldState().display_name(heading).desc(descending)])
    return panel


def _properties(context: Context, column: Column) -> list[DynamicConfigValue]:
    values: list[tuple[str, object]] = [("displayName", context.say(column.heading))]
    unit = MOMENT[context.language] if column.unit == WHEN else column.unit
    optional = {
        "unit": unit,
        "decimals": column.decimals,
        "custom.width": column.width,
        "mappings": column.words or named(context, column.names),
    }
    values += [(name, value) for name, value in optional.items() if value is not None]
    if column.scale is not None:
        values.append(
            ("thresholds", {"mode": "absolute", "steps": [{"value": v, "color": colour} for v, colour in column.scale]})
        )
    if column.scale is not None or column.words is not None:
        values += [("color", {"mode": "thresholds"}), *COLOURED.items()]
    properties = [DynamicConfigValue(name, value) for name, value in values]
    if column.hall:
        properties.append(link_property(hall_link(context, column.hall)))
    return [*properties, link_property(area_link(context))] if column.area else properties


def matrix(
    context: Context,
    title: str | Phrase,
    about: str | Phrase,
    queries: Mapping[str, str],
    *,
    unit: str,
    decimals: int,
    scale: Steps,
) -> table.Panel:
    """Make a table with kecamatan down and one column a query, every cell coloured by the scale.

    A query gives `kecamatan` and a column of its own name. Grafana's own pivot loses such names from version 10 on.
    """
    targets = [Influx(query, chr(ord("A") + k)) for k, query in enumerate(queries.values())]
    columns = [KECAMATAN, *(Column(name, operator_name(name), unit, decimals, scale) for name in queries)]
    return listing(
        context, title, about, targets, columns, before=[join("kecamatan"), only("kecamatan", *queries)], sort="kecamatan"
    )
