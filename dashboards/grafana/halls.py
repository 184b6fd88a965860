"""The level of each hall now, by its best operator, as the map and the list of halls show it.

One number per hall: a power in dBm where LTE or NR serves it, else a code for its state (theme.LEVELS). Each query gives one of
the states; they are joined by site and the largest wins, which is the best that any operator offers there.
"""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from dashboards.grafana import influxql, theme
from dashboards.grafana.influxql import EVERY, LEVELLED, NOW, OLDER, PLACE, SERVED, rows
from dashboards.grafana.panels import join, largest, only
from dashboards.grafana.query import Influx

STATES = ("power", "older", "served", "unserved", "refused", "faulty", "unsaid", "silent", "unmeasured")


def level_queries() -> list[Influx]:
    """Return the queries: where each hall is, then its possible states, best first."""
    best = rows('median("rsrp_dbm") AS "r"', "signal", f"{NOW} AND {LEVELLED} AND {EVERY}", '"site", "modem", "operator"')
    places = 'last("lat") AS "lat", last("lon") AS "lon"'
    site = "time > ${__to}ms - 7d AND " + PLACE
    ever = "time > ${__to}ms - 60d AND " + EVERY
    return [
        Influx(
            rows(
                f'{places}, last("lat") * 0 - {-theme.NOT_MEASURED} AS "unmeasured"', "site", site, '"site", "kecamatan", "desa"'
            ),
            "A",
        ),
        Influx(rows('max("r") AS "power"', f"({best})", '"r" > -200', '"site"'), "B"),
        Influx(_code("older", theme.TWO_G, f"{NOW} AND {SERVED} AND {OLDER}"), "C"),
        Influx(_code("unserved", theme.NO_SERVICE, f"{NOW} AND {influxql.NO_SERVICE}"), "D"),
        Influx(_code("faulty", theme.FAULT, f"{NOW} AND {influxql.FAULT}"), "E"),
        Influx(rows(f'count("samples") * 0 - {-theme.SILENT} AS "silent"', "signal_1d", ever, '"site"'), "F"),
        Influx(_code("served", theme.SERVED, f"{NOW} AND {SERVED}"), "G"),
        Influx(_code("refused", theme.SIM_REFUSED, f"{NOW} AND {influxql.SIM_REFUSED}"), "H"),
        Influx(_code("unsaid", theme.UNSAID, NOW), "I"),
    ]


def level_steps() -> Sequence[DataTransformerConfig]:
    """Return the transformations that make one row per hall, with its `level`."""
    return [join("site"), largest("level", *STATES), only("site", "kecamatan", "desa", "lat", "lon", "level")]


def _code(name: str, code: int, where: str) -> str:
    return rows(f'count("seq") * 0 - {-code} AS "{name}"', "signal", f"{where} AND {EVERY}", '"site"')
