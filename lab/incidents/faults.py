"""What can go wrong in the world of incidents, by the word that a scenario file uses. Adding one is one function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from telemetry.frame import Value

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@dataclass(slots=True)
class Effect:
    """What the faults of a moment do to a hall. `signal` and `probe` are by modem."""

    powered: bool = True
    linked: bool = True
    clock_ms: int = 0
    here: bool = True
    """Whether it is in the register, and was ever switched on."""
    listed: bool = True
    signal: dict[str, dict[str, Value]] = field(default_factory=dict)
    device: dict[str, Value] = field(default_factory=dict)
    probe: dict[str, Value] = field(default_factory=dict)
    at_once: int = 1
    """Installations that report as this hall."""


@dataclass(slots=True)
class SimModem:
    """One simulated modem."""

    name: str
    operator: str
    cell: int


@dataclass(slots=True)
class SimHall:
    """One simulated hall, with its modems; `number` counts the halls of the world."""

    code: str
    number: int
    modems: list[SimModem]
    sensor: bool
    """Whether it has a mains sensor."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One fault at one hall: how long ago it began, and what the scenario says of it."""

    age_ms: int
    value: float
    operator: str | None
    battery_ms: int
    alone: bool
    """Whether a hall that loses this modem cannot send: it has no other."""


Fault = Callable[[Effect, SimHall, Spell], None]


def power(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The grid is off; a battery carries the hall for a while."""
    if hall.sensor:
        effect.device["mains"] = False
    effect.powered = spell.age_ms < spell.battery_ms


def off(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """The device is off."""
    effect.powered = False


def link(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """It measures, all is well by radio, and nothing gets through to us."""
    effect.linked = False


def no_service(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """Modems find no network; a hall without another cannot send."""
    _says(effect, hall, spell, registration="searching")
    effect.linked &= not spell.alone


def core(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """Registered, but no packet gets out; a hall with another SIM goes on by that."""
    effect.linked &= not spell.alone


def denied(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The network refuses the SIM."""
    _says(effect, hall, spell, registration="denied")
    effect.linked &= not spell.alone


def denied_heard(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The network refuses the SIM, and the hall has another way to us."""
    _says(effect, hall, spell, registration="denied")


def sim_fault(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The SIM asks for its PUK; the hall has another way to us."""
    _says(effect, hall, spell, registration="sim_fault")


def no_sim(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The SIM is loose; the hall has another way to us."""
    _says(effect, hall, spell, registration="no_sim")


def silent_modem(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The modem does not answer; the hall has another way to us."""
    _says(effect, hall, spell, registration="modem_silent")


def unserved_heard(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """No service, and the hall has another way to us."""
    _says(effect, hall, spell, registration="searching")


def share(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """Served `value` percent of the time, in turns of 20 minutes; the hall has another way to us."""
    if spell.age_ms % (20 * MINUTE) >= spell.value / 100 * 20 * MINUTE:
        _says(effect, hall, spell, registration="searching")


def two_g(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """2G is all that is left."""
    _says(effect, hall, spell, rat="gsm", rsrp_dbm="", sinr_db="")


def level(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The level changes by `value` dB at once."""
    _says(effect, hall, spell, delta_db=spell.value)


def level_slow(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The level changes by `value` dB a day."""
    _says(effect, hall, spell, delta_db=spell.value * spell.age_ms / DAY)


def quota(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """The month's data are used up: for an hour it says so, then no packet gets out."""
    effect.device |= {"bytes_month": 6_000_000, "budget_month": 6_000_000}
    effect.linked &= spell.age_ms < HOUR


def budget(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """The month's data are used to `value` percent."""
    effect.device |= {"bytes_month": round(60_000 * spell.value), "budget_month": 6_000_000}


def undervoltage(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """The supply is too weak."""
    effect.device["undervoltage"] = True


def hot(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """The processor has `value` °C."""
    effect.device["cpu_temperature_c"] = spell.value


def card_full(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """The card is nearly full."""
    effect.device["disk_free_mb"] = 120.0


def loss(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """Pings lose `value` percent."""
    effect.probe["loss_percent"] = spell.value


def moved(effect: Effect, hall: SimHall, spell: Spell) -> None:
    """The device stands elsewhere: other cells."""
    _says(effect, hall, spell, cell_shift=500_000)


def clone(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """Two installations report as one hall."""
    effect.at_once = 2


def clock(effect: Effect, _hall: SimHall, spell: Spell) -> None:
    """The clock is `value` hours ahead (behind: negative)."""
    effect.clock_ms = round(spell.value * HOUR)


def never(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """It has not been installed yet."""
    effect.here = False


def removed(effect: Effect, _hall: SimHall, _spell: Spell) -> None:
    """It has left the register."""
    effect.listed = False


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        *(
            power,
            off,
            link,
            no_service,
            core,
            denied,
            denied_heard,
            sim_fault,
            no_sim,
            silent_modem,
            unserved_heard,
            share,
            two_g,
        ),
        *(level, level_slow, quota, budget, undervoltage, hot, card_full, loss, moved, clone, clock, never, removed),
    )
}
SERVER_FAULTS = ("server", "server_lan", "collector", "store", "watch_stopped")
"""Faults of no hall: our link (a few halls still come by the office's network), the collector, the store, the watch."""


def _says(effect: Effect, hall: SimHall, spell: Spell, **values: Value) -> None:
    for modem in hall.modems:
        if spell.operator in (None, modem.operator):
            effect.signal.setdefault(modem.name, {}).update(values)
