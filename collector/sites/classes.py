"""Signal classes and states as `config/classes.toml` defines them: versioned data, used by all who judge a value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ground.toml import Section, load
from ground.words import Lang, both, mark

METRICS = ("rsrp_dbm", "rsrq_db", "sinr_db", "rssi_dbm")
AVAILABILITY_PERCENT = (50.0, 90.0, 95.0, 99.0)
"""Shares of time with service, worst first: below one half a place has no usable network; 99 % is 7 hours away a month."""
STATES = ("two_g_only", "served", "no_service", "sim_refused", "device_fault", "silent", "not_measured")
"""Best first."""
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", json_schema_extra={"must": "a colour as #67a9cf"})]
Text = Annotated[str, Field(min_length=1, max_length=40)]


class State(Section):
    """How a class or state is shown: Indonesian, English, colour, and a symbol for those who cannot tell the colours apart."""

    id: Text
    en: Text
    colour: Colour
    symbol: Annotated[str, Field(min_length=1, max_length=1)]

    def word(self, lang: Lang) -> str:
        """Return what it is called in a language."""
        return self.id if lang == "id" else self.en


class SignalClass(State):
    """A class and its lowest values (dBm, dB); the last class has none and takes what is left."""

    key: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
    cuts: dict[str, float] = Field(default_factory=dict)


LATER = {
    "served": {**both(mark("Served, level not told")), "colour": "#5e8c61", "symbol": "+"},
    "sim_refused": {**both(mark("SIM refused or locked")), "colour": "#a6611a", "symbol": "#"},
}
"""States that came later: a classes.toml without them stays valid."""


class Classes(Section):
    """All classes, best first, and the states that no number tells."""

    version: Text
    source: str
    classes: Annotated[tuple[SignalClass, ...], Field(alias="class", min_length=2)]
    state: dict[str, State]

    @model_validator(mode="before")
    @classmethod
    def _later_states(cls, data: Any) -> Any:
        """Add states that a file of an earlier version cannot have."""
        if isinstance(data, dict) and isinstance(data.get("state"), dict):
            data = {**data, "state": {**LATER, **data["state"]}}
        return data

    @model_validator(mode="after")
    def _complete(self) -> Self:
        keys = [c.key for c in self.classes]
        if len(set(keys)) != len(keys):
            raise ValueError("two classes have the same key; give each its own")
        if set(self.state) != set(STATES):
            raise ValueError(f"state must have exactly {', '.join(STATES)}")
        *ranked, last = self.classes
        if last.cuts:
            raise ValueError(f"class {last.key}: the last class takes what is left; delete its cuts")
        for metric in METRICS:
            cuts = [c.cuts.get(metric) for c in ranked]
            known = [cut for cut in cuts if cut is not None]
            if len(known) != len(cuts) or known != sorted(set(known), reverse=True):
                raise ValueError(f"cuts of {metric} must be there in every class but the last, and fall from class to class")
        return self

    def of(self, metric: str, value: float) -> SignalClass:
        """Return the class of a value of `rsrp_dbm`, `rsrq_db`, `sinr_db` or `rssi_dbm`."""
        return next((c for c in self.classes if c.cuts and value >= c.cuts[metric]), self.classes[-1])

    def cuts(self, metric: str) -> list[float]:
        """Return the borders between the classes of a metric, best first."""
        return [c.cuts[metric] for c in self.classes[:-1]]


def read_classes(path: Path) -> Classes:
    """Read and check a classes.toml. Raises ConfigError with one line for each fault."""
    return load(Classes, path, "classes.toml")
