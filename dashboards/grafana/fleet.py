"""Dashboard *fleet*: the devices themselves, for whoever keeps them running."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import PLACE, RANGE, last_days, rows
from dashboards.grafana.panels import OF_SERIES, Panel, curves, figure, hall_link, step, timeline
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, Column, listing
from ground.words import Phrase, joined, mark, phrase

HALL = '"site", "kecamatan", "desa"'
FIELDS = (
    "clock_state",
    "spool_depth",
    "spool_age_s",
    "agent_version",
    "bytes_month",
    "budget_month",
    "undervoltage",
    "mains",
    "cpu_temperature_c",
    "disk_free_mb",
    "quarantined",
    "thinned",
)
RECENT = "time > ${__to}ms - 15m AND time <= ${__to}ms"
STEP = "10m"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: fleet – which device needs somebody?")
    about = mark("Health of all measuring devices.")
    board = Board(context, "fleet", title, about)
    board.row(mark("Now"))
    for panel in _counts(context):
        board.add(panel, 4, 4)
    board.add(_devices(context), 24, 14)
    board.row(mark("Budget and versions"))
    board.add(_budget(context), 16, 12)
    board.add(_versions(context), 8, 12)
    board.row(mark("Over time"))
    _over_time(board, context)
    return board.build()


def _newest(*fields: str, where: str = RANGE) -> str:
    """Ask for the newest sample of each device: its uptime, and these fields; each costs the database as much again."""
    return rows(
        ", ".join(('last("uptime_s") AS "uptime_s"', *map('"{}"'.format, fields))), "device", f"{where} AND {PLACE}", HALL
    )


def _count(
    context: Context, title: str | Phrase, about: str | Phrase, condition: str, colour: str, *, where: str = RANGE
) -> Panel:
    scale: theme.Steps = [(None, theme.PLAIN), (1, colour)]
    asked = {condition.split('"')[1]} - {"uptime_s"}
    query = rows('count("uptime_s")', f"({_newest(*asked, where=where)})", condition)
    return figure(context, title, about, [Influx(query, alias="n")], unit="none", scale=scale, count=True)


def _counts(context: Context) -> list[Panel]:
    good, fault = context.classes.classes[1].colour, context.classes.classes[3].colour
    return [
        _count(
            context,
            mark("Devices reporting"),
            mark("With a device sample from the last 15 minutes."),
            '"uptime_s" >= 0',
            good,
            where=RECENT,
        ),
        _count(
            context,
            mark("Devices in this period"),
            mark("With a device sample in the chosen period."),
            '"uptime_s" >= 0',
            good,
        ),
        _count(
            context,
            mark("Clock not synced"),
            mark("Clock not trusted; the times are set right later."),
            "\"clock_state\" = 'untrusted'",
            fault,
        ),
        _count(context, mark("Undervoltage"), mark("Supply below 4.63 V now or since boot."), '"undervoltage" = true', fault),
        _count(
            context,
            mark("Data delayed > 1 h"),
            mark("The oldest sample on the card has waited for more than an hour."),
            f'"spool_age_s" > {theme.SPOOL_S[0]:.0f}',
            fault,
        ),
        _count(
            context,
            mark("Samples refused"),
            mark("Devices with samples that the collector refused (quarantine)."),
            '"quarantined" > 0',
            fault,
        ),
    ]


def _devices(context: Context) -> Panel:
    about = mark("Newest sample of each device in the last 7 days of the chosen period; the one away longest comes first.")
    shown = [
        KECAMATAN,
        DESA,
        Column("Time", mark("Last seen"), "dateTimeFromNow", width=150),
        Column("clock_state", mark("Clock"), words=theme.clocks(context)),
        Column("spool_depth", mark("Samples waiting"), "none", 0),
        Column("spool_age_s", mark("Oldest sample"), "s", 0, theme.falling(context, theme.SPOOL_S)),
        Column("agent_version", mark("Version")),
        Column("bytes_month", mark("Data used"), "decbytes", 1),
        Column("budget_month", mark("Budget"), "decbytes", 1),
        Column("undervoltage", mark("Undervoltage"), words=theme.yes_no(context, bad=True)),
        Column("mains", mark("Mains"), words=theme.yes_no(context, bad=False)),
        Column("cpu_temperature_c", mark("Temperature"), "celsius", 0, theme.falling(context, theme.CPU_C)),
        Column("disk_free_mb", mark("Free space"), "decmbytes", 0),
        Column("uptime_s", mark("Uptime"), "s", 0),
        Column("quarantined", mark("Refused"), "none", 0),
        Column("thinned", mark("Thinned (card full)"), "none", 0),
    ]
    return listing(
        context, mark("Devices"), about, [Influx(_newest(*FIELDS, where=last_days(7)))], shown, sort="Time", hide=("site",)
    )


def _budget(context: Context) -> Panel:
    about = mark("Bytes of this month over the device's budget. Beyond it sending slows down; measuring does not.")
    used = rows('last("bytes_month") AS "b", last("budget_month") AS "m"', "device", f"{RANGE} AND {PLACE}", HALL)
    query = rows('100.0 * "b" / "m" AS "used"', f"({used})", '"m" > 0', HALL)
    shown = [KECAMATAN, DESA, Column("used", mark("Budget used"), "percent", 0, theme.falling(context, theme.BUDGET))]
    title = mark("Data budget this month")
    return listing(context, title, about, [Influx(query)], shown, sort="used", descending=True, hide=("site",))


def _versions(context: Context) -> Panel:
    about = mark("Devices by version of the program, in the last 7 days of the chosen period.")
    count = step(
        "groupBy",
        fields={
            "agent_version": {"operation": "groupby", "aggregations": []},
            "uptime_s": {"operation": "aggregate", "aggregations": ["count"]},
        },
    )
    shown = [
        Column("agent_version", mark("Version")),
        Column("uptime_s (count)", mark("Devices"), "none", 0),
    ]
    return listing(
        context, mark("Versions"), about, [Influx(_newest("agent_version", where=last_days(7)))], shown, before=[count]
    )


def _over_time(board: Board, context: Context) -> None:
    about = mark("Connected to and gone from the broker, as the broker saw it. Click a row to open the hall.")
    states = theme.words(
        context,
        {
            "online": (mark("Online"), context.classes.classes[1].colour),
            "offline": (mark("Offline"), context.classes.state["silent"].colour),
        },
    )
    since = "time > ${__from}ms - 30d AND time <= ${__to}ms"  # the state at the beginning of the period is older than it
    query = Influx(rows('"state"', "site_status", f"{since} AND {PLACE}", '"kecamatan", "desa"'), alias="$tag_desa")
    panel = timeline(context, mark("Online and offline"), about, [query], mappings=states)
    board.add(panel.data_links([hall_link(context, OF_SERIES)]), 24, 24)

    def curve(title: str, about: Phrase, what: str, unit: str, scale: theme.Steps | None = None) -> None:
        where, by = f"{last_days(14)} AND {PLACE}", 'time($__interval), "kecamatan" fill(null)'
        about = joined([phrase("The last 14 days of the chosen period."), about], " ")
        one = Influx(rows(what, "device", where, by), alias="$tag_kecamatan")
        board.add(curves(context, title, about, [one], unit=unit, scale=scale, interval=STEP, low=0), 12, 9)

    old, hot = theme.falling(context, theme.SPOOL_S), theme.falling(context, theme.CPU_C)
    delayed = phrase("How long data have been delayed: the worst hall of each kecamatan.")
    curve(mark("Age of the oldest sample"), delayed, 'max("spool_age_s")', "s", old)
    waiting = phrase("Samples on the card, not acknowledged: the worst hall of each kecamatan.")
    curve(mark("Samples waiting"), waiting, 'max("spool_depth")', "none")
    slow = phrase("Slows down from 80 °C. The hottest of each kecamatan.")
    curve(mark("CPU temperature"), slow, 'max("cpu_temperature_c")', "celsius", hot)
    free = phrase("Free space where the data are kept: the least of each kecamatan.")
    curve(mark("Free space"), free, 'min("disk_free_mb")', "decmbytes")
