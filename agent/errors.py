"""The errors of the agent that somebody may want to catch."""

from __future__ import annotations

from ground.errors import ConfigError, SinyalError

__all__ = ["AgentError", "ConfigError", "SinyalError", "SpoolError"]


class AgentError(SinyalError):
    """Base of what the agent raises on purpose."""


class SpoolError(AgentError):
    """The spool cannot be opened or written, and setting it aside did not help (folder missing, read-only card)."""
