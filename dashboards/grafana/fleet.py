"""Dashboard *fleet*: the devices themselves, for whoever keeps them running."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import theme
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context, Text
from dashboards.grafana.influxql import PLACE, RANGE, rows, series
from dashboards.grafana.panels import Panel, curves, figure, step, timeline
from dashboards.grafana.query import Influx
from dashboards.grafana.tables import DESA, KECAMATAN, Column, listing

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
    title = Text("Sinyal: perangkat", "Sinyal: fleet")
    about = Text("Keadaan semua perangkat pengukur.", "Health of all measuring devices.")
    board = Board(context, "fleet", title, about)
    board.row(Text("Sekarang", "Now"))
    for panel in _counts(context):
        board.add(panel, 4, 4)
    board.add(_devices(context), 24, 14)
    board.row(Text("Kuota dan versi", "Budget and versions"))
    board.add(_budget(context), 16, 12)
    board.add(_versions(context), 8, 12)
    board.row(Text("Dari waktu ke waktu", "Over time"))
    _over_time(board, context)
    return board.build()


def _newest(where: str = RANGE) -> str:
    fields = ", ".join(f'"{name}"' for name in FIELDS)
    return rows(f'last("uptime_s") AS "uptime_s", {fields}', "device", f"{where} AND {PLACE}", HALL)


def _counts(context: Context) -> list[Panel]:
    good, fault = context.classes.classes[1].colour, context.classes.classes[3].colour

    def count(title: Text, about: Text, source: str, condition: str, colour: str) -> Panel:
        scale: theme.Steps = [(None, theme.PLAIN), (1, colour)]
        query = rows('count("uptime_s")', f"({source})", condition)
        return figure(context, title, about, [Influx(query, alias="n")], unit="none", scale=scale)

    now, ever = _newest(RECENT), _newest()
    return [
        count(
            Text("Perangkat terhubung", "Devices reporting"),
            Text("Sampel perangkat dalam 15 menit terakhir.", "With a device sample from the last 15 minutes."),
            now,
            '"uptime_s" >= 0',
            good,
        ),
        count(
            Text("Perangkat pada masa ini", "Devices in this period"),
            Text("Perangkat dengan sampel pada masa yang dipilih.", "With a device sample in the chosen period."),
            ever,
            '"uptime_s" >= 0',
            good,
        ),
        count(
            Text("Jam belum sinkron", "Clock not synced"),
            Text(
                "Jamnya belum dapat dipercaya; waktu sampelnya diperbaiki kemudian.",
                "Clock not trusted; the times are set right later.",
            ),
            ever,
            "\"clock_state\" = 'untrusted'",
            fault,
        ),
        count(
            Text("Tegangan kurang", "Undervoltage"),
            Text("Tegangan di bawah 4,63 V sekarang atau sejak menyala.", "Supply below 4.63 V now or since boot."),
            ever,
            '"undervoltage" = true',
            fault,
        ),
        count(
            Text("Data tertunda > 1 jam", "Data delayed > 1 h"),
            Text(
                "Sampel tertua di kartu menunggu lebih dari satu jam.",
                "The oldest sample on the card has waited for more than an hour.",
            ),
            ever,
            f'"spool_age_s" > {theme.SPOOL_S[0]:.0f}',
            fault,
        ),
        count(
            Text("Sampel ditolak", "Samples refused"),
            Text(
                "Perangkat dengan sampel yang ditolak kolektor (karantina).",
                "Devices with samples that the collector refused (quarantine).",
            ),
            ever,
            '"quarantined" > 0',
            fault,
        ),
    ]


def _devices(context: Context) -> Panel:
    about = Text(
        "Sampel terakhir setiap perangkat pada masa yang dipilih; yang paling lama tidak terhubung di atas.",
        "Newest sample of each device in the chosen period; the one away longest comes first.",
    )
    shown = [
        KECAMATAN,
        DESA,
        Column("Time", Text("Terakhir terhubung", "Last seen"), "dateTimeFromNow", width=150),
        Column("clock_state", Text("Jam", "Clock"), words=theme.clocks(context)),
        Column("spool_depth", Text("Sampel menunggu", "Samples waiting"), "none", 0),
        Column("spool_age_s", Text("Sampel tertua", "Oldest sample"), "s", 0, theme.falling(context, theme.SPOOL_S)),
        Column("agent_version", Text("Versi", "Version")),
        Column("bytes_month", Text("Kuota terpakai", "Data used"), "decbytes", 1),
        Column("budget_month", Text("Kuota", "Budget"), "decbytes", 1),
        Column("undervoltage", Text("Tegangan kurang", "Undervoltage"), words=theme.yes_no(context, bad=True)),
        Column("mains", Text("Listrik", "Mains"), words=theme.yes_no(context, bad=False)),
        Column("cpu_temperature_c", Text("Suhu", "Temperature"), "celsius", 0, theme.falling(context, theme.CPU_C)),
        Column("disk_free_mb", Text("Ruang kosong", "Free space"), "decmbytes", 0),
        Column("uptime_s", Text("Lama hidup", "Uptime"), "s", 0),
        Column("quarantined", Text("Ditolak", "Refused"), "none", 0),
        Column("thinned", Text("Dibuang (kartu penuh)", "Thinned (card full)"), "none", 0),
    ]
    return listing(context, Text("Perangkat", "Devices"), about, [Influx(_newest())], shown, sort="Time", hide=("site",))


def _budget(context: Context) -> Panel:
    about = Text(
        "Byte bulan ini dibanding kuota perangkat. Di atas kuota, pengiriman melambat; pengukuran tidak.",
        "Bytes of this month over the device's budget. Beyond it sending slows down; measuring does not.",
    )
    used = rows('last("bytes_month") AS "b", last("budget_month") AS "m"', "device", f"{RANGE} AND {PLACE}", '"site", "desa"')
    query = rows('100.0 * "b" / "m" AS "used"', f"({used})", '"m" > 0', '"desa"')
    shown = [DESA, Column("used", Text("Kuota terpakai", "Budget used"), "percent", 0, theme.falling(context, theme.BUDGET))]
    title = Text("Kuota data bulan ini", "Data budget this month")
    return listing(context, title, about, [Influx(query)], shown, sort="used", descending=True)


def _versions(context: Context) -> Panel:
    about = Text("Banyaknya perangkat per versi program.", "Devices by version of the program.")
    count = step(
        "groupBy",
        fields={
            "agent_version": {"operation": "groupby", "aggregations": []},
            "uptime_s": {"operation": "aggregate", "aggregations": ["count"]},
        },
    )
    shown = [
        Column("agent_version", Text("Versi", "Version")),
        Column("uptime_s (count)", Text("Perangkat", "Devices"), "none", 0),
    ]
    return listing(context, Text("Versi", "Versions"), about, [Influx(_newest())], shown, before=[count])


def _over_time(board: Board, context: Context) -> None:
    about = Text(
        "Terhubung dan terputus dari broker, menurut broker.", "Connected to and gone from the broker, as the broker saw it."
    )
    states = theme.words(
        context,
        {
            "online": (Text("Daring", "Online"), context.classes.classes[1].colour),
            "offline": (Text("Luring", "Offline"), context.classes.state["silent"].colour),
        },
    )
    query = Influx(rows('"state"', "site_status", f"{RANGE} AND {PLACE}", '"desa"'), alias="$tag_desa")
    board.add(timeline(context, Text("Daring dan luring", "Online and offline"), about, [query], mappings=states), 24, 12)

    def curve(title: Text, about: Text, what: str, unit: str, scale: theme.Steps | None = None) -> None:
        one = Influx(series(what, "device", PLACE, '"desa"'), alias="$tag_desa")
        board.add(curves(context, title, about, [one], unit=unit, scale=scale, interval=STEP, low=0), 12, 9)

    old, hot = theme.falling(context, theme.SPOOL_S), theme.falling(context, theme.CPU_C)
    title, about = (
        Text("Umur sampel tertua", "Age of the oldest sample"),
        Text("Berapa lama data tertunda.", "How long data have been delayed."),
    )
    curve(title, about, 'max("spool_age_s")', "s", old)
    title, about = (
        Text("Sampel menunggu", "Samples waiting"),
        Text("Sampel di kartu yang belum diakui.", "Samples on the card, not acknowledged."),
    )
    curve(title, about, 'max("spool_depth")', "none")
    title, about = Text("Suhu prosesor", "CPU temperature"), Text("Melambat mulai 80 °C.", "Slows down from 80 °C.")
    curve(title, about, 'max("cpu_temperature_c")', "celsius", hot)
    title, about = (
        Text("Ruang kartu", "Free space"),
        Text("Ruang kosong tempat data disimpan.", "Free space where the data are kept."),
    )
    curve(title, about, 'min("disk_free_mb")', "decmbytes")
