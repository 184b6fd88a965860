"""The screen of `sinyal-agent aim`: tracks to lines of text, for a wide terminal, a phone, and a pipe. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.aim.poll import AimPoll
from agent.aim.track import Best, Track, network
from agent.host.level import UNSERVED, class_of, class_word, level_of
from agent.poll.recovery import Fault
from ground.wita import WITA
from ground.words import Lang, clock, mark, said, span, tr
from telemetry.streams import Signal

WIDE = 72
"""From this many columns on a modem has one line; below it four short ones."""
NARROWEST = 32
COLOURS = (31, 35, 33, 32, 36)
"""SGR colours of the classes, worst first; the word beside it says the same."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
BOLD, DIM = 1, 2

HEADS = ("modem", "RSRP", mark("class"), "", mark("best"), mark("diff"), "SINR", mark("network"), mark("/s"))
FAULTS: Mapping[Fault | None, str] = {
    Fault.SILENT: mark("does not respond"),
    Fault.GARBAGE: mark("unreadable answers"),
    Fault.CUT: mark("answers cut short"),
    Fault.GONE: mark("port is not there"),
    Fault.BUSY: mark("port in use elsewhere"),
    None: mark("fault"),
}
STATES: Mapping[str, str] = {"served": mark("registered, no value"), "unknown": mark("no value"), **UNSERVED}
RATE = mark("{rate}/s")


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: language, borders of the classes (dBm, rising), whether the terminal knows block characters."""

    lang: Lang
    cuts_dbm: Sequence[float]
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """What is shown of one modem. `state` stands instead of class and bar where there is no level."""

    name: str
    level: str
    word: str
    state: str
    share: float
    best_share: float | None
    colour: int
    best: str
    below: str
    sinr: str
    net: str
    rate: str


def number(value: float | None, lang: Lang, digits: int = 0) -> str:
    """Write a number as readers of the language do; `-` for None."""
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return text.replace(".", ",") if lang == "id" else text


def state_word(signal: Signal) -> str:
    """Return the key in STATES of a reading without a level: `served`, `unknown`, or its registration."""
    if signal.registration is None:
        return "unknown"
    return "served" if signal.registration.served else signal.registration


def state_of(track: Track, now_s: float, lang: Lang) -> str:
    """Say in words why a modem has no level now; "" when it is served."""
    signal = track.now(now_s)
    if signal is not None:
        if level_of(signal) and (signal.registration is None or signal.registration.served):
            return ""
        return tr(STATES[state_word(signal)], lang)
    waiting = mark("no answer yet") if track.last else mark("contacting the modem")
    what = tr(FAULTS[track.fault.fault] if track.fault else waiting, lang)
    return f"{what}, {span(track.quiet_s(now_s), lang)}"


def row(track: Track, now_s: float, style: Style) -> Row:
    """Return what is shown of one modem now."""
    signal = track.now(now_s)
    level = level_of(signal) if signal else None
    best = track.best(level.kind if level else None)
    number_of = class_of(level, style.cuts_dbm) if level else None
    word = class_word(number_of, style.cuts_dbm, style.lang)
    state = state_of(track, now_s, style.lang)
    sinr = next((v for v in (signal.sinr_db, signal.nr_sinr_db) if v is not None), None) if signal else None
    net = network(signal, track.last.operator if track.last else None) if signal else "-"
    return Row(
        name=track.name,
        level=number(level.dbm if level else None, style.lang),
        word=level.kind if level and number_of is None else word,
        state="" if level else state,
        share=level.share if level else 0.0,
        best_share=best.level.share if best else None,
        colour=COLOURS[min(len(COLOURS) - 1, number_of * len(COLOURS) // (len(style.cuts_dbm) + 1))]
        if number_of is not None
        else 0,
        best=number(best.level.dbm if best else None, style.lang),
        below=number(round(level.dbm) - round(best.level.dbm) if level and best else None, style.lang),
        sinr=number(sinr, style.lang),
        net=f"{state}: {net}" if level and state else net,
        rate=number(track.rate(now_s) if signal else None, style.lang, 1),
    )


def bar(share: float, best: float | None, width: int, *, blocks: bool = True) -> str:
    """Draw a bar of `width` characters with a mark at the best so far."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (EIGHTHS[rest] if rest else "") if blocks else "#" * round(share * width)
    cells = list(drawn.ljust(width, "·" if blocks else "."))
    mark = None if best is None else min(width - 1, int(best * width))
    if mark is not None and mark >= len(drawn):
        cells[mark] = "│" if blocks else "|"
    return "".join(cells)


def cut(text: str, width: int) -> str:
    """Fit a text into a column, with a sign where it was cut."""
    return text.ljust(width) if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def paint(text: str, *codes: int) -> str:
    """Colour a text; 0 is no colour."""
    wanted = [str(code) for code in codes if code]
    return f"\x1b[{';'.join(wanted)}m{text}\x1b[0m" if wanted else text


def wide(rows: Sequence[Row], width: int, style: Style) -> list[str]:
    """Return one line for each modem, below a line of headings."""
    heads = [tr(head, style.lang) for head in HEADS]
    name_w = min(10, max(5, *(len(r.name) for r in rows)))
    net_w = min(22, max(18, *(len(r.net) for r in rows)))
    bar_w = width - name_w - net_w - 40  # level 4, class 12, best 4, diff 4, SINR 4, rate 4, eight blanks
    sizes = (name_w, 4, 12, bar_w, 4, 4, 4, net_w, 4)
    left = (0, 2, 3, 7)
    lines = [
        paint(" ".join(cut(h, w) if k in left else h.rjust(w) for k, (h, w) in enumerate(zip(heads, sizes, strict=True))), DIM)
    ]
    for r in rows:
        drawn = paint(bar(r.share, r.best_share, bar_w, blocks=style.blocks), r.colour)
        middle = cut(r.state, 13 + bar_w) if r.state else f"{paint(cut(r.word, 12), r.colour)} {drawn}"
        end = f"{r.best:>4} {r.below:>4} {r.sinr:>4} {cut(r.net, net_w)} {r.rate:>4}"
        lines.append(f"{cut(r.name, name_w)} {paint(f'{r.level:>4}', BOLD)} {middle} {end}")
    return lines


def narrow(rows: Sequence[Row], width: int, style: Style, height: int) -> list[str]:
    """Return four short lines for each modem, three where the screen is low."""
    lines = []
    roomy = len(rows) * 5 <= height
    for r in rows:
        name = cut(r.name, min(12, width - 22, max(5, *(len(other.name) for other in rows))))
        said = r.state or f"{paint(r.level, BOLD)} dBm {paint(r.word, BOLD, r.colour)}"
        lines.append(f"{name} {cut(said, width - len(name) - 1) if r.state else said}")
        lines.append(paint(bar(r.share, r.best_share, width, blocks=style.blocks), r.colour))
        best = tr("best {best} diff {below}", style.lang, best=r.best, below=r.below)
        lines.append(cut(f"{best}  SINR {r.sinr}  {tr(RATE, style.lang, rate=r.rate)}", width).rstrip())
        if roomy:
            lines.extend((cut(r.net, width).rstrip(), ""))
    return lines


def drawing(tracks: Sequence[Track], now_s: float, size: tuple[int, int], style: Style) -> list[str]:
    """Return the lines of the whole screen; `size` is (columns, rows)."""
    width, height = max(NARROWEST, size[0]), max(3, size[1])
    rows = [row(track, now_s, style) for track in tracks]
    title = tr("Aiming the antenna {time} WITA", style.lang, time=clock(datetime.now(UTC), style.lang, seconds=True))
    keys = tr("r = new best   q/Ctrl-C = end", style.lang)
    body = wide(rows, width, style) if width >= WIDE else narrow(rows, width, style, height - 2)
    notes = [
        paint(line, DIM)
        for track in tracks
        if track.fault and track.fault.detail
        for line in textwrap.wrap(f"{track.name}: {said(track.fault.detail, style.lang)}", width)[:3]
    ]
    lines = [cut(title, width).rstrip(), *body]
    room = height - len(lines) - 1
    return [*lines[: height - 1], *notes[: max(0, room)], paint(cut(keys, width).rstrip(), DIM)]


def _quoted(value: object) -> str:
    text = str(value)
    return '"' + text.replace('"', "'") + '"' if " " in text or not text else text


def logfmt(**values: object) -> str:
    """Write `key=value` pairs; `-` for None."""
    return " ".join(f"{key}={'-' if value is None else _quoted(value)}" for key, value in values.items())


def _timestamp(when: datetime) -> str:
    return when.astimezone(WITA).isoformat(timespec="milliseconds")


def line(track: Track, poll: AimPoll, style: Style) -> str:
    """Return the line of one poll for a pipe."""
    head: dict[str, object] = {"time": _timestamp(poll.when), "modem": poll.modem}
    if poll.signal is None:
        return logfmt(event="no_reading", **head, state=poll.fault or "fault", detail=said(poll.detail, "en"))
    signal, level = poll.signal, level_of(poll.signal)
    best = track.best(level.kind) if level else None
    rate = track.rate(poll.at_s)
    return logfmt(
        event="reading",
        **head,
        state=signal.registration,
        rat=signal.rat,
        rsrp_dbm=signal.rsrp_dbm,
        sinr_db=signal.sinr_db,
        rscp_dbm=signal.rscp_dbm,
        rssi_dbm=signal.rssi_dbm,
        nr_rsrp_dbm=signal.nr_rsrp_dbm,
        nr_sinr_db=signal.nr_sinr_db,
        **{"class": class_word(class_of(level, style.cuts_dbm), style.cuts_dbm, style.lang) if level else None},
        best_dbm=best.level.dbm if best else None,
        below_db=round(best.level.dbm - level.dbm, 1) if best and level else None,
        operator=poll.operator,
        plmn=signal.plmn,
        band=signal.band,
        cell_id=signal.cell_id,
        per_s=None if rate is None else round(rate, 1),
    )


def summary(track: Track, now_s: float, style: Style, *, plain: bool) -> str:
    """Return the last line about a modem: the best value and when; `plain` as key=value."""
    best = track.best()
    if plain:
        return logfmt(event="summary", modem=track.name, readings=track.readings, **_plain(best))
    lang = style.lang
    if best is None:
        why = state_of(track, now_s, lang)
        return tr("{name}: no value ({why}); {count} measurements", lang, name=track.name, why=why, count=track.readings)
    sinr = best.signal.sinr_db if best.signal.sinr_db is not None else best.signal.nr_sinr_db
    return tr(
        "{name}: best {dbm} dBm {kind} ({word}), SINR {sinr}, {time} WITA ({span} ago), {net}; {count} measurements",
        lang,
        name=track.name,
        dbm=number(best.level.dbm, lang),
        kind=best.level.kind,
        word=class_word(class_of(best.level, style.cuts_dbm), style.cuts_dbm, lang),
        sinr="-" if sinr is None else number(sinr, lang) + " dB",
        time=clock(best.when, lang, seconds=True),
        span=span(now_s - best.at_s, lang),
        net=network(best.signal, best.operator),
        count=track.readings,
    )


def _plain(best: Best | None) -> dict[str, object]:
    if best is None:
        return {"best_dbm": None, "kind": None, "best_time": None}
    return {"best_dbm": best.level.dbm, "kind": best.level.kind, "best_time": _timestamp(best.when)}
