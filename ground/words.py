"""Words that people read: English message ids in the code, Indonesian in the catalogue, chosen by language at run time.

A text is written where it is used, in English, with `{name}` where a value goes: `tr("{n} samples wait", lang, n=3)`. The
Indonesian stands in locale/id/LC_MESSAGES/sinyal.po; `make words` puts new messages there, `make check` fails until they are
translated.
Values are written as the language writes them: a float with at most one decimal, a date, an absent one (None) as a dash.
"""

from __future__ import annotations

import argparse
import gettext
import io
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal, Protocol, get_args

from ground.wita import WITA

Lang = Literal["id", "en"]
LANGUAGES: tuple[Lang, ...] = get_args(Lang)
DOMAIN = "sinyal"
ABSENT = "\N{EN DASH}"
_CONTEXT = "\4"
"""What gettext itself puts between a context and its message."""


class Worded(Protocol):
    """What knows its words in each language; texts of a configuration file too, which stand there in both."""

    def word(self, lang: Lang) -> str:
        """Return its words in a language."""
        ...


Said = str | int | float | date | Worded | None
"""What can be said in any language. An int stands as it is (a number of a cell); a float or a Figure is counted or measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is shown with at most `digits` decimals; None is shown as a dash."""

    value: float | None
    digits: int = 0

    def word(self, lang: Lang) -> str:
        """Return it as a language writes numbers."""
        return number(self.value, lang, self.digits)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message with its values whose language is chosen later. Made by `phrase`, `sentence` and `joined`."""

    message: str
    values: tuple[tuple[str, Said], ...] = ()
    capital: bool = False

    def word(self, lang: Lang) -> str:
        """Return it in a language."""
        text = tr(self.message, lang, **dict(self.values))
        return text[:1].upper() + text[1:] if self.capital else text


def tr(message: str, lang: Lang, /, **values: Said) -> str:
    """Return a message in a language, with `{name}` filled. An id that the catalogue lacks stays English."""
    return _filled(_translated(message, lang), lang, values)


def ntr(one: str, many: str, n: int, lang: Lang, /, **values: Said) -> str:
    """Return `one` or `many` by number, in a language; `{n}` is the number."""
    text = _catalogue(lang).ngettext(one, many, n)
    return _filled(text, lang, {"n": Figure(n), **values})


def mark(message: str) -> str:
    """Return a message as it is: one for the catalogue that is translated where it is shown."""
    return message


def mark_in(context: str, message: str) -> str:
    """Return a message with its context, for `tr` and `phrase`."""
    return f"{context}{_CONTEXT}{message}"


def phrase(message: str, /, **values: Said) -> Phrase:
    """Return a message with its values for both languages."""
    return Phrase(message, tuple(values.items()))


def sentence(message: str, /, **values: Said) -> Phrase:
    """Return a phrase that begins with a capital, whatever its first value is."""
    return Phrase(message, tuple(values.items()), capital=True)


def both(message: str) -> dict[str, str]:
    """Return a message by language: what stands in for a text that a file of the office gives in both."""
    return {lang: tr(message, lang) for lang in LANGUAGES}


def joined(parts: Iterable[Said], by: str = "; ") -> Phrase:
    """Return several things said in a row."""
    values = {f"p{k}": part for k, part in enumerate(parts)}
    return phrase(by.join(f"{{{name}}}" for name in values), **values)


def said(value: Said, lang: Lang) -> str:
    """Return anything as a language writes it."""
    match value:
        case str() | int():
            return str(value)
        case float() | None:
            return number(value, lang, 1)
        case datetime():
            return timestamp(value, lang)
        case date():
            return day(value, lang)
        case _:
            return value.word(lang)


_SWAPPED = str.maketrans(",.", ".,")


def number(value: float | None, lang: Lang, digits: int = 1) -> str:
    """Return a number with at most `digits` decimals: −1.234,5 or −1,234.5; a dash for None."""
    if value is None:
        return ABSENT
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")
    return text.translate(_SWAPPED) if lang == "id" else text


MONTHS = (
    *(mark("January"), mark("February"), mark("March"), mark("April"), mark_in("month", "May"), mark("June"), mark("July")),
    *(mark("August"), mark("September"), mark("October"), mark("November"), mark("December")),
)


def day(when: date, lang: Lang, *, short: bool = False) -> str:
    """Return a date as `24 November 2026`; `short` as `24 Nov`."""
    month = tr(MONTHS[when.month - 1], lang)
    return f"{when.day} {month[:3]}" if short else f"{when.day} {month} {when.year}"


def clock(when: datetime, lang: Lang, *, seconds: bool = False) -> str:
    """Return the time of day in WITA: 09.59 or 09:59; with `seconds` 09.59.07."""
    text = f"{when.astimezone(WITA):{'%H:%M:%S' if seconds else '%H:%M'}}"
    return text.replace(":", ".") if lang == "id" else text


def timestamp(when: datetime, lang: Lang) -> str:
    """Return date and time in WITA: `24 November 2026 09.59 WITA`."""
    return f"{day(when.astimezone(WITA), lang)} {clock(when, lang)} WITA"


def span(seconds: float, lang: Lang) -> str:
    """Return a length of time in the one unit that a person would use; below 0 is 0."""
    whole = max(0, int(seconds))
    if whole < 120:
        return ntr("{n} second", "{n} seconds", whole, lang)
    if whole < 7200:
        return ntr("{n} minute", "{n} minutes", whole // 60, lang)
    if whole < 172_800:
        return ntr("{n} hour", "{n} hours", whole // 3600, lang)
    return ntr("{n} day", "{n} days", whole // 86_400, lang)


def print_anywhere() -> None:
    """Let a terminal that lacks a sign show `?` for it: a program never ends because of a dash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def by_locale(otherwise: Lang = "id") -> Lang:
    """Return the language of the environment (LC_ALL, LC_MESSAGES, LANG), or `otherwise` where it names neither of ours."""
    named = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := os.environ.get(name))), "")
    return next((lang for lang in LANGUAGES if named.replace("-", "_").split("_")[0] == lang), otherwise)


def add_lang(parser: argparse.ArgumentParser, *, village: bool = False, otherwise: Lang = "id") -> None:
    """Add `--lang`. `village`: Indonesian whatever the locale, as a Raspberry Pi comes with an English one that nobody chose."""
    default = "id" if village else by_locale(otherwise)
    why = "id" if village else f"by the locale, else {otherwise}"
    parser.add_argument("--lang", choices=LANGUAGES, default=default, help=f"language of what is printed (default: {why})")


def _filled(text: str, lang: Lang, values: dict[str, Said]) -> str:
    return text.format(**{name: said(value, lang) for name, value in values.items()}) if values else text


def _translated(message: str, lang: Lang) -> str:
    context, mark_, plain = message.rpartition(_CONTEXT)
    return _catalogue(lang).pgettext(context, plain) if mark_ else _catalogue(lang).gettext(plain) if plain else ""


@cache
def _catalogue(lang: Lang) -> gettext.NullTranslations:
    """Read the catalogue: in the source folder, or where the wheel put it. English is the ids themselves."""
    if lang == "en":
        return gettext.NullTranslations()
    places = (Path(__file__).resolve().parents[1] / "locale", Path(sys.prefix) / "share" / "locale")
    folder = next((place for place in places if gettext.find(DOMAIN, place, [lang])), None)
    return gettext.translation(DOMAIN, folder, [lang], fallback=True)
