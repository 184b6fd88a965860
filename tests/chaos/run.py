"""Rounds of faults, then peace until every spool is empty, then the count."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.count import Count, count, measured, pending
from lab.plant import DATABASE, Plant, running
from lab.servers import wait_for
from tests.chaos.faults import FAULTS
from tests.chaos.intruders import FLOODER, LIAR, THIEF, Intruder, intruders

SITES = ("6408012001", "6408052003", "6408112002")
DRAIN_S = 240


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found: faults by name, and the count of each hall."""

    faults: Counter[str]
    counts: list[Count]
    bad: list[Intruder]


def attack(folder: Path, rounds: int, seed: int, tell: Callable[[str], object], sites: Sequence[str] = SITES) -> Outcome:
    """Run so many rounds of random faults and count. Raises TimeoutError when the spools do not drain afterwards."""
    rng = random.Random(seed)
    done: Counter[str] = Counter()
    with running(folder, sites, guests=(THIEF, FLOODER, LIAR)) as plant, intruders(plant.broker.port, sites) as bad:
        for number in range(1, rounds + 1):
            fault = FAULTS[number % len(FAULTS)] if number <= len(FAULTS) else rng.choice(FAULTS)
            fault(plant, rng)
            done[fault.__name__] += 1
            waiting = sum(pending(plant.spool(site)) for site in sites)
            tell(f"round {number}/{rounds} {fault.__name__} waiting={waiting}")
        _drain(plant, sites)
        return Outcome(done, [count(plant.store.url, DATABASE, site, plant.spool(site)) for site in sites], bad)


def _drain(plant: Plant, sites: Sequence[str]) -> None:
    """Stop measuring, keep sending until the spools are empty, then stop, so that the count stands still."""
    for site in sites:
        spool, before = plant.spool(site), measured(plant.spool(site))
        plant.stop_measuring(site)
        drained = lambda spool=spool, before=before: measured(spool) > before and pending(spool) == 0  # noqa: E731
        wait_for(drained, f"the spool of {site} to drain", DRAIN_S)
        plant.agents[site].stop()


def table(outcome: Outcome) -> str:
    """Write the outcome as the table that `make chaos` ends with."""
    rows = [f"{'hall':<12}{'measured':>10}{'stored':>10}{'waiting':>9}{'lost':>8}{'doubled':>9}"]
    rows += [f"{c.site:<12}{c.measured:>10}{c.stored:>10}{c.waiting:>9}{c.lost:>8}{c.doubled:>9}" for c in outcome.counts]
    sums = [sum(getattr(c, key) for c in outcome.counts) for key in ("measured", "stored", "waiting", "lost", "doubled")]
    rows.append(f"{'all':<12}{sums[0]:>10}{sums[1]:>10}{sums[2]:>9}{sums[3]:>8}{sums[4]:>9}")
    rows += [f"intruder {i.site}: sent {i.sent}, took {i.taken} messages of others" for i in outcome.bad]
    rows.append("faults: " + ", ".join(f"{name} {n}" for name, n in outcome.faults.most_common()))
    return "\n".join(rows)
