"""What a server would have said by itself meanwhile: the collector's own figures, and alerts; made up, repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.sites.sites import Site
from collector.store.store import Point
from demo.profiles import Profile
from ground.words import mark, tr
from telemetry.frame import Value
from telemetry.operators import operator_name

REPORT_S = 300
DAY_S, HOUR_S = 86_400, 3600
DARK_S = 1800
"""How long a hall is silent before somebody is told."""
TEXTS = {
    "hall_dark": (mark("sends no data"), "warning"),
    "weak_signal": (mark("weak signal"), "info"),
    "modem_sick": (mark("modem does not respond"), "warning"),
    "operator_gone": (mark("lost service at many halls at once"), "critical"),
}
"""Title and severity, by rule."""
NOTE = mark("Made-up data, not a measurement.")


@dataclass(frozen=True, slots=True)
class Told:
    """One alert over its life; UTC seconds. until_s None: it is still open."""

    rule: str
    tags: Mapping[str, str]
    since_s: int
    until_s: int | None
    acknowledged: bool = False
    count: int = 1

    def points(self) -> Iterator[Point]:
        """Yield its changes as the watch would have written them."""
        yield self._point("open", self.since_s)
        if self.acknowledged:
            yield self._point("acknowledged", self.since_s + HOUR_S)
        if self.until_s is not None:
            yield self._point("resolved", self.until_s)

    def _point(self, state: str, at_s: int) -> Point:
        title, severity = TEXTS[self.rule]
        who = self.tags.get("desa") or operator_name(self.tags["operator"])
        values: dict[str, Value] = {
            "key": "/".join((self.rule, *filter(None, map(self.tags.get, ("site", "operator"))))),
            "rule": self.rule,
            "state": state,
            "severity": severity,
            "since_ms": self.since_s * 1000,
            "count": self.count,
            "title_id": f"{who}: {tr(title, 'id')}",
            "title_en": f"{who}: {tr(title, 'en')}",
            "text_id": tr(NOTE, "id"),
            "text_en": tr(NOTE, "en"),
        }
        return Point("alert", self.tags, values, at_s * 1_000_000_000)


def alerts(halls: Mapping[str, Profile], sites: Mapping[str, Site], status: Iterable[Point], end_s: int) -> Iterator[Point]:
    """Yield the alerts of a period that ends at `end_s`: what `status` says of power cuts, and the lasting states."""
    for told in [*_dark(status, end_s), *_lasting(halls, sites, end_s)]:
        yield from told.points()


def _dark(status: Iterable[Point], end_s: int) -> Iterator[Told]:
    off: dict[str, Point] = {}
    for point in sorted(status, key=lambda point: point.time_ns):
        site, at_s = str(point.tags["site"]), point.time_ns // 1_000_000_000
        if point.values["state"] == "offline":
            off[site] = point
        elif site in off:
            since_s = off.pop(site).time_ns // 1_000_000_000 + DARK_S
            if since_s < at_s:
                yield Told("hall_dark", point.tags, since_s, at_s)
    for point in off.values():
        since_s = point.time_ns // 1_000_000_000 + DARK_S
        if since_s < end_s:
            yield Told("hall_dark", point.tags, since_s, None)


def _lasting(halls: Mapping[str, Profile], sites: Mapping[str, Site], end_s: int) -> Iterator[Told]:
    for number, (code, profile) in enumerate(halls.items()):
        site = sites[code]
        tags = {"site": code, "kecamatan": site.kecamatan, "desa": site.desa}
        since_s = end_s - (1 + number % 9) * DAY_S
        if profile.name == "weak":
            yield Told("weak_signal", tags, since_s, None if number % 2 == 0 else since_s + 7 * HOUR_S, number % 4 == 2)
        if profile.name == "device_fault":
            yield Told("modem_sick", tags, since_s, None if number % 2 == 0 else since_s + 5 * HOUR_S)
    yield Told("operator_gone", {"operator": "IOH"}, end_s - 6 * DAY_S, end_s - 6 * DAY_S + 3 * HOUR_S, count=len(halls) // 3)


def reports(times_s: Sequence[int], halls: int, seed: int) -> Iterator[Point]:
    """Yield what collector and watch would have said about themselves at these times."""
    rng = random.Random(f"{seed}/ingest/{times_s[0] if times_s else 0}")  # noqa: S311 - repeatable, not a secret
    zeros = dict.fromkeys(("implausible_values", "held_frames", "dropped_frames", "store_errors", "rejected_frames"), 0)
    for t in times_s:
        frames = round(1.9 * halls)
        lag = rng.randrange(900, 1600)
        counts = {"received_frames": frames, "stored_samples": 11 * frames, "duplicate_samples": int(rng.random() < 0.05) * 10}
        counts |= {"late_samples": int(rng.random() < 0.02) * 40, "lag_ms": lag, "lag_max_ms": lag * rng.randrange(2, 9)}
        yield Point("ingest", {}, {**counts, **zeros, "collector": "seed"}, t * 1_000_000_000)
        yield Point("watch", {}, {"open": halls // 20}, t * 1_000_000_000)


def intake(halls: Mapping[str, Profile], sites: Mapping[str, Site], end_s: int) -> Iterator[Point]:
    """Yield late samples and rejected frames of some halls on one of the last days."""
    for number, (code, profile) in enumerate(halls.items()):
        if profile.name in ("power", "unstable"):
            tags = {"site": code, "kecamatan": sites[code].kecamatan, "desa": sites[code].desa}
            counts: dict[str, Value] = {"late": 40 + number, "rejected": int(number % 11 == 0)}
            yield Point("intake", tags, counts, (end_s - (number % 5) * DAY_S - HOUR_S) * 1_000_000_000)
