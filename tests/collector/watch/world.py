"""A simulated fleet: halls that measure, fail and send into a real store, and the watch that looks at it on an invented clock."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collector.errors import StoreUnavailableError
from collector.notify.outbox import Message, Outbox
from collector.sites.sites import Site, read_sites
from collector.store.dirty_hours import WINDOW_NS, entry
from collector.store.store import Placed, Point, Row, SeqDay, Store
from collector.watch.config import Alerts, load
from collector.watch.db import WatchDb
from collector.watch.watch import Watch as Looker
from telemetry.frame import Sample, Value, pack

CONFIG = Path(__file__).parents[3] / "config"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FRAME_MS = 5 * MINUTE
START_MS = 1_796_054_400_000  # 2026-12-01 00:00 WITA
PLMN = {"Telkomsel": "51010", "IOH": "51001", "XLSMART": "51011"}
BACKLOG_FRAME = 100


@dataclass(slots=True)
class Effect:
    """What a fault does to a hall at a moment."""

    powered: bool = True
    linked: bool = True
    imported: bool = False
    """Somebody brings what its card holds to the server."""
    clock_ms: int = 0
    signal: dict[str, Value] = field(default_factory=dict)
    device: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """From `start` to `end` (ms since START_MS) the halls that `touches` suffer `change(effect, hall, t_ms)`."""

    start: int
    end: int
    touches: Callable[[HallSim], bool]
    change: Callable[[Effect, HallSim, int], None]


@dataclass(slots=True)
class HallSim:
    """One simulated hall."""

    site: Site
    number: int
    phase_ms: int
    modems: dict[str, tuple[str, int, int]]
    """By modem: operator, band, cell."""
    seq: int = 0
    next_ms: int = 0
    last_state: object = None
    waiting: list[tuple[str, str | None, Sample]] = field(default_factory=list)


def fleet(kecamatan: Sequence[str] | None = None) -> dict[str, Site]:
    """Return the 141 halls, or those of some kecamatan; the grid feeds all."""
    sites = read_sites(CONFIG / "sites.csv").values()
    return {s.code: dataclasses.replace(s, power="grid") for s in sites if kecamatan is None or s.kecamatan in kecamatan}


def halls_of(sites: Mapping[str, Site]) -> dict[str, HallSim]:
    """Return each hall its modems: every fourth on XLSMART, every fifth with a second; two Telkomsel halls share a cell."""
    chance = random.Random(7)
    halls = {}
    for number, site in enumerate(sites.values()):
        operator = ("Telkomsel", "IOH", "Telkomsel", "XLSMART")[number % 4]
        modems = {"m1": (operator, 8 if operator == "XLSMART" and number % 8 == 3 else 3, 37_000_000 + number // 4)}
        if number % 5 == 0:
            modems["m2"] = ("IOH" if operator == "Telkomsel" else "Telkomsel", 1, 38_000_000 + number // 4)
        halls[site.code] = HallSim(site, number, chance.randrange(0, FRAME_MS, 1000), modems)
    return halls


class World:
    """Halls and their faults; `write(t)` puts into the store what arrives until t."""

    def __init__(self, store: Store, sites: Mapping[str, Site], faults: Sequence[Fault] = ()) -> None:
        self.store = store
        self.halls = halls_of(sites)
        self.faults = list(faults)
        self.collector_up: Callable[[int], bool] = lambda _t: True
        self.report: Callable[[int], dict[str, Value]] = lambda _t: {}
        self._chance = random.Random(3)
        self._held: list[Placed] = []

    def write(self, t_ms: int) -> None:
        """Let all halls measure and send until t (ms since START_MS)."""
        active = [fault for fault in self.faults if fault.start <= t_ms < fault.end]
        frames = [frame for hall in self.halls.values() for frame in self._turn(hall, t_ms, active)]
        self._held += frames
        if not self.collector_up(t_ms):
            return
        now_ns = (START_MS + t_ms) * 1_000_000
        hours = {(placed.site.code, at_ms // HOUR) for placed in self._held for at_ms in placed.frame.t_ms}
        points = [entry(site, hour, now_ns // WINDOW_NS) for site, hour in sorted(hours)]
        if self._held:
            self.store.write(self._held)
        self._held = []
        report = {"received_frames": len(frames), "dropped_frames": 0, "store_errors": 0, "late_samples": 0, "lag_ms": 400}
        self.store.write_points([*points, Point("ingest", {}, {**report, **self.report(t_ms)}, now_ns)])

    def _turn(self, hall: HallSim, t_ms: int, faults: Sequence[Fault]) -> Iterator[Placed]:
        effect = Effect()
        for fault in faults:
            if fault.touches(hall):
                fault.change(effect, hall, t_ms)
        state = (effect.signal.get("registration"), effect.device.get("mains"))
        if effect.imported:
            yield from self._send(hall)
        due = t_ms >= hall.next_ms or (state != hall.last_state and effect.powered)
        if not due:
            return
        hall.next_ms = t_ms - (t_ms - hall.phase_ms) % FRAME_MS + FRAME_MS
        hall.last_state = state
        if effect.powered:
            hall.waiting += self._measure(hall, t_ms, effect)
        if effect.powered and effect.linked:
            yield from self._send(hall)

    def _measure(self, hall: HallSim, t_ms: int, effect: Effect) -> Iterator[tuple[str, str | None, Sample]]:
        at_ms = START_MS + t_ms + effect.clock_ms
        for modem, (operator, band, cell) in hall.modems.items():
            values: dict[str, Value] = {
                "registration": "home", "rat": "lte", "plmn": PLMN[operator], "band": band, "cell_id": cell,
                "rsrp_dbm": -92.0 - hall.number % 7 + self._chance.gauss(0, 2), "sinr_db": 11.0 + self._chance.gauss(0, 2),
            }  # fmt: skip
            values |= {name: value for name, value in effect.signal.items() if "/" not in name}
            values |= {name.split("/")[1]: value for name, value in effect.signal.items() if name.startswith(f"{modem}/")}
            if values["registration"] != "home":
                values = {"registration": values["registration"]}
            hall.seq += 1
            yield "signal", modem, Sample(hall.seq, at_ms, "ntp", values)
        device: dict[str, Value] = {"clock_state": "ntp", "spool_depth": len(hall.waiting), "disk_free_mb": 9000.0, "uptime_s": 9}
        if hall.number % 2 == 0:
            device["mains"] = True  # the other halls have no sensor
        hall.seq += 1
        yield "device", None, Sample(hall.seq, at_ms, "ntp", device | effect.device)

    def _send(self, hall: HallSim) -> Iterator[Placed]:
        """Newest first, as the agent does; the whole backlog within this turn."""
        waiting, hall.waiting = hall.waiting, []
        for stream, modem in dict.fromkeys((s, m) for s, m, _ in waiting):
            samples = [sample for s, m, sample in waiting if (s, m) == (stream, modem)]
            for end in range(len(samples), 0, -BACKLOG_FRAME):
                yield Placed(pack(hall.site.code, stream, modem, samples[max(0, end - BACKLOG_FRAME) : end]), hall.site)


def power_off(effect: Effect, _hall: HallSim, _t: int) -> None:
    """No power, no battery."""
    effect.powered = False


class KilledError(BaseException):
    """The watch dies here."""


class Mortal:
    """A store in front of which the watch can die: at the call that `countdown` reaches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.countdown: int | None = None
        self.away = False

    def step(self) -> None:
        """Count one call; die when it is the last."""
        if self.countdown is not None:
            self.countdown -= 1
            if self.countdown < 0:
                self.countdown = None
                raise KilledError

    def _reach(self) -> None:
        self.step()
        if self.away:
            raise StoreUnavailableError("away")

    def check(self) -> None:
        """Check, or die."""
        self._reach()
        self._store.check()

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Read, or die."""
        self._reach()
        return self._store.samples(measurement, start_ns, end_ns, site, names)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Read, or die."""
        self._reach()
        return self._store.latest(measurement, site, before_ns)

    def write_points(self, points: Sequence[Point]) -> None:
        """Die before the write, write, or die after it."""
        self._reach()
        self._store.write_points(points)
        self.step()

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Not for the watch."""
        raise NotImplementedError

    def seqs(self, site: str) -> list[int]:
        """Not for the watch."""
        raise NotImplementedError

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None, below: int | None = None) -> list[SeqDay]:
        """Not for the watch."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the real store open: it is the world's."""


class Watch:
    """The watch under test: ticks, is killed, starts again from its file; `sent` is what people got."""

    def __init__(self, path: Path, store: Store, sites: Mapping[str, Site], config: Alerts | None = None) -> None:
        self.config = config or load(CONFIG / "alerts.toml")
        self.sites = sites
        self.store = Mortal(store)
        self.path = path
        self.sent: list[Message] = []
        self.kills = 0
        self.start()

    def start(self) -> None:
        """Open the file and make an watch from it."""
        self.db = WatchDb(self.path)
        self.outbox = Outbox(self.db.db, self._route)
        self.looker = Looker(self.config, self.sites, self.store, self.db, self.outbox)

    def restart(self) -> None:
        """End as a killed process does: what was not committed is gone."""
        self.db.close()
        self.start()

    def tick(self, t_ms: int, die_after: int | None = None) -> list[Message]:
        """Look once and deliver; with `die_after`, die at that call of store or router, start again, look again."""
        self.store.countdown = die_after
        try:
            self.looker.look(START_MS + t_ms)
        except KilledError:
            self.kills += 1
            self.restart()
            self.looker.look(START_MS + t_ms)
        self.store.countdown = None
        new = []
        for message, destination in self.outbox.pending(START_MS + t_ms):
            new.append(message)
            self.outbox.delivered(message.id, destination)
        self.sent += new
        return new

    def _route(self, message: Message) -> Iterable[tuple[str, int]]:
        self.store.step()
        return [("everybody", message.at_ms)]


def run(world: World, watch: Watch, start: int, end: int, step: Callable[[int], int]) -> None:
    """Let world and watch live from start to end (ms since START_MS); `step(t)` gives the next tick's distance."""
    t = start
    while t < end:
        world.write(t)
        watch.tick(t)
        t += step(t)
