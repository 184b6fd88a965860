"""Scenario files: a world and what the watch must say of it, in TOML. docs/incidents.md describes the format."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.notify.outbox import Message
from collector.sites.sites import Site, read_sites
from collector.watch.config import load
from collector.watch.judge import Book
from collector.watch.rule import rules
from collector.watch.schedule import ALL, DATA, SLOT_MS, Schedule, day_slot
from collector.watch.state import Hall, Modem, State
from collector.watch.tick import tick
from lab.incidents.faults import DAY, FAULTS, HOUR, MINUTE, SERVER_FAULTS
from lab.incidents.world import HISTORY_DAYS, START_MS, Planned, World

CONFIG = Path(__file__).parents[2] / "config"
FINE_BEFORE, FINE_AFTER = 10 * MINUTE, 90 * MINUTE
FAULT_KEYS = {
    "what",
    "at_h",
    "hours",
    "halls",
    "value",
    "operator",
    "battery_min",
    "spread_min",
    "step_min",
    "every_h",
    "lasts_min",
}
FAULT_KEYS |= {"weekdays", "drift_min"}
WANT_KEYS = {"incident", "messages_max", "messages_min", "never_say"}
INCIDENT_KEYS = {"cause", "operator", "open", "close", "within_min", "halls", "lasts_h"}


class ScenarioError(Exception):
    """A scenario file cannot be understood; the text names file, key and cure."""


@dataclass(slots=True)
class Scenario:
    """One scenario: what happens, and what must be said."""

    name: str
    days: float
    planned: list[Planned]
    want: dict[str, Any]
    background: bool = True
    sites: Mapping[str, Site] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """What was said, and where that differs from what was wanted."""

    messages: list[Message]
    faults: list[str]


def read(path: Path, sites: Mapping[str, Site] | None = None) -> Scenario:
    """Read a scenario file. Raises ScenarioError."""
    sites = sites or read_sites(CONFIG / "sites.csv")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from None
    kecamatan = data.get("kecamatan")
    if kecamatan:
        sites = {code: site for code, site in sites.items() if site.kecamatan in kecamatan}
    sites = dict(list(sites.items())[: data.get("number", len(sites))])
    planned: list[Planned] = []
    for number, fault in enumerate(data.get("fault", []), 1):
        planned += _planned(path, number, fault, sites)
    want = data.get("want", {})
    _known(path, "want", want, WANT_KEYS)
    for wanted in want.get("incident", []):
        _known(path, "want.incident", wanted, INCIDENT_KEYS)
    return Scenario(data.get("name", path.stem), float(data.get("days", 1)), planned, want, data.get("background", True), sites)


def play(scenario: Scenario, *, step_ms: int = 5 * MINUTE) -> list[Message]:
    """Play a scenario with the shipped rules; return all messages."""
    config = load(CONFIG / "alerts.toml")
    world = World(scenario.sites, scenario.planned, background=scenario.background)
    state, book = primed(world, config.engine, config.rules)
    messages: list[Message] = []
    edges = sorted({t for plan in scenario.planned for t in (plan.start, plan.end)})
    t = 0
    while t < scenario.days * DAY:
        facts = world.turn(t)
        if facts is not None:
            messages += tick(state, book, facts).messages
        fine = any(edge - FINE_BEFORE <= t <= edge + FINE_AFTER for edge in edges)
        t += MINUTE if fine else step_ms
    return messages


def primed(world: World, engine: Any, settings: Any) -> tuple[State, Book]:
    """Return a state that has known these halls for a fortnight: always on, served, calm."""
    state = State()
    for hall in world.halls:
        if hall.code in world.never:
            continue
        known = Hall(hall.code, first_ms=START_MS - HISTORY_DAYS * DAY, last_ms=START_MS - MINUTE, arrived_ms=START_MS - MINUTE)
        for modem in hall.modems:
            cells = {str(modem.cell): known.first_ms}
            known.modems[modem.name] = Modem(modem.name, modem.operator, modem.cell, START_MS - MINUTE, cells=cells)
        state.halls[hall.code] = known
    days = range(day_slot(START_MS)[0] - HISTORY_DAYS, day_slot(START_MS)[0])  # it starts at midnight in WITA
    schedule = Schedule(
        engine.learn_days, engine.learn_min_days, ((code, DATA, day, ALL) for code in state.halls for day in days)
    )
    for half in range(-HISTORY_DAYS * DAY, 0, SLOT_MS):
        schedule.awake(START_MS + half)
    state.meta = {"tick_ms": START_MS - MINUTE, "arrival_ms": START_MS - MINUTE, "resumed_ms": START_MS - DAY, "daily": 0}
    return state, Book(engine, settings, schedule)


def judge(scenario: Scenario, messages: Sequence[Message]) -> Result:
    """Compare what was said with what was wanted."""
    faults: list[str] = []
    told = [m for m in messages if m.rule in rules()]
    left = list(told)
    for wanted in scenario.want.get("incident", []):
        mine = [m for m in left if _fits(m, wanted)]
        left = [m for m in left if m not in mine]
        opened, closed = (sum(m.kind == kind for m in mine) for kind in ("open", "resolve"))
        name = "/".join(str(part) for part in (wanted["cause"], wanted.get("operator")) if part)
        for kind, got in (("open", opened), ("close", closed)):
            if kind in wanted and got not in _range(wanted[kind]):
                faults.append(f"{name}: {kind} {got}, wanted {wanted[kind]}")
        first = next((m for m in mine if m.kind == "open"), None)
        begin = min((plan.start for plan in scenario.planned if plan.what != "never"), default=0)
        if first is not None and "within_min" in wanted and first.at_ms - START_MS - begin > wanted["within_min"] * MINUTE:
            late = (first.at_ms - START_MS - begin) / MINUTE
            faults.append(f"{name}: told after {late:.0f} min, wanted within {wanted['within_min']}")
    if "messages_max" in scenario.want and len(told) > scenario.want["messages_max"]:
        faults.append(f"{len(told)} messages, wanted at most {scenario.want['messages_max']}")
    if "messages_max" not in scenario.want:
        faults += [f"unexpected: {m.kind} {m.key}" for m in left]
    for word in scenario.want.get("never_say", []):
        faults += [f"said {word!r}: {m.key}" for m in told if word in f"{m.title_id} {m.text_id}"]
    return Result(told, faults)


def _fits(message: Message, wanted: Mapping[str, Any]) -> bool:
    causes = wanted["cause"] if isinstance(wanted["cause"], list) else [wanted["cause"]]
    operator = wanted.get("operator")
    return (message.rule in causes or message.key.split("/")[0] in causes) and (operator is None or message.operator == operator)


def _range(value: int | list[int]) -> Sequence[int]:
    return range(value[0], value[1] + 1) if isinstance(value, list) else [value]


def _known(path: Path, where: str, data: Mapping[str, Any], keys: set[str]) -> None:
    for key in data.keys() - keys:
        raise ScenarioError(f"{path.name}: {where}.{key}: unknown key; known here: {', '.join(sorted(keys))}")


def _planned(path: Path, number: int, fault: Mapping[str, Any], sites: Mapping[str, Site]) -> list[Planned]:
    where = f"fault {number}"
    _known(path, where, fault, FAULT_KEYS)
    what = fault.get("what")
    if what not in FAULTS and what not in SERVER_FAULTS:
        raise ScenarioError(f"{path.name}: {where}.what: {what!r} is not one of {', '.join([*FAULTS, *SERVER_FAULTS])}")
    start = round(float(fault.get("at_h", 2)) * HOUR)
    lasts = round(float(fault.get("hours", 1)) * HOUR)
    common: dict[str, Any] = {
        "value": float(fault.get("value", 0)),
        "operator": fault.get("operator"),
        "battery_ms": round(fault.get("battery_min", 0) * MINUTE),
        "period_ms": round(fault.get("every_h", 0) * HOUR),
        "lasts_ms": round(fault.get("lasts_min", 0) * MINUTE),
        "weekdays": tuple(fault.get("weekdays", ())),
        "drift_ms": round(fault.get("drift_min", 0) * MINUTE),
    }
    if what in SERVER_FAULTS:
        return [Planned(what, "", start, start + lasts, **common)]
    codes = chosen(fault.get("halls", {"number": 1}), sites, fault.get("operator"))
    if not codes:
        raise ScenarioError(f"{path.name}: {where}.halls: no hall fits; see the register and the operators of the world")
    chance = random.Random(number)
    spread, step = fault.get("spread_min", 0) * MINUTE, fault.get("step_min", 0) * MINUTE
    begins = [start + round(place * step + (chance.random() * spread if spread else 0)) for place in range(len(codes))]
    if what == "power" and step:  # the grid goes for all at once; their batteries end one after the other
        common["battery_ms"] = 0
        batteries = [round(place * step) for place in range(len(codes))]
        return [
            Planned(what, code, start, start + lasts, **common | {"battery_ms": b})
            for code, b in zip(codes, batteries, strict=True)
        ]
    return [Planned(what, code, begin, start + lasts, **common) for code, begin in zip(codes, begins, strict=True)]


def chosen(wanted: Mapping[str, Any], sites: Mapping[str, Site], operator: str | None) -> list[str]:
    """Return the halls that a scenario names: `codes`, or the first `number` of `kecamatan`, on `operator`, `single` or not."""
    if "codes" in wanted:
        return [code for code in wanted["codes"] if code in sites]
    world = World(sites, [])
    wants = wanted.get("operator", operator)
    found = [
        hall.code
        for hall in world.halls
        if ("kecamatan" not in wanted or sites[hall.code].kecamatan in wanted["kecamatan"])
        and (wants is None or any(modem.operator == wants for modem in hall.modems))
        and ("single" not in wanted or (len(hall.modems) == 1) == wanted["single"])
        and ("sensor" not in wanted or hall.sensor == wanted["sensor"])
    ]
    found = found[wanted.get("skip", 0) :]
    if wanted.get("scattered"):
        found = found[:: max(1, len(found) // wanted.get("number", len(found)))]
    return found[: wanted.get("number", len(found))]
