"""The part of the hall's dashboard about cells: registration, band, serving cell, neighbours."""

from __future__ import annotations

from grafana_foundation_sdk.models.common import LineInterpolation

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import EVERY, LEVELLED, LTE, MODEMS, OLDER, RANGE, SERVED, rows, series
from dashboards.grafana.panels import Panel, coloured, columns, curves, step, timeline
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import MODEM, OPERATOR, TIME, Column, listing
from ground.words import mark

LTE_STEP_KM = 0.07812
"""How far a step of the timing advance is on LTE: 16 Ts there and back, TS 36.213 4.2.3."""
DISTANCE_SUMS = {"rsrp": ["count", "mean", "min"], "sinr": ["mean"]}
CELL_STEP = "10m"
"""Twice the usual interval of neighbour readings."""


def add(board: Board, context: Context) -> None:
    """Add the panels."""
    about = mark("State towards the network; empty means no sample.")
    query = series('last("registration")', "signal", MODEMS, '"modem"')
    words = theme.registrations(context)
    board.add(timeline(context, mark("Registration"), about, [Influx(query, alias="$tag_modem")], mappings=words), 12, 7)
    about = mark(
        "One row per modem and band, filled while that band serves (LTE, NR), coloured by RSRP. Frequent changes may mean "
        "the edge of coverage; a band that vanishes, a change of the network."
    )
    band = Influx(
        series('median("rsrp_dbm")', "signal", f"{LEVELLED} AND {EVERY}", '"modem", "band"'),
        alias="$tag_modem · B$tag_band",
    )
    scale = theme.classes_of(context, "rsrp_dbm")
    board.add(timeline(context, mark("Band"), about, [band], unit=theme.DBM, scale=scale), 12, 7)
    about = mark("PCI of the serving cell (3G: PSC). A step: another cell serves; the cell changes are marked on every panel.")
    cell = Influx(series('last("pci")', "signal", EVERY, '"modem"'), alias="$tag_modem")
    panel = curves(context, mark("Serving cell over time"), about, [cell], unit="none")
    board.add(panel.line_interpolation(LineInterpolation.STEP_AFTER).line_width(2), 12, 7)
    board.add(_technology(context), 12, 7)
    board.add(_serving(context), 24, 6)
    board.add(_cells(context), 14, 8)
    board.add(_distances(context), 10, 8)
    board.add(_neighbours(context), 14, 9)
    board.add(_strongest(context), 10, 9)


def _technology(context: Context) -> Panel:
    about = mark("Samples of each step by technology.")
    queries = [
        Influx(series('count("seq")', "signal", f"{SERVED} AND {LTE} AND {EVERY}", "", fill="0"), "A", "LTE / NR"),
        Influx(series('count("seq")', "signal", f"{SERVED} AND {OLDER} AND {EVERY}", "", fill="0"), "B", "2G / 3G"),
    ]
    colours = {"LTE / NR": context.classes.classes[1].colour, "2G / 3G": context.classes.state["two_g_only"].colour}
    return coloured(columns(context, mark("Technology"), about, queries, unit="none", interval="5m"), colours)


def _serving(context: Context) -> Panel:
    about = mark("Newest reading of each modem in the chosen period.")
    fields = (
        "registration",
        "plmn",
        "tac",
        "cell_id",
        "pci",
        "earfcn",
        "bandwidth_dl_mhz",
        "rsrp_dbm",
        "rsrq_db",
        "rssi_dbm",
        "sinr_db",
    )
    what = ", ".join(f'"{name}"' for name in ("operator", "rat", "band", *fields))
    query = rows(f'last("seq") AS "seq", {what}', "signal", f"{RANGE} AND {MODEMS}", '"modem"')
    signal = [
        Column(name, heading, unit, 1, theme.classes_of(context, name))
        for name, heading, unit in (
            ("rsrp_dbm", "RSRP", theme.DBM),
            ("rsrq_db", "RSRQ", "dB"),
            ("rssi_dbm", "RSSI", theme.DBM),
            ("sinr_db", "SINR", "dB"),
        )
    ]
    identity = [
        Column("rat", mark("Technology")),
        Column("band", mark("Band")),
        Column("plmn", "PLMN"),
        *(
            Column(name, heading, "none", 0)
            for name, heading in (("tac", "TAC"), ("cell_id", "ECI"), ("pci", "PCI"), ("earfcn", "EARFCN"))
        ),
        Column("bandwidth_dl_mhz", mark("Bandwidth (MHz)"), "none", 1),
    ]
    state = Column("registration", mark("Registration"), words=theme.registrations(context))
    title = mark("Serving cell")
    return listing(context, title, about, [Influx(query)], [TIME, MODEM, OPERATOR, state, *identity, *signal], hide=("seq",))


def _cells(context: Context) -> Panel:
    about = mark(
        "Which cell served for how many hours, how well and how far away: each hour of the chosen period by the last cell of it, "
        "strongest first. The distance is what the timing advance tells, on LTE in steps of 78 m; few modems tell it."
    )
    what = 'last("cell_id") AS "cell_id", last("pci") AS "pci", median("rsrp_dbm") AS "rsrp", median("sinr_db") AS "sinr"'
    what += f', median("timing_advance") * {LTE_STEP_KM} AS "distance"'
    query = rows(what, "signal", f"{RANGE} AND {LEVELLED} AND {EVERY}", 'time(1h), "modem" fill(none)')
    keys = {name: {"operation": "groupby", "aggregations": []} for name in ("modem", "cell_id", "pci")}
    sums = {"rsrp": ["count", "mean", "min"], "sinr": ["mean"], "distance": ["mean"]}
    fields = {**keys, **{name: {"operation": "aggregate", "aggregations": how} for name, how in sums.items()}}
    rsrp, sinr = (theme.classes_of(context, metric) for metric in ("rsrp_dbm", "sinr_db"))
    shown = [
        MODEM,
        Column("cell_id", "ECI", "none", 0),
        Column("pci", "PCI", "none", 0),
        Column("rsrp (count)", mark("Hours"), "none", 0),
        Column("rsrp (mean)", mark("RSRP, mean"), theme.DBM, 0, rsrp),
        Column("rsrp (min)", mark("RSRP, lowest"), theme.DBM, 0, rsrp),
        Column("sinr (mean)", mark("SINR, mean"), "dB", 1, sinr),
        Column("distance (mean)", mark("Distance"), "suffix:km", 1),
    ]
    title = mark("Cells that served")
    before = [step("groupBy", fields=fields)]
    return listing(context, title, about, [Influx(query)], shown, before=before, sort="rsrp (mean)", descending=True)


def _distances(context: Context) -> Panel:
    about = mark(
        "RSRP against the distance of the serving cell: each hour of the chosen period by its median timing advance, on LTE in "
        "steps of 78 m. Weak though near: something stands between. Few modems tell the distance; empty means that none did."
    )
    what = f'median("timing_advance") * {LTE_STEP_KM} AS "distance", median("rsrp_dbm") AS "rsrp", median("sinr_db") AS "sinr"'
    query = rows(what, "signal", f'{RANGE} AND {LEVELLED} AND {EVERY} AND "timing_advance" >= 0', 'time(1h), "modem" fill(none)')
    fields = {name: {"operation": "groupby", "aggregations": []} for name in ("modem", "distance")}
    fields |= {name: {"operation": "aggregate", "aggregations": how} for name, how in DISTANCE_SUMS.items()}
    rsrp, sinr = (theme.classes_of(context, metric) for metric in ("rsrp_dbm", "sinr_db"))
    shown = [
        MODEM,
        Column("distance", mark("Distance"), "suffix:km", 2),
        Column("rsrp (count)", mark("Hours"), "none", 0),
        Column("rsrp (mean)", mark("RSRP, mean"), theme.DBM, 0, rsrp),
        Column("rsrp (min)", mark("RSRP, lowest"), theme.DBM, 0, rsrp),
        Column("sinr (mean)", mark("SINR, mean"), "dB", 1, sinr),
    ]
    before = [step("groupBy", fields=fields)]
    return listing(context, mark("RSRP by distance of the cell"), about, [Influx(query)], shown, before=before, sort="distance")


def _neighbours(context: Context) -> Panel:
    about = mark("The last 200 sightings of neighbour cells and secondary carriers.")
    what = '"modem", "role", "rat", "band", "earfcn", "pci", "rsrp_dbm", "rsrq_db"'
    query = rows(what, "cell", f"{RANGE} AND {MODEMS}") + " ORDER BY time DESC LIMIT 200"
    shown = [
        TIME,
        MODEM,
        Column("role", mark("Role")),
        Column("rat", mark("Technology")),
        Column("band", mark("Band")),
        Column("earfcn", "EARFCN", "none", 0),
        Column("pci", "PCI", "none", 0),
        Column("rsrp_dbm", "RSRP", theme.DBM, 1, theme.classes_of(context, "rsrp_dbm")),
        Column("rsrq_db", "RSRQ", "dB", 1, theme.classes_of(context, "rsrq_db")),
    ]
    return listing(context, mark("Neighbour cells"), about, [Influx(query)], shown)


def _strongest(context: Context) -> Panel:
    about = mark("Serving cell and strongest neighbour. A neighbour that stays stronger: the modem clings to the wrong cell.")
    serving, neighbour = context.say(mark("serving")), context.say(mark("neighbour"))
    queries = [
        Influx(series('median("rsrp_dbm")', "signal", EVERY, '"modem"'), "A", f"$tag_modem · {serving}"),
        Influx(
            series('max("rsrp_dbm")', "cell", f"{MODEMS} AND \"role\" = 'neighbour'", '"modem"'), "B", f"$tag_modem · {neighbour}"
        ),
    ]
    scale = theme.classes_of(context, "rsrp_dbm")
    return curves(
        context,
        mark("Serving and neighbour"),
        about,
        queries,
        unit=theme.DBM,
        scale=scale,
        interval=CELL_STEP,
    )
