"""What the halls come to, of a kecamatan or of all: how many have enough, how many lack what. One hall counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.sites.classes import Classes
from dashboards.web.models import HallNow, Totals
from ground.words import mark

SUFFICIENT = "fair"
"""The class from which on 4G is enough, as `classes.sufficient` of config/needs.toml has it."""
OF_STATE = {
    "two_g_only": "older",
    "served": "served",
    "no_service": "no_service",
    "sim_refused": "not_seen",
    "device_fault": "not_seen",
    "silent": "not_seen",
    "not_measured": "not_measured",
}
KINDS = {
    "adequate": mark("adequate 4G"),
    "weak": mark("weak 4G"),
    "older": mark("2G or 3G only"),
    "no_service": mark("no service"),
    "served": mark("served, level unknown"),
    "not_seen": mark("no recent data, or device fault"),
    "not_measured": mark("not measured"),
}
"""What a hall can be, for an office: with enough, or what it lacks."""
SENTENCE = {
    "weak": mark("{n} with weak 4G"),
    "older": mark("{n} with 2G or 3G only"),
    "no_service": mark("{n} without service"),
    "served": mark("{n} served at an unknown level"),
    "not_seen": mark("{n} sending no data"),
    "not_measured": mark("{n} not measured yet"),
}
"""The parts of the sentence, in its order; what nobody has is left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the sentence: how many, and in which words."""

    n: int
    message: str


def adequate(classes: Classes) -> set[str]:
    """Return the keys of the classes that are enough."""
    keys = [c.key for c in classes.classes]
    return set(keys[: keys.index(SUFFICIENT) + 1]) if SUFFICIENT in keys else set(keys[:-2])


def kind(state: str, classes: Classes) -> str:
    """Return the kind of a class or state."""
    return OF_STATE.get(state) or ("adequate" if state in adequate(classes) else "weak")


def count(states: Iterable[str], classes: Classes) -> dict[str, int]:
    """Count states by kind; each kind is there."""
    found = Counter(kind(state, classes) for state in states)
    return {name: found[name] for name in KINDS}


def looks(classes: Classes) -> dict[str, str]:
    """Return for each kind the class or state whose colour stands for it."""
    keys, enough = [c.key for c in classes.classes], adequate(classes)
    good, weak = [key for key in keys if key in enough], [key for key in keys if key not in enough]
    of_kind = {name: state for state, name in OF_STATE.items()}
    return {**of_kind, "not_seen": "silent", "adequate": good[len(good) // 2], "weak": weak[0]}


def parts(kinds: Mapping[str, int]) -> list[Part]:
    """Return what the sentence says after how many have enough."""
    return [Part(kinds[name], message) for name, message in SENTENCE.items() if kinds[name]]


def of_halls(name: str, key: str, halls: Iterable[HallNow], classes: Classes) -> Totals:
    """Return the totals of some halls."""
    every = list(halls)
    return Totals(
        id=key,
        name=name,
        halls=len(every),
        kinds=count((hall.state for hall in every), classes),
        states=dict(Counter(hall.state for hall in every)),
        updated=max((hall.updated for hall in every if hall.updated), default=None),
    )


def by_kecamatan(halls: Iterable[HallNow], classes: Classes) -> list[Totals]:
    """Return the totals of each kecamatan, by name."""
    every = sorted(halls, key=lambda hall: (hall.kecamatan, hall.code))
    homes = dict.fromkeys((hall.kecamatan_id, hall.kecamatan) for hall in every)
    return [of_halls(name, key, (hall for hall in every if hall.kecamatan_id == key), classes) for key, name in homes]
