"""Dashboard *pipeline*: the road from the halls to the store: how much arrives, how late, what is refused, what is missing."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.influxql import PLACE, RANGE, rows, series
from dashboards.grafana.panels import OF_SERIES, Panel, columns, curves, figure, hall_link, squares
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, Column, listing
from ground.words import Phrase, mark

ANY = '"received_frames" >= 0'
"""The collector's own figures have no place: the variables do not apply to them."""
STEP = "5m"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: pipeline – do the data arrive?")
    about = mark("How data arrive at the collector.")
    board = Board(context, "pipeline", title, about)
    board.row(mark("Collector"))
    for panel, width in zip(_figures(context), (5, 5, 5, 5, 4), strict=True):
        board.add(panel, width, 4)
    for panel in [*_flow(context), *_faults(context)]:
        board.add(panel, 12, 9)
    board.row(mark("Completeness by hall"))
    board.add(_account(context), 10, 24)
    board.add(_completeness(context), 14, 24)
    return board.build()


def _figures(context: Context) -> list[Panel]:
    def total(title: str | Phrase, about: str | Phrase, field: str, scale: theme.Steps) -> Panel:
        return figure(
            context,
            title,
            about,
            [Influx(rows(f'sum("{field}")', "ingest", f"{RANGE} AND {ANY}"), alias="n")],
            unit="none",
            scale=scale,
            count=True,
        )

    plain = theme.one_colour()
    fault: theme.Steps = [(None, theme.PLAIN), (1, context.classes.classes[3].colour)]
    last = Influx(rows('last("received_frames") AS "n"', "ingest", RANGE))
    about = mark("The collector's last report about itself.")
    looked = Influx(rows('last("open") AS "n"', "watch", RANGE))
    about_watch = mark("When sinyal-watch looked last: without it nobody is told of anything.")
    return [
        figure(context, mark("Last report"), about, [last], unit="dateTimeFromNow", fields="Time"),
        figure(context, mark("Last look of the watch"), about_watch, [looked], unit="dateTimeFromNow", fields="Time"),
        total(
            mark("Samples stored"),
            mark("New samples in the chosen period."),
            "stored_samples",
            plain,
        ),
        total(
            mark("Frames rejected"),
            mark("Frames that can never be stored; file and reason are in the folder rejected."),
            "rejected_frames",
            fault,
        ),
        total(
            mark("Write failures"),
            mark("Writes that failed because the database was away; the data wait at the halls."),
            "store_errors",
            fault,
        ),
    ]


def _line(context: Context, field: str, what: str, ref: str, name: str | Phrase) -> Influx:
    return Influx(series(f'{what}("{field}")', "ingest", ANY, ""), ref, context.say(name))


def _rate(context: Context, field: str, ref: str, name: str | Phrase) -> Influx:
    return Influx(series(f'sum("{field}") * 1000 / $__interval_ms', "ingest", ANY, ""), ref, context.say(name))


def _flow(context: Context) -> list[Panel]:
    rates = [
        _rate(context, "stored_samples", "A", mark("samples stored")),
        _rate(context, "received_frames", "B", mark("frames received")),
    ]
    lags = [
        _line(context, "lag_ms", "median", "A", mark("median")),
        _line(context, "lag_max_ms", "max", "B", mark("largest")),
    ]
    lag = theme.falling(context, theme.LAG_MS)
    return [
        curves(
            context,
            mark("Ingest rate"),
            mark("Per second. A gap: the collector was not running."),
            rates,
            unit="cps",
            interval=STEP,
            low=0,
        ),
        curves(
            context,
            mark("Lag"),
            mark("From the newest sample of a frame to its arrival. A backlog after an outage raises the largest."),
            lags,
            unit="ms",
            scale=lag,
            interval=STEP,
        ),
    ]


def _faults(context: Context) -> list[Panel]:
    faults = [
        _line(context, "rejected_frames", "sum", "A", mark("rejected")),
        _line(context, "held_frames", "sum", "B", mark("held: hall not in the list")),
        _line(context, "dropped_frames", "sum", "C", mark("dropped: inbox full")),
        _line(context, "store_errors", "sum", "D", mark("write failures")),
    ]
    oddities = [
        _line(context, "late_samples", "sum", "A", mark("late")),
        _line(context, "duplicate_samples", "sum", "B", mark("duplicate")),
        _line(context, "implausible_values", "sum", "C", mark("implausible values")),
    ]
    return [
        columns(
            context,
            mark("Rejected and held"),
            mark("Frames not stored, by cause. Held and dropped ones come again by themselves."),
            faults,
            unit="none",
            interval=STEP,
        ),
        columns(
            context,
            mark("Late, duplicate, implausible"),
            mark("Not lost: a duplicate overwrites itself, a late one is stored at its own time."),
            oddities,
            unit="none",
            interval=STEP,
        ),
    ]


def _completeness(context: Context) -> Panel:
    about = mark(
        "Share of each day (WITA) with samples, by slots of 5 minutes and the most complete modem of each village; today so far "
        "counts against a whole day. No square: no sample."
    )
    days = "time > ${__from}ms - 1d AND time <= ${__to}ms"
    query = rows('max("slots") * 100 / 288', "signal_1d", f"{days} AND {PLACE}", 'time(1d, -8h), "kecamatan", "desa" fill(null)')
    scale = theme.rising(context, theme.AVAILABILITY)
    title = mark("Completeness by day")
    shown = [Influx(query, alias="$tag_desa")]
    return squares(context, title, about, shown, unit="percent", scale=scale, interval="1d", link=hall_link(context, OF_SERIES))


def _account(context: Context) -> Panel:
    about = mark(
        "The account of each hall's samples as sinyal-collector fleet --write makes it; what nothing explains stands under Lost."
    )
    fields = ("missing", "lost", "quarantined", "thinned", "rejected")
    what = ", ".join(f'"{name}"' for name in fields)
    query = rows(f'last("late") AS "late", {what}', "fleet", f"{RANGE} AND {PLACE}", '"site", "kecamatan", "desa"')
    fault: theme.Steps = [(None, context.classes.classes[1].colour), (1, context.classes.classes[3].colour)]
    headings = {
        "missing": mark("Missing"),
        "lost": mark("Lost"),
        "late": mark("Late, 30 days"),
        "quarantined": mark("Quarantined"),
        "thinned": mark("Thinned (card full)"),
        "rejected": mark("Rejected, 30 days"),
    }
    counted = [Column(name, heading, "none", 0, fault if name == "lost" else None) for name, heading in headings.items()]
    shown = [KECAMATAN, DESA, *counted]
    title = mark("Account of samples")
    return listing(context, title, about, [Influx(query)], shown, sort="lost", descending=True, hide=("site",))
