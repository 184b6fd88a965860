"""What the watch knows: halls with their modems, signs (one rule bad at one subject), incidents (what people are told of).

Plain data; `collector/watch/db.py` keeps it in a file, `tick` changes it. Times in ms UTC; 0 means never.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

NS_PER_MS = 1_000_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
CELLS_KEPT = 16


@dataclass(slots=True)
class Modem:
    """What is known of a modem: its operator and serving cell, and the cells that it has used for at least a day."""

    name: str
    operator: str | None = None
    cell_id: int | None = None
    served_ms: int = 0
    """When it was last served; a modem that never was cannot lose its service."""
    level_dbm: float | None = None
    """Usual level, from the rollups."""
    cells: dict[str, int] = field(default_factory=dict)
    """Cell -> when it was first seen."""
    strange_ms: int = 0
    """Since when only cells are seen that were new then; 0 while it is on a known one."""


@dataclass(slots=True)
class Hall:
    """What is known of a hall now."""

    site: str
    first_ms: int = 0
    last_ms: int = 0
    """Time of its newest sample with a trusted time."""
    arrived_ms: int = 0
    """When anything of it arrived, of whatever age."""
    wrong_ms: int = 0
    """When a sample from the future arrived."""
    clock_ok: bool | None = None
    over_budget: bool = False
    """Its data budget is (nearly) spent, so it sends once an hour."""
    mains: bool | None = None
    spells: list[tuple[int, int]] = field(default_factory=list)
    """Gaps between samples of late: (from, to)."""
    cursors: dict[str, int] = field(default_factory=dict)
    """By stream and modem: ns of the newest row judged."""
    ahead: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By modem: first and last seq of the samples from the future, which must not count when that time has come."""
    modems: dict[str, Modem] = field(default_factory=dict)

    @property
    def operators(self) -> frozenset[str]:
        """Operators of its SIMs."""
        return frozenset(modem.operator for modem in self.modems.values() if modem.operator)


@dataclass(slots=True)
class Sign:
    """One rule at one subject. `level_s` is bad less good time; while it is raised, what is left of the time to its end."""

    key: str
    rule: str
    site: str | None = None
    modem: str | None = None
    detail: object = None
    level_s: float = 0.0
    raised: bool = False
    bad: bool = False
    since_ms: int = 0
    until_ms: int = 0
    """When it was last judged bad, or for silence: when the first sample came again."""
    incident: str | None = None

    def feed(self, verdict: bool | None, dt_s: float, at_ms: int, for_s: float, clear_s: float) -> None:
        """Take in a judgement of the `dt_s` seconds up to `at_ms`; None says that nothing is known, and changes nothing.

        dt_s = 0 says that nothing is known of the time before: bad time from before it adds up to nothing.
        """
        if verdict is None:
            return
        if not dt_s and not self.raised:
            self.level_s = 0.0
        if self.bad or verdict:
            self.until_ms = at_ms
        self.bad = verdict
        if self.raised:
            self.level_s = min(clear_s, self.level_s + dt_s) if verdict else self.level_s - dt_s
            self.raised = verdict or self.level_s > 0
        elif verdict:
            if self.level_s <= 0:
                self.since_ms = at_ms
            self.level_s += dt_s
            self.raised = self.level_s >= for_s
            self.level_s = clear_s if self.raised else self.level_s
        else:
            self.level_s -= dt_s
        self.level_s = max(0.0, self.level_s)

    @property
    def over(self) -> bool:
        """Whether nothing is left of it."""
        return not self.raised and not self.bad and self.level_s <= 0


@dataclass(slots=True)
class Incident:
    """What people are told of: signs with one cause, from its opening to its closing."""

    key: str
    family: str
    cause: str
    """Name of the cause (causes.py), or of the rule where it is one subject's own."""
    operator: str | None = None
    cell_id: int | None = None
    members: set[str] = field(default_factory=set)
    """Keys of the signs that are in it now."""
    halls: dict[str, int] = field(default_factory=dict)
    """All halls that were ever in it -> since when."""
    since_ms: int = 0
    newest_ms: int = 0
    """When the last of its halls began: what begins long after is something else."""
    until_ms: int = 0
    shrunk_ms: int = 0
    """Since when few of its halls are left; 0 while it is whole."""
    told_ms: int = 0
    told_halls: int = 0
    told_cause: str = ""
    reminded: int = 0
    escalated: bool = False
    acked: bool = False
    ticket: str = ""
    parts: list[str] = field(default_factory=list)
    """Incidents that were told before and belong to this one."""

    @property
    def sites(self) -> list[str]:
        """Halls that are bad now, in the order in which they went."""
        now = {key.split("/")[1] for key in self.members if "/" in key}
        return sorted(now, key=lambda site: (self.halls.get(site, 0), site))


@dataclass(slots=True)
class State:
    """Everything. `dirty` names what the file does not have yet."""

    halls: dict[str, Hall] = field(default_factory=dict)
    signs: dict[str, Sign] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    meta: dict[str, int] = field(default_factory=dict)
    changed_halls: set[str] = field(default_factory=set)

    def hall(self, site: str) -> Hall:
        """Return what is known of a hall; a new one where nothing is."""
        hall = self.halls.get(site)
        if hall is None:
            hall = self.halls[site] = Hall(site)
        return hall

    def of_site(self, rule: str, site: str) -> Sign | None:
        """Return the sign of a rule at a hall."""
        return self.signs.get(f"{rule}/{site}")

    def raised(self, rule: str, site: str) -> bool:
        """Whether a rule is raised at a hall."""
        sign = self.of_site(rule, site)
        return sign is not None and sign.raised

    def alive(self, since_ms: int, sites: Iterable[str]) -> list[Hall]:
        """Return the halls of the register that sent something since then."""
        return [hall for site in sites if (hall := self.halls.get(site)) is not None and hall.last_ms >= since_ms]
