"""Dashboard *hall*: everything about one hall, for whoever has to find out what is wrong there."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import hall_cells, hall_device, theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context, Text
from dashboards.grafana.influxql import EVERY, LEVELLED, NOW, PLACE, RANGE, rows, series, share
from dashboards.grafana.panels import Panel, curves, figure
from dashboards.grafana.query import Influx

BOTH = '"modem", "operator"'
NAME = "$tag_modem · $tag_operator"


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = Text("Sinyal: balai desa", "Sinyal: hall")
    about = Text("Sinyal, sel, pengujian, dan perangkat satu balai desa.", "Signal, cells, probes and device of one hall.")
    board = Board(context, "hall", title, about, one_hall=True)
    board.choose_line()
    board.mark_alerts()
    board.row(Text("Sekarang", "Now"))
    _now(board, context)
    board.row(Text("Sinyal", "Signal"))
    for metric, unit, name, what in _METRICS:
        board.add(_signal(context, metric, unit, name, what), 12, 9)
    board.row(Text("Sel dan registrasi", "Cell and registration"))
    hall_cells.add(board, context)
    board.row(Text("Pengujian aktif", "Probes"))
    hall_device.add_probes(board, context)
    board.row(Text("Perangkat", "Device"))
    hall_device.add_device(board, context)
    return board.build()


_METRICS = (
    (
        "rsrp_dbm",
        "dBm",
        Text("RSRP, kuat sinyal", "RSRP, signal strength"),
        Text("Daya sinyal acuan: menunjukkan cakupan layanan.", "Reference signal power: tells coverage."),
    ),
    (
        "sinr_db",
        "dB",
        Text("SINR, kualitas sinyal", "SINR, signal quality"),
        Text("Sinyal dibanding derau dan gangguan: menunjukkan kualitas.", "Signal over noise and interference: tells quality."),
    ),
    (
        "rsrq_db",
        "dB",
        Text("RSRQ", "RSRQ"),
        Text("Turun bila sel ramai; hanya sebagai penjelas.", "Sinks with the load of the cell; shown as help only."),
    ),
    (
        "rssi_dbm",
        "dBm",
        Text("RSSI", "RSSI"),
        Text(
            "Daya seluruh pita, naik dengan lebar pita; hanya sebagai penjelas.",
            "Power of the whole band, grows with its width; shown as help only.",
        ),
    ),
)


def _signal(context: Context, metric: str, unit: str, name: Text, what: Text) -> Panel:
    end_id = "Nilai tengah tiap langkah waktu. Warna latar: kategori menurut ambang batas versi"
    end_en = "Median of each step. Background: classes, thresholds version"
    version = context.classes.version
    about = Text(f"{what.id} {end_id} {version}. Celah: tidak ada nilai.", f"{what.en} {end_en} {version}. A gap: no value.")
    query = series(f'median("{metric}")', "signal", EVERY, BOTH)
    return curves(context, name, about, [Influx(query, alias=NAME)], unit=unit, scale=theme.classes_of(context, metric))


def _now(board: Board, context: Context) -> None:
    about = Text(
        "Nilai tengah RSRP 15 menit terakhir, per modem dan operator.",
        "Median RSRP of the last 15 minutes, by modem and operator.",
    )
    power = rows('median("rsrp_dbm")', "signal", f"{NOW} AND {LEVELLED} AND {EVERY}", BOTH)
    scale = theme.classes_of(context, "rsrp_dbm")
    board.add(
        figure(
            context, Text("RSRP sekarang", "RSRP now"), about, [Influx(power, alias=NAME)], unit="dBm", scale=scale, names=True
        ),
        6,
        5,
    )
    about = Text("Nilai tengah SINR 15 menit terakhir.", "Median SINR of the last 15 minutes.")
    quality = rows('median("sinr_db")', "signal", f"{NOW} AND {LEVELLED} AND {EVERY}", BOTH)
    scale = theme.classes_of(context, "sinr_db")
    board.add(
        figure(
            context, Text("SINR sekarang", "SINR now"), about, [Influx(quality, alias=NAME)], unit="dB", scale=scale, names=True
        ),
        6,
        5,
    )
    about = Text(
        "Sampel terlayani dibanding terlayani + tanpa layanan pada masa yang dipilih; gangguan perangkat dan "
        "listrik tidak dihitung.",
        "Samples served over served + no service in the chosen period; device and power faults do not count.",
    )
    scale = theme.rising(context, theme.AVAILABILITY)
    query = Influx(share(BOTH, f"{RANGE} AND {EVERY}"), alias=NAME)
    board.add(
        figure(context, Text("Ketersediaan layanan", "Availability"), about, [query], unit="percent", scale=scale, names=True),
        6,
        5,
    )
    about = Text("Saat sampel terakhir dari balai ini.", "When the newest sample of this hall was taken.")
    last = Influx(rows('last("seq") AS "seq"', "signal", f"{RANGE} AND {PLACE}"))
    board.add(
        figure(context, Text("Terakhir terhubung", "Last seen"), about, [last], unit="dateTimeFromNow", fields="Time"), 6, 5
    )
