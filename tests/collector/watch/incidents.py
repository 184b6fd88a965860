"""The script of the simulated month: what happens to which hall, and what the watch must say about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from collector.sites.sites import Site
from telemetry.frame import Value
from tests.collector.watch.world import DAY, HOUR, MINUTE, START_MS, Effect, Fault, HallSim, Watch, World, halls_of

Change = Callable[[Effect, HallSim, int], None]
MONTH = 32 * DAY
FINE = ((-5 * MINUTE, 60 * MINUTE), (-5 * MINUTE, 45 * MINUTE))
"""Around start and end of an incident the watch looks every minute, else every ten: that is what makes a month short."""


@dataclass(slots=True)
class Incident:
    """One incident: `expect` gives (openings, closings) by key; every other message of its time is one too many."""

    name: str
    start: int
    end: int
    expect: dict[str, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def power_off(effect: Effect, _hall: HallSim, _t: int) -> None:
    """No power, no battery."""
    effect.powered = False


def link_off(effect: Effect, _hall: HallSim, _t: int) -> None:
    """It measures and cannot send; what it measures is bad, and arrives late."""
    effect.linked = False
    effect.signal["registration"] = "searching"


def says(**values: Value) -> Change:
    """The device stream says this."""
    return lambda effect, _hall, _t: effect.device.update(values)


def hears(modem: str = "", **values: Value) -> Change:
    """The signal stream says this, of one modem or of all."""
    prefix = f"{modem}/" if modem else ""
    return lambda effect, _hall, _t: effect.signal.update({prefix + name: value for name, value in values.items()})


def flapping(effect: Effect, _hall: HallSim, t: int) -> None:
    """Very weak for seven minutes of ten, and fair in between."""
    effect.signal["rsrp_dbm"] = -114.0 if t // (5 * MINUTE) % 10 < 7 else -100.0


def clock_ahead(effect: Effect, _hall: HallSim, _t: int) -> None:
    """Three hours ahead."""
    effect.clock_ms = 3 * HOUR


def nightly(effect: Effect, _hall: HallSim, t: int) -> None:
    """Power from 06:10 to 18:00 WITA, some minutes off every day."""
    if not 6 * HOUR + (t // DAY * 7 % 20) * MINUTE <= t % DAY < 18 * HOUR:
        effect.powered = False


def flicker(effect: Effect, _hall: HallSim, t: int) -> None:
    """Power comes and goes: 25 minutes off, 15 on."""
    effect.powered = t // MINUTE % 40 >= 25


def band_off(effect: Effect, hall: HallSim, _t: int) -> None:
    """The modem on XLSMART B8 has no network; with no other modem the hall cannot send."""
    effect.signal["m1/registration"] = "searching"
    effect.linked = len(hall.modems) > 1


class Script:
    """Incidents on a fleet, with the register and the collector's own troubles."""

    def __init__(self, sites: Mapping[str, Site], *, squeeze: bool = False) -> None:
        """`squeeze` is for fewer halls and days: it leaves out what needs the whole month or the whole regency."""
        self.sites = dict(sites)
        self.halls = halls_of(sites)
        self.incidents: list[Incident] = []
        self.collector_down: list[tuple[int, int]] = []
        self.watch_down: list[tuple[int, int]] = []
        self.maintenance: list[tuple[int, str, int]] = []
        self.store_errors: list[tuple[int, int]] = []
        self.squeeze = squeeze
        self._free = [code for number, code in enumerate(sites) if number % 5 and number % 4 in (0, 2)]
        self._write()

    def _write(self) -> None:
        one = self._single
        self._nightly()
        self._sim()
        one("single hall dark, 6 h", 5.4, 6, "hall_dark/{}", power_off)
        one("drop of 9 minutes", 5.9, 0.15, "", power_off)
        one("flapping signal, 12 h", 6.3, 12, "weak_signal/{}/m1", flapping)
        one("flickering power, 6 h", 6.4, 6, "hall_dark/{}", flicker)
        one("operator out at a hall with two", 7.1, 2, "no_service/{}/m2", hears("m2", registration="searching"), second=True)
        one("clock jumps 3 h ahead, 4 h", 7.5, 4, "clock_untrusted/{}", clock_ahead)
        one("modem hangs, 3 h", 8.2, 3, "modem_sick/{}/m1", hears(registration="modem_silent"))
        one("SIM not read, 2 h", 8.6, 2, "no_sim/{}/m1", hears(registration="no_sim"))
        one("weak signal, 5 h", 9.1, 5, "weak_signal/{}/m1", hears(rsrp_dbm=-115.0, sinr_db=-4.0))
        one("poor quality, 5 h", 9.6, 5, "low_quality/{}/m1", hears(sinr_db=-3.0))
        one("mains off, battery holds, radio bad, 5 h", 10.2, 5, "mains_off/{}", self._on_battery)
        one("card fills, 6 h", 10.7, 6, "spool_filling/{}", says(disk_free_mb=120.0))
        one("no link for 3 days, then backlog", 9.0, 72, "hall_dark/{}", link_off)
        self._import()
        self._area("kecamatan dark, 4 h", 13.3, 4)
        self._cell("two halls of one cell, 2 h", 14.3, 2)
        self._add("collector restarts, 3 min", 14.7, 0.05, {})
        self.collector_down.append(self._span(14.7, 0.05))
        self._add("collector down, 40 min", 15.2, 0.67, {"nothing_arriving": (1, 1)})
        self.collector_down.append(self._span(15.2, 0.67))
        self._add("database slow, 45 min", 15.6, 0.75, {"collector_lagging": (1, 1)})
        self.store_errors.append(self._span(15.6, 0.75))
        one("hall dark, watch down 2 h meanwhile", 16.3, 8, "hall_dark/{}", power_off)
        self.watch_down.append(self._span(16.4, 2))
        self._maintained("work on the grid, announced, 5 h", 17.3, 5)
        if not self.squeeze:
            self._band("XLSMART switches B8 off, 8 h", 18.3, 8)
            end = 31.0 + 8 / 24  # the agent counts by UTC months
            code = one("data budget nearly spent", 20.2, (end - 20.2) * 24, "data_budget/{}", says(bytes_month=47_000_000))
            later = Fault(self._span(end, 0)[0], MONTH, lambda hall: hall.site.code == code, says(bytes_month=90_000))
            self.incidents[-1].faults.append(later)

    def _span(self, day: float, hours: float) -> tuple[int, int]:
        start = round(day * DAY / MINUTE) * MINUTE
        return start, start + round(hours * HOUR)

    def _add(self, name: str, day: float, hours: float, expect: dict[str, tuple[int, int]]) -> Incident:
        incident = Incident(name, *self._span(day, hours), expect)
        self.incidents.append(incident)
        return incident

    def _hit(self, incident: Incident, codes: set[str], change: Change) -> None:
        incident.faults.append(Fault(incident.start, incident.end, lambda hall: hall.site.code in codes, change))

    def _single(self, name: str, day: float, hours: float, key: str, change: Change, *, second: bool = False) -> str:
        code = next(c for c, h in self.halls.items() if "m2" in h.modems and h.number > 4) if second else self._next_hall()
        incident = self._add(name, day, hours, {key.format(code): (1, 1)} if key else {})
        self._hit(incident, {code}, change)
        return code

    def _next_hall(self) -> str:
        code = self._free.pop(0)
        self._free.append(code)  # used again when all had their turn, days later
        return code

    def _on_battery(self, effect: Effect, _hall: HallSim, _t: int) -> None:
        effect.device["mains"] = False
        effect.signal |= {"rsrp_dbm": -118.0, "sinr_db": -6.0}

    def _import(self) -> None:
        """A hall without power for 3 days; after 2 somebody imports what its card holds of the days before."""
        code = self._single("dark 3 days, card imported meanwhile", 10.0, 72, "hall_dark/{}", power_off)
        unlinked = Fault(self._span(9.99, 0)[0], self._span(10.0, 0)[0], lambda hall: hall.site.code == code, link_off)
        carried = Fault(*self._span(12.0, 0.1), lambda hall: hall.site.code == code, self._carried)
        self.incidents[-1].faults += [unlinked, carried]

    def _carried(self, effect: Effect, _hall: HallSim, _t: int) -> None:
        effect.imported = True

    def _area(self, name: str, day: float, hours: float) -> None:
        kecamatan = self._kecamatan(0)
        incident = self._add(name, day, hours, {f"area_dark/{kecamatan.lower().replace(' ', '-')}": (1, 1)})
        self._hit(incident, {code for code, site in self.sites.items() if site.kecamatan == kecamatan}, power_off)

    def _maintained(self, name: str, day: float, hours: float) -> None:
        kecamatan = self._kecamatan(1)
        incident = self._add(name, day, hours, {})
        self._hit(incident, {code for code, site in self.sites.items() if site.kecamatan == kecamatan}, power_off)
        self.maintenance.append((incident.start - HOUR, kecamatan, incident.end + HOUR))

    def _kecamatan(self, place: int) -> str:
        return list(dict.fromkeys(site.kecamatan for site in self.sites.values()))[-1 - place]

    def _cell(self, name: str, day: float, hours: float) -> None:
        cells: dict[tuple[str, int], set[str]] = {}
        for code, hall in self.halls.items():
            if len(hall.modems) == 1:
                operator, _, cell = hall.modems["m1"]
                cells.setdefault((operator, cell), set()).add(code)
        (operator, cell), codes = next((key, codes) for key, codes in cells.items() if len(codes) == 2)
        incident = self._add(name, day, hours, {f"cell_gone/{operator.lower()}/{cell}": (1, 1)})
        self._hit(incident, codes, link_off)

    def _band(self, name: str, day: float, hours: float) -> None:
        codes = {code for code, hall in self.halls.items() if hall.modems["m1"][:2] == ("XLSMART", 8)}
        self._hit(self._add(name, day, hours, {"operator_gone/xlsmart/b8": (1, 1)}), codes, band_off)

    def _nightly(self) -> None:
        for name, power in (("power 12 h a day, in the register", "grid_partial"), ("power 12 h a day, nobody knew", None)):
            code = self._free.pop(0)
            self.sites[code] = dataclasses.replace(self.sites[code], power=power)
            incident = Incident(name, 0, MONTH)
            self.incidents.append(incident)
            self._hit(incident, {code}, nightly)

    def _sim(self) -> None:
        code = self._free.pop(0)
        incident = self._add("SIM expires in 7 days", 12.0, 24, {f"sim_expiry/{code}": (1, 0)})
        today = datetime.fromtimestamp((START_MS + incident.start + 8 * HOUR) / 1000, UTC).date()
        self.sites[code] = dataclasses.replace(self.sites[code], sim_expiry=today + timedelta(days=7))

    def apply(self, world: World) -> None:
        """Make the world suffer it."""
        world.faults = [fault for incident in self.incidents for fault in incident.faults]
        world.collector_up = lambda t: not _in(self.collector_down, t)
        world.report = lambda t: {"store_errors": 3} if _in(self.store_errors, t) else {}

    def step(self, t: int) -> int:
        """Return the distance to the next tick."""
        for incident in self.incidents:
            if incident.start == 0:
                continue
            for moment, (before, after) in zip((incident.start, incident.end), FINE, strict=True):
                if moment + before <= t < moment + after:
                    return MINUTE
        return 10 * MINUTE

    def live(self, world: World, watch: Watch, end: int, die: Callable[[int], int | None], start: int = 0) -> None:
        """Let world and watch live until `end`; `die(t)` says at which step of this tick the watch dies, if at all."""
        planned = sorted(self.maintenance)
        t = start
        while t < end:
            world.write(t)
            while planned and planned[0][0] <= t:
                _, scope, until = planned.pop(0)
                watch.db.maintain(scope, START_MS + until)
            if not _in(self.watch_down, t):
                watch.tick(t, die(t))
            t += self.step(t)


def _in(spans: Sequence[tuple[int, int]], t: int) -> bool:
    return any(start <= t < end for start, end in spans)
