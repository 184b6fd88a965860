"""How often the truth lies in the intervals of the needs map: simulated halls whose truth is known by formula.

    python -m bench.coverage [--halls 10000] [--seed 1]

A hall is a level with slow fading (weather, leaves: hours to a day) and fast fading (minutes), a lower level and a busy cell from
19 to 22, outages of its tower, and power that is always there, there by the clock, or fails at random. Nothing is independent
from one sample to the next. Truth is the long-run value over the hours in which the hall has power; no sample decides it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import erf, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from dashboards.needs.gather import LONG_DAYS, WEEK
from dashboards.needs.interval import Block, Interval, Intervals, intervals

SLOTS, STEP_MIN = 288, 5
DAYS = (7, 14, 21, 31, 62, 90)
"""Lengths; beyond LONG_DAYS weeks are drawn, as the report does."""
BUSY = range(19, 22)
EDGE_DB = 2.0
"""Service does not end at one level: noise and interference move the edge by so much (standard deviation, dB)."""
BLANK_SPOT, BATCH = 5.0, 500
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Draw = np.random.Generator
_phi = np.vectorize(lambda x: 0.5 * (1 + erf(x / sqrt(2))), otypes=[float])


@dataclass(frozen=True)
class Halls:
    """Parameters of many halls, one number each; levels in dB and dBm, times in minutes."""

    level: Numbers
    floor: Numbers
    busy_drop: Numbers
    busy_share: Numbers
    slow_sd: Numbers
    slow_min: Numbers
    fast_sd: Numbers
    fast_min: Numbers
    outage_share: Numbers
    outage_min: Numbers
    dark_share: Numbers
    dark_min: Numbers
    kind: Numbers
    """0: power always; 1: from 18 to 6 only; 2: fails at random."""

    @property
    def hours(self) -> Flags:
        """Hours of the day in which there is power by the clock, by hall."""
        evening = np.isin(np.arange(24), [*range(18, 24), *range(6)])
        return np.where((self.kind == 1)[:, None], evening[None, :], np.ones((1, 24), dtype=bool))


def draw(rng: Draw, n: int) -> Halls:
    """Draw halls as wide as the interior is: a fifth at the border of a blank spot, a seventh far in one."""
    floor = rng.uniform(-122, -116, n)
    slow, fast = rng.uniform(0.5, 4, n), rng.uniform(0.5, 4, n)
    spread, where = np.sqrt(slow**2 + fast**2 + EDGE_DB**2), rng.random(n)
    border, deep = floor + spread * rng.uniform(-2.2, -0.8, n), floor + spread * rng.uniform(-6, -2.6, n)
    level = np.select([where < 0.2, where < 0.35], [border, deep], rng.uniform(-116, -70, n))
    return Halls(
        level, floor, rng.uniform(0, 3, n), rng.choice([0, 0, 0.1, 0.3], n), slow, rng.uniform(60, 720, n),
        fast, rng.uniform(2, 20, n), rng.choice([0, 0.005, 0.02, 0.1], n), rng.uniform(30, 360, n),
        rng.uniform(0.05, 0.4, n), rng.uniform(60, 480, n), rng.choice([0.0, 1.0, 2.0], n),
    )  # fmt: skip


def truth(halls: Halls) -> tuple[Numbers, Numbers, Numbers]:
    """Return availability in %, median and 10th percentile in dBm of each hall, by formula on a grid of levels."""
    busy = np.isin(np.arange(24), BUSY)
    share = (halls.hours & busy).sum(axis=1) / halls.hours.sum(axis=1)
    sd = np.hypot(halls.slow_sd, halls.fast_sd)
    grid = halls.level[:, None] - halls.busy_drop[:, None] + np.linspace(-6, 8, 1401)[None, :] * sd[:, None]
    service = _phi((grid - halls.floor[:, None]) / EDGE_DB)
    density = np.zeros_like(grid)
    for part, mean in ((1 - share, halls.level), (share * (1 - halls.busy_share), halls.level - halls.busy_drop)):
        density += part[:, None] * np.exp(-(((grid - mean[:, None]) / sd[:, None]) ** 2) / 2) * 0.01 / sqrt(2 * pi)
    below = np.cumsum(density * service, axis=1)
    found = [[np.interp(q * row[-1], row, at) for row, at in zip(below, grid, strict=True)] for q in (0.5, 0.1)]
    return 100 * (1 - halls.outage_share) * below[:, -1], np.array(found[0]), np.array(found[1])


@dataclass
class Chain:
    """Something that is on a `share` of the time, for `mean_min` minutes at a time."""

    share: Numbers
    mean_min: Numbers
    on: Flags

    @classmethod
    def begun(cls, rng: Draw, share: Numbers, mean_min: Numbers) -> Chain:
        """Begin as it is in the long run."""
        return cls(share, mean_min, rng.random(len(share)) < share)

    def step(self, rng: Draw) -> Flags:
        """Go on by one sample."""
        end = np.minimum(1, STEP_MIN / self.mean_min)
        begin = np.where(self.share < 1, end * self.share / np.maximum(1e-9, 1 - self.share), 1)
        self.on = np.where(self.on, rng.random(len(end)) >= end, rng.random(len(end)) < begin)
        return self.on


def live(rng: Draw, halls: Halls, days: int) -> Iterator[tuple[Flags, Flags, Numbers]]:
    """Yield each day: whether there is power, whether there is service, and the level, by hall and sample."""
    n = len(halls.level)
    slow, fast = rng.normal(0, halls.slow_sd), rng.normal(0, halls.fast_sd)
    keep = [np.exp(-STEP_MIN / tau) for tau in (halls.slow_min, halls.fast_min)]
    outage = Chain.begun(rng, halls.outage_share, halls.outage_min)
    dark = Chain.begun(rng, halls.dark_share, halls.dark_min)
    crowd = Chain.begun(rng, halls.busy_share, np.full(n, 30.0))
    hours = halls.hours
    for _ in range(days):
        on, service, level = np.empty((n, SLOTS), bool), np.empty((n, SLOTS), bool), np.empty((n, SLOTS))
        for slot in range(SLOTS):
            hour = slot * STEP_MIN // 60
            slow = keep[0] * slow + rng.normal(0, halls.slow_sd) * np.sqrt(1 - keep[0] ** 2)
            fast = keep[1] * fast + rng.normal(0, halls.fast_sd) * np.sqrt(1 - keep[1] ** 2)
            level[:, slot] = halls.level + slow + fast - (halls.busy_drop if hour in BUSY else 0)
            crowded = crowd.step(rng) & (hour in BUSY)
            edge = halls.floor + rng.normal(0, EDGE_DB, n)
            service[:, slot] = (level[:, slot] > edge) & ~outage.step(rng) & ~crowded
            on[:, slot] = hours[:, hour] & ~(dark.step(rng) & (halls.kind == 2))
        yield on, service, level


def measure(rng: Draw, halls: Halls, days: int) -> list[list[Block]]:
    """Return the blocks of each hall, as the daily rollups give them: levels in whole dBm."""
    found: list[list[Block]] = [[] for _ in halls.level]
    for on, service, level in live(rng, halls, days):
        good = on & service
        for k, blocks in enumerate(found):
            values, counts = np.unique(np.rint(level[k][good[k]]).astype(int), return_counts=True)
            hist = dict(zip(values.tolist(), counts.tolist(), strict=True))
            blocks.append(Block(int(good[k].sum()), int(on[k].sum()), int(on[k].sum()), hist))
    return found


def weeks(days: Sequence[Block]) -> list[Block]:
    """Join the days of each week."""
    found = []
    for first in range(0, len(days), WEEK):
        week, levels = Block(), Counter[float]()
        for day in days[first : first + WEEK]:
            week.served, week.asked, week.slots = week.served + day.served, week.asked + day.asked, week.slots + day.slots
            levels.update(day.rsrp)
        week.rsrp = dict(levels)
        found.append(week)
    return found


@dataclass
class Score:
    """What came of the halls of one length."""

    count: Counter[str]
    width: Counter[str]

    def cover(self, name: str, interval: Interval | None, true: float) -> None:
        """Count whether an interval holds the truth."""
        if interval is not None:
            self.count[f"{name} asked"] += 1
            self.count[name] += interval.lo <= true <= interval.hi
            self.width[name] += interval.hi - interval.lo  # type: ignore[assignment] # a sum of dB

    def share(self, name: str, of: str) -> str:
        """Write a share in %."""
        return f"{100 * self.count[name] / self.count[of]:.1f}" if self.count[of] else "-"


def naive(block: list[Block]) -> Interval:
    """Return the interval of a rule that takes samples as independent: what most reports print."""
    served, asked = sum(b.served for b in block), sum(b.asked for b in block)
    p = served / asked
    half = 1.96 * sqrt(p * (1 - p) / asked)
    return Interval(100 * (p - half), 100 * (p + half))


def judge(score: Score, blocks: list[Block], told: Intervals, true: tuple[float, float, float]) -> None:
    """Count the intervals, and both rules of a blank spot: today's (the point) and the new one (the upper end)."""
    score.cover("availability", told.availability, true[0])
    score.cover("naive", naive(blocks), true[0])
    if sum(sum(b.rsrp.values()) for b in blocks) >= 100:
        score.cover("median", told.rsrp_median, true[1])
        score.cover("p10", told.rsrp_p10, true[2])
    served, asked = sum(b.served for b in blocks), sum(b.asked for b in blocks)
    blank = true[0] <= BLANK_SPOT
    score.count["blank"] += blank
    score.count["other"] += not blank
    calls = {
        "old": 100 * served / asked <= BLANK_SPOT,
        "new": told.availability is not None and told.availability.hi <= BLANK_SPOT,
    }
    for rule, called in calls.items():
        score.count[f"{rule} called"] += called
        score.count[f"{rule} false"] += called and not blank
        score.count[f"{rule} found"] += called and blank


def study(n: int, seed: int, lengths: Sequence[int] = DAYS) -> dict[int, Score]:
    """Simulate n halls, as many of each length."""
    scores = {days: Score(Counter(), Counter()) for days in lengths}
    for days, score in scores.items():
        rng = np.random.default_rng([seed, days])
        for first in range(0, n // len(lengths), BATCH):
            halls = draw(rng, min(BATCH, n // len(lengths) - first))
            true = truth(halls)
            for k, blocks in enumerate(measure(rng, halls, days)):
                if any(b.asked for b in blocks):
                    told = intervals(blocks if days <= LONG_DAYS else weeks(blocks), str(days), str(first + k))
                    judge(score, blocks, told, (float(true[0][k]), float(true[1][k]), float(true[2][k])))
    return scores


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    scores = study(args.halls, args.seed)
    total = Score(Counter(), Counter())
    for score in scores.values():
        total.count.update(score.count)
        total.width.update(score.width)
    print("days   availability  median    p10   naive | blank spot: false/not blank, false/called, found | today: the same")
    for name, score in [*((str(days), score) for days, score in scores.items()), ("all", total)]:
        cells = [score.share(what, f"{what} asked").rjust(6) for what in ("availability", "median", "p10", "naive")]
        rules = [
            " ".join(
                score.share(*pair).rjust(6)
                for pair in ((f"{r} false", "other"), (f"{r} false", f"{r} called"), (f"{r} found", "blank"))
            )
            for r in ("new", "old")
        ]
        widths = [f"{score.width[w] / max(1, score.count[f'{w} asked']):.1f}" for w in ("availability", "median", "p10")]
        print(f"{name:>4} {'  '.join(cells)} | {' | '.join(rules)} | mean width {' '.join(widths)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
