"""`sinyal-demo seed`: fill any store with a plausible, repeatable history, for screenshots, tests and benches."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from collector.config import load
from collector.errors import CollectorError, ConfigError, Fault, StoreUnavailableError
from collector.server.fleet import account, write
from collector.server.program import timestamp
from collector.sites.sites import Site, read_sites
from collector.store.open import open_store
from collector.store.site_points import site_points
from collector.store.sqlite import Sqlite
from collector.store.store import Point, Store
from demo.bar import Bar
from demo.fill import WRITE_SAMPLES, Recipe, Span, fill_here
from demo.fill_all import OpenStore, fill_all
from demo.history import DAY_S, HOUR_S
from demo.made_up import REPORT_S, alerts, intake, reports
from demo.patient import patiently
from demo.profiles import PROFILES, Profile, plan
from demo.program import LineError
from ground.paths import shipped
from ground.words import Figure, add_lang, tr

OK, INCOMPLETE, USAGE, INTERRUPTED = 0, 1, 2, 130
EPILOG = f"""\
Halls are chosen across the kecamatan; the first ten are one of each kind, the others fall by weight:
  {", ".join(profile.name for profile in PROFILES)}
The other halls of the list get nothing: not measured. The same arguments give the same points in every engine, so seeding twice
leaves one copy. All of it is made up; never seed a store that holds measurements.

examples:
  sinyal-demo seed --days 30 --halls 141 --raw-days 2 --sqlite /tmp/demo.db      # a minute instead of ten
  sinyal-demo seed --days 7 --halls 20 --config /etc/sinyal/collector.toml --end 2026-11-24T00:00+08:00

exit: 0 written; 1 the store is down, or busy for two minutes; 2 bad usage or config, or the store holds other samples already;
130 interrupted
"""
Progress = Callable[[str, float], None]


def seed(
    store: Store,
    sites: Mapping[str, Site],
    *,
    days: float,
    halls: int,
    end: datetime,
    interval_s: int = 30,
    seed: int = 1,
    raw_days: float | None = None,
    progress: Progress | None = None,
    open_again: OpenStore | None = None,
) -> int:
    """Write the history of `halls` halls over the `days` before `end` (aware), and its rollups; return the number of samples.

    `raw_days`: before so many days there are only the rollups. `progress(what, share)` is told now and then. `open_again`
    opens the same store in another process, and a process for each core fills it. Raises what the store raises, LineError
    when such a process was ended, ValueError for an `end` without zone.
    """
    span = span_of(end, days, raw_days)
    chosen = plan(sites.values(), halls, seed)
    samples, status = 0, list[Point]()
    if progress:
        progress("samples", 0.0)
    recipes = [Recipe(sites[code], profile, interval_s, seed) for code, profile in chosen.items()]
    with closing(fill_all(open_again, recipes, span) if open_again else fill_here(store, recipes, span)) as filled:
        for number, hall in enumerate(filled, 1):
            samples += hall.samples
            status += hall.status
            if progress:
                progress("samples", number / len(recipes))
    write_beside(store, sites, chosen, status, span, seed)
    return samples


def span_of(end: datetime, days: float, raw_days: float | None) -> Span:
    """Return what is to be written. Raises ValueError for an `end` without zone."""
    if end.tzinfo is None:
        raise ValueError("end must have a time zone")
    end_s = int(end.timestamp())
    start_s = end_s - int(days * DAY_S)
    raw_s = start_s if raw_days is None else max(start_s, (end_s - int(raw_days * DAY_S)) // HOUR_S * HOUR_S)
    return Span(start_s, raw_s, end_s)


def write_beside(
    store: Store, sites: Mapping[str, Site], chosen: Mapping[str, Profile], status: Sequence[Point], span: Span, seed: int
) -> None:
    """Write what is not of one hall: the list of sites, the collector's figures, alerts, and how far the rollups go."""
    points = site_points(sites.values(), span.end_s * 1_000_000_000)
    points += reports(range(span.start_s, span.end_s, REPORT_S), len(chosen), seed)
    points += [*alerts(chosen, sites, status, span.end_s), *intake(chosen, sites, span.end_s)]
    for first in range(0, len(points), WRITE_SAMPLES):
        patiently(partial(store.write_points, points[first : first + WRITE_SAMPLES]))


def claim(store: Store, where: str, words: str, span: Span) -> None:
    """Note in the store what it is filled with. Raises ConfigError where it holds samples of anything else."""
    at_ns = span.start_s * 1_000_000_000 - 1
    try:
        newest = max((int(row["time_ns"]) for row in store.latest("signal")), default=None)
    except StoreUnavailableError as error:
        if error.fault is not Fault.MISSING:
            raise
        newest = None  # the database is made by the first write
    if newest is not None and words not in (begun := _begun(store)):
        when = datetime.fromtimestamp(newest / 1e9, UTC)
        raise ConfigError(
            f"{where}: holds samples already, the newest of {when:%Y-%m-%d %H:%M} UTC, and made-up ones never go between them; "
            "name another store, or remove this one"
            + "".join(f". What was begun with {_command(one)} goes on with the same" for one in begun)
        )
    store.write_points([Point("ingest", {}, {"collector": words}, at_ns)])


def _begun(store: Store) -> list[str]:
    """Return what a store was begun to be filled with, oldest first."""
    told = (str(row.get("collector", "")) for row in store.samples("ingest", 0, 2**62, names=("collector",)))
    return list(dict.fromkeys(words for words in told if words.startswith("seed ")))


def _command(words: str) -> str:
    """Return the arguments that `claim` noted, as they are typed."""
    names, (*values, end) = ("--days", "--halls", "--interval-s", "--seed", "--raw-days"), words.split()[1:]
    typed = " ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return f"{typed} --end {datetime.fromtimestamp(int(end), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _words(args: argparse.Namespace, end: datetime) -> str:
    raw = args.raw_days or args.days
    return f"seed {args.days} {args.halls} {args.interval_s} {args.seed} {raw} {int(end.timestamp())}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-demo seed`."""
    parser.description = "Fills a store with a made-up history of halls, and brings its hourly and daily summaries up to date."
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_lang(parser, otherwise="en")
    parser.add_argument("--days", type=_at_least_1, required=True, metavar="N", help="how many days before --end")
    parser.add_argument("--halls", type=_at_least_1, default=141, metavar="N", help="how many halls have a device (default 141)")
    parser.add_argument("--raw-days", type=_at_least_1, metavar="N", help="before the last N days only summaries")
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--config", "-c", type=Path, metavar="FILE", help="collector.toml: its store, its list of sites")
    store.add_argument("--sqlite", type=Path, metavar="FILE", help="a SQLite file; made when missing")
    parser.add_argument("--sites", type=Path, metavar="FILE", help="list of sites for --sqlite (default: shipped)")
    parser.add_argument("--end", type=timestamp, metavar="WHEN", help="ISO 8601, UTC unless it says otherwise (default: now)")
    parser.add_argument("--interval-s", type=_at_least_1, default=30, metavar="S", help="seconds between samples (default 30)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, another history (default 1)")


def run(args: argparse.Namespace) -> int:
    """Seed as the arguments say; return the exit code."""
    end = args.end or datetime.now(UTC)
    try:
        config = load(args.config) if args.config else None
        sites = read_sites(config.sites.file if config else args.sites or shipped() / "sites.csv")
        open_again: OpenStore = partial(open_store, config.store) if config else partial(Sqlite, args.sqlite)
        store = open_again()
        began, bar = time.monotonic(), Bar()
        try:
            claim(store, str(args.config or args.sqlite), _words(args, end), span_of(end, args.days, args.raw_days))
            count = seed(
                store,
                sites,
                days=args.days,
                halls=args.halls,
                end=end,
                interval_s=args.interval_s,
                seed=args.seed,
                raw_days=args.raw_days,
                progress=bar,
                open_again=open_again,
            )
            end_ns = int(end.timestamp()) * 1_000_000_000
            patiently(lambda: write(store, sites, *account(store, sites, end_ns), end_ns))
        finally:
            bar.end()
            store.close()
    except ConfigError as error:
        print(f"sinyal-demo seed: {error}", file=sys.stderr)
        return USAGE
    except CollectorError as error:
        print(f"sinyal-demo seed: store: {error}", file=sys.stderr)
        return INCOMPLETE
    except LineError as error:
        print(f"sinyal-demo seed: {error}", file=sys.stderr)
        return INCOMPLETE
    except KeyboardInterrupt:
        until = end.isoformat(timespec="seconds")
        print(tr("interrupted; the same command with --end {end} completes it", args.lang, end=until), file=sys.stderr)
        return INTERRUPTED
    spent = time.monotonic() - began
    rate = Figure(count / spent)
    print(tr("{n} samples in {s} s ({rate}/s)", args.lang, n=Figure(count), s=spent, rate=rate), file=sys.stderr)
    return OK


def _at_least_1(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 (got {text})")
    return int(text)
