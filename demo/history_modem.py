"""A made-up history of one modem: its operator, the cells around it, what it measures in an hour; repeatable."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.sites.sites import Site
from demo.halls import IOH, TELKOMSEL, XLSMART
from demo.profiles import Profile
from telemetry.frame import Frame, Value

PROBE_S, DOWNLOAD_S = 900, 21_600
HOUR_S = 3600
BUSY = range(19, 22)
CHANNELS = {  # plmn: (band, earfcn, bandwidth in MHz), the strongest layer first
    TELKOMSEL: ((3, 1850, 20.0), (8, 3500, 7.5), (40, 38950, 20.0)),
    IOH: ((3, 1300, 20.0), (8, 3600, 10.0), (1, 500, 15.0)),
    XLSMART: ((3, 1600, 20.0), (1, 350, 15.0), (8, 3700, 7.5)),
}
STREAMS = ("signal", "cell", "probe", "event", "scan", "instrument")
SCAN_HOUR = 3
LOST_ONE_IN = 7
LOST_PING: Mapping[str, Value] = {"kind": "ping", "target": "8.8.8.8", "loss_percent": 100.0, "error": "timeout"}
HEARD_SHARE = 0.6
"""How likely a hall hears an operator that it has no SIM of."""
INSTRUMENT: Mapping[str, Value] = {"model": "EC25-E", "bands": "1,3,5,8,40", "bands_source": "table", "proven": "heard"}
Columns = Mapping[str, Value | Sequence[Value | None]]


@dataclass(frozen=True, slots=True)
class ServingCell:
    """A cell that may serve a modem."""

    cell_id: int
    pci: int
    channel: int
    band: int
    bandwidth: float


class Batch:
    """Samples of one stream and modem that wait until they fill a frame."""

    def __init__(self, site: str, stream: str, modem: str | None) -> None:
        self._head = (site, stream, modem)
        self._cols: dict[str, list[Value | None]] = {}
        self.t_ms: list[int] = []

    def add(self, t_ms: Sequence[int], columns: Columns) -> None:
        """Add samples at these times; a column is a value for all of them, or one (or None) for each."""
        before, count = len(self.t_ms), len(t_ms)
        self.t_ms += t_ms
        for name, given in columns.items():
            column = self._cols.setdefault(name, [])
            if len(column) < before:
                column += [None] * (before - len(column))
            column += [given] * count if isinstance(given, (bool, int, float, str)) else given

    def frame(self, first: int) -> Frame:
        """Return all that waits as a frame numbered from `first`, and begin anew."""
        count = len(self.t_ms)
        const: dict[str, Value] = {}
        cols: dict[str, list[Value | None]] = {}
        for name, column in self._cols.items():
            column.extend([None] * (count - len(column)))  # it was not among what was added last
            value = column[0]
            if column.count(value) != count:
                cols[name] = column
            elif value is not None:
                const[name] = value
        frame = Frame(*self._head, list(range(first, first + count)), self.t_ms, const, cols)
        self._cols, self.t_ms = {}, []
        return frame


class Modem:
    """One modem of a hall: its operator, the cells around it, how well it hears them."""

    def __init__(self, site: Site, name: str, plmn: str, profile: Profile, rng: random.Random) -> None:
        self.batches = tuple(Batch(site.code, stream, name) for stream in STREAMS)
        self.signal, self.cell, self.probe, self.event, self.scan, self.instrument = self.batches
        self._plmn, self._profile, self._rng = plmn, profile, rng
        self._tac = 15000 + rng.randrange(400)
        self._level = profile.level_dbm + rng.uniform(-2, 2)
        self._cells = [self._make_cell(*CHANNELS[plmn][k % len(CHANNELS[plmn])]) for k in range(3)]
        self._serving = 0
        self._dropped = self._started = False
        self._scanned_ms = 0
        luck = random.Random(f"{site.code}/{name}")  # noqa: S311 - a repeatable history, not a secret
        self._heard = [plmn] + [other for other in CHANNELS if other != plmn and luck.random() < HEARD_SHARE]

    def hour(self, times_s: Sequence[float], interval_s: float, slow_s: float, wita_hour: int) -> list[tuple[int, str]]:
        """Measure at these times, all of one hour; return the changes of cell as (time in ms, words).

        `slow_s`: interval of the other cells and, where it is longer than theirs, of the probes.
        """
        rng, profile = self._rng, self._profile
        t_ms = [round(t * 1000) for t in times_s]
        same: dict[str, Value] = {"clock": "ntp", "temperature_c": float(44 + round(4 * rng.random())), "home_plmn": self._plmn}
        self._describe(t_ms[0], wita_hour)
        if rng.random() < profile.silent_share:
            self.signal.add(t_ms, {"clock": "ntp", "registration": "modem_silent"})
            return []
        if profile.rat is None:
            words = ["not_registered" if rng.random() < 0.1 else "searching" for _ in t_ms]
            self.signal.add(t_ms, {**same, "registration": words})
            return []
        dropped, serving = self._states(len(t_ms), interval_s)
        columns = self._gsm(len(t_ms)) if profile.rat == "gsm" else self._lte(serving, wita_hour)
        served: dict[str, Value | Sequence[Value | None]] = {"rat": profile.rat, "plmn": self._plmn, "tac": self._tac, **columns}
        if any(dropped):
            served = {name: _where_not(dropped, column) for name, column in served.items()}
        words = ["searching" if drop else "home" for drop in dropped]
        self.signal.add(t_ms, {**same, "registration": words, **served})
        self._look_around(_every(t_ms, dropped, interval_s, slow_s))
        self._probe(_every(t_ms, dropped, interval_s, max(PROBE_S, slow_s)), interval_s, busy=wita_hour in BUSY)
        moved = [k for k in range(1, len(t_ms)) if serving[k] != serving[k - 1]]
        return [(t_ms[k], f"{self._name(serving[k - 1])} -> {self._name(serving[k])}") for k in moved]

    def _describe(self, t_ms: int, wita_hour: int) -> None:
        """Tell at the start what the modem is, and scan once in a night."""
        if not self._started:
            self.instrument.add([t_ms], {"clock": "ntp", **INSTRUMENT})
            self._started = True
        if wita_hour == SCAN_HOUR and t_ms - self._scanned_ms > HOUR_S * 1000:
            self._scanned_ms = t_ms
            heard = self._heard if self._profile.rat else []
            rows: dict[str, Value] = {"clock": "ntp", "found": len(heard), "complete": True, "method": "AT+COPS=?"}
            for found in [{"plmn": plmn, "rat": "lte", "status": "available"} for plmn in heard] or [{}]:
                self.scan.add([t_ms], {**rows, **found})

    def _make_cell(self, band: int, channel: int, bandwidth: float) -> ServingCell:
        rng = self._rng
        return ServingCell(
            rng.randrange(140_000, 150_000) * 256 + rng.randrange(1, 4), rng.randrange(504), channel, band, bandwidth
        )

    def _name(self, serving: int) -> str:
        cell = self._cells[serving]
        return f"{cell.cell_id} on {cell.channel}"

    def _states(self, count: int, interval_s: float) -> tuple[list[bool], list[int]]:
        """Say for each sample whether the network is away, and which cell serves otherwise."""
        rng, profile = self._rng, self._profile
        begin = profile.drops_an_hour * interval_s / HOUR_S
        end = min(1.0, interval_s / profile.drop_s)
        move = profile.moves_an_hour * interval_s / HOUR_S
        dropped: list[bool] = []
        serving: list[int] = []
        for _ in range(count):
            self._dropped = rng.random() >= end if self._dropped else rng.random() < begin
            if rng.random() < move:
                self._serving = (self._serving + 1 + (rng.random() < 0.3)) % len(self._cells)
            dropped.append(self._dropped)
            serving.append(self._serving)
        return dropped, serving

    def _lte(self, serving: Sequence[int], wita_hour: int) -> Columns:
        rng, profile = self._rng, self._profile
        level = self._level + rng.gauss(0, 0.8) - (1.0 if 12 <= wita_hour < 16 else 0.0)  # rain and heat of the afternoon
        loss = profile.busy_sinr_db if wita_hour in BUSY else 0.0
        gauss = rng.gauss
        rsrp = [float(min(-50, max(-130, round(gauss(level - 2 * k, 1.8))))) for k in serving]
        sinr = [round(min(30.0, max(-20.0, gauss(profile.sinr_db - loss - k, 1.6))), 1) for k in serving]
        rsrq = [min(-5.0, max(-19.5, round(2 * (-12.5 + value / 4)) / 2)) for value in sinr]
        rssi = [max(-113.0, value + 28.0) for value in rsrp]
        columns: Columns = {"rsrp_dbm": rsrp, "rsrq_db": rsrq, "rssi_dbm": rssi, "sinr_db": sinr}
        cells = [self._cells[k] for k in serving]
        return {
            "cell_id": [cell.cell_id for cell in cells],
            "pci": [cell.pci for cell in cells],
            "earfcn": [cell.channel for cell in cells],
            "band": [cell.band for cell in cells],
            "bandwidth_dl_mhz": [cell.bandwidth for cell in cells],
            **columns,
        }

    def _gsm(self, count: int) -> Columns:
        rssi = [float(max(-110, round(self._rng.gauss(self._level, 2)))) for _ in range(count)]
        return {"cell_id": self._cells[0].cell_id % 65536, "arfcn": 98, "rssi_dbm": rssi}

    def _look_around(self, t_ms: Sequence[int]) -> None:
        if self._profile.rat != "lte":
            return
        seen = [cell for k, cell in enumerate(self._cells) if k != self._serving]
        heard: list[tuple[int, int, float]] = []  # time, which one, its level
        for t in t_ms:
            near = range(1 + (self._rng.random() < 0.5))
            heard += [(t, k, float(round(self._rng.gauss(self._level - 7 - 4 * k, 2)))) for k in near]
        columns: Columns = {
            "clock": "ntp",
            "role": "neighbour",
            "rat": "lte",
            "pci": [seen[k].pci for _, k, _ in heard],
            "earfcn": [seen[k].channel for _, k, _ in heard],
            "rsrp_dbm": [level for _, _, level in heard],
            "rsrq_db": [max(-19.5, -13.0 - k) for _, k, _ in heard],
        }
        self.cell.add([t for t, _, _ in heard], columns)

    def _probe(self, t_ms: Sequence[int], interval_s: float, *, busy: bool) -> None:
        slow = 2.5 if busy and self._profile.busy_sinr_db > 5 else 1.0
        usual = 300.0 if self._profile.rat == "gsm" else 55.0
        for t in t_ms:
            rtt = round(usual * slow * self._rng.lognormvariate(0, 0.2), 1)
            ping: Columns = {"kind": "ping", "target": "1.1.1.1", "loss_percent": 0.0, "bytes_used": 168}
            self.probe.add([t], {"clock": "ntp", **ping, "rtt_ms": rtt, "jitter_ms": round(rtt / 12, 1)})
            dns: Columns = {"kind": "dns", "target": "go.id", "bytes_used": 180}
            self.probe.add([t + 1], {"clock": "ntp", **dns, "dns_ms": round(rtt * 1.3, 1)})
            if t % (DOWNLOAD_S * 1000) < max(interval_s, PROBE_S) * 1000:
                kbps = round(9000 / slow * self._rng.lognormvariate(0, 0.3)) if self._profile.rat == "lte" else 60
                download: Columns = {"kind": "download", "target": "https://sinyal.example/probe.bin", "bytes_used": 260_000}
                self.probe.add([t + 2], {"clock": "ntp", **download, "download_kbps": float(kbps)})
            if busy and t // 1000 % LOST_ONE_IN == 0:
                self.probe.add([t + 3], {"clock": "ntp", **LOST_PING})


def _where_not(dropped: Sequence[bool], column: Value | Sequence[Value | None]) -> list[Value | None]:
    if isinstance(column, (bool, int, float, str)):
        return [None if drop else column for drop in dropped]
    return [None if drop else value for drop, value in zip(dropped, column, strict=True)]


def _every(t_ms: Sequence[int], dropped: Sequence[bool], interval_s: float, every_s: float) -> list[int]:
    """Return the times of the samples that begin a new period of every_s and were not dropped."""
    short = interval_s * 1000
    return [t for t, drop in zip(t_ms, dropped, strict=True) if not drop and t % (every_s * 1000) < short]
