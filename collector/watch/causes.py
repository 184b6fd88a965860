"""Which cause explains signs that are bad at once. Pure.

From the widest to the narrowest: most halls of one operator while those of others go on; the halls of one cell; halls of one
area, whoever carries them; one hall by itself. A cause is named only with a control that speaks against the others: an operator
is blamed only where halls without it, in the same places, still come. What cannot be told apart is said so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import cos, hypot, radians

from collector.sites.sites import Site
from collector.watch.config import EngineSection
from collector.watch.facts import Facts
from collector.watch.judge import Book
from collector.watch.state import DAY_MS, MINUTE_MS, Hall, Sign, State

LOST = ("hall_dark", "mains_off", "no_service")
"""Signs that say: it is gone. They may have one cause although they are of two families."""
CONTROL_SHARE = 0.25
"""Of the halls that a cause does not touch, more than this share bad at the same time speaks against it."""
AREA_SHARE = 0.5
CELL_MIN = 2
COINCIDENCE, COINCIDENCE_MS = 4, 10 * MINUTE_MS
"""So many halls within so short a time are no chance: in a normal week one goes every 70 minutes."""
SIMULTANEOUS_MS = 12 * MINUTE_MS
"""A network takes its halls within a frame; what goes one after the other is batteries."""
FRAME_MS = 6 * MINUTE_MS
"""What was sent so long after the others went proves that a hall did not go with them."""
NEAR_KM = 40.0
KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause and the keys of the signs that it explains."""

    name: str
    members: frozenset[str]
    operator: str | None = None
    cell_id: int | None = None


class View:
    """What is bad at about one time, and who could have been."""

    def __init__(self, state: State, book: Book, facts: Facts, since_ms: int, window_ms: int) -> None:
        self.state = state
        self.engine: EngineSection = book.engine
        self.sites: Mapping[str, Site] = facts.sites
        self.bad = [
            sign
            for sign in state.signs.values()
            if sign.rule in LOST
            and (sign.bad or sign.raised)
            and sign.site in facts.sites
            and abs(sign.since_ms - since_ms) <= window_ms
        ]
        self.live = state.alive(facts.now_ms - round(book.engine.forget_after_days * DAY_MS), facts.sites)

    @cached_property
    def gone(self) -> dict[str, Sign]:
        """Halls that are dark, or on their battery."""
        return {sign.site: sign for sign in self.bad if sign.site and sign.rule != "no_service"}

    @cached_property
    def unserved(self) -> dict[tuple[str, str], Sign]:
        """Modems without service."""
        return {(sign.site, sign.modem): sign for sign in self.bad if sign.site and sign.modem and sign.rule == "no_service"}

    def kecamatan(self, site: str) -> str:
        """Return the kecamatan of a hall."""
        return self.sites[site].kecamatan


def operator_cause(view: View) -> Cause | None:
    """Return the operator most of whose halls are gone, in an area or everywhere, while halls without it go on."""
    power = _without_power(view)
    operators = Counter(name for hall in view.live for name in hall.operators if _hit(view, hall, name))
    for operator, _ in operators.most_common():
        hits = [hall for hall in view.live if _hit(view, hall, operator)]
        exposed = [hall for hall in view.live if operator in hall.operators and not _unclear(view, hall, operator)]
        hit_in, out_of = _by_area(view, hits), _by_area(view, exposed)
        areas = {area for area, count in hit_in.items() if count >= AREA_SHARE * out_of[area] and area not in power}
        hits = [hall for hall in hits if view.kecamatan(hall.site) in areas]
        if len(hits) < view.engine.group_min or len(hits) < view.engine.group_share * sum(out_of[area] for area in areas):
            continue
        if _others_go_on(view, operator, areas, hits):
            keys = {key for hall in hits for key in _keys(view, hall, operator)}
            return Cause("operator_gone", frozenset(keys), operator)
    return None


def cell_cause(view: View) -> Cause | None:
    """Return the cell whose halls are gone while the other halls of its area go on."""
    on_cell: defaultdict[tuple[str, int], list[Hall]] = defaultdict(list)
    for hall in view.live:
        for modem in hall.modems.values():
            if modem.operator and modem.cell_id is not None:
                on_cell[modem.operator, modem.cell_id].append(hall)
    for (operator, cell_id), halls in on_cell.items():
        hits = [hall for hall in halls if _hit(view, hall, operator)]
        if len(hits) < CELL_MIN or len(hits) < view.engine.group_share * len(halls):
            continue
        areas = {view.kecamatan(hall.site) for hall in hits}
        if areas & _without_power(view):
            continue
        around = _known(view, [hall for hall in view.live if view.kecamatan(hall.site) in areas and hall not in halls])
        proof = any(site == hall.site for hall in hits for site, _ in view.unserved)
        if (proof or len(around) >= view.engine.group_min) and _share_gone(view, around) <= CONTROL_SHARE:
            keys = {key for hall in hits for key in _keys(view, hall, operator)}
            return Cause("cell_gone", frozenset(keys), operator, cell_id)
    return None


def area_cause(view: View, first: Sign) -> Cause:
    """Return the halls that went with this one: in its kecamatan, near it at the same moment, or so many at once anywhere."""
    found = {first.key: first}
    todo = [first]
    loose = [sign for sign in view.bad if sign.incident is None]
    at_once = [sign for sign in loose if abs(sign.since_ms - first.since_ms) <= COINCIDENCE_MS]
    if len({sign.site for sign in at_once}) >= COINCIDENCE:
        found |= {sign.key: sign for sign in at_once}
        todo = list(found.values())
    while todo:
        sign = todo.pop()
        for other in loose:
            if other.key not in found and linked(view, sign, other):
                found[other.key] = other
                todo.append(other)
    halls = {sign.site for sign in found.values()}
    return Cause("area_dark" if len(halls) > 1 else first.rule, frozenset(found))


def _without_power(view: View) -> set[str]:
    """Return the kecamatan where a sensor says that the power is off: what goes there goes with its battery."""
    return {view.kecamatan(hall.site) for hall in view.live if hall.mains is False}


def linked(view: View, a: Sign, b: Sign) -> bool:
    """Whether two halls that went may have gone together."""
    if a.site is None or b.site is None:
        return False
    one, other = view.sites[a.site], view.sites[b.site]
    apart_ms = abs(a.since_ms - b.since_ms)
    if one.kecamatan == other.kecamatan:
        return apart_ms <= view.engine.together_minutes * MINUTE_MS
    return apart_ms <= COINCIDENCE_MS and _km(one, other) <= NEAR_KM


def _hit(view: View, hall: Hall, operator: str) -> bool:
    return any(_keys(view, hall, operator))


def _keys(view: View, hall: Hall, operator: str) -> list[str]:
    """Return the signs of a hall that this operator would explain: its modem unserved, or dark with no other SIM."""
    keys = [
        sign.key
        for name, modem in hall.modems.items()
        if modem.operator == operator and (sign := view.unserved.get((hall.site, name)))
    ]
    gone = view.gone.get(hall.site)
    if gone is not None and (keys or hall.operators == {operator}):
        keys.append(gone.key)
    return keys


def _unclear(view: View, hall: Hall, operator: str) -> bool:
    """Whether a hall that is dark has another SIM too: it may have lost both, or its power."""
    return hall.site in view.gone and hall.operators != {operator} and not _hit(view, hall, operator)


def _by_area(view: View, halls: Iterable[Hall]) -> Counter[str]:
    return Counter(view.kecamatan(hall.site) for hall in halls)


def _others_go_on(view: View, operator: str, areas: set[str], hits: list[Hall]) -> bool:
    """Whether there is a control: halls without this operator, or their other modems, in the same places."""
    others = [hall for hall in view.live if operator not in hall.operators and view.kecamatan(hall.site) in areas]
    others = _known(view, others)
    beside = sum(1 for hall in hits if len(hall.operators) > 1 and hall.site not in view.gone)
    return _share_gone(view, others) <= CONTROL_SHARE and (len(others) >= CELL_MIN or beside > 0)


def _known(view: View, halls: list[Hall]) -> list[Hall]:
    """Return the halls of which is known whether they went too: gone, unserved, or with a frame after the last that went."""
    after_ms = max((sign.since_ms for sign in view.bad), default=0) + FRAME_MS
    bad = {sign.site for sign in view.bad}
    return [hall for hall in halls if hall.site in bad or hall.last_ms >= after_ms]


def _share_gone(view: View, halls: list[Hall]) -> float:
    bad = sum(hall.site in view.gone or any((hall.site, name) in view.unserved for name in hall.modems) for hall in halls)
    return bad / len(halls) if halls else 0.0


def _km(a: Site, b: Site) -> float:
    """Return the distance of two halls, km; on this scale the earth is flat."""
    return hypot(a.lat - b.lat, (a.lon - b.lon) * cos(radians(a.lat))) * KM_PER_DEGREE
