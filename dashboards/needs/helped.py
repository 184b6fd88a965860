"""`sinyal-dashboards helped`: what a proposal that was built changed, operator by operator, against the nearest halls."""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import cos, hypot, radians

from collector.agreement.entries import Step
from collector.agreement.state import ProposalState
from collector.errors import ConfigError
from collector.rollup import Histogram, percentile
from collector.rollup.summary import parse
from collector.sites.sites import Site
from collector.store.open import open_store
from collector.store.store import Row
from dashboards.needs.effect import CONTROLS, DAYS, Daily, Effect, Helped, effect
from dashboards.needs.proposed import add_proposal, proposed
from ground.wita import WITA, wita
from ground.words import Lang, Said, mark, number, tr
from telemetry.operators import operator_name

OK, NOTHING = 0, 3
SIDE_DAYS = 90
"""How much before and after the building is looked at: a season, and a published period."""
NEIGHBOURS = 8
READ = ("operator", "served", "no_service", "rsrp_hist")
TOO_LITTLE = mark("{what}: too little measured (needs {days} days before and after, and {n} halls near)")
CHANGED = mark("{what}: {word}, {change} {unit} (95 %: {lo} to {hi}; {n} halls near)")
ABOUT = """\
Says of a proposal that was built what it changed: strength (median RSRP of a day, dB) and availability (percentage points) of
each operator at the hall, before and after, less what the nearest halls with that operator did on the same days, with a 95 %
interval. An improvement is said only where the whole interval is above zero.

  sinyal-dashboards helped U-2026-0003
  sinyal-dashboards helped U-2026-0003 --from 2026-05-01 --to 2026-06-15     # days of the building work, which count on no side

exit: 0 said; 2 bad usage or config, no such proposal, or not built yet; 3 nothing was measured
"""


@dataclass(slots=True)
class Days:
    """One operator at one hall: what its modems counted, by day."""

    levels: defaultdict[date, Histogram] = field(default_factory=lambda: defaultdict(dict))
    served: Counter[date] = field(default_factory=Counter)
    asked: Counter[date] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Add a daily rollup of one modem."""
        day = wita(int(row["time_ns"]) / 1e6).date()
        level = self.levels[day]
        for value, count in parse(str(row.get("rsrp_hist", ""))).items():
            level[value] = level.get(value, 0) + count
        served = int(row.get("served", 0))
        self.served[day] += served
        self.asked[day] += served + int(row.get("no_service", 0))

    def strength(self) -> Daily:
        """Return the median RSRP of each day that has one, dBm."""
        medians = ((day, percentile(hist, 50)) for day, hist in self.levels.items())
        return {day: median for day, median in medians if median is not None}

    def availability(self) -> Daily:
        """Return the share of samples with service of each day, %."""
        return {day: 100 * self.served[day] / asked for day, asked in self.asked.items() if asked}


Halls = Mapping[str, Mapping[str, Days]]
"""By site and operator."""


def read(rows: Iterable[Row]) -> Halls:
    """Gather daily rollups; a modem that never told its operator says nothing of one."""
    halls: defaultdict[str, defaultdict[str, Days]] = defaultdict(lambda: defaultdict(Days))
    for row in rows:
        if "operator" in row:
            halls[str(row["site"])][str(row["operator"])].add(row)
    return halls


def nearest(site: Site, sites: Mapping[str, Site], halls: Halls, operator: str) -> list[Days]:
    """Return what the halls nearest to one measured of the same operator, the nearest first."""
    others = [other for code, other in sites.items() if code != site.code and operator in halls.get(code, {})]
    east = cos(radians(site.lat))
    others.sort(key=lambda other: hypot(other.lat - site.lat, (other.lon - site.lon) * east))
    return [halls[other.code][operator] for other in others[:NEIGHBOURS]]


def compare(
    site: Site, sites: Mapping[str, Site], halls: Halls, built: tuple[date, date]
) -> Iterator[tuple[str, Effect, Effect]]:
    """Yield each operator at a hall with what changed of its strength and of its availability."""
    for operator, own in sorted(halls.get(site.code, {}).items()):
        around = nearest(site, sites, halls, operator)
        strength = effect(own.strength(), [one.strength() for one in around], built)
        yield operator, strength, effect(own.availability(), [one.availability() for one in around], built)


def sentence(what: str, unit: str, found: Effect, lang: Lang) -> str:
    """Return one finding in words."""
    if found.change is None or found.interval is None:
        return tr(TOO_LITTLE, lang, what=what, days=DAYS, n=CONTROLS)
    words = {
        Helped.IMPROVED: tr("improved", lang),
        Helped.WORSE: tr("became worse", lang),
        Helped.NOT_SHOWN: tr("no change is shown", lang),
    }
    change, lo, hi = (number(value, lang) for value in (found.change, found.interval.lo, found.interval.hi))
    said: dict[str, Said] = {
        "what": what,
        "word": words[found.helped],
        "change": change,
        "unit": unit,
        "lo": lo,
        "hi": hi,
        "n": found.controls,
    }
    return tr(CHANGED, lang, **said)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards helped`."""
    parser.description, parser.formatter_class = ABOUT, argparse.RawDescriptionHelpFormatter
    add_proposal(parser)
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, metavar="DAY", help="first day of the work; default: as --to"
    )
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, metavar="DAY", help="last one; default: when it was recorded"
    )


def run(args: argparse.Namespace) -> int:
    """Compare and say; return the exit code. Raises ConfigError, LedgerError, StoreUnavailableError."""
    with proposed(args) as one:
        config, site, built = one.config, one.site, _built(one.found, args)
    ends_ns = [int(datetime.combine(day, datetime.min.time(), WITA).timestamp()) * 10**9 for day in _period(built)]
    with closing(open_store(config.store)) as store:
        halls = read(store.samples("signal_1d", ends_ns[0], min(ends_ns[1], time.time_ns()), names=READ))
    for operator, strength, availability in compare(site, one.sites, halls, built):
        print(f"{site.desa}, {operator_name(operator)}")
        print("  " + sentence(tr("strength", args.lang), "dB", strength, args.lang))
        print("  " + sentence(tr("availability", args.lang), tr("percentage points", args.lang), availability, args.lang))
    return OK if halls.get(site.code) else NOTHING


def _period(built: tuple[date, date]) -> tuple[date, date]:
    return built[0] - timedelta(days=SIDE_DAYS), built[1] + timedelta(days=SIDE_DAYS + 1)


def _built(found: ProposalState, args: argparse.Namespace) -> tuple[date, date]:
    recorded = [at_ms for at_ms, _, step in found.steps if step.to is Step.BUILT]
    if not recorded:
        raise ConfigError(f"{args.number} is {found.step}; nothing was built yet")
    last = args.last or wita(recorded[-1]).date()
    first = args.first or last
    if first > last:
        raise ConfigError(f"--from {first} is after --to {last}")
    return first, last
