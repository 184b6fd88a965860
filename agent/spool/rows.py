"""A sample on its way to the card and off it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample to be stored. `mono_ms` counts from boot; `t_ms` (UTC) is None while the clock is not trusted."""

    stream: str
    modem: str | None
    mono_ms: int
    t_ms: int | None
    clock: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A stored sample whose time is final. `body` is its values as JSON."""

    seq: int
    stream: str
    modem: str | None
    t_ms: int
    clock: str
    body: bytes
