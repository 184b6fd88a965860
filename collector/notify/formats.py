"""Messages as people get them: in the language of the destination, times in WITA; for SMS Indonesian, in GSM 7 bit."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from collector.notify.outbox import SEVERITIES, Message
from ground.wita import wita
from ground.words import Lang, mark, timestamp, tr

# 3GPP TS 23.038, 6.2.1: the default alphabet (one septet each) and its extension (two septets each).
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€\f")
SEPTETS = {1: 160, 2: 306}
"""Room in one SMS, and in two that are joined (7 septets of each go to the joint, TS 23.040)."""
LOOKALIKES = str.maketrans(
    {0x2013: "-", 0x2014: "-", 0x2212: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2022: "-", 0xB7: "-"}
)
"""Dashes, typographic quotes, bullet and middle dot; the rest is left to Unicode's own decomposition."""
LINES_MAX = 10
"""Alerts in one digest: it stays below 4096 characters, the limit of Telegram and WhatsApp."""
LINE_ROOM = 900  # leaves room for the fixed words of the template
TITLE_MAX = 120
LABELS = {"info": mark("Info"), "warning": mark("Warning"), "critical": mark("Critical")}


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent. The title is the subject of an e-mail; channels without one print it above the body."""

    title: str
    body: str


def single(message: Message, lang: Lang) -> Text:
    """Write one message out in the language of its destination."""
    text = message.text_id if lang == "id" else message.text_en
    lines = [text, "", *([_link(message.link, lang)] if message.link else [])]
    lines += [f"{timestamp(wita(message.at_ms), lang)} · Ref {message.id}"]
    return Text(f"{_label(message, lang)}{_title(message, lang)}", "\n".join(lines))


def digest(messages: Sequence[Message], lang: Lang) -> Text:
    """Write at most LINES_MAX messages of one destination as one; an alert that opened and closed meanwhile is one line."""
    alerts = _by_alert(messages)
    opened = [alert for alert in alerts if alert[-1].kind != "resolve"]
    counts = {"opened": len(opened), "closed": len(alerts) - len(opened)}
    title = tr("{place}: {opened} alerts, {closed} resolved", lang, place=_place(messages, lang), **counts)
    links = sorted({message.link for message in messages if message.link})
    lines = [*(f"- {_line(alert, lang)}" for alert in alerts), ""]
    lines += [_link(links[0], lang)] if len(links) == 1 else []
    lines += [f"{timestamp(wita(messages[-1].at_ms), lang)} · Ref {', '.join(str(message.id) for message in messages)}"]
    return Text(title, "\n".join(lines))


def on_one_line(text: Text) -> Text:
    """Write a text without line breaks, for the templates of WhatsApp: Meta takes none, and 1024 characters at most."""
    parts = [text.title, *(line.removeprefix("- ") for line in text.body.splitlines())]
    line = " | ".join(part for part in parts if part)
    return Text("", line if len(line) <= LINE_ROOM else line[: LINE_ROOM - 2].rpartition(" ")[0] + " …")


def sms(messages: Sequence[Message], segments: int) -> str:
    """Write messages as one SMS in Indonesian that fits its segments; a digest names what fits and counts the rest."""
    room = SEPTETS[segments]
    if len(messages) == 1:
        message = messages[0]
        text = gsm7(message.short_id or f"{_label(message, 'id')}{message.title_id}. {message.text_id}")
        reference = f" Ref {message.id}"
        fits = septets(text + reference) <= room
        return text + reference if fits else _cut(text, room)
    alerts = _by_alert(messages)
    text = gsm7(tr("{place}: {n} alerts.", "id", place=_place(messages, "id"), n=len(alerts)) + " ")
    for done, alert in enumerate(alerts):
        more = tr("+{n} more", "id", n=len(alerts) - done)
        part = gsm7(alert[-1].title_id) + "; "
        if septets(text + part + more) > room:
            return _cut(text + more, room)
        text += part
    return text.rstrip("; ")


def severity(messages: Sequence[Message]) -> str:
    """Return the gravest severity among messages."""
    return max((message.severity for message in messages), key=SEVERITIES.index)


def gsm7(text: str) -> str:
    """Write a text in the GSM 7 bit alphabet: look-alikes and letters without their marks; '?' for what has neither."""
    out = []
    for sign in text.translate(LOOKALIKES):
        if sign in GSM_BASIC or sign in GSM_EXTENDED:
            out.append(sign)
        else:
            plain = [part for part in unicodedata.normalize("NFKD", sign) if part in GSM_BASIC]
            out.append("".join(plain) or ("" if unicodedata.combining(sign) else "?"))
    return "".join(out)


def septets(text: str) -> int:
    """Count the septets of a text in the GSM 7 bit alphabet."""
    return sum(2 if sign in GSM_EXTENDED else 1 for sign in text)


def _cut(text: str, room: int) -> str:
    """Cut at a word so that the text and two dots fit."""
    if septets(text) <= room:
        return text
    while septets(text) > room - 2:
        text = text[:-1]
    head, space, _tail = text.rpartition(" ")
    return (head if space else text).rstrip(" .,;:") + ".."


def _label(message: Message, lang: Lang) -> str:
    kinds = {"resolve": mark("Resolved"), "test": mark("Test"), "update": mark("It grows"), "reminder": mark("Still open")}
    return f"[{tr(kinds.get(message.kind, LABELS[message.severity]), lang)}] "


def _title(message: Message, lang: Lang) -> str:
    return message.title_id if lang == "id" else message.title_en


def _link(address: str, lang: Lang) -> str:
    name = tr("Link", lang)
    return f"{name}: {address}"


def _by_alert(messages: Sequence[Message]) -> list[list[Message]]:
    alerts: dict[str, list[Message]] = {}
    for message in messages:
        alerts.setdefault(message.key, []).append(message)
    return list(alerts.values())


def _line(alert: Sequence[Message], lang: Lang) -> str:
    last = alert[-1]
    label, title = _label(last, lang), _title(last, lang)
    if len(title) > TITLE_MAX:
        title = title[: TITLE_MAX - 1].rstrip() + "…"
    span = " - ".join(dict.fromkeys(f"{wita(message.at_ms):%d/%m %H.%M}" for message in alert))
    return f"{label}{title} ({span} WITA)"


def _place(messages: Sequence[Message], lang: Lang) -> str:
    names = {message.kecamatan for message in messages}
    if len(names) > 1:
        return tr("{n} areas", lang, n=len(names))
    name = names.pop()
    return tr("Kecamatan {name}", lang, name=name) if name else tr("General", lang)
