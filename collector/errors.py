"""The errors of the collector that somebody may want to catch."""

from __future__ import annotations


class CollectorError(Exception):
    """Base of what the collector raises on purpose."""


class ConfigError(CollectorError):
    """A config file, site list or command is wrong. The text names file, key or line, reason and cure; the program exits 2."""


class StoreUnavailableError(CollectorError):
    """The store cannot take anything now (down, full, credentials refused); the same points may go in later."""


class PointsRefusedError(CollectorError):
    """The store will never take at least one of these points. The text is the store's own reason."""
