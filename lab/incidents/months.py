"""Random months with known causes: `python -m lab.incidents.months --months 20` prints how often the cause was named right.

Every month draws faults of every kind at random times and places, on a background of fading, link drops and everyday power cuts.
A cause is right when the incident that speaks of a fault names its kind (and its operator); it is a wrong blame when PLN or an
operator is named for a fault of another.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import quantiles

from collector.notify.outbox import Message
from collector.sites.sites import Site, read_sites
from lab.incidents.faults import DAY, HOUR, MINUTE
from lab.incidents.scenario import CONFIG, Scenario, chosen, play
from lab.incidents.world import OPERATORS, START_MS, Planned

POWER, OPERATOR, CELL, SERVER, DEVICE, SIM = "power", "operator", "cell", "server", "device", "sim"
TELLS: Mapping[str, tuple[str, ...]] = {
    POWER: ("hall_dark", "area_dark", "mains_off", "unstable"),
    OPERATOR: ("operator_gone",),
    CELL: ("cell_gone", "operator_gone", "area_dark", "no_service"),
    SERVER: ("nothing_arriving",),
    DEVICE: ("modem_sick", "overheated"),
    SIM: ("no_sim", "sim_refused"),
}


@dataclass(slots=True)
class Truth:
    """One fault of a month."""

    cause: str
    start: int
    end: int
    halls: frozenset[str]
    operator: str | None = None
    told: list[Message] = field(default_factory=list)


def month(sites: Mapping[str, Site], seed: int, days: float) -> tuple[list[Planned], list[Truth]]:
    """Draw a month: what happens, and why."""
    chance = random.Random(seed)
    planned: list[Planned] = []
    truths: list[Truth] = []

    def happen(cause: str, what: str, codes: list[str], hours: float, operator: str | None = None) -> None:
        start = round(chance.uniform(0.2, days - 1) * DAY)
        end = start + round(hours * HOUR)
        if any(
            t.start - 3 * HOUR < end and start < t.end + 3 * HOUR and (not codes or not t.halls or t.halls & set(codes))
            for t in truths
        ):
            return
        planned.extend(Planned(what, code, start, end, operator=operator) for code in codes or [""])
        truths.append(Truth(cause, start, end, frozenset(codes), operator))

    areas = sorted({site.kecamatan for site in sites.values()})
    for area in areas * max(1, round(days / 15)):
        happen(POWER, "power", chosen({"kecamatan": [area]}, sites, None), chance.uniform(1, 5))
    for code in chance.sample(sorted(sites), min(len(sites), round(len(sites) * days / 30))):
        happen(POWER, "power", [code], chance.uniform(0.8, 6))
    for _ in range(max(1, round(days / 10))):
        operator = chance.choice(sorted(set(OPERATORS)))
        happen(OPERATOR, "no_service", chosen({}, sites, operator), chance.uniform(1, 4), operator)
        some = chosen({"kecamatan": chance.sample(areas, min(4, len(areas)))}, sites, operator)
        if len(some) > 3:
            happen(OPERATOR, "no_service", some, chance.uniform(1, 4), operator)
        happen(SERVER, chance.choice(("server", "server_lan", "collector", "store")), [], chance.uniform(0.6, 3))
        for what, cause in (("silent_modem", DEVICE), ("no_sim", SIM), ("denied_heard", SIM)):
            happen(cause, what, [chance.choice(sorted(sites))], chance.uniform(2, 8))
    return planned, truths


def account(truths: list[Truth], messages: list[Message], sites: Mapping[str, Site]) -> tuple[Counter[str], list[float]]:
    """Hold what was said against what was true. Return counts, and the minutes from a fault to its first message."""
    counts: Counter[str] = Counter()
    delays: list[float] = []
    for message in messages:
        if message.kind != "open":
            continue
        at = message.at_ms - START_MS
        mine = [t for t in truths if t.start <= at <= t.end + 2 * HOUR and _about(message, t, sites)]
        right = [t for t in mine if message.rule in TELLS[t.cause] and message.operator in (None, t.operator)]
        blames_operator = message.rule in ("operator_gone", "cell_gone")
        blames_pln = "PLN" in message.text_id.split("Tindakan")[0]
        counts["told"] += 1
        counts["right"] += bool(right)
        counts["wrong_blame"] += not right and (blames_operator or blames_pln)
        counts["stray"] += not mine
        for truth in right[:1]:
            truth.told.append(message)
    for truth in truths:
        counts["faults"] += 1
        counts["heard"] += bool(truth.told)
        counts[f"faults {truth.cause}"] += 1
        counts[f"heard {truth.cause}"] += bool(truth.told)
        counts[f"messages {truth.cause}"] += len(truth.told)
        if truth.told:
            delays.append((truth.told[0].at_ms - START_MS - truth.start) / MINUTE)
    return counts, delays


def _about(message: Message, truth: Truth, sites: Mapping[str, Site]) -> bool:
    if not truth.halls:
        return True
    if message.site is not None:
        return message.site in truth.halls
    return message.kecamatan is None or message.kecamatan in {sites[code].kecamatan for code in truth.halls}


def main() -> int:
    """Play the months and print the account."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.incidents.months", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", type=int, default=20)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--kecamatan", type=int, default=6, help="size of the world; 18 are all 141 halls (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sites = read_sites(CONFIG / "sites.csv")
    areas = list(dict.fromkeys(site.kecamatan for site in sites.values()))[: args.kecamatan]
    sites = {code: site for code, site in sites.items() if site.kecamatan in areas}
    total: Counter[str] = Counter()
    delays: list[float] = []
    began = time.monotonic()
    for number in range(args.months):
        planned, truths = month(sites, args.seed * 1000 + number, args.days)
        counts, more = account(truths, play(Scenario(f"month {number}", args.days, planned, {}, sites=sites)), sites)
        total += counts
        delays += more
        print(f"month {number}: {dict(counts)}", file=sys.stderr, flush=True)
    cuts = quantiles(delays, n=100, method="inclusive")
    told, right = total["told"], 100 * total["right"] / total["told"]
    print(f"{args.months} months of {args.days:g} days, {len(sites)} halls: {total['faults']} faults, {told} told")
    print(f"precision of cause {right:.1f} %, recall {100 * total['heard'] / total['faults']:.1f} %")
    print(f"wrong blame of PLN or an operator: {total['wrong_blame']}")
    print(f"time to the first message: p50 {cuts[49]:.0f} min, p99 {cuts[98]:.0f} min")
    for cause in TELLS:
        if total[f"faults {cause}"]:
            print(
                f"  {cause:9} {total[f'heard {cause}']}/{total[f'faults {cause}']} heard, {total[f'messages {cause}']} openings"
            )
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
