"""What people are told of an incident: where, what, since when, what is likely and why, what to do. Pure.

Both languages are written at once; a destination gets its own. The short form is Indonesian, for an SMS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collector.errors import CURES, Fault
from collector.notify.outbox import Message, Role, Severity
from collector.sites.sites import Site
from collector.store.health import NAMES
from collector.watch.facts import Facts
from collector.watch.incidents import Change
from collector.watch.judge import NOTHING, Book, rule_of
from collector.watch.state import Incident, Sign, State
from ground.wita import wita
from ground.words import LANGUAGES, Lang, Phrase, clock, day, joined, mark, ntr, phrase, said, timestamp, tr
from telemetry.operators import operator_name

SHORT_CHARS = 150
"""Of the 160 of one SMS: delivery puts a reference behind it."""
NAMED = 8
"""Villages that are named; the rest is counted."""
WHOM: Mapping[str, str] = {
    "village": mark("village staff"),
    "field": mark("field technician"),
    "network": mark("network staff, operator"),
    "server": mark("server keeper"),
}
SERVER = {
    "link": mark("the collector runs; the broker or the server's link is down"),
    "collector": mark("the collector has stopped"),
}
POWER_SEEN = mark("power cut (PLN): the halls' own sensors saw it")
POWER_OR_OPERATOR = mark("power or the network of {operator}: it cannot be told apart, no other operator is measured there")
POWER_OR_DEVICE = mark("cause not known yet: power, device, or mobile network")
SIM_OF_HALL = {
    "sim_expiry": mark("the SIM card is about to expire or has"),
    "data_budget": mark("the data quota is used up"),
    "spool_filling": mark("the memory card of the device is full or broken"),
}


def message(state: State, book: Book, facts: Facts, change: Change) -> Message | None:
    """Write what must be told of a change; None where the rule of its cause is off."""
    incident = change.incident
    settings = book.on(incident.cause)
    if settings is None:
        return None
    role: Role = "field" if change.kind == "escalated" else settings.role
    words = {lang: _words(state, facts, change, role, lang) for lang in ("id", "en")}
    site = _only(incident)
    return Message(
        key=incident.key,
        kind={"resolve": "resolve", "removed": "resolve", "grown": "update", "open": "open"}.get(change.kind, "reminder"),  # type: ignore[arg-type]  # one of Kind
        rule=incident.cause,
        severity=_severity(change, settings.severity),
        site=site,
        kecamatan=_kecamatan(incident, facts.sites),
        operator=incident.operator,
        role=role,
        digest=settings.digest,
        at_ms=facts.now_ms,
        title_id=words["id"][0],
        title_en=words["en"][0],
        text_id=words["id"][1],
        text_en=words["en"][1],
        link=link(book.engine.page_url, site),
        short_id=_short(state, facts, change),
    )


def link(page_url: str, site: str | None) -> str | None:
    """Return the address of the hall on the page, or of the alerts; None where no page is set."""
    return page_url.rstrip("/") + (f"/site/{site}" if site else "/alerts") if page_url else None


def lasted(span_ms: int, lang: Lang) -> str:
    """Return a length of time in two units."""
    minutes = max(1, round(span_ms / 60_000))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [ntr("{n} day", "{n} days", days, lang)] if days else []
    parts += [ntr("{n} hour", "{n} hours", hours, lang)] if hours else []
    parts += [ntr("{n} minute", "{n} minutes", rest, lang)] if rest and not days else []
    return " ".join(parts)


def _words(state: State, facts: Facts, change: Change, role: str, lang: Lang) -> tuple[str, str]:
    """Return title and text."""
    incident = change.incident
    rule = rule_of(incident.cause)
    title = f"{_place(incident, facts.sites, lang)}: {_title(state, incident, lang)}"
    since = timestamp(wita(incident.since_ms), lang)
    if change.kind in ("resolve", "removed"):
        end = tr("Removed from the register.", lang) if change.kind == "removed" else tr("Back to normal.", lang)
        until = timestamp(wita(incident.until_ms), lang)
        span = tr(
            "Lasted {span}, from {since} to {until}.",
            lang,
            span=lasted(incident.until_ms - incident.since_ms, lang),
            since=since,
            until=until,
        )
        return title, " ".join([end, span, *_all(incident, facts.sites, lang)])
    text = [_opening(change, lang), tr("Since {since}.", lang, since=since), *_halls(incident, facts.sites, lang)]
    text += [tr("Likely: {likely}.", lang, likely=said(_likely(state, incident), lang))]
    text += [tr("Do: {action}.", lang, action=tr(rule.action, lang)), tr("For: {whom}.", lang, whom=tr(WHOM[role], lang))]
    if incident.ticket:
        text.append(tr("Operator's ticket: {ticket}.", lang, ticket=incident.ticket))
    if incident.parts:
        text.append(tr("Includes what was told before: {keys}.", lang, keys=", ".join(incident.parts)))
    return title, " ".join(part for part in text if part)


def _opening(change: Change, lang: Lang) -> str:
    days = (change.incident.told_ms and change.incident.reminded) or 0
    match change.kind:
        case "grown":
            return tr("It has grown.", lang)
        case "escalated":
            return tr("It lasts.", lang)
        case "reminder":
            return ntr("Reminder {n}: still open.", "Reminder {n}: still open.", days, lang)
        case _:
            return ""


def _title(state: State, incident: Incident, lang: Lang) -> str:
    rule = rule_of(incident.cause)
    sign = next((s for key in sorted(incident.members) if (s := state.signs.get(key)) and s.rule == incident.cause), None)
    detail = sign.detail if sign is not None and isinstance(sign.detail, (int, float, str)) else None
    values = {"detail": detail, "share": tr("nearly all", lang)}
    wanted = {name: value for name, value in values.items() if f"{{{name}}}" in rule.title}
    return tr(rule.title, lang, **wanted)


def _likely(state: State, incident: Incident) -> Phrase:
    """Return the likely cause, with what speaks for it; a blame needs a witness."""
    rule = rule_of(incident.cause)
    sign = _first(state, incident)
    detail = sign.detail if sign and isinstance(sign.detail, (int, float, str)) else None
    if incident.cause == NOTHING:
        return _ours(str(detail), rule.likely)
    if incident.cause in ("hall_dark", "area_dark"):
        return _gone(state, incident, rule.likely)
    return phrase(rule.likely, detail=detail) if "{detail}" in rule.likely else phrase(rule.likely)


def _ours(detail: str, otherwise: str) -> Phrase:
    if detail in NAMES:
        return joined([phrase(NAMES[Fault(detail)]), phrase(CURES[Fault(detail)])])
    return phrase(SERVER.get(detail, otherwise))


def _gone(state: State, incident: Incident, otherwise: str) -> Phrase:
    """Return why halls are gone: what their sensors saw, what an open alert of the hall says, else what cannot be told apart."""
    halls = [state.halls[site] for site in incident.sites if site in state.halls]
    if any(hall.mains is False for hall in halls):
        return phrase(POWER_SEEN)
    if len(halls) == 1:
        hints = [phrase(text) for name, text in SIM_OF_HALL.items() if state.raised(name, halls[0].site)]
        return joined(hints) if hints else phrase(POWER_OR_DEVICE)
    operators = {name for hall in halls for name in hall.operators}
    return phrase(POWER_OR_OPERATOR, operator=operator_name(operators.pop())) if len(operators) == 1 else phrase(otherwise)


def _first(state: State, incident: Incident) -> Sign | None:
    return next((state.signs[key] for key in sorted(incident.members) if key in state.signs), None)


def _place(incident: Incident, sites: Mapping[str, Site], lang: Lang) -> str:
    one = _only(incident)
    if one is not None:
        site = sites.get(one)
        modem = next((key.split("/")[2] for key in sorted(incident.members) if key.count("/") == 2), None)
        via = f" ({operator_name(incident.operator or modem or '')})" if incident.operator or modem else ""
        return tr("{desa}, kecamatan {kecamatan}", lang, desa=site.desa, kecamatan=site.kecamatan) + via if site else one + via
    if not incident.halls:
        return "Sinyal"
    areas = sorted({sites[site].kecamatan for site in incident.halls if site in sites})
    who = [operator_name(incident.operator or ""), tr("cell {cell}", lang, cell=incident.cell_id) if incident.cell_id else ""]
    count = len(incident.sites) or len(incident.halls)
    halls = ntr("{n} village office", "{n} village offices", count, lang)
    where = (
        tr("kecamatan {kecamatan}", lang, kecamatan=areas[0])
        if len(areas) == 1
        else ntr("{n} kecamatan", "{n} kecamatan", len(areas), lang)
    )
    return ", ".join([part for part in (" ".join(w for w in who if w), halls) if part]) + f" ({where})"


def _halls(incident: Incident, sites: Mapping[str, Site], lang: Lang) -> list[str]:
    """Return the sentence that names the halls, nothing for one alone."""
    return [_listed(incident.sites, sites, lang)] if len(incident.sites) > 1 else []


def _all(incident: Incident, sites: Mapping[str, Site], lang: Lang) -> list[str]:
    return [_listed(list(incident.halls), sites, lang)] if len(incident.halls) > 1 else []


def _listed(codes: Sequence[str], sites: Mapping[str, Site], lang: Lang) -> str:
    names = [sites[code].desa if code in sites else code for code in codes]
    more = len(names) - NAMED
    text = ", ".join(names[:NAMED])
    rest = ntr("and {n} other", "and {n} others", more, lang)
    return f"{text}, {rest}." if more > 0 else f"{text}."


def _short(state: State, facts: Facts, change: Change) -> str:
    incident = change.incident
    place, title = _place(incident, facts.sites, "id"), _title(state, incident, "id")
    at = wita(incident.since_ms)
    since = f"{day(at, 'id', short=True)} {clock(at, 'id')} WITA"
    if change.kind in ("resolve", "removed"):
        done, span = tr("RESOLVED", "id"), lasted(incident.until_ms - incident.since_ms, "id")
        text = f"{done} {place}: {title}. {span}"
    else:
        action = tr(rule_of(incident.cause).action, "id")
        text = f"{place}: {title}, {since}. {action[0].upper()}{action[1:]}."
    return text[:SHORT_CHARS]


def _severity(change: Change, severity: Severity) -> Severity:
    return "warning" if change.kind == "escalated" and severity == "info" else severity


def _only(incident: Incident) -> str | None:
    return (
        next(iter(incident.halls))
        if len(incident.halls) == 1 and incident.cause not in ("operator_gone", "cell_gone", NOTHING)
        else None
    )


def _kecamatan(incident: Incident, sites: Mapping[str, Site]) -> str | None:
    areas = {sites[site].kecamatan for site in incident.halls if site in sites}
    return areas.pop() if len(areas) == 1 else None


def agreement_waits(facts: Facts) -> Message | None:
    """Write the daily list of what waits in the agreement, what is due first comes first; None where nothing waits."""
    if not facts.waits:
        return None
    texts, late = {}, sum(wait.overdue(facts.now_ms) for wait in facts.waits)
    for lang in LANGUAGES:
        title = ntr(
            "Agreement: {n} waits, overdue: {late}", "Agreement: {n} wait, overdue: {late}", len(facts.waits), lang, late=late
        )
        lines = [wait.text.word(lang) + ": " + wait.when(facts.now_ms).word(lang) for wait in facts.waits[:NAMED]]
        more = len(facts.waits) - NAMED
        rest = [ntr("and {n} other", "and {n} others", more, lang)] if more > 0 else []
        texts[lang] = (title, "; ".join([*lines, *rest]) + ".")
    return _daily_list("agreement", "server", facts.now_ms, texts)


def never_reported(facts: Facts, known: Mapping[str, object]) -> Message | None:
    """Write the daily list of halls that never sent anything; None where there is none."""
    missing = [code for code in facts.sites if code not in known]
    if not missing:
        return None
    texts = {}
    for lang in LANGUAGES:
        title = ntr("{n} village office has never reported", "{n} village offices have never reported", len(missing), lang)
        texts[lang] = (title, _listed(missing, facts.sites, lang))
    return _daily_list("never_reported", "field", facts.now_ms, texts)


def _daily_list(rule: str, role: Role, now_ms: int, texts: Mapping[Lang, tuple[str, str]]) -> Message:
    (title_id, text_id), (title_en, text_en) = texts["id"], texts["en"]
    return Message(
        key=f"{rule}/{now_ms // 86_400_000}", kind="open", rule=rule, severity="info", role=role, digest=True,
        at_ms=now_ms, title_id=title_id, title_en=title_en, text_id=text_id, text_en=text_en,
    )  # fmt: skip
