"""Common causes: when most halls of an area, an operator or a cell are bad at once, one alert speaks for them. Pure.

A scope is what halls may share: `area_dark/telen`, `operator_gone/xlsmart`, `cell_gone/telkomsel/37975309`. Its key is the
key of the alert that speaks for it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from collector.sites.sites import Site
from collector.watch.config import EngineSection, Rules
from collector.watch.state import Alert, Hall

POWER = ("hall_dark", "mains_off")
SERVICE = ("no_service", "hall_dark")
RADIO = ("weak_signal", "low_quality")
ALONE = ("nothing_arriving", "collector_lagging")
CELL_MIN = 2
"""Two halls on one cell that fail together are that cell; two halls of an area may be chance."""


class Scope(NamedTuple):
    """What halls may share, widest first where several hold."""

    rule: str
    kecamatan: str | None = None
    operator: str | None = None
    band: int | None = None
    cell_id: int | None = None

    @property
    def key(self) -> str:
        """Key of its alert."""
        parts = [self.operator, self.band and f"b{self.band}", self.cell_id, self.kecamatan]
        return "/".join([self.rule, *(_slug(str(part)) for part in parts if part)]) + ("" if any(parts) else "/all")


def scopes_of(alert: Alert) -> list[Scope]:
    """Return the scopes that an alert of one hall belongs to, widest first."""
    if alert.site is None or alert.rule in ALONE:
        return []
    found: list[Scope] = []
    if alert.rule in POWER:
        found += _areas("area_dark", alert.kecamatan)
    elif alert.rule not in SERVICE:
        found += _areas(alert.rule, alert.kecamatan)
    if alert.operator and alert.rule in (*SERVICE, *RADIO):
        name = "operator_gone" if alert.rule in SERVICE else alert.rule
        found += _networks(name, alert.operator, alert.kecamatan, alert.band, alert.cell_id)
    return found


def _areas(rule: str, kecamatan: str | None) -> list[Scope]:
    return [Scope(rule), Scope(rule, kecamatan)]


def _networks(rule: str, operator: str, kecamatan: str | None, band: int | None, cell_id: int | None) -> list[Scope]:
    found = [Scope(rule, operator=operator)]
    if band is not None:
        found.append(Scope(rule, operator=operator, band=band))
    found.append(Scope(rule, kecamatan, operator))
    if cell_id is not None:
        found.append(Scope("cell_gone" if rule == "operator_gone" else rule, operator=operator, cell_id=cell_id))
    return found


class Causes:
    """Finds the common cause of an alert among what is bad now. Made anew for each tick, when somebody asks."""

    def __init__(
        self,
        engine: EngineSection,
        rules: Rules,
        sites: Mapping[str, Site],
        halls: Iterable[Hall],
        alerts: Iterable[Alert],
        now_ms: int,
    ) -> None:
        self._engine = engine
        self._rules = rules
        self._bad: defaultdict[Scope, set[tuple[str, int]]] = defaultdict(set)
        for alert in alerts:
            if alert.bad and alert.site is not None:
                for scope in scopes_of(alert):
                    self._bad[scope].add((alert.site, alert.since_ms))
        self._places: Counter[Scope] = Counter()
        since_ms = now_ms - engine.forget_after_days * 86_400_000
        for hall in halls:
            if hall.last_ms >= since_ms and hall.site in sites:
                self._places.update(_places(hall, sites[hall.site].kecamatan))
        self._dated = Counter(place for site in sites.values() if site.sim_expiry for place in _areas("", site.kecamatan))

    def of(self, alert: Alert) -> tuple[Scope, int] | None:
        """Return the scope with the largest share of bad halls, the widest of several, and their number; None: its own fault."""
        best, best_share = None, 0.0
        for scope in scopes_of(alert):
            halls, share = self._share(scope, alert.since_ms)
            if share > best_share:
                best, best_share = (scope, halls), share
        return best

    def _share(self, scope: Scope, since_ms: int) -> tuple[int, float]:
        """Return the halls that went bad at about that time, and their share where it makes a common cause, else 0."""
        if self._rules.get(scope.rule) is None:
            return 0, 0.0
        window_ms = self._engine.together_minutes * 60_000
        halls = len({site for site, since in self._bad.get(scope, ()) if abs(since - since_ms) <= window_ms})
        counts = self._dated if scope.rule == "sim_expiry" else self._places
        share = min(1.0, halls / max(1, counts[scope._replace(rule="")]))
        needed = CELL_MIN if scope.cell_id is not None else self._engine.group_min
        return halls, share if halls >= needed and share >= self._engine.group_share else 0.0


def _places(hall: Hall, kecamatan: str) -> set[Scope]:
    found = set(_areas("", kecamatan))
    for modem in hall.modems.values():
        if modem.operator:
            found.update(s._replace(rule="") for s in _networks("", modem.operator, kecamatan, modem.band, modem.cell_id))
    return found


def bad_halls(alerts: Iterable[Alert]) -> dict[str, set[str]]:
    """Return the halls that are bad now, and were not told of alone, by the key of each scope they belong to."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        if alert.bad and alert.site is not None and alert.told_ms is None:
            for scope in scopes_of(alert):
                found[scope.key].add(alert.site)
    return found


def covering(alert: Alert, open_causes: Mapping[str, Alert]) -> Iterator[str]:
    """Return the keys of open common causes that an alert belongs to."""
    return (scope.key for scope in scopes_of(alert) if scope.key in open_causes)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
