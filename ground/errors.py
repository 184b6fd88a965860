"""The errors of all programs that somebody may want to catch; agent and collector add their own."""

from __future__ import annotations


class SinyalError(Exception):
    """Base of what the programs raise on purpose."""


class ConfigError(SinyalError):
    """A file that a person edits, or a command, is wrong. The text names file, key or line, reason and cure; exit code 2."""
