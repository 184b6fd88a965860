"""The words of the page in Indonesian and English, and numbers and times as each language writes them."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal

from ground.wita import WITA

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")
JUST_NOW_S = 10
_LOCALES: dict[Language, str] = {"id": "id", "en": "en_GB"}


@cache
def words(language: Language) -> dict[str, str]:
    """Return all texts of a language by key."""
    table = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
    return {key: text[language] for key, text in table.items()}


class Texts:
    """One language: `texts("shown", n=3, all=141)`, numbers, times in WITA. Raises KeyError for a text that is not there."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = _LOCALES[language]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its braces filled."""
        text = words(self.language)[key]
        return text.format(**values) if values else text

    def word(self, prefix: str, value: str) -> str:
        """Return the text of a word of the contract, or the word itself where this page does not know it."""
        return words(self.language).get(prefix + value, value)

    def number(self, value: float, digits: int = 1) -> str:
        """Write a number with at most `digits` decimals: -97,5 or -97.5."""
        return str(format_decimal(value, format=f"#,##0.{'#' * digits}" if digits else "#,##0", locale=self._locale))

    def time(self, when: datetime) -> str:
        """Write a moment in WITA: 24 November 2026 19.27."""
        return str(format_datetime(when, "d MMMM y HH.mm" if self.language == "id" else "d MMMM y HH:mm", WITA, self._locale))

    def short_time(self, when: datetime) -> str:
        """Write a moment in WITA without the year: 24 Nov 19.27."""
        return str(format_datetime(when, "d MMM HH.mm" if self.language == "id" else "d MMM HH:mm", WITA, self._locale))

    def age(self, when: datetime, now: datetime) -> str:
        """Write how long ago a moment was: 3 menit yang lalu. A moment ahead of us is just now."""
        passed = now - when
        if passed.total_seconds() < JUST_NOW_S:
            return self("just_now")
        return str(format_timedelta(-passed, granularity="second", add_direction=True, threshold=1, locale=self._locale))

    def span(self, seconds: float) -> str:
        """Write a length of time: 3 jam."""
        return str(format_timedelta(timedelta(seconds=seconds), threshold=1, locale=self._locale))


def utc_now() -> datetime:
    """Return the moment, UTC."""
    return datetime.now(UTC)
