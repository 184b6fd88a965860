"""The errors of all programs that somebody may want to catch; agent and collector add their own."""

from __future__ import annotations

from ground.words import Lang, Said, said


class SinyalError(Exception):
    """Base of what the programs raise on purpose. Its text is English in logs; a phrase is told to people in their language."""

    def __init__(self, what: Said = "") -> None:
        super().__init__(said(what, "en"))
        self._what = what

    def word(self, lang: Lang) -> str:
        """Return what happened, in a language."""
        return said(self._what, lang)


class ConfigError(SinyalError):
    """A file that a person edits, or a command, is wrong. The text names file, key or line, reason and cure; exit code 2."""
