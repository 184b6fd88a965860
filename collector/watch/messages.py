"""What an alert says: hall, since when, what is likely, what to do. Indonesian and English, and a short form for SMS.

Texts are data: one entry a rule. `{}` in a title is the detail of the rule (dBm, percent, a date).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from collector.notify.outbox import Message
from collector.sites.sites import Site
from collector.watch.config import Rule
from collector.watch.state import Alert
from ground.wita import moment_id, wita

SHORT_CHARS = 150
"""Of the 160 of one SMS: delivery puts a reference behind it."""
WHOM_ID = {
    "village": "staf desa",
    "field": "teknisi lapangan",
    "network": "bagian jaringan, operator",
    "server": "pengelola server",
}
WHOM_EN = {
    "village": "village staff",
    "field": "field technician",
    "network": "network staff, operator",
    "server": "server keeper",
}


class Words(NamedTuple):
    """Title, likely cause and what to do, in both languages."""

    title_id: str
    title_en: str
    likely_id: str
    likely_en: str
    do_id: str
    do_en: str


WORDS: Mapping[str, Words] = {
    "hall_dark": Words(
        "perangkat tidak terhubung", "device not connected",
        "{}", "{}",
        "periksa listrik dan lampu perangkat", "check power and the lights of the device",
    ),
    "mains_off": Words(
        "listrik padam", "power cut",
        "perangkat berjalan dengan baterai", "the device runs on its battery",
        "hubungi PLN atau nyalakan genset", "call the grid company or start the generator",
    ),
    "no_service": Words(
        "tanpa layanan seluler", "no mobile service",
        "gangguan menara atau operator", "fault of the tower or the operator",
        "laporkan ke operator", "report to the operator",
    ),
    "weak_signal": Words(
        "sinyal lemah {}", "weak signal {}",
        "antena bergeser, menara berdaya rendah, atau hambatan baru", "antenna moved, tower at low power, or a new obstacle",
        "periksa antena; bila baik, laporkan ke operator", "check the antenna; if it is fine, report to the operator",
    ),
    "low_quality": Words(
        "kualitas sinyal buruk {}", "poor signal quality {}",
        "interferensi atau sel terlalu padat", "interference or an overloaded cell",
        "laporkan ke operator bila berulang", "report to the operator if it recurs",
    ),
    "modem_sick": Words(
        "modem tidak menjawab", "modem does not answer",
        "modem macet atau kabel USB lepas", "modem hangs or its USB cable is loose",
        "cabut dan pasang kembali modem", "unplug the modem and plug it in again",
    ),
    "no_sim": Words(
        "kartu SIM tidak terbaca", "SIM card not read",
        "kartu SIM lepas, rusak, atau diblokir", "SIM card loose, broken or blocked",
        "periksa kartu SIM di modem", "check the SIM card in the modem",
    ),
    "sim_refused": Words(
        "kartu SIM ditolak atau terkunci", "SIM card refused or locked",
        "kartu SIM terkunci (PIN/PUK), diblokir, atau masa aktifnya habis", "SIM card locked (PIN/PUK), blocked or expired",
        "periksa kartu SIM dan paketnya; ini bukan gangguan jaringan", "check SIM card and plan; this is no network fault",
    ),
    "clock_untrusted": Words(
        "jam perangkat belum sinkron", "device clock not synced",
        "NTP tertutup atau baterai jam habis", "NTP is blocked or the clock battery is empty",
        "periksa jaringan perangkat dan baterai RTC", "check the network of the device and the RTC battery",
    ),
    "spool_filling": Words(
        "penyimpanan perangkat hampir penuh", "device storage filling",
        "data tertunda, belum terkirim ({} sampel)", "data is delayed ({} samples wait)",
        "ambil data dengan USB atau perbaiki sambungan", "fetch the data by USB or repair the link",
    ),
    "data_budget": Words(
        "kuota data terpakai {} %", "data quota used {} %",
        "kuota habis sebelum akhir bulan", "the quota ends before the month does",
        "tambah kuota", "top up",
    ),
    "sim_expiry": Words(
        "masa aktif kartu SIM berakhir {}", "SIM card expires {}",
        "masa aktif belum diperpanjang", "it has not been extended",
        "isi ulang sebelum tanggal itu", "top up before that date",
    ),
    "collector_lagging": Words(
        "pengumpul data terlambat", "collector is lagging",
        "basis data lambat atau penuh", "database slow or full",
        "periksa server dan basis data", "check server and database",
    ),
    "nothing_arriving": Words(
        "tidak ada data masuk dari semua balai desa", "nothing arrives from any hall",
        "{}", "{}",
        "periksa server, broker, dan sambungan internet", "check server, broker and internet link",
    ),
    "area_dark": Words(
        "tidak terhubung serentak", "dark together",
        "listrik PLN padam atau jaringan wilayah terputus", "grid power cut or area backhaul down",
        "hubungi PLN dan operator", "call the grid company and the operator",
    ),
    "operator_gone": Words(
        "tanpa layanan serentak", "without service together",
        "gangguan jaringan operator", "fault of the operator's network",
        "laporkan ke operator", "report to the operator",
    ),
    "cell_gone": Words(
        "tanpa layanan dari sel yang sama", "lost the same cell",
        "menara (BTS) mati", "tower (BTS) down",
        "laporkan ke operator dengan nomor sel", "report to the operator with the cell number",
    ),
}  # fmt: skip


WHY_DARK = {
    "sim_expiry": "masa aktif kartu SIM hampir atau sudah habis|the SIM card is about to expire or has",
    "data_budget": "kuota data habis|data quota used up",
    "spool_filling": "kartu memori perangkat penuh atau rusak|memory card of the device full or broken",
}
DARK = "listrik padam, perangkat mati, atau jaringan seluler terputus|power cut, device off, or mobile network down"
"""What is likely when a hall is dark: an open alert of the same hall says more than the rule can."""


def message(kind: str, alert: Alert, rule: Rule, site: Site | None, now_ms: int, page_url: str) -> Message:
    """Write the opening or the closing of an alert."""
    words = WORDS[alert.rule]
    place_id, place_en, short_place = _places(alert, site)
    detail_id, detail_en = details(alert.detail)
    title_id, title_en = words.title_id.format(detail_id).strip(), words.title_en.format(detail_en).strip()
    since, since_en = moment_id(alert.since_ms), moment_en(alert.since_ms)
    if kind == "resolve":
        lasted_id, lasted_en = _lasted(alert.until_ms - alert.since_ms)
        text_id = f"Pulih. Berlangsung {lasted_id}, sejak {since} sampai {moment_id(alert.until_ms)}."
        text_en = f"Back to normal. Lasted {lasted_en}, from {since_en} to {moment_en(alert.until_ms)}."
        short = f"SELESAI {short_place}: {title_id}. {lasted_id} sejak {_short(alert.since_ms)}"
    else:
        likely = words.likely_id.format(detail_id)
        text_id = f"Sejak {since}. Kemungkinan: {likely}. Tindakan: {words.do_id}. Untuk: {WHOM_ID[rule.role]}."
        text_en = f"Since {since_en}. Likely: {words.likely_en.format(detail_en)}. Do: {words.do_en}. For: {WHOM_EN[rule.role]}."
        short = f"{short_place}: {title_id} sejak {_short(alert.since_ms)}. {words.do_id[0].upper()}{words.do_id[1:]}."
    return Message(
        key=alert.key,
        kind="resolve" if kind == "resolve" else "open",
        rule=alert.rule,
        severity=rule.severity,
        site=alert.site,
        kecamatan=alert.kecamatan,
        operator=alert.operator,
        role=rule.role,
        at_ms=now_ms,
        title_id=f"{place_id}: {title_id}",
        title_en=f"{place_en}: {title_en}",
        text_id=text_id,
        text_en=text_en,
        link=link(page_url, alert),
        short_id=short[:SHORT_CHARS],
    )


def link(page_url: str, alert: Alert) -> str | None:
    """Return the address of the hall on the page, or of the page; None where no page is set."""
    if not page_url:
        return None
    return page_url.rstrip("/") + (f"/site/{alert.site}" if alert.site else "/alerts")


def details(detail: str) -> tuple[str, str]:
    """Return the detail for both languages: `id|en` holds one for each, anything else serves both."""
    first, _, second = detail.partition("|")
    return first, second or first


def moment_en(at_ms: int) -> str:
    """Return a moment as `24 Nov 2026 14:35 WITA`."""
    return f"{wita(at_ms):%-d %b %Y %H:%M} WITA"


def _short(at_ms: int) -> str:
    return f"{wita(at_ms):%d/%m %H.%M} WITA"


def _lasted(span_ms: int) -> tuple[str, str]:
    minutes = max(1, round(span_ms / 60_000))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "hari", "d"), (hours, "jam", "h"), (rest if not days else 0, "menit", "min")]
    named = [(n, i, e) for n, i, e in parts if n]
    return " ".join(f"{n} {i}" for n, i, _ in named), " ".join(f"{n} {e}" for n, _, e in named)


def _places(alert: Alert, site: Site | None) -> tuple[str, str, str]:
    if alert.site is not None:
        desa, kecamatan = (site.desa, site.kecamatan) if site else (alert.site, alert.kecamatan or "?")
        via = f" ({alert.operator})" if alert.operator and alert.modem else ""
        return f"{desa}, Kec. {kecamatan}{via}", f"{desa}, {kecamatan}{via}", f"{desa}, {kecamatan}{via}"
    if alert.rule in ("nothing_arriving", "collector_lagging"):
        return "Sinyal", "Sinyal", "Sinyal"
    parts = [alert.operator, f"pita B{alert.band}" if alert.band else "", f"sel {alert.cell_id}" if alert.cell_id else ""]
    who = " ".join(part for part in parts if part)
    who_en = who.replace("pita ", "band ").replace("sel ", "cell ")
    area = f"Kec. {alert.kecamatan}" if alert.kecamatan else "semua kecamatan" if not who else ""
    area_en = alert.kecamatan or ("all sub-districts" if not who else "")
    place_id = " ".join(part for part in (who, area) if part)
    place_en = " ".join(part for part in (who_en, area_en) if part)
    return f"{place_id}, {alert.count} balai desa", f"{place_en}, {alert.count} halls", f"{place_id}, {alert.count} desa"
