"""The figures by which the needs map judges, as `config/needs.toml` gives them: each with its reason, printed in every report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from collector.errors import ConfigError
from collector.sites.classes import Classes
from ground.toml import Section, load
from ground.words import Lang

Text = Annotated[str, Field(min_length=1)]


class Reasoned(Section):
    """What the file gives a reason for, in Indonesian and English."""

    id: Text
    en: Text

    def word(self, lang: Lang) -> str:
        """Return the reason in a language."""
        return self.id if lang == "id" else self.en


class Limit(Reasoned):
    """A figure and why it is that."""

    value: Annotated[float, Field(ge=0)]
    unit: str = ""


class Positive(Limit):
    """A figure above 0: something is divided by it."""

    value: Annotated[float, Field(gt=0)]


class Share(Limit):
    """A figure of 0..1."""

    value: Annotated[float, Field(ge=0, le=1)]


class ClassKey(Reasoned):
    """The key of a class in classes.toml, and why that one."""

    value: Text


class ClassKeys(Section):
    """[classes]: which class begins strong signal, sufficient signal, and the edge of what works."""

    strong: ClassKey
    sufficient: ClassKey
    edge: ClassKey


class Limits(Section):
    """[limits]: when data suffices, where a diagnosis begins, what counts as a change."""

    min_days: Limit
    min_samples: Limit
    min_slots: Limit
    min_lte_samples: Limit
    min_busy_samples: Limit
    min_scan_days: Limit = Limit(
        value=3,
        unit="days",
        id="pemindaian lengkap pada tiga hari berbeda; satu pemindaian dapat melewatkan sel yang lemah",
        en="complete scans on three different days; a single scan can miss a weak cell",
    )
    blank_spot_availability_percent: Limit
    two_g_lte_percent: Limit
    weak_lte_percent: Limit
    unstable_availability_percent: Limit
    unstable_cell_changes_per_hour: Limit
    busy_sinr_drop_db: Limit
    device_fault_percent: Limit
    power_completeness_percent: Limit
    power_boots_per_week: Limit
    power_bad_reports_percent: Limit
    estimated_time_percent: Limit
    compare_rsrp_db: Limit
    compare_sinr_db: Limit
    compare_availability_points: Limit
    population_full: Positive


class Severity(Section):
    """[severity]: how much a diagnosis asks for network investment, 0..1."""

    blank_spot: Share
    two_g_only: Share
    weak_coverage: Share
    unstable: Share
    congested: Share
    power: Share
    device_fault: Share
    adequate: Share


class Weights(Section):
    """[weights]: of the inputs of the priority."""

    base: Positive
    population: Limit
    no_alternative: Limit
    blank_spot_list: Limit
    on_grid: Limit
    power: Limit


class Parameters(Section):
    """The whole of `needs.toml`."""

    version: Text
    classes: ClassKeys
    limits: Limits
    severity: Severity
    weights: Weights


def read_parameters(path: Path) -> Parameters:
    """Read and check a needs.toml. Raises ConfigError with one line for each fault."""
    return load(Parameters, path, "needs.toml")


@dataclass(frozen=True, slots=True)
class Cuts:
    """Lowest RSRP (dBm) of strong signal, of sufficient signal and of the edge; lowest SINR (dB) of sufficient quality."""

    strong_dbm: float
    sufficient_dbm: float
    edge_dbm: float
    quality_db: float


def cuts(parameters: Parameters, classes: Classes) -> Cuts:
    """Look the classes up that `[classes]` names. Raises ConfigError for a key that classes.toml lacks, or its last one."""
    known = {c.key: c.cuts for c in classes.classes[:-1]}
    keys = parameters.classes
    for name, key in (("strong", keys.strong), ("sufficient", keys.sufficient), ("edge", keys.edge)):
        if key.value not in known:
            fault = f"{key.value!r} has no cuts in classes.toml; use one of {', '.join(known)}"
            raise ConfigError(f"needs.toml: classes.{name}: {fault}")
    strong, sufficient, edge = known[keys.strong.value], known[keys.sufficient.value], known[keys.edge.value]
    return Cuts(strong["rsrp_dbm"], sufficient["rsrp_dbm"], edge["rsrp_dbm"], sufficient["sinr_db"])


def listed(section: Section) -> list[tuple[str, Limit]]:
    """Return the figures of a section by name, in their order."""
    return [(name, getattr(section, name)) for name in type(section).model_fields]
