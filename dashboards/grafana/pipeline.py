"""Dashboard *pipeline*: the road from the halls to the store: how much arrives, how late, what is refused, what is missing."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context, Text
from dashboards.grafana.influxql import PLACE, RANGE, rows, series
from dashboards.grafana.panels import Panel, columns, curves, figure, squares, step
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, Column, listing
from telemetry.streams import STREAMS

ANY = '"received_frames" >= 0'
"""The collector's own figures have no place: the variables do not apply to them."""
STEP = "5m"
EVERY_STREAM = f"/^({'|'.join(STREAMS)})$/"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = Text("Sinyal: jalur data", "Sinyal: pipeline")
    about = Text("Penerimaan data oleh kolektor.", "How data arrive at the collector.")
    board = Board(context, "pipeline", title, about)
    board.row(Text("Kolektor", "Collector"))
    for panel in _figures(context):
        board.add(panel, 6, 4)
    for panel in _flow(context):
        board.add(panel, 12, 9)
    board.row(Text("Kelengkapan per balai", "Completeness by hall"))
    board.add(_missing(context), 10, 14)
    board.add(_completeness(context), 14, 14)
    board.add(_account(context), 24, 10)
    return board.build()


def _figures(context: Context) -> list[Panel]:
    def total(title: Text, about: Text, field: str, scale: theme.Steps) -> Panel:
        return figure(
            context,
            title,
            about,
            [Influx(rows(f'sum("{field}")', "ingest", f"{RANGE} AND {ANY}"), alias="n")],
            unit="none",
            scale=scale,
        )

    plain = theme.one_colour()
    fault: theme.Steps = [(None, theme.PLAIN), (1, context.classes.classes[3].colour)]
    last = Influx(rows('last("received_frames") AS "n"', "ingest", RANGE))
    about = Text("Laporan terakhir kolektor tentang dirinya.", "The collector's last report about itself.")
    return [
        figure(context, Text("Laporan terakhir", "Last report"), about, [last], unit="dateTimeFromNow", fields="Time"),
        total(
            Text("Sampel tersimpan", "Samples stored"),
            Text("Sampel baru pada masa yang dipilih.", "New samples in the chosen period."),
            "stored_samples",
            plain,
        ),
        total(
            Text("Bingkai ditolak", "Frames rejected"),
            Text(
                "Bingkai yang tidak akan pernah dapat disimpan; berkas dan sebabnya ada di folder rejected.",
                "Frames that can never be stored; file and reason are in the folder rejected.",
            ),
            "rejected_frames",
            fault,
        ),
        total(
            Text("Gagal menulis", "Write failures"),
            Text(
                "Penulisan yang gagal karena basis data tidak menjawab; datanya menunggu di balai.",
                "Writes that failed because the database was away; the data wait at the halls.",
            ),
            "store_errors",
            fault,
        ),
    ]


def _flow(context: Context) -> list[Panel]:
    def line(field: str, what: str, ref: str, name: Text) -> Influx:
        return Influx(series(f'{what}("{field}")', "ingest", ANY, ""), ref, context.say(name))

    def rate(field: str, ref: str, name: Text) -> Influx:
        return Influx(series(f'sum("{field}") * 1000 / $__interval_ms', "ingest", ANY, ""), ref, context.say(name))

    rates = [
        rate("stored_samples", "A", Text("sampel tersimpan", "samples stored")),
        rate("received_frames", "B", Text("bingkai diterima", "frames received")),
    ]
    lags = [
        line("lag_ms", "median", "A", Text("nilai tengah", "median")),
        line("lag_max_ms", "max", "B", Text("terlama", "largest")),
    ]
    faults = [
        line("rejected_frames", "sum", "A", Text("ditolak", "rejected")),
        line("held_frames", "sum", "B", Text("ditahan: balai tidak terdaftar", "held: hall not in the list")),
        line("dropped_frames", "sum", "C", Text("dilupakan: antrean penuh", "dropped: inbox full")),
        line("store_errors", "sum", "D", Text("gagal menulis", "write failures")),
    ]
    oddities = [
        line("late_samples", "sum", "A", Text("terlambat", "late")),
        line("duplicate_samples", "sum", "B", Text("ganda", "duplicate")),
        line("implausible_values", "sum", "C", Text("nilai tidak masuk akal", "implausible values")),
    ]
    lag = theme.falling(context, theme.LAG_MS)
    return [
        curves(
            context,
            Text("Laju penerimaan", "Ingest rate"),
            Text("Per detik. Celah: kolektor tidak berjalan.", "Per second. A gap: the collector was not running."),
            rates,
            unit="cps",
            interval=STEP,
            low=0,
        ),
        curves(
            context,
            Text("Keterlambatan", "Lag"),
            Text(
                "Dari sampel terbaru sebuah bingkai sampai tiba. Tunggakan setelah gangguan menaikkan yang terlama.",
                "From the newest sample of a frame to its arrival. A backlog after an outage raises the largest.",
            ),
            lags,
            unit="ms",
            scale=lag,
            interval=STEP,
        ),
        columns(
            context,
            Text("Ditolak dan ditahan", "Rejected and held"),
            Text(
                "Bingkai yang tidak tersimpan, menurut sebab. Yang ditahan dan dilupakan datang lagi sendiri.",
                "Frames not stored, by cause. Held and dropped ones come again by themselves.",
            ),
            faults,
            unit="none",
            interval=STEP,
        ),
        columns(
            context,
            Text("Terlambat, ganda, tidak masuk akal", "Late, duplicate, implausible"),
            Text(
                "Tidak hilang: yang ganda menimpa dirinya, yang terlambat tersimpan pada waktunya.",
                "Not lost: a duplicate overwrites itself, a late one is stored at its own time.",
            ),
            oddities,
            unit="none",
            interval=STEP,
        ),
    ]


def _missing(context: Context) -> Panel:
    about = Text(
        "Nomor sampel berurutan per balai, tanpa pernah diulang: yang hilang di antaranya belum tiba (masih di "
        "kartu), dibuang karena kartu "
        "penuh, atau hilang. Nol berarti lengkap.",
        "Samples are numbered in sequence for each hall, for ever: what is missing in between has not arrived "
        "(still on the card), was "
        "thinned on a full card, or is lost. Zero means complete.",
    )
    numbers = rows(
        'max("seq") AS "high", min("seq") AS "low", count("seq") AS "n"',
        EVERY_STREAM,
        f"{RANGE} AND {PLACE}",
        '"site", "kecamatan", "desa"',
    )
    per_hall = {name: {"operation": "groupby", "aggregations": []} for name in ("site", "kecamatan", "desa")}
    sums = {"high": "max", "low": "min", "n": "sum"}
    fields = {**per_hall, **{name: {"operation": "aggregate", "aggregations": [how]} for name, how in sums.items()}}
    before = [
        step("groupBy", fields=fields),
        _minus("span", "high (max)", "low (min)"),
        _minus("gap", "span", "n (sum)"),
        step(
            "calculateField",
            mode="binary",
            binary={"left": "gap", "operator": "+", "right": "1", "reducer": "sum"},
            alias="missing",
            replaceFields=False,
        ),
    ]
    fault: theme.Steps = [(None, context.classes.classes[1].colour), (1, context.classes.classes[3].colour)]
    shown = [
        KECAMATAN,
        DESA,
        Column("n (sum)", Text("Tersimpan", "Stored"), "none", 0),
        Column("missing", Text("Belum ada", "Missing"), "none", 0, fault),
    ]
    hide = ("site", "high (max)", "low (min)", "span", "gap")
    title = Text("Nomor sampel yang belum ada", "Missing sample numbers")
    return listing(context, title, about, [Influx(numbers)], shown, before=before, sort="missing", descending=True, hide=hide)


def _minus(name: str, left: str, right: str) -> DataTransformerConfig:
    return step(
        "calculateField",
        mode="binary",
        binary={"left": left, "operator": "-", "right": right, "reducer": "sum"},
        alias=name,
        replaceFields=False,
    )


def _completeness(context: Context) -> Panel:
    about = Text(
        "Bagian tiap jam yang terisi sampel (12 selang 5 menit), modem terlengkap setiap desa. Kotak kosong: tidak ada sampel.",
        "Share of each hour with samples (12 slots of 5 minutes), by the most complete modem of each village. "
        "No square: no sample.",
    )
    query = rows('max("slots") * 100 / 12', "signal_1h", f"{RANGE} AND {PLACE}", 'time(1h), "desa" fill(null)')
    scale = theme.rising(context, theme.AVAILABILITY)
    title = Text("Kelengkapan per jam", "Completeness by hour")
    return squares(context, title, about, [Influx(query, alias="$tag_desa")], unit="percent", scale=scale, interval="1h")


def _account(context: Context) -> Panel:
    about = Text(
        "Neraca sampel setiap balai, ditulis oleh sinyal-collector fleet --write: yang hilang tanpa sebab ada di kolom Hilang.",
        "The account of each hall's samples as sinyal-collector fleet --write makes it; what nothing explains stands under Lost.",
    )
    fields = ("missing", "lost", "quarantined", "thinned", "rejected")
    what = ", ".join(f'"{name}"' for name in fields)
    query = rows(f'last("late") AS "late", {what}', "fleet", f"{RANGE} AND {PLACE}", '"site", "kecamatan", "desa"')
    fault: theme.Steps = [(None, context.classes.classes[1].colour), (1, context.classes.classes[3].colour)]
    headings = {
        "missing": Text("Belum ada", "Missing"),
        "lost": Text("Hilang", "Lost"),
        "late": Text("Terlambat, 30 hari", "Late, 30 days"),
        "quarantined": Text("Dikarantina", "Quarantined"),
        "thinned": Text("Dibuang (kartu penuh)", "Thinned (card full)"),
        "rejected": Text("Ditolak, 30 hari", "Rejected, 30 days"),
    }
    counted = [Column(name, heading, "none", 0, fault if name == "lost" else None) for name, heading in headings.items()]
    shown = [KECAMATAN, DESA, *counted]
    title = Text("Neraca sampel", "Account of samples")
    return listing(context, title, about, [Influx(query)], shown, sort="lost", descending=True, hide=("site",))
