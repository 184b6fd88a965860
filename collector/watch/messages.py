"""What an alert says: hall, since when, what is likely, what to do. In both languages, and a short form for SMS.

Texts are data: one entry per rule. `{detail}` is the detail of the rule (dBm, percent, a date), or what it found, as a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from collector.notify.outbox import Message
from collector.sites.sites import Site
from collector.watch.config import Rule
from collector.watch.state import Alert
from ground.wita import wita
from ground.words import Lang, mark, ntr, timestamp, tr, tr_in

SHORT_CHARS = 150
"""Of the 160 of one SMS: delivery puts a reference behind it."""
WHOM = {
    "village": mark("village staff"),
    "field": mark("field technician"),
    "network": mark("network staff, operator"),
    "server": mark("server keeper"),
}
EVERYWHERE = ("nothing_arriving", "collector_lagging")


class Words(NamedTuple):
    """Title, likely cause and what to do: messages of the catalogue."""

    title: str
    likely: str
    do: str


WORDS: Mapping[str, Words] = {
    "hall_dark": Words(
        mark("device not connected"),
        "{detail}",
        mark("check power and the lights of the device"),
    ),
    "mains_off": Words(
        mark("power cut"),
        mark("the device runs on its battery"),
        mark("call the grid company or start the generator"),
    ),
    "no_service": Words(
        mark("no mobile service"),
        mark("fault of the tower or the operator"),
        mark("report to the operator"),
    ),
    "weak_signal": Words(
        mark("weak signal {detail}"),
        mark("antenna moved, tower at low power, or a new obstacle"),
        mark("check the antenna; if it is fine, report to the operator"),
    ),
    "low_quality": Words(
        mark("poor signal quality {detail}"),
        mark("interference or an overloaded cell"),
        mark("report to the operator if it recurs"),
    ),
    "modem_sick": Words(
        mark("modem does not respond"),
        mark("modem hangs or its USB cable is loose"),
        mark("unplug the modem and plug it in again"),
    ),
    "no_sim": Words(
        mark("SIM card not read"),
        mark("SIM card loose, broken or blocked"),
        mark("check the SIM card in the modem"),
    ),
    "sim_refused": Words(
        mark("SIM card refused or locked"),
        mark("SIM card locked (PIN/PUK), blocked or expired"),
        mark("check SIM card and plan; this is no network fault"),
    ),
    "clock_untrusted": Words(
        mark("device clock not synced"),
        mark("NTP is blocked or the clock battery is empty"),
        mark("check the network of the device and the RTC battery"),
    ),
    "spool_filling": Words(
        mark("device storage filling"),
        mark("data delayed, not yet sent ({detail} samples)"),
        mark("fetch the data by USB or repair the link"),
    ),
    "data_budget": Words(
        mark("data quota used {detail} %"),
        mark("the quota ends before the month does"),
        mark("top up"),
    ),
    "sim_expiry": Words(
        mark("SIM card expires {detail}"),
        mark("it has not been extended"),
        mark("top up before that date"),
    ),
    "two_installations": Words(
        mark("{detail} devices report as this office"),
        mark("memory card or certificate copied"),
        mark("find the other device and enrol it anew"),
    ),
    "collector_lagging": Words(
        mark("collector is lagging"),
        mark("database slow or full"),
        mark("check server and database"),
    ),
    "nothing_arriving": Words(
        mark("nothing arrives from any hall"),
        "{detail}",
        mark("check server, broker and internet link"),
    ),
    "area_dark": Words(
        mark("disconnected together"),
        mark("grid power cut or area backhaul down"),
        mark("call the grid company and the operator"),
    ),
    "operator_gone": Words(
        mark("without service together"),
        mark("fault of the operator's network"),
        mark("report to the operator"),
    ),
    "cell_gone": Words(
        mark("without service on the same cell"),
        mark("tower (BTS) down"),
        mark("report to the operator with the cell number"),
    ),
}
WHY_DARK = {
    "sim_expiry": mark("the SIM card is about to expire or has expired"),
    "data_budget": mark("data quota used up"),
    "spool_filling": mark("memory card of the device full or broken"),
}
DARK = mark("power cut, device off, or mobile network down")
"""What is likely when a hall is dark: an open alert of the same hall says more than the rule can."""


def message(kind: str, alert: Alert, rule: Rule, site: Site | None, now_ms: int, page_url: str) -> Message:
    """Write the opening or the closing of an alert."""
    title_id, title_en = (f"{place(alert, site, lang)}: {_title(alert, lang)}" for lang in ("id", "en"))
    text_id, text_en = (_text(kind, alert, rule, lang) for lang in ("id", "en"))
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
        title_id=title_id,
        title_en=title_en,
        text_id=text_id,
        text_en=text_en,
        link=link(page_url, alert),
        short_id=_short(kind, alert, site, "id")[:SHORT_CHARS],
    )


def link(page_url: str, alert: Alert) -> str | None:
    """Return the address of the hall on the page, or of the page; None where no page is set."""
    if not page_url:
        return None
    return page_url.rstrip("/") + (f"/site/{alert.site}" if alert.site else "/alerts")


def place(alert: Alert, site: Site | None, lang: Lang) -> str:
    """Return where an alert is: a hall, or what the halls of a common cause share and how many they are."""
    if alert.site is not None:
        desa, kecamatan = (site.desa, site.kecamatan) if site else (alert.site, alert.kecamatan or "?")
        return tr("{desa}, {kecamatan}", lang, desa=desa, kecamatan=kecamatan) + _via(alert)
    if alert.rule in EVERYWHERE:
        return "Sinyal"
    halls = ntr("{n} hall", "{n} halls", alert.count, lang)
    return f"{_shared(alert, lang)}, {halls}"


def _shared(alert: Alert, lang: Lang) -> str:
    parts = [alert.operator] if alert.operator else []
    parts += [tr("band B{band}", lang, band=alert.band)] if alert.band else []
    parts += [tr("cell {cell}", lang, cell=alert.cell_id)] if alert.cell_id else []
    if alert.kecamatan:
        parts.append(tr_in("area", "{kecamatan}", lang, kecamatan=alert.kecamatan))
    return " ".join(parts) or tr("all sub-districts", lang)


def _via(alert: Alert) -> str:
    return f" ({alert.operator})" if alert.operator and alert.modem else ""


def _title(alert: Alert, lang: Lang) -> str:
    return tr(WORDS[alert.rule].title, lang, detail=_detail(alert, lang)).strip()


def _detail(alert: Alert, lang: Lang) -> str:
    return re.sub(r"^-(?=\d)", "−", tr(alert.detail, lang))


def _text(kind: str, alert: Alert, rule: Rule, lang: Lang) -> str:
    words, since = WORDS[alert.rule], timestamp(wita(alert.since_ms), lang)
    if kind == "resolve":
        until, lasted = timestamp(wita(alert.until_ms), lang), _lasted(alert.until_ms - alert.since_ms, lang)
        return tr("Back to normal. Lasted {span}, from {since} to {until}.", lang, span=lasted, since=since, until=until)
    likely = tr(words.likely, lang, detail=_detail(alert, lang))
    do, whom = tr(words.do, lang), tr(WHOM[rule.role], lang)
    return tr("Since {since}. Likely: {likely}. Do: {do}. For: {whom}.", lang, since=since, likely=likely, do=do, whom=whom)


def _short(kind: str, alert: Alert, site: Site | None, lang: Lang) -> str:
    """Write the opening or closing for an SMS, whose alphabet has no minus sign."""
    where = f"{site.desa}, {site.kecamatan}{_via(alert)}" if site else place(alert, site, lang)
    title, since = _title(alert, lang).replace("−", "-"), f"{wita(alert.since_ms):%d/%m %H.%M} WITA"
    if kind == "resolve":
        lasted = _lasted(alert.until_ms - alert.since_ms, lang)
        return tr("RESOLVED {place}: {title}. {span} since {since}", lang, place=where, title=title, span=lasted, since=since)
    do = tr(WORDS[alert.rule].do, lang)
    return tr("{place}: {title} since {since}. {do}.", lang, place=where, title=title, since=since, do=do[0].upper() + do[1:])


def _lasted(span_ms: int, lang: Lang) -> str:
    minutes = max(1, round(span_ms / 60_000))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [ntr("{n} day", "{n} days", days, lang)] if days else []
    parts += [ntr("{n} hour", "{n} hours", hours, lang)] if hours else []
    parts += [ntr("{n} minute", "{n} minutes", rest, lang)] if rest and not days else []
    return " ".join(parts)
