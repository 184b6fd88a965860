"""The figures by which the needs map judges, as `config/needs.toml` gives them: each with its reason, printed in every report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from collector.errors import ConfigError
from collector.sites.classes import Classes
from ground.toml import Section, load
from ground.words import Lang, both, mark

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
        **both(mark("complete scans on three different days; a single scan can miss a weak cell")),
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
    rare_availability_percent: Limit = Limit(
        value=50,
        unit="%",
        **both(mark("service is more often gone than there")),
    )
    instrument_rsrp_db: Limit = Limit(
        value=3.5,
        unit="dB",
        **both(
            mark(
                "a modem may be off by ±6 dB (3GPP TS 36.133, 9.1.2.1); as a standard uncertainty 6/√3 = 3.5 dB (JCGM 100, 4.3.7)"
            )
        ),
    )
    compare_rsrp_db: Limit
    compare_sinr_db: Limit
    compare_availability_points: Limit
    population_full: Positive


class Severity(Section):
    """[severity]: how much a diagnosis asks for network investment, 0..1."""

    blank_spot: Share
    two_g_only: Share
    rarely_served: Share = Share(value=0.9, **both(mark("service is more often gone than there")))
    weak_coverage: Share
    unstable: Share
    congested: Share
    power: Share
    device_fault: Share
    adequate: Share


class Need(Section):
    """[need]: how much people and other operators can lower it, 0..1."""

    people: Share = Share(
        value=0.5,
        **both(mark("a small village needs too: few people lower the score by half at most")),
    )
    alternatives: Share = Share(
        value=0.3,
        **both(mark("people can change their SIM where another operator serves")),
    )


class Readiness(Section):
    """[readiness]: weights of what a tower needs."""

    power: Positive = Positive(value=40, **both(mark("a tower without the grid is dear to run")))
    land: Positive = Positive(value=25, **both(mark("a proposal asks for land of 20 x 20 m")))
    road: Positive = Positive(value=15, **both(mark("material has to get there")))
    link: Positive = Positive(value=20, **both(mark("a tower needs a link behind it")))


class Step(Reasoned):
    """The borders of a grade: what A, B and C ask for at least or at most; all else is D."""

    a: Annotated[float, Field(ge=0)]
    b: Annotated[float, Field(ge=0)]
    c: Annotated[float, Field(ge=0)]
    unit: str = ""


class Steps(Section):
    """[grade]: what a grade asks for."""

    days: Step = Step(a=28, b=14, c=7, unit="days", **both(mark("four weeks catch weather and pay day")))
    completeness_percent: Step = Step(a=80, b=50, c=15, unit="%", **both(mark("of the time was measured")))
    hours: Step = Step(
        a=22,
        b=16,
        c=4,
        unit="hours",
        **both(mark("hours of the day with three full hours of measuring each")),
    )
    availability_points: Step = Step(
        a=5, b=10, c=25, unit="percentage points", **both(mark("half the width of the 95 % interval"))
    )
    median_db: Step = Step(a=1.5, b=3, c=6, unit="dB", **both(mark("half the width of the 95 % interval")))
    estimated_percent: Step = Step(a=1, b=5, c=20, unit="%", **both(mark("samples whose time is estimated")))


class Weights(Section):
    """[weights]: of the priority of an earlier version."""

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
    weights: Weights | None = None
    """Of an earlier version: read, so that its files stay valid, and not used."""
    need: Need = Need()
    readiness: Readiness = Readiness()
    grade: Steps = Steps()


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
