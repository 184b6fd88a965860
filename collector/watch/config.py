"""The rules half of `alerts.toml`: [engine] and [rule.*]; delivery reads the rest. Errors name file, key and cure.

The defaults live in `config/alerts.toml` alone, each with its reason; a rule that is not in the file is off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, create_model
from pydantic.config import JsonDict

from collector.config import FilePath, Section
from collector.notify.config import EXAMPLE, NotifyConfig, checked
from collector.watch.rule import Minutes, Settings, rules
from ground import toml

PAGE: JsonDict = {"must": "an address such as https://sinyal.example.go.id"}
Share = Annotated[float, Field(gt=0, le=1)]
Days = Annotated[float, Field(gt=0, le=365)]


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
    forget_after_days: Days
    """A hall silent for longer no longer counts in the share of a common cause."""
    learn_days: Annotated[int, Field(ge=3, le=60)]
    learn_min_days: Annotated[int, Field(ge=2, le=30)]
    """Days of which two must show a gap before it counts as the hall's schedule."""
    group_share: Share
    """Share of the halls of an area, an operator or a cell that makes a common cause."""
    together_minutes: Minutes
    """Halls that went bad within this time of each other went together."""
    group_min: Annotated[int, Field(ge=2)]
    remind_days: tuple[Days, ...] = (1, 3, 7)
    """An incident that stays open and that nobody has taken is told again after so many days."""
    escalate_hours: Annotated[float, Field(gt=0, le=240)] = 6
    """What concerns village staff concerns the technicians too when it lasts for so long."""
    page_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$", json_schema_extra=PAGE)] = ""
    """Address of the live page, for the link in a message; empty sends none."""


_SECTIONS: dict[str, Any] = {name: (rule.settings | None, None) for name, rule in rules().items()}
RulesSection: Any = create_model("RulesSection", __base__=Section, **_SECTIONS)
"""[rule.*]: each rule brings its own section; one that is absent is off."""


class Alerts(NotifyConfig):
    """The whole of `alerts.toml`: how the watch looks, the rules, delivery."""

    engine: EngineSection
    rule: RulesSection

    @property
    def rules(self) -> dict[str, Settings]:
        """Settings of the rules that are on, by name."""
        found = {name: getattr(self.rule, name) for name in rules()}
        return {name: rule for name, rule in found.items() if rule is not None and rule.enabled}


def load(path: Path) -> Alerts:
    """Read and check the whole file. Raises ConfigError whose text has one line for each fault."""
    return checked(toml.load(Alerts, path, EXAMPLE), path)
