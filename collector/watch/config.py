"""The rules half of `alerts.toml`: [engine] and [rule.*]; delivery reads the rest. Errors name file, key and cure.

The defaults live in `config/alerts.toml` alone, each with its reason; a rule that is not in the file is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from collector import toml
from collector.config import FilePath, Section
from collector.errors import ConfigError
from collector.notify.config import OWN as DELIVERY_SECTIONS
from collector.notify.config import NotifyConfig
from collector.notify.config import check as check_delivery
from collector.watch.rule import Minutes, Settings, rules

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
    page_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Address of the live page, for the link in a message; empty sends none."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """The whole file: how the watch looks, the rules that are on, delivery."""

    engine: EngineSection
    rules: Mapping[str, Settings]
    delivery: NotifyConfig


def load(path: Path) -> Alerts:
    """Read and check the whole of `alerts.toml`. Raises ConfigError whose text has one line for each fault."""
    whole = toml.read(path, "alerts.toml")
    delivery = check_delivery(whole, path)
    data = {key: value for key, value in whole.items() if key not in DELIVERY_SECTIONS}
    try:
        own: Any = _model().model_validate(data, context=path.parent)
    except ValidationError as error:
        faults = (f"{path.name}: {_explain(fault, data)}" for fault in error.errors(include_url=False))
        raise ConfigError("\n".join(faults)) from None
    found = {name: getattr(own.rule, name) for name in rules()}
    return Alerts(own.engine, {name: rule for name, rule in found.items() if rule is not None and rule.enabled}, delivery)


def _model() -> type[Section]:
    """Return the model of the file: each rule brings its own section."""
    parts: dict[str, Any] = {name: (rule.settings | None, None) for name, rule in rules().items()}
    section = create_model("Rules", __base__=Section, **parts)
    return create_model("AlertsFile", __base__=Section, engine=(EngineSection, ...), rule=(section, ...))


def _explain(fault: ErrorDetails, data: dict[str, Any]) -> str:
    place = [str(part) for part in fault["loc"]]
    key, kind = ".".join(place), fault["type"]
    if kind == "missing":
        cure = f"`{place[-1]} = ...` under [{'.'.join(place[:-1])}]" if len(place) > 1 else f"a section [{key}]"
        return f"{key}: missing; add {cure}, as config/alerts.toml shows"
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {toml.near(place[-1], _known(place))}"
    value = toml.got(data, place)
    if kind in toml.TYPES:
        return f"{key}: must be {toml.TYPES[kind]}{value}"
    if kind == "string_pattern_mismatch":
        return f"{key}: must be an address such as https://sinyal.example.go.id{value}"
    if place[1:] == ["hall_dark", "stale_minutes"]:
        return f"{key}: must be more than 6: a hall sends a frame every 5 minutes, and would be dark between two{value}"
    return f"{key}: {toml.reason(fault['msg'])}{value}"


def _known(place: list[str]) -> list[str]:
    if len(place) == 1:
        return ["engine", "rule", *DELIVERY_SECTIONS]
    if place[0] == "engine":
        return list(EngineSection.model_fields)
    return list(rules()) if len(place) == 2 else list(rules()[place[1]].settings.model_fields)
