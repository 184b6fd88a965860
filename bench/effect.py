"""1,000 simulated buildings: how often `effect` says "improved" of nothing, and how often it sees 6 dB.

Days of a hall: its level, the weather of the area, shared by its neighbours, its own slow fading (AR(1), 0.7 a day), noise,
and days without power. Half of the neighbours move by themselves a little.

  python -m bench.effect
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import date, timedelta

import numpy as np

from dashboards.needs.effect import Daily, Helped, effect

START, DAYS_BEFORE, DAYS_BUILT, DAYS_AFTER, NEIGHBOURS = date(2026, 1, 1), 60, 10, 60, 6
GAINS_DB = (0.0, 3.0, 6.0, 10.0)
Rng = np.random.Generator


def ar1(rng: Rng, n: int, keep: float, sd: float) -> np.ndarray:
    """Return n days of which each remembers the one before; sd is that of the days, not of the steps."""
    steps = rng.normal(0, sd * np.sqrt(1 - keep**2), n)
    values = np.empty(n)
    values[0] = rng.normal(0, sd)
    for day in range(1, n):
        values[day] = keep * values[day - 1] + steps[day]
    return values


def building(rng: Rng, gain_db: float) -> tuple[Daily, list[Daily], tuple[date, date]]:
    """Make a hall whose level rises by `gain_db` after the building, and its neighbours."""
    n = DAYS_BEFORE + DAYS_BUILT + DAYS_AFTER
    weather = ar1(rng, n, 0.8, 2.0)
    after = np.arange(n) >= DAYS_BEFORE + DAYS_BUILT

    def hall(step_db: float) -> Daily:
        levels = rng.uniform(-115, -85) + weather + ar1(rng, n, 0.7, 2.0) + rng.normal(0, 1.0, n) + step_db * after
        there = rng.random(n) > 0.2
        return {START + timedelta(days=int(day)): round(float(levels[day]), 1) for day in np.nonzero(there)[0]}

    neighbours = [hall(float(rng.normal(0, 1.0)) if k % 2 else 0.0) for k in range(NEIGHBOURS)]
    first = START + timedelta(days=DAYS_BEFORE)
    return hall(gain_db), neighbours, (first, first + timedelta(days=DAYS_BUILT - 1))


def run(gain_db: float, number: int) -> Counter[Helped]:
    """Count what is said of `number` buildings."""
    rng = np.random.default_rng(round(gain_db * 10) + 1)
    return Counter(effect(*building(rng, gain_db)).helped for _ in range(number))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1000, help="buildings for each gain; default: %(default)s")
    number = parser.parse_args().number
    print(f"| gain, dB | improved | not shown | worse |  ({number:,} buildings each)\n|---|---|---|---|")
    for gain_db in GAINS_DB:
        said = run(gain_db, number)
        shares = (f"{100 * said[word] / number:.1f} %" for word in (Helped.IMPROVED, Helped.NOT_SHOWN, Helped.WORSE))
        print(f"| {gain_db:g} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
