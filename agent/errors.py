"""The errors of the agent that somebody may want to catch."""

from __future__ import annotations


class AgentError(Exception):
    """Base of what the agent raises on purpose."""


class ConfigError(AgentError):
    """The config file is missing or wrong. The text names file, key, reason and cure; the program exits 2."""


class SpoolError(AgentError):
    """The spool cannot be opened or written, and setting it aside did not help (folder missing, read-only card)."""
