"""What a period of one modem and operator comes to: counts, and histograms from which every percentile is exact.

Values of a histogram are whole dB or dBm, those of SINR tenths of a dB, for a percentile of it can stand at the border of a
class. As a text it is "value:count value:count", values rising; rows of an earlier version have whole dB there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import ceil, floor
from typing import Self

import orjson

from collector.store.store import Row
from telemetry.frame import Value
from telemetry.meaning import LEVEL, Service, Standing, heard_plmn, service_of, standing_of, subject_plmn
from telemetry.operators import NUMBERS, OTHER, operator_of
from telemetry.streams import Clock

Histogram = dict[float, int]
"""How often each value came."""

ESTIMATED = frozenset((Clock.ESTIMATED.value, Clock.UNKNOWN.value))
SLOT_S = 300


@dataclass(slots=True, kw_only=True)
class Counts:
    """How many samples of one operator's SIM said what; docs/truth.md says what each count is evidence of.

    served, of which lte (4G or newer), three_g, two_g; the rest did not tell. guest: served through another operator.
    data_refused: served, but the packet domain refused. no_service: nobody, or only others, had a cell for it; limited: of these,
    camped on a cell; unnamed: of those, on one whose operator was not told. Not of coverage, and so in no share: barred (its own
    operator's cell was there, without service), refused, sim_fault, no_sim, silent. time_estimated: the clock was estimated or
    unknown. slots: periods of 5 min with a sample. cell_changes: from one sample to the next of the same hour.
    """

    samples: int = 0
    served: int = 0
    lte: int = 0
    three_g: int = 0
    two_g: int = 0
    no_service: int = 0
    no_sim: int = 0
    silent: int = 0
    guest: int = 0
    data_refused: int = 0
    limited: int = 0
    unnamed: int = 0
    barred: int = 0
    refused: int = 0
    sim_fault: int = 0
    time_estimated: int = 0
    slots: int = 0
    cell_changes: int = 0


@dataclass(slots=True)
class Summary(Counts):
    """One period of one modem and the operator of its SIM: counts and histograms.

    named: the sample told its operator itself. RSRP, RSRQ and SINR only of `lte` samples, RSSI and band of all served ones;
    heard: samples in which a cell of an operator was heard, by its number. The busy ones, 19:00-22:00 WITA, are of days only, and
    so is hours: the slots by hour of WITA (empty in rows of an earlier version).
    """

    named: int = 0
    rsrp: Histogram = field(default_factory=dict)
    rsrq: Histogram = field(default_factory=dict)
    sinr: Histogram = field(default_factory=dict)
    rssi: Histogram = field(default_factory=dict)
    band: Histogram = field(default_factory=dict)
    heard: Histogram = field(default_factory=dict)
    rsrp_busy: Histogram = field(default_factory=dict)
    sinr_busy: Histogram = field(default_factory=dict)
    hours: Histogram = field(default_factory=dict)

    @property
    def availability_percent(self) -> float | None:
        """Share of the samples with service among those that could have it; None when there is none of them."""
        asked = self.served + self.no_service
        return 100 * self.served / asked if asked else None

    @property
    def standings(self) -> dict[Standing, int]:
        """How many samples said what, as every reader shows it."""
        return {
            Standing.LTE: self.lte,
            Standing.THREE_G: self.three_g,
            Standing.TWO_G: self.two_g,
            Standing.SERVED: self.served - self.lte - self.three_g - self.two_g,
            Standing.NO_SERVICE: self.no_service + self.barred,
            Standing.SIM_REFUSED: self.refused + self.sim_fault,
            Standing.DEVICE_FAULT: self.no_sim + self.silent,
        }

    def count(self, row: Row, operator: str | None = None) -> None:
        """Count one sample of `signal` of an operator's SIM; slots and cell changes are known to who sees its neighbours."""
        self.samples += 1
        self.named += subject_plmn(row) is not None
        self.time_estimated += row.get("clock") in ESTIMATED
        heard = operator_of(heard_plmn(row))
        if heard is not None:
            _add(self.heard, NUMBERS[heard])
        match service_of(row):
            case Service.SERVED:
                self._count_served(row)
                self.guest += None not in (heard, operator) and heard != operator
            case Service.NO_SERVICE | Service.LIMITED if heard is not None and heard == operator != OTHER:
                self.barred += 1
            case Service.NO_SERVICE | Service.LIMITED as service:
                self.no_service += 1
                self.limited += heard is not None or service is Service.LIMITED
                self.unnamed += heard is None and service is Service.LIMITED
            case Service.REFUSED:
                self.refused += 1
            case Service.SIM_FAULT:
                self.sim_fault += 1
            case Service.NO_SIM:
                self.no_sim += 1
            case Service.SILENT:
                self.silent += 1

    def _count_served(self, row: Row) -> None:
        self.served += 1
        self.data_refused += row.get("reject_cause") is not None
        standing = standing_of(row)
        if standing is Standing.LTE:
            self.lte += 1
            _add(self.rsrp, row.get(LEVEL))
            _add(self.rsrq, row.get("rsrq_db"))
            _add(self.sinr, row.get("sinr_db"), digits=1)
        else:
            self.three_g += standing is Standing.THREE_G
            self.two_g += standing is Standing.TWO_G
        _add(self.rssi, row.get("rssi_dbm"))
        _add(self.band, row.get("band"))

    def merge(self, other: Summary) -> None:
        """Add another period, or another modem of the same operator."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in HISTOGRAMS:
            _merge(getattr(self, name), getattr(other, name))

    def place(self, hour: Summary, of_day: int, *, busy: bool) -> None:
        """Say of an hour that was merged into this day which hour of WITA it was, and whether that is a busy one."""
        if busy:
            _merge(self.rsrp_busy, hour.rsrp)
            _merge(self.sinr_busy, hour.sinr)
        if hour.slots:
            _merge(self.hours, {of_day: hour.slots})

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `signal_1h` or `signal_1d`."""
        summary = cls()
        for name in COUNTS:
            setattr(summary, name, int(row.get(name, 0)))
        for name in HISTOGRAMS:
            setattr(summary, name, parse(str(row.get(f"{name}_hist", ""))))
        return summary

    def values(self, *, day: bool) -> dict[str, Value]:
        """Return the fields of a row, with those that only a day has where it is one.

        An empty histogram is an empty text, so that it overwrites one that was not. The plain numbers beside them cannot be
        taken back in InfluxDB: where samples moved to another operator, they hold only with lte (availability: samples) > 0.
        """
        row: dict[str, Value] = {name: getattr(self, name) for name in COUNTS}
        row |= {f"{name}_hist": _text(getattr(self, name)) for name in HISTOGRAMS if day or name not in OF_DAYS}
        plain = {
            "rsrp_median_dbm": percentile(self.rsrp, 50),
            "rsrp_p10_dbm": percentile(self.rsrp, 10),
            "sinr_median_db": percentile(self.sinr, 50),
            "availability_percent": self.availability_percent,
            "sinr_busy_median_db": percentile(self.sinr_busy, 50) if day else None,
        }
        return row | {name: value for name, value in plain.items() if value is not None}


COUNTS = tuple(f.name for f in fields(Summary) if f.type == "int")
HISTOGRAMS = tuple(f.name for f in fields(Summary) if f.type == "Histogram")
OF_DAYS = frozenset({"rsrp_busy", "sinr_busy", "hours"})
"""Histograms that an hour has no need of."""


def percentile(hist: Mapping[float, int], q: float) -> float | None:
    """Return the q-th percentile (0..100; 50 is the median), None of nothing.

    Between two values it interpolates, as statistics.quantiles(method="inclusive") does. Raises ValueError for another q.
    """
    if not 0 <= q <= 100:
        raise ValueError(f"q must be 0 to 100 (got {q})")
    total = sum(hist.values())
    if not total:
        return None
    place = q * (total - 1) / 100
    low, high = _nth(hist, floor(place)), _nth(hist, ceil(place))
    return low + (high - low) * (place - floor(place))


def _nth(hist: Mapping[float, int], place: int) -> float:
    """Return the value at a place (from 0) of all values in order."""
    for value in sorted(hist):
        place -= hist[value]
        if place < 0:
            return value
    raise IndexError(place)


def _add(hist: Histogram, value: Value | None, *, digits: int = 0) -> None:
    if value is not None:
        number = round(float(value), digits) + 0.0 if digits else round(float(value))  # + 0.0: there is no -0.0
        hist[number] = hist.get(number, 0) + 1


def _merge(hist: Histogram, other: Mapping[float, int]) -> None:
    for value, count in other.items():
        hist[value] = hist.get(value, 0) + count


def numbers(text: str) -> list[float]:
    """Return the values and counts of the text of histograms, in turn; as JSON they are read four times faster."""
    found: list[float] = orjson.loads(f"[{text.replace(':', ',').replace(' ', ',')}]")
    return found


def parse(text: str) -> Histogram:
    """Read a histogram from its text."""
    found = numbers(text)
    return dict(zip(found[::2], map(int, found[1::2]), strict=True))


def _text(hist: Mapping[float, int]) -> str:
    return " ".join(f"{value:g}:{hist[value]}" for value in sorted(hist))
