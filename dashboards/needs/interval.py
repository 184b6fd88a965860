"""95 % intervals of availability, median and 10th percentile: day-block bootstrap on rollup rows. Pure, and the same for ever.

Samples of one day are not independent (fading, weather, the tower's power), so days are drawn, not samples. Few days make a
bootstrap too narrow by sqrt((n - 1) / n) and by the tails of Student's t; both are put back (Hesterberg 2015, expanded
percentiles), and for levels a reach that falls with 1 / n: what is rare no draw of a few days holds. Availability near 0 or
100 % takes Wilson's form, with the effective number of looks that the blocks tell.
`python -m bench.coverage` shows on 10,000 simulated halls how often the truth lies in it; docs/verdict.md has the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cbrt, erf, hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from collector.rollup import Histogram
from collector.rollup.summary import SLOT_S

DRAWS, Z = 1000, 1.96
LOOK_S = 2700
"""Looks this far apart count as independent at most: no number of samples makes a week of one fading know more."""
RUN = 0.6
"""Days that follow each other are drawn together, RUN x (cube root of their number) of them: weather lasts."""
NEIGHBOURS, NEIGHBOURS_OF_LEVELS = 1.15, 1.05
"""And still such runs are not quite independent of each other."""
FEW_MEDIAN, FEW_TENTH = 1.2, 4.0
"""By 1 + this / n the ends of the median, and the lower end of the 10th percentile, go further out: set on simulated halls."""
GRID_DB = 0.1
"""A whole dBm stands for levels within half a dB; standard uncertainty of a percentile that is read between two of them."""
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""97.5 % point of Student's t for 1 to 15 degrees of freedom; beyond them 1.96 + 2.4 / df is right to 0.01."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies in 95 % of the halls, from `lo` to `hi`."""

    lo: float
    hi: float


@dataclass(slots=True)
class Block:
    """Days that are drawn together: samples served, samples that say something of the network, five-minute slots, levels."""

    served: int = 0
    asked: int = 0
    slots: int = 0
    rsrp: Histogram = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intervals:
    """What a bootstrap tells of one operator at one hall."""

    availability: Interval | None = None
    rsrp_median: Interval | None = None
    rsrp_p10: Interval | None = None
    effective_n: float | None = None
    """Independent looks that would know as much of the availability (of the median, where that is fewer)."""


def intervals(blocks: Sequence[Block], *seed: str) -> Intervals:
    """Return the intervals of a period. The same blocks and the same seed give the same figures on every machine."""
    told = [block for block in blocks if block.asked]
    n = len(told)
    if n < 2:
        return Intervals()
    weights = _weights(n, "|".join(seed))
    t = student(n - 1) * sqrt(n / (n - run_of(n)))
    availability, looks = _availability(told, weights, NEIGHBOURS * t)
    counts, low = _matrix([block.rsrp for block in told])
    if counts is None:
        return Intervals(availability, effective_n=looks)
    drawn = weights @ counts
    tail, both, below = phi(-NEIGHBOURS_OF_LEVELS * t), 1 + FEW_MEDIAN / n, 1 + FEW_TENTH / n
    median, p10 = _spread(drawn, low, 50, tail, (both, both)), _spread(drawn, low, 10, tail, (below, 1))
    return Intervals(availability, median, p10, looks)


def _weights(n: int, seed: str) -> Numbers:
    """Return how often each of n blocks is drawn, DRAWS times; of raw bits, whose stream numpy promises never to change."""
    length = run_of(n)
    starts = -(-n // length)
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    raw = np.random.PCG64(number).random_raw(DRAWS * starts)
    first = (((raw >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).astype(np.int64).reshape(DRAWS, starts)
    chosen = ((first[:, :, None] + np.arange(length)) % n).reshape(DRAWS, -1)[:, :n]
    places = chosen + np.arange(DRAWS, dtype=np.int64)[:, None] * n
    return np.bincount(places.ravel(), minlength=DRAWS * n).reshape(DRAWS, n).astype(np.float64)


def run_of(n: int) -> int:
    """Return how many blocks are drawn together."""
    return max(1, round(RUN * cbrt(n)))


def _availability(blocks: Sequence[Block], weights: Numbers, t: float) -> tuple[Interval, float]:
    served, asked = (np.array([getattr(b, name) for b in blocks], dtype=np.float64) for name in ("served", "asked"))
    p = float(served.sum() / asked.sum())
    drawn = (weights @ served) / (weights @ asked)
    variance = float(np.var(drawn))
    looks = sum(block.slots for block in blocks) * SLOT_S / LOOK_S
    if variance > 0 and p * (1 - p) / variance / t**2 < looks / Z**2:
        looks = p * (1 - p) / variance
    else:
        t = Z
    middle = (p + t * t / (2 * looks)) / (1 + t * t / looks)
    half = t / (1 + t * t / looks) * sqrt(p * (1 - p) / looks + t * t / (4 * looks * looks))
    return Interval(100 * max(0.0, middle - half), 100 * min(1.0, middle + half)), looks


def _matrix(hists: Sequence[Histogram]) -> tuple[Numbers | None, int]:
    values = {int(value) for hist in hists for value in hist}
    if not values:
        return None, 0
    low = min(values)
    counts = np.zeros((len(hists), max(values) - low + 1))
    for k, hist in enumerate(hists):
        for value, count in hist.items():
            counts[k, int(value) - low] = count
    return counts, low


def _spread(drawn: Numbers, low: int, q: float, tail: float, reach: tuple[float, float]) -> Interval:
    """Return the interval of a percentile: a value of a histogram stands for all levels within half a dB of it.

    `reach`: by how much the distance of its lower and its upper end grows.
    """
    sums = np.cumsum(drawn, axis=1)
    sums = sums[sums[:, -1] > 0]
    goal = sums[:, -1] * q / 100
    place = np.argmax(sums >= goal[:, None], axis=1)
    row = np.arange(len(sums))
    above = sums[row, place]
    below = np.where(place > 0, sums[row, place - 1], 0.0)
    found = np.sort(low + place - 0.5 + (goal - below) / (above - below))
    last = len(found) - 1
    first, middle, end = (_at(found, part * last) for part in (tail, 0.5, 1 - tail))
    down, up, grid = reach[0] * (middle - first), reach[1] * (end - middle), Z * GRID_DB
    return Interval(middle - hypot(down, grid), middle + hypot(up, grid))


def _at(found: Numbers, place: float) -> float:
    whole = int(place)
    low, high = float(found[whole]), float(found[min(whole + 1, len(found) - 1)])
    return low + (high - low) * (place - whole)


def student(df: int) -> float:
    """Return the 97.5 % point of Student's t."""
    return T_975[df - 1] if df <= len(T_975) else 1.96 + 2.4 / df


def phi(x: float) -> float:
    """Return the normal distribution up to x."""
    return 0.5 * (1 + erf(x / sqrt(2)))
