"""The rules half of `alerts.toml`: [engine] and [rule.*]; delivery reads the rest. Errors name file, key and cure.

The defaults live in `config/alerts.toml` alone, each with its reason; a rule that is not in the file is off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from collector.config import FilePath, Section
from collector.notify.config import EXAMPLE, NotifyConfig, checked
from ground import toml

Minutes = Annotated[float, Field(ge=0, le=60 * 24 * 7)]
Share = Annotated[float, Field(gt=0, le=1)]
PAGE: JsonDict = {"must": "an address such as https://sinyal.example.go.id"}


class EngineSection(Section):
    """[engine]: how the watch looks."""

    state: FilePath = Path("watch.db")
    """File of the watch's state and of its outbox."""
    tick_s: Annotated[int, Field(ge=5, le=120)]
    """Well below the WatchdogSec of the service, which is 5 minutes."""
    late_after_s: Annotated[int, Field(ge=60, le=86_400)]
    """A sample that is older when it is first seen raises nothing and resolves nothing."""
    clock_skew_s: Annotated[int, Field(ge=0, le=3600)]
    """How far ahead of this clock a sample may be."""
    grace_minutes: Minutes
    """After a start, or when data flows again after it stopped for all, no hall counts as dark for this long."""
    forget_after_days: Annotated[float, Field(ge=1, le=365)]
    """A hall silent for longer no longer counts in the share of a common cause."""
    learn_days: Annotated[int, Field(ge=3, le=60)]
    learn_min_days: Annotated[int, Field(ge=2, le=30)]
    """Days that must have been seen before a recurring gap counts as the hall's schedule."""
    group_share: Share
    """Share of the halls of an area, an operator or a cell that makes a common cause."""
    together_minutes: Minutes
    """Halls that went bad within this time of each other went together."""
    group_min: Annotated[int, Field(ge=2)]
    page_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$", json_schema_extra=PAGE)] = ""
    """Address of the live page, for the link in a message; empty sends none."""


class Rule(Section):
    """What every rule says. `for` and `clear` are minutes of bad over good time, and of good over bad time."""

    enabled: bool = True
    severity: Literal["info", "warning", "critical"]
    role: Literal["village", "field", "network", "server"]
    for_minutes: Minutes
    clear_minutes: Minutes
    reason: Annotated[str, Field(min_length=10)]


class HallDark(Rule):
    """[rule.hall_dark]."""

    stale_minutes: Annotated[float, Field(ge=1, le=1440)]
    partial_power_hours: Annotated[float, Field(ge=1, le=48)]


class Limits(Rule):
    """A rule on a number that is bad when low: raised below `below`, over at `above` or better."""

    below: float
    above: float

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.above < self.below:
            raise ValueError(
                f"above = {self.above:g} must not be less than below = {self.below:g}; the gap between keeps it calm"
            )
        return self


class SpoolFilling(Rule):
    """[rule.spool_filling]."""

    max_samples: Annotated[int, Field(ge=100)]
    min_disk_mb: Annotated[float, Field(ge=0)]


class DataBudget(Rule):
    """[rule.data_budget]."""

    used_percent: Annotated[float, Field(gt=0, le=100)]
    budget_mb: Annotated[float, Field(gt=0)]
    """For devices that do not say their own budget."""


class SimExpiry(Rule):
    """[rule.sim_expiry]."""

    warn_days: Annotated[int, Field(ge=0, le=90)]


class CollectorLagging(Rule):
    """[rule.collector_lagging]."""

    max_lag_s: Annotated[float, Field(ge=1)]


class NothingArriving(Rule):
    """[rule.nothing_arriving]."""

    min_halls: Annotated[int, Field(ge=1)]


class Rules(Section):
    """All rules; one that is absent is off."""

    hall_dark: HallDark | None = None
    mains_off: Rule | None = None
    no_service: Rule | None = None
    weak_signal: Limits | None = None
    low_quality: Limits | None = None
    modem_sick: Rule | None = None
    no_sim: Rule | None = None
    sim_refused: Rule | None = None
    clock_untrusted: Rule | None = None
    spool_filling: SpoolFilling | None = None
    data_budget: DataBudget | None = None
    sim_expiry: SimExpiry | None = None
    two_installations: Rule | None = None
    collector_lagging: CollectorLagging | None = None
    nothing_arriving: NothingArriving | None = None
    area_dark: Rule | None = None
    operator_gone: Rule | None = None
    cell_gone: Rule | None = None

    def get(self, name: str) -> Rule | None:
        """Return a rule that is there and enabled."""
        rule: Rule | None = getattr(self, name)
        return rule if rule is not None and rule.enabled else None


class Alerts(NotifyConfig):
    """The whole of `alerts.toml`: rules, and delivery."""

    engine: EngineSection
    rule: Rules


def load(path: Path) -> Alerts:
    """Read and check the whole file. Raises ConfigError whose text has one line for each fault."""
    return checked(toml.load(Alerts, path, EXAMPLE), path)
