"""The world: 141 halls that measure, send and fail; each turn gives the facts that the watch's reader would have found.

Nothing is stored: the facts are handed over directly, so that a fortnight takes seconds. The road through a real store is the
same from there on, and is tested by itself.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.sites.sites import Site
from collector.store.store import Row
from collector.watch.facts import Facts
from collector.watch.rule import Trend
from lab.incidents.faults import DAY, FAULTS, HOUR, MINUTE, SERVER_FAULTS, Effect, SimHall, SimModem, Spell
from telemetry.frame import Value

START_MS = 1_796_054_400_000  # 2026-12-01 00:00 WITA, a Tuesday
FRAME_MS = 5 * MINUTE
LATE_MS = 15 * MINUTE
HISTORY_DAYS = 15
OPERATORS = ("Telkomsel", "Indosat (IOH)", "Telkomsel", "XLSMART")


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault at a hall ("" for one of the server), from `start` to `end` (ms since START_MS)."""

    what: str
    hall: str
    start: int
    end: int
    value: float = 0.0
    operator: str | None = None
    battery_ms: int = 0
    period_ms: int = 0
    """It comes again after so long; 0: once."""
    lasts_ms: int = 0
    weekdays: tuple[int, ...] = ()
    drift_ms: int = 0
    """Each time it begins so much later."""

    def since(self, t_ms: int) -> int | None:
        """Return how long it has lasted; None while it does not."""
        if not self.start <= t_ms < self.end:
            return None
        if not self.period_ms:
            return t_ms - self.start
        turn, _ = divmod(t_ms - self.start, self.period_ms)
        for earlier in (turn, turn - 1):
            began = self.start + earlier * self.period_ms + earlier * self.drift_ms
            day = (began // DAY + 1) % 7  # day 0 is a Tuesday; Monday is 0
            if earlier >= 0 and began <= t_ms < began + self.lasts_ms and (not self.weekdays or day in self.weekdays):
                return t_ms - began
        return None


@dataclass(slots=True)
class Sums:
    """An hour of a modem."""

    served: int = 0
    no_service: int = 0
    lte: int = 0
    two_g: int = 0
    levels: list[float] = field(default_factory=list)

    def row(self, time_ns: int) -> Row:
        """Return it as the rollup would."""
        row: Row = {
            "time_ns": time_ns,
            "served": self.served,
            "no_service": self.no_service,
            "lte": self.lte,
            "two_g": self.two_g,
        }
        if self.levels:
            row["rsrp_median_dbm"] = float(sorted(self.levels)[len(self.levels) // 2])
        return row


class World:
    """Halls and what is planned to happen to them; `turn(t)` gives the facts of a moment."""

    def __init__(self, sites: Mapping[str, Site], planned: Sequence[Planned], *, seed: int = 3, background: bool = True) -> None:
        self.sites = sites
        self.halls = [_hall(number, code) for number, code in enumerate(sites)]
        self._chance = random.Random(seed)
        self._background = background
        self._of_hall: defaultdict[str, list[Planned]] = defaultdict(list)
        for plan in planned:
            self._of_hall[plan.hall].append(plan)
        self._server = self._of_hall.pop("", [])
        self._phase = {hall.code: self._chance.randrange(0, FRAME_MS, 1000) for hall in self.halls}
        self._next: dict[str, int] = {}
        self._state: dict[str, object] = {}
        self._held: defaultdict[str, list[tuple[str, Row]]] = defaultdict(list)
        self._seq = 0
        self._drop_until: dict[str, int] = {}
        self._hours: defaultdict[tuple[str, str], dict[int, Sums]] = defaultdict(dict)
        self._days: dict[tuple[str, str, int], list[Row]] = {}
        self._trend_at = -HOUR
        self.never = {plan.hall for plan in planned if plan.what == "never" and plan.start <= 0}

    def faults_now(self, t_ms: int) -> set[str]:
        """Return the faults of the server at a moment."""
        return {plan.what for plan in self._server if plan.since(t_ms) is not None}

    def turn(self, t_ms: int) -> Facts | None:
        """Let all halls live until t (ms since START_MS); None while the watch itself does not run."""
        server = self.faults_now(t_ms)
        rows: list[tuple[str, Row]] = []
        arrived: dict[str, int] = {}
        listed: dict[str, Site] = {}
        now_ms = START_MS + t_ms
        for hall in self.halls:
            effect = self._effect(hall, t_ms)
            if effect.listed:
                listed[hall.code] = self.sites[hall.code]
            if not effect.here:
                continue
            through = effect.linked and not server & {"server", "collector"} and ("server_lan" not in server or hall.number < 4)
            sent = self._live(hall, effect, t_ms, through=through)
            if sent:
                arrived[hall.code] = now_ms
                rows += [(stream, row) for stream, row in sent if int(row["time_ns"]) // 1_000_000 >= now_ms - LATE_MS]
        rows.sort(key=lambda item: (item[0] != "device", int(item[1]["time_ns"])))
        if "watch_stopped" in server:
            return None
        if "store" in server:
            return Facts(now_ms, listed, store_ok=False)
        report: Row = {"time_ns": now_ms * 1_000_000, "dropped_frames": 0, "store_errors": 0, "late_samples": 0, "lag_ms": 400}
        reports = [] if "collector" in server else [report]
        return Facts(now_ms, listed, rows, arrived, reports, self._trends(t_ms))

    def _effect(self, hall: SimHall, t_ms: int) -> Effect:
        effect = Effect()
        for plan in self._of_hall.get(hall.code, ()):
            age = plan.since(t_ms)
            if age is None:
                continue
            alone = all(plan.operator in (None, modem.operator) for modem in hall.modems)
            FAULTS[plan.what](effect, hall, Spell(age, plan.value, plan.operator, plan.battery_ms, alone))
        if self._background and t_ms >= self._drop_until.get(hall.code, 0) and self._chance.random() < 0.0006:
            self._drop_until[hall.code] = t_ms + self._chance.randrange(2, 9) * MINUTE
        if self._background and t_ms < self._drop_until.get(hall.code, 0):
            effect.linked = False
        return effect

    def _live(self, hall: SimHall, effect: Effect, t_ms: int, *, through: bool) -> list[tuple[str, Row]]:
        state = tuple((name, values.get("registration")) for name, values in sorted(effect.signal.items()))
        state = (state, effect.device.get("mains"))  # type: ignore[assignment]  # only compared
        due = t_ms >= self._next.get(hall.code, 0) or (state != self._state.get(hall.code) and effect.powered)
        if due:
            phase = self._phase[hall.code]
            self._next[hall.code] = t_ms - (t_ms - phase) % FRAME_MS + FRAME_MS
            self._state[hall.code] = state
            if effect.powered:
                self._held[hall.code] += self._measure(hall, effect, t_ms)
        if due and through and effect.powered:
            return self._held.pop(hall.code, [])
        return []

    def _measure(self, hall: SimHall, effect: Effect, t_ms: int) -> Iterator[tuple[str, Row]]:
        at_ns = (START_MS + t_ms + effect.clock_ms) * 1_000_000
        fade = self._chance.gauss(0, 2)
        for modem in hall.modems:
            values = effect.signal.get(modem.name, {})
            yield "signal", self._signal(hall, modem, values, at_ns, fade, t_ms)
            if "loss_percent" in effect.probe:
                yield "probe", self._row(hall, at_ns, modem=modem.name, loss_percent=effect.probe["loss_percent"])
        device: dict[str, Value] = {"clock_state": "ntp", "spool_depth": len(self._held[hall.code]), "disk_free_mb": 9000.0}
        device |= {"undervoltage": False, "cpu_temperature_c": 55.0, "bytes_month": 900_000, "budget_month": 6_000_000}
        device |= {"mains": True} if hall.sensor else {}
        yield "device", self._row(hall, at_ns, **device | effect.device)
        yield "fleet", {"time_ns": at_ns, "site": hall.code, "at_once": effect.at_once}

    def _signal(self, hall: SimHall, modem: SimModem, values: Mapping[str, Value], at_ns: int, fade: float, t_ms: int) -> Row:
        row = self._row(hall, at_ns, modem=modem.name, operator=modem.operator)
        registration = str(values.get("registration", "home"))
        row["registration"] = registration
        sums = self._hours[hall.code, modem.name].setdefault(t_ms // HOUR, Sums())
        if registration != "home":
            sums.no_service += registration == "searching"
            return row
        rat = str(values.get("rat", "lte"))
        row |= {"rat": rat, "cell_id": modem.cell + int(values.get("cell_shift", 0))}
        sums.served += 1
        sums.lte += rat == "lte"
        sums.two_g += rat == "gsm"
        if rat == "lte":
            level = usual_dbm(hall) + fade + self._chance.gauss(0, 1) + float(values.get("delta_db", 0.0))
            row |= {"rsrp_dbm": level, "sinr_db": 11.0 + self._chance.gauss(0, 2)}
            sums.levels.append(level)
        return row

    def _row(self, hall: SimHall, at_ns: int, **values: Value) -> Row:
        self._seq += 1
        return {"time_ns": at_ns + self._seq % 1000, "site": hall.code, "seq": self._seq, "clock": "ntp", **values}

    def _trends(self, t_ms: int) -> dict[tuple[str, str], Trend]:
        """Return the rollups, once an hour."""
        if t_ms - self._trend_at < HOUR:
            return {}
        self._trend_at = t_ms // HOUR * HOUR
        today, hour = t_ms // DAY, t_ms // HOUR
        found = {}
        for hall in self.halls:
            for modem in hall.modems:
                sums = self._hours[hall.code, modem.name]
                hours = [] if hall.code in self.never else [_usual_hour(hall) for _ in range(hour - 24, min(0, hour))]
                hours += [sums[h].row(h) for h in range(max(0, hour - 24), hour) if h in sums]
                days = [] if hall.code in self.never else [_usual_day(hall) for _ in range(today - HISTORY_DAYS, min(0, today))]
                for day in range(max(0, today - HISTORY_DAYS), today):
                    key = hall.code, modem.name, day  # a day that is over stays as it is
                    if key not in self._days:
                        of_day = [sums[h] for h in range(day * 24, day * 24 + 24) if h in sums]
                        self._days[key] = [_day(of_day)] if of_day else []
                    days += self._days[key]
                found[hall.code, modem.name] = Trend(hours, days)
        return found


def usual_dbm(hall: SimHall) -> float:
    """Return the usual level of a hall."""
    return -92.0 - hall.number % 7


def _usual_hour(hall: SimHall) -> Row:
    return Sums(12, 0, 12, 0, [usual_dbm(hall)]).row(0)


def _usual_day(hall: SimHall) -> Row:
    return Sums(288, 0, 288, 0, [usual_dbm(hall)]).row(0)


def _day(hours: list[Sums]) -> Row:
    levels = [level for hour in hours for level in hour.levels]
    totals = [sum(getattr(hour, name) for hour in hours) for name in ("served", "no_service", "lte", "two_g")]
    return Sums(totals[0], totals[1], totals[2], totals[3], levels).row(0)


def _hall(number: int, code: str) -> SimHall:
    """Make a hall: every fourth on XLSMART, every fifth with a second SIM; two halls of four share a cell; half have a sensor."""
    operator = OPERATORS[number % 4]
    modems = [SimModem("m1", operator, 37_000_000 + number // 4)]
    if number % 5 == 0:
        other = OPERATORS[1] if operator == "Telkomsel" else "Telkomsel"
        modems.append(SimModem("m2", other, 38_000_000 + number // 4))
    return SimHall(code, number, modems, sensor=number % 2 == 0)


assert not set(SERVER_FAULTS) & set(FAULTS)
