"""The parts of the hall's dashboard about probes and about the device."""

from __future__ import annotations

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import MODEMS, PLACE, RANGE, rows, series
from dashboards.grafana.panels import curves, timeline
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import MODEM, TIME, Column, listing
from ground.words import Phrase, mark
from telemetry.events import EVENTS

DEVICE_STEP, PROBE_STEP, DOWNLOAD_STEP = "10m", "30m", "12h"
"""Twice the usual interval of each, so that an empty step is a gap."""


def add_probes(board: Board, context: Context) -> None:
    """Add the panels of active measurements."""
    about = mark("Round trip time of pings, median.")
    query = Influx(series('median("rtt_ms")', "probe", f"{MODEMS} AND \"kind\" = 'ping'", '"modem"'), alias="$tag_modem")
    board.add(
        curves(context, mark("Round trip time (ping)"), about, [query], unit="ms", interval=PROBE_STEP, low=0),
        8,
    )
    about = mark("Share of pings without an answer.")
    query = Influx(series('mean("loss_percent")', "probe", MODEMS, '"modem"'), alias="$tag_modem")
    board.add(curves(context, mark("Packet loss"), about, [query], unit="percent", interval=PROBE_STEP, low=0), 8)
    about = mark("Jitter of the round trip time, and time of name look-ups (DNS).")
    queries = [
        Influx(series('median("jitter_ms")', "probe", MODEMS, '"modem"'), "A", "$tag_modem · jitter"),
        Influx(series('median("dns_ms")', "probe", MODEMS, '"modem"'), "B", "$tag_modem · DNS"),
    ]
    board.add(curves(context, mark("Jitter and DNS"), about, queries, unit="ms", interval=PROBE_STEP, low=0), 8)
    about = mark("Rate of test downloads, where the device does them; every few hours. The line gives at least this.")
    query = Influx(series('max("download_kbps")', "probe", MODEMS, '"modem"'), alias="$tag_modem")
    board.add(
        curves(context, mark("Download rate"), about, [query], unit="Kbits", interval=DOWNLOAD_STEP, low=0, points=True),
        12,
    )
    about = mark("Probes that failed and why, the last 100.")
    failed = (
        rows('"modem", "kind", "target", "error"', "probe", f"{RANGE} AND {MODEMS} AND \"error\" != ''")
        + " ORDER BY time DESC LIMIT 100"
    )
    shown = [
        TIME,
        MODEM,
        Column("kind", mark("Kind")),
        Column("target", mark("Target")),
        Column("error", mark("Error")),
    ]
    board.add(listing(context, mark("Failed probes"), about, [Influx(failed)], shown), 12)


def add_device(board: Board, context: Context) -> None:
    """Add the panels of the Pi and its agent."""

    def curve(title: str | Phrase, about: str | Phrase, what: str, unit: str, scale: theme.Steps | None = None) -> None:
        query = Influx(series(what, "device", PLACE, '"desa"'), alias="$tag_desa")
        board.add(curves(context, title, about, [query], unit=unit, scale=scale, interval=DEVICE_STEP, low=0), 8)

    hot = theme.falling(context, theme.CPU_C)
    curve(
        mark("CPU temperature"),
        mark("A Raspberry Pi slows down from 80 °C."),
        'max("cpu_temperature_c")',
        "celsius",
        hot,
    )
    curve(
        mark("Samples waiting"),
        mark("Samples on the card that the collector has not acknowledged."),
        'max("spool_depth")',
        "none",
    )
    old = theme.falling(context, theme.SPOOL_S)
    curve(
        mark("Age of the oldest sample"),
        mark("How long data have been delayed."),
        'max("spool_age_s")',
        "s",
        old,
    )
    curve(
        mark("Free space"),
        mark("Free space where the data are kept."),
        'min("disk_free_mb")',
        "decmbytes",
    )
    curve(
        mark("Data used this month"),
        mark("Bytes to and from the broker this month."),
        'max("bytes_month")',
        "decbytes",
    )
    curve(
        mark("Uptime"),
        mark("Back to zero means the device restarted."),
        'max("uptime_s")',
        "s",
    )
    _device_states(board, context)
    _events(board, context)


def _device_states(board: Board, context: Context) -> None:
    about = mark("Whether the device's clock is trusted, and by what.")
    clock = Influx(series('last("clock_state")', "device", PLACE, '"desa"'), alias="$tag_desa")
    board.add(
        timeline(context, mark("Clock"), about, [clock], mappings=theme.clocks(context), interval=DEVICE_STEP),
        8,
        5,
    )
    about = mark("Supply below 4.63 V now or since boot: power supply or cable.")
    low = Influx(series('last("undervoltage")', "device", PLACE, '"desa"'), alias="$tag_desa")
    words = theme.yes_no(context, bad=True)
    board.add(timeline(context, mark("Undervoltage"), about, [low], mappings=words, interval=DEVICE_STEP), 8, 5)
    about = mark("Mains present, where the hall has a sensor.")
    mains = Influx(series('last("mains")', "device", PLACE, '"desa"'), alias="$tag_desa")
    words = theme.yes_no(context, bad=False)
    board.add(timeline(context, mark("Mains"), about, [mains], mappings=words, interval=DEVICE_STEP), 8, 5)


def _events(board: Board, context: Context) -> None:
    about = mark("What happened on the device: boot, modem recovery, cell change, clock step; the last 200.")
    query = rows('"modem", "kind", "detail", "count"', "event", f"{RANGE} AND {PLACE}") + " ORDER BY time DESC LIMIT 200"
    shown = [
        TIME,
        MODEM,
        Column("kind", mark("Event"), names=EVENTS),
        Column("detail", mark("Detail")),
        Column("count", mark("Count"), "none", 0),
    ]
    board.add(listing(context, mark("Events"), about, [Influx(query)], shown), 24, 9)
