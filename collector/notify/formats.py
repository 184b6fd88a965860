"""Messages as people get them: Indonesian first, English second, times in WITA; for SMS Indonesian alone, in GSM 7 bit."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from collector.notify.outbox import SEVERITIES, Message
from ground.wita import moment_id, wita

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
"""Alerts in one digest: with both languages it stays below 4096 characters, the limit of Telegram and WhatsApp."""
LINE_ROOM = 900  # leaves room for the fixed words of the template
TITLE_MAX = 120
LABEL_ID = {"info": "Info", "warning": "Peringatan", "critical": "Kritis"}
LABEL_EN = {"info": "Info", "warning": "Warning", "critical": "Critical"}


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent. The title is the subject of an e-mail; channels without one print it above the body."""

    title: str
    body: str


def single(message: Message) -> Text:
    """Write one message out in both languages."""
    label_id, label_en = _labels(message)
    lines = [message.text_id, "", f"{label_en}{message.title_en}", message.text_en, ""]
    lines += [f"Tautan / Link: {message.link}"] if message.link else []
    lines += [f"{moment_id(message.at_ms)} · Ref {message.id}"]
    return Text(f"{label_id}{message.title_id}", "\n".join(lines))


def digest(messages: Sequence[Message]) -> Text:
    """Write at most LINES_MAX messages of one destination as one; an alert that opened and closed meanwhile is one line."""
    alerts = _by_alert(messages)
    opened = [alert for alert in alerts if alert[-1].kind != "resolve"]
    place = _place(messages)
    closed = len(alerts) - len(opened)
    title = f"{place[0]}: {len(opened)} peringatan, {closed} selesai"
    links = sorted({message.link for message in messages if message.link})
    lines = [*(f"- {_line(alert, english=False)}" for alert in alerts), ""]
    lines += [
        f"{place[1]}: {len(opened)} alerts, {closed} resolved",
        *(f"- {_line(alert, english=True)}" for alert in alerts),
        "",
    ]
    lines += [f"Tautan / Link: {links[0]}"] if len(links) == 1 else []
    lines += [f"{moment_id(messages[-1].at_ms)} · Ref {', '.join(str(message.id) for message in messages)}"]
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
        text = gsm7(message.short_id or f"{_labels(message)[0]}{message.title_id}. {message.text_id}")
        reference = f" Ref {message.id}"
        fits = septets(text + reference) <= room
        return text + reference if fits else _cut(text, room)
    alerts = _by_alert(messages)
    text = gsm7(f"{_place(messages)[0]}: {len(alerts)} peringatan. ")
    for done, alert in enumerate(alerts):
        more = f"+{len(alerts) - done} lainnya"
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


def _labels(message: Message) -> tuple[str, str]:
    if message.kind == "resolve":
        return "[Selesai] ", "[Resolved] "
    if message.kind == "test":
        return "[Uji coba] ", "[Test] "
    return f"[{LABEL_ID[message.severity]}] ", f"[{LABEL_EN[message.severity]}] "


def _by_alert(messages: Sequence[Message]) -> list[list[Message]]:
    alerts: dict[str, list[Message]] = {}
    for message in messages:
        alerts.setdefault(message.key, []).append(message)
    return list(alerts.values())


def _line(alert: Sequence[Message], *, english: bool) -> str:
    last = alert[-1]
    label, title = _labels(last)[english], last.title_en if english else last.title_id
    if len(title) > TITLE_MAX:
        title = title[: TITLE_MAX - 1].rstrip() + "…"
    span = " - ".join(dict.fromkeys(f"{wita(message.at_ms):%d/%m %H.%M}" for message in alert))
    return f"{label}{title} ({span} WITA)"


def _place(messages: Sequence[Message]) -> tuple[str, str]:
    names = {message.kecamatan for message in messages}
    if len(names) > 1:
        return f"{len(names)} wilayah", f"{len(names)} areas"
    name = names.pop()
    return (f"Kecamatan {name}", f"{name} sub-district") if name else ("Umum", "General")
