"""Method, limits and sources as every output prints them, and the style of a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from collector.sites.classes import Classes
from dashboards.needs.model import Period, Report, State
from dashboards.needs.parameters import Limit, listed
from dashboards.needs.priority import INPUT_WORDS
from dashboards.needs.words import Both, day, number, say
from ground.wita import WITA

TITLE = Both("Peta Kebutuhan Infrastruktur Digital", "Needs map of digital infrastructure")
MAP_NOTE = Both(
    "Warna dan simbol menyatakan hasil di balai desa, bukan seluruh wilayah desa.",
    "Colour and symbol tell the result at the hall, not of the whole village.",
)
METHOD = (
    Both(
        "Satu baris adalah satu balai desa dan satu operator. Perangkat di balai desa mencatat sinyal"
        " terus-menerus; setiap nilai"
        " dihitung dari semua sampel periode ini, bukan dari sekali uji.",
        "A row is one village hall and one operator. A device at the hall records the signal all the time;"
        " every value is computed"
        " from all samples of the period, not from one test.",
    ),
    Both(
        "RSRP, RSRQ, SINR: nilai tengah dan 10 % terburuk dari sampel LTE. Jam sibuk: 19.00-22.00 WITA. RSRP"
        " menilai cakupan, SINR"
        " menilai mutu; RSRQ hanya keterangan.",
        "RSRP, RSRQ, SINR: median and worst 10 % of the LTE samples. Busy hour: 19:00-22:00 WITA. RSRP judges coverage, SINR"
        " judges quality; RSRQ is shown as help only.",
    ),
    Both(
        "Ketersediaan = sampel terlayani dibagi sampel terlayani dan tanpa layanan. Waktu tanpa listrik, modem"
        " bisu dan tanpa SIM"
        " tidak dihitung: itu bukan kesalahan jaringan.",
        "Availability = samples served over samples served or without service. Time without power, with a"
        " silent modem or without"
        " SIM is not counted: that is not the network's fault.",
    ),
    Both(
        "Kelengkapan = slot 5 menit yang berisi sampel dibagi seluruh slot periode. Bila data belum cukup,"
        " tidak ada diagnosis"
        " jaringan; belum diukur tidak pernah berarti tanpa sinyal.",
        "Completeness = five-minute slots with a sample over all slots of the period. With too little data"
        " there is no diagnosis of"
        " the network; not measured never means no signal.",
    ),
    Both(
        "Urutan diagnosis: kecukupan data, blank spot, 2G saja, cakupan lemah, padat atau interferensi, tidak"
        " stabil, listrik,"
        " perangkat. Yang pertama ditemukan menjadi diagnosis, lainnya disebut di keterangan.",
        "Order of diagnosis: enough data, blank spot, 2G only, weak coverage, congested or interfered,"
        " unstable, power, device. What"
        " is found first is the diagnosis, the rest is named beside it.",
    ),
    Both(
        "Kolom kondisi hanya berbicara tentang cakupan: baris 'layak' dapat tetap padat atau tidak stabil,"
        " lihat diagnosis dan catatan."
        " Baris dengan data belum cukup ditulis 'tidak diukur' beserta alasannya.",
        "The column kondisi speaks of coverage only: a 'layak' row can still be congested or unstable, see"
        " diagnosis and catatan. A"
        " row with too little data is written 'tidak diukur' with the reason.",
    ),
)
LIMITS = (
    Both(
        "Hasil berlaku di titik balai desa. Luas desa di Kutai Timur 7 sampai 3.009 km²; permukiman lain dapat berbeda.",
        "Results hold at the point of the hall. Villages of Kutai Timur measure 7 to 3,009 km²; other settlements may differ.",
    ),
    Both(
        "Satu SIM melihat satu operator. Operator tanpa perangkat ditulis 'Belum diukur'.",
        "One SIM sees one operator. An operator without device is written 'Not measured'.",
    ),
    Both(
        "Koordinat bertanda 'titik tengah desa, bukan kantor' dapat meleset 10 km atau lebih; ganti dengan"
        " koordinat GNSS sebelum"
        " diusulkan.",
        "A coordinate marked 'middle of the village, not the office' can be 10 km off or more; replace it by"
        " one of GNSS before a"
        " proposal.",
    ),
    Both(
        "Penguat sinyal dan antena luar ruang menaikkan RSRP; bila ada, nilainya hanya berlaku di balai desa.",
        "A signal booster or an outdoor antenna lifts RSRP; where there is one, the value holds at the hall only.",
    ),
    Both(
        "Tanpa layanan mencakup kartu SIM yang ditolak jaringan; periksa kartu SIM sebelum mengusulkan blank"
        " spot. Menyala ulang"
        " dihitung dari mulainya perangkat, termasuk pembaruan.",
        "No service includes a SIM that the network denies; check the SIM before proposing a blank spot."
        " Restarts count every start"
        " of the device, updates too.",
    ),
    Both(
        "Ambang batas bukan standar hukum: tidak ditemukan batas resmi RSRP atau Mbit/s untuk data seluler.",
        "The thresholds are no legal standard: no official floor for RSRP or Mbit/s of mobile data was found.",
    ),
)
SOURCES = (
    Both(
        "Pengukuran: modem di balai desa, dikumpulkan oleh Sinyal; nilai harian dari seluruh sampel.",
        "Measurements: modems at the halls, collected by Sinyal; daily values from all samples.",
    ),
    Both(
        "Nama dan kode: Kepmendagri 300.2.2-2430/2025 menurut cahyadsn/wilayah (lisensi MIT).",
        "Names and codes: Kepmendagri 300.2.2-2430/2025 as in cahyadsn/wilayah (MIT licence).",
    ),
    Both(
        "Batas desa dan kecamatan: cahyadsn/wilayah_boundaries @3c5a7960 (dinyatakan MIT; asal geometri tidak disebut)."
        " Indikatif, disederhanakan sekitar 0,3 km, bukan batas hukum.",
        "Boundaries: cahyadsn/wilayah_boundaries @3c5a7960 (MIT as declared; origin of the geometry not stated). Indicative,"
        " simplified to about 0.3 km, not a legal boundary.",
    ),
    Both(
        "Daftar blank spot 37 nama (sekitar 2020-22), program PLN 2025, desa tanpa jaringan PLN menurut rencana 2026:"
        " pemberitaan dan pernyataan resmi, indikatif.",
        "Blank-spot list of 37 names (about 2020-22), grid programme 2025, villages without grid in the plan of 2026:"
        " press and official statements, indicative.",
    ),
)


UNITS = {
    "hari": "days",
    "sampel": "samples",
    "slot 5 menit": "slots of 5 min",
    "per jam": "an hour",
    "per minggu": "a week",
    "poin %": "points of %",
    "jiwa": "people",
}


class Style(NamedTuple):
    """Colour and symbol of a state."""

    colour: str
    symbol: str


def styles(classes: Classes) -> dict[State, Style]:
    """Take colours and symbols from classes.toml, so that page, dashboards and report agree."""
    known = {c.key: c for c in classes.classes}
    state = classes.state
    first, last = classes.classes[0], classes.classes[-1]
    chosen = {
        State.ADEQUATE: known.get("good", first),
        State.FAIR: known.get("fair", first),
        State.WEAK: known.get("poor", last),
        State.TWO_G_ONLY: state["two_g_only"],
        State.BLANK_SPOT: state["no_service"],
        State.INSUFFICIENT: state["silent"],
        State.NOT_MEASURED: state["not_measured"],
    }
    return {name: Style(found.colour, found.symbol) for name, found in chosen.items()}


def span(period: Period) -> Both:
    """Write a period with its last day."""
    return Both(*(f"{a} - {b}" for a, b in zip(day(period.first), day(period.last), strict=True)))


def made_at(report: Report) -> Both:
    """Write when the report was made."""
    now = report.period.now.astimezone(WITA)
    return Both(*(f"{text} {now:%H}{mark}{now:%M} WITA" for text, mark in zip(day(now.date()), ".:", strict=True)))


class Setting(NamedTuple):
    """One figure of the method: where it stands, its value as text, why."""

    key: str
    value: Both
    reason: Both


def settings(report: Report) -> Iterator[Setting]:
    """Yield all figures of needs.toml with their reasons, and the cuts of classes.toml."""
    parameters = report.parameters
    for name, key in listed_keys(report):
        yield Setting(f"classes.{name}", key[0], key[1])
    for section, figures in (
        ("limits", listed(parameters.limits)),
        ("severity", listed(parameters.severity)),
        ("weights", listed(parameters.weights)),
    ):
        for name, limit in figures:
            yield Setting(f"{section}.{name}", _value(limit), Both(limit.id, limit.en))


def listed_keys(report: Report) -> Iterator[tuple[str, tuple[Both, Both]]]:
    """Yield the classes that count as strong, sufficient and edge, with their cuts."""
    keys, borders = report.parameters.classes, report.cuts
    for name, key, cut in (
        ("strong", keys.strong, borders.strong_dbm),
        ("sufficient", keys.sufficient, borders.sufficient_dbm),
        ("edge", keys.edge, borders.edge_dbm),
    ):
        value = say("RSRP ≥ {cut} dBm", "RSRP ≥ {cut} dBm", cut=cut)
        if name == "sufficient":
            shape = "RSRP ≥ {cut} dBm, SINR ≥ {sinr} dB"
            value = say(shape, shape, cut=cut, sinr=borders.quality_db)
        yield name, (value, Both(key.id, key.en))


def _value(limit: Limit) -> Both:
    text = number(limit.value, 2)
    return Both(f"{text.id} {limit.unit}".strip(), f"{text.en} {UNITS.get(limit.unit, limit.unit)}".strip())


def weights(report: Report) -> Both:
    """Write the weights of the formula in a line."""
    shape = "{name} {w}"
    parts = [say(shape, shape, name=INPUT_WORDS[name], w=limit.value) for name, limit in listed(report.parameters.weights)]
    return Both(", ".join(p.id for p in parts), ", ".join(p.en for p in parts))
