"""What a rule is: one object that holds everything about it, so that a half-registered rule cannot exist.

A rule lives in a module of its own in `collector/watch/rules/`, as RULE; nothing else lists it. It reads rows of the store
(`on_row`), a hall against the clock (`on_clock`), or the rollups of a modem's last days (`on_trend`): exactly one of the three.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, model_validator

from collector.config import Section
from collector.notify.outbox import Severity
from collector.sites.sites import Site
from collector.store.store import Row
from collector.watch.state import Hall, Modem

Minutes = Annotated[float, Field(ge=0, le=60 * 24 * 7)]
Role = Literal["village", "field", "network", "server"]
Subject = Literal["hall", "modem", "server", "cause"]
S = TypeVar("S", bound="Settings")


class Family(StrEnum):
    """Which signs may have one cause: the signs of a family are told as one incident where they go together."""

    SUPPLY = "supply"
    SERVICE = "service"
    RADIO = "radio"
    SIM = "sim"
    DEVICE = "device"
    SERVER = "server"


class Settings(Section):
    """What the configuration says of every rule. `for` and `clear`: minutes of bad over good time, of good over bad time."""

    enabled: bool = True
    severity: Severity
    role: Role
    for_minutes: Minutes
    clear_minutes: Minutes
    remind: bool = True
    """Tell it again while it stays open and nobody has taken it."""
    digest: bool = False
    """Tell it with the digest: nobody has to act before the next working hour."""
    reason: Annotated[str, Field(min_length=10)]


class Limits(Settings):
    """A rule on a number that is bad when low: raised below `below`, over at `above` or better."""

    below: float
    above: float

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.above < self.below:
            raise ValueError(f"above = {self.above:g} must not be less than below = {self.below:g}; the gap keeps it calm")
        return self

    def low(self, value: float) -> bool | None:
        """Whether a value is bad; None between the two limits."""
        return True if value < self.below else False if value >= self.above else None


class Verdict(NamedTuple):
    """What a rule says of its subject: bad (True), good (False), nothing (None). `detail` is the number or word for the text.

    since_ms and until_ms are told by a rule that knows better than the time of its row when it began or ended.
    """

    bad: bool | None
    detail: int | float | str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


class Clocked(NamedTuple):
    """What a rule on the clock may look at: a hall, its entry in the register, and now."""

    hall: Hall
    site: Site
    now_ms: int
    today: date
    usual: bool | None
    """Whether it is usually on at this time of day and week; None while too little was seen."""
    calm_ms: int
    """Since when silence counts: what a hall did not send before that proves nothing."""
    hushed: bool
    """Nobody's silence counts now: nothing arrives from anybody, or the watch has just started."""


class Trend(NamedTuple):
    """Rollups of one modem, oldest first: the last 24 hours, and the last 15 days but today."""

    hours: list[Row]
    days: list[Row]


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[S]):
    """One rule. `settings` is its part of alerts.toml; texts are message ids, `{detail}` in them is the detail of the verdict."""

    family: Family
    subject: Subject
    settings: type[S]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Stream -> the columns that the rule reads."""
    on_row: Callable[[S, Hall, Modem | None, Row], Verdict] | None = None
    on_clock: Callable[[S, Clocked], Verdict] | None = None
    on_trend: Callable[[S, Modem, Trend], Verdict] | None = None
    title: str
    likely: str
    action: str
    needs_power: bool = False
    """While the hall runs on its battery after a power cut, this says nothing new."""
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse a rule that lacks a part. Raises ValueError."""
        judges = [judge for judge in (self.on_row, self.on_clock, self.on_trend) if judge is not None]
        if (self.subject in ("hall", "modem")) != (len(judges) == 1):
            raise ValueError(
                f"{self.title}: a rule on a hall or modem needs exactly one of on_row, on_clock, on_trend, others none"
            )
        if (self.on_row is not None) != bool(self.columns):
            raise ValueError(f"{self.title}: on_row and the columns that it reads belong together")
        if not (self.title and self.likely and self.action):
            raise ValueError(f"{self.title}: needs title, likely and action")


@cache
def rules() -> Mapping[str, Rule[Any]]:
    """Return all rules by name: every module of `collector/watch/rules/` has one, named as its file."""
    package = importlib.import_module("collector.watch.rules")
    found: dict[str, Rule[Any]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        rule: Rule[Any] = importlib.import_module(f"{package.__name__}.{module.name}").RULE
        object.__setattr__(rule, "name", module.name)
        found[module.name] = rule
    return found


@cache
def on_stream(stream: str) -> Sequence[tuple[str, Rule[Any], Callable[[Any, Hall, Modem | None, Row], Verdict]]]:
    """Return the rules that judge a row of a stream, by name, with their judgement."""
    return [(name, rule, rule.on_row) for name, rule in rules().items() if rule.on_row is not None and stream in rule.columns]


def columns() -> dict[str, tuple[str, ...]]:
    """Return the columns that all rules read, by stream."""
    found: dict[str, dict[str, None]] = {}
    for rule in rules().values():
        for stream, names in rule.columns.items():
            found.setdefault(stream, {}).update(dict.fromkeys(names))
    return {stream: tuple(names) for stream, names in found.items()}


def number(row: Row, name: str) -> float | None:
    """Return a number of a row, None where it is absent."""
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
