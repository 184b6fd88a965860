"""Dashboard *hall*: everything about one hall, for whoever has to find out what is wrong there."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import hall_cells, hall_device, theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import EVERY, LEVELLED, NOW, PLACE, RANGE, rows, series, share
from dashboards.grafana.panels import Panel, curves, figure
from dashboards.grafana.query import Influx
from ground.words import Phrase, joined, mark, phrase

BOTH = '"modem", "operator"'
NAME = "$tag_modem · $tag_operator"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: hall – what is wrong here?")
    about = mark("Signal, cells, probes and device of one hall.")
    board = Board(context, "hall", title, about, one_hall=True)
    board.choose_line()
    board.mark_alerts()
    board.mark_maintenance()
    board.mark_events(mark("Cell changes"), "cell_change", theme.PLAIN)
    board.mark_events(mark("Restarts"), "boot|modem_reset|usb_reset", context.classes.state["device_fault"].colour)
    board.row(mark("Now"))
    _now(board, context)
    board.row(mark("Signal"))
    for metric, unit, name, what in _METRICS:
        board.add(_signal(context, metric, unit, name, what), 12, 9)
    board.row(mark("Cell and registration"))
    hall_cells.add(board, context)
    board.row(mark("Probes"))
    hall_device.add_probes(board, context)
    board.row(mark("Device"))
    hall_device.add_device(board, context)
    return board.build()


_METRICS = (
    (
        "rsrp_dbm",
        theme.DBM,
        mark("RSRP, signal strength"),
        phrase("Reference signal power: tells coverage."),
    ),
    (
        "sinr_db",
        "dB",
        mark("SINR, signal quality"),
        phrase("Signal over noise and interference: tells quality."),
    ),
    (
        "rsrq_db",
        "dB",
        "RSRQ",
        phrase("Sinks with the load of the cell; shown as help only."),
    ),
    (
        "rssi_dbm",
        theme.DBM,
        "RSSI",
        phrase("Power of the whole band, grows with its width; shown as help only."),
    ),
)


def _signal(context: Context, metric: str, unit: str, name: str, what: Phrase) -> Panel:
    shown = phrase(
        "Median of each step. Background: classes, thresholds version {version}. A gap: no value.",
        version=context.classes.version,
    )
    about = joined([what, shown], " ")
    query = series(f'median("{metric}")', "signal", EVERY, BOTH)
    return curves(context, name, about, [Influx(query, alias=NAME)], unit=unit, scale=theme.classes_of(context, metric))


def _now(board: Board, context: Context) -> None:
    about = mark("Median RSRP of the last 15 minutes, by modem and operator.")
    power = rows('median("rsrp_dbm")', "signal", f"{NOW} AND {LEVELLED} AND {EVERY}", BOTH)
    scale = theme.classes_of(context, "rsrp_dbm")
    board.add(
        figure(context, mark("RSRP now"), about, [Influx(power, alias=NAME)], unit=theme.DBM, scale=scale, names=True),
        6,
        5,
    )
    about = mark("Median SINR of the last 15 minutes.")
    quality = rows('median("sinr_db")', "signal", f"{NOW} AND {LEVELLED} AND {EVERY}", BOTH)
    scale = theme.classes_of(context, "sinr_db")
    board.add(
        figure(context, mark("SINR now"), about, [Influx(quality, alias=NAME)], unit="dB", scale=scale, names=True),
        6,
        5,
    )
    about = mark("Samples served over served + no service in the chosen period; device and power faults do not count.")
    scale = theme.rising(context, theme.AVAILABILITY)
    query = Influx(share(BOTH, f"{RANGE} AND {EVERY}"), alias=NAME)
    board.add(
        figure(context, mark("Availability"), about, [query], unit="percent", scale=scale, names=True),
        6,
        5,
    )
    about = mark("When the newest sample of this hall was taken.")
    last = Influx(rows('last("seq") AS "seq"', "signal", f"{RANGE} AND {PLACE}"))
    board.add(figure(context, mark("Last seen"), about, [last], unit="dateTimeFromNow", fields="Time"), 6, 5)
