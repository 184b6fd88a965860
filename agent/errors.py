"""The errors of the agent that somebody may want to catch."""

from __future__ import annotations

from ground.errors import ConfigError, SinyalError
from ground.words import Lang, Said, said

__all__ = ["AgentError", "ConfigError", "SinyalError", "SpoolError"]


class AgentError(SinyalError):
    """Base of what the agent raises on purpose. Its text is English in logs; a phrase is told to people in their language."""

    def __init__(self, what: Said = "") -> None:
        super().__init__(said(what, "en"))
        self._what = what

    def word(self, lang: Lang) -> str:
        """Return what happened, in a language."""
        return said(self._what, lang)


class SpoolError(AgentError):
    """The spool cannot be opened or written, and setting it aside did not help (folder missing, read-only card)."""
