"""The errors of the collector that somebody may want to catch."""

from __future__ import annotations

from ground.errors import ConfigError, SinyalError

__all__ = ["CollectorError", "ConfigError", "PointsRefusedError", "SinyalError", "StoreUnavailableError"]


class CollectorError(SinyalError):
    """Base of what the collector raises on purpose."""


class StoreUnavailableError(CollectorError):
    """The store cannot take anything now (down, full, credentials refused); the same points may go in later."""


class PointsRefusedError(CollectorError):
    """The store will never take at least one of these points. The text is the store's own reason."""
