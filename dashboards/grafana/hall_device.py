"""The parts of the hall's dashboard about probes and about the device."""

from __future__ import annotations

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context, Text
from dashboards.grafana.influxql import MODEMS, PLACE, RANGE, rows, series
from dashboards.grafana.panels import curves, timeline
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import MODEM, TIME, Column, listing

DEVICE_STEP, PROBE_STEP, DOWNLOAD_STEP = "10m", "30m", "12h"
"""Twice the usual interval of each, so that an empty step is a gap."""


def add_probes(board: Board, context: Context) -> None:
    """Add the panels of active measurements."""
    about = Text("Waktu tempuh pulang-pergi ping, nilai tengah.", "Round trip time of pings, median.")
    query = Influx(series('median("rtt_ms")', "probe", f"{MODEMS} AND \"kind\" = 'ping'", '"modem"'), alias="$tag_modem")
    board.add(
        curves(
            context, Text("Waktu tempuh (ping)", "Round trip time (ping)"), about, [query], unit="ms", interval=PROBE_STEP, low=0
        ),
        8,
    )
    about = Text("Bagian ping yang tidak dijawab.", "Share of pings without an answer.")
    query = Influx(series('mean("loss_percent")', "probe", MODEMS, '"modem"'), alias="$tag_modem")
    board.add(curves(context, Text("Paket hilang", "Packet loss"), about, [query], unit="percent", interval=PROBE_STEP, low=0), 8)
    about = Text(
        "Goyangan waktu tempuh (jitter) dan lama pencarian nama (DNS).",
        "Jitter of the round trip time, and time of name look-ups (DNS).",
    )
    queries = [
        Influx(series('median("jitter_ms")', "probe", MODEMS, '"modem"'), "A", "$tag_modem · jitter"),
        Influx(series('median("dns_ms")', "probe", MODEMS, '"modem"'), "B", "$tag_modem · DNS"),
    ]
    board.add(curves(context, Text("Jitter dan DNS", "Jitter and DNS"), about, queries, unit="ms", interval=PROBE_STEP, low=0), 8)
    about = Text(
        "Laju unduh pengujian, bila dinyalakan pada perangkat; setiap beberapa jam.",
        "Rate of test downloads, where the device does them; every few hours.",
    )
    query = Influx(series('max("download_kbps")', "probe", MODEMS, '"modem"'), alias="$tag_modem")
    board.add(
        curves(
            context, Text("Laju unduh", "Download rate"), about, [query], unit="Kbits", interval=DOWNLOAD_STEP, low=0, points=True
        ),
        12,
    )
    about = Text("Pengujian yang gagal dan sebabnya, 100 terakhir.", "Probes that failed and why, the last 100.")
    failed = (
        rows('"modem", "kind", "target", "error"', "probe", f"{RANGE} AND {MODEMS} AND \"error\" != ''")
        + " ORDER BY time DESC LIMIT 100"
    )
    shown = [
        TIME,
        MODEM,
        Column("kind", Text("Jenis", "Kind")),
        Column("target", Text("Tujuan", "Target")),
        Column("error", Text("Sebab", "Error")),
    ]
    board.add(listing(context, Text("Pengujian gagal", "Failed probes"), about, [Influx(failed)], shown), 12)


def add_device(board: Board, context: Context) -> None:
    """Add the panels of the Pi and its agent."""

    def curve(title: Text, about: Text, what: str, unit: str, scale: theme.Steps | None = None) -> None:
        query = Influx(series(what, "device", PLACE, '"desa"'), alias="$tag_desa")
        board.add(curves(context, title, about, [query], unit=unit, scale=scale, interval=DEVICE_STEP, low=0), 8)

    hot = theme.falling(context, theme.CPU_C)
    curve(
        Text("Suhu prosesor", "CPU temperature"),
        Text("Raspberry Pi melambat mulai 80 °C.", "A Raspberry Pi slows down from 80 °C."),
        'max("cpu_temperature_c")',
        "celsius",
        hot,
    )
    curve(
        Text("Sampel menunggu", "Samples waiting"),
        Text("Sampel di kartu yang belum diakui kolektor.", "Samples on the card that the collector has not acknowledged."),
        'max("spool_depth")',
        "none",
    )
    old = theme.falling(context, theme.SPOOL_S)
    curve(
        Text("Umur sampel tertua", "Age of the oldest sample"),
        Text("Berapa lama data tertunda.", "How long data have been delayed."),
        'max("spool_age_s")',
        "s",
        old,
    )
    curve(
        Text("Ruang kartu", "Free space"),
        Text("Ruang kosong tempat data disimpan.", "Free space where the data are kept."),
        'min("disk_free_mb")',
        "decmbytes",
    )
    curve(
        Text("Kuota data terpakai", "Data used this month"),
        Text("Byte ke dan dari broker bulan ini.", "Bytes to and from the broker this month."),
        'max("bytes_month")',
        "decbytes",
    )
    curve(
        Text("Lama hidup", "Uptime"),
        Text("Kembali ke nol berarti perangkat menyala ulang.", "Back to zero means the device restarted."),
        'max("uptime_s")',
        "s",
    )
    _device_states(board, context)
    _events(board, context)


def _device_states(board: Board, context: Context) -> None:
    about = Text("Apakah jam perangkat dapat dipercaya, dan menurut apa.", "Whether the device's clock is trusted, and by what.")
    clock = Influx(series('last("clock_state")', "device", PLACE, '"desa"'), alias="$tag_desa")
    board.add(
        timeline(context, Text("Jam perangkat", "Clock"), about, [clock], mappings=theme.clocks(context), interval=DEVICE_STEP),
        8,
        5,
    )
    about = Text(
        "Tegangan di bawah 4,63 V sekarang atau sejak menyala: catu daya atau kabel.",
        "Supply below 4.63 V now or since boot: power supply or cable.",
    )
    low = Influx(series('last("undervoltage")', "device", PLACE, '"desa"'), alias="$tag_desa")
    words = theme.yes_no(context, bad=True)
    board.add(
        timeline(context, Text("Tegangan kurang", "Undervoltage"), about, [low], mappings=words, interval=DEVICE_STEP), 8, 5
    )
    about = Text("Listrik PLN ada, bila balai memiliki sensornya.", "Mains present, where the hall has a sensor.")
    mains = Influx(series('last("mains")', "device", PLACE, '"desa"'), alias="$tag_desa")
    words = theme.yes_no(context, bad=False)
    board.add(timeline(context, Text("Listrik", "Mains"), about, [mains], mappings=words, interval=DEVICE_STEP), 8, 5)


def _events(board: Board, context: Context) -> None:
    about = Text(
        "Kejadian di perangkat: menyala, modem dipulihkan, pindah sel, jam dikoreksi; 200 terakhir.",
        "What happened on the device: boot, modem recovery, cell change, clock step; the last 200.",
    )
    query = rows('"modem", "kind", "detail", "count"', "event", f"{RANGE} AND {PLACE}") + " ORDER BY time DESC LIMIT 200"
    shown = [
        TIME,
        MODEM,
        Column("kind", Text("Kejadian", "Event")),
        Column("detail", Text("Keterangan", "Detail")),
        Column("count", Text("Jumlah", "Count"), "none", 0),
    ]
    board.add(listing(context, Text("Kejadian", "Events"), about, [Influx(query)], shown), 24, 9)
