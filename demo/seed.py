"""`sinyal-demo seed`: fill any store with a plausible, repeatable history, for screenshots, tests and benches."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from collector import rollup
from collector.config import load
from collector.errors import CollectorError, ConfigError
from collector.server.program import timestamp
from collector.sites.sites import Site, read_sites
from collector.store.open import open_store
from collector.store.site_points import site_points
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Point, Store
from demo.history import HOUR_S, History
from demo.profiles import PROFILES, plan
from ground.paths import shipped
from telemetry.frame import Frame

WRITE_SAMPLES = 10_000
REPORT_S = 300
ROLLUP_HOURS = 24
OK, INCOMPLETE, USAGE, INTERRUPTED = 0, 1, 2, 130
EPILOG = f"""\
Halls are chosen across the kecamatan; the first ten are one of each kind, the others fall by weight:
  {", ".join(profile.name for profile in PROFILES)}
The other halls of the list get nothing: not measured. The same arguments give the same points in every engine, so seeding twice
leaves one copy. All of it is made up; never seed a store that holds measurements.

examples:
  sinyal-demo seed --days 30 --halls 141 --sqlite /tmp/demo.db
  sinyal-demo seed --days 7 --halls 20 --config /etc/sinyal/collector.toml --end 2026-11-24T00:00+08:00

exit: 0 written; 1 the store is down; 2 bad usage or config; 130 interrupted (seed again to complete it)
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
    progress: Progress | None = None,
) -> int:
    """Write the history of `halls` halls over the `days` before `end` (aware), and its rollups; return the number of samples.

    `progress(what, share)` is told now and then. Raises what the store raises, ValueError for an `end` without zone.
    """
    if end.tzinfo is None:
        raise ValueError("end must have a time zone")
    end_s = int(end.timestamp())
    start_s = end_s - int(days * 86400)
    histories = {code: History(sites[code], kind, interval_s, seed) for code, kind in plan(sites.values(), halls, seed).items()}
    samples = 0
    with ThreadPoolExecutor(1) as writer:  # the next samples are made while the store takes these
        writing: Future[None] | None = None
        for share, batch in _batches(_frames(histories, start_s, end_s), sites):
            samples += sum(len(placed.frame.seq) for placed in batch)
            if writing:
                writing.result()
            writing = writer.submit(store.write, batch)
            if progress:
                progress("samples", share)
        if writing:
            writing.result()
    points = [point for history in histories.values() for point in history.status]
    points += site_points(sites.values(), end_s * 1_000_000_000)
    points += _reports(start_s, end_s, len(histories), seed)
    for first in range(0, len(points), WRITE_SAMPLES):
        store.write_points(points[first : first + WRITE_SAMPLES])
    _roll_up(store, sites, list(histories), range(start_s // HOUR_S, -(-end_s // HOUR_S)), progress)
    return samples


def _roll_up(store: Store, sites: Mapping[str, Site], codes: Sequence[str], hours: range, progress: Progress | None) -> None:
    for first in range(0, len(hours), ROLLUP_HOURS):
        rollup.recompute(store, sites, {code: set(hours[first : first + ROLLUP_HOURS]) for code in codes})
        if progress:
            progress("summaries", min(1.0, (first + ROLLUP_HOURS) / len(hours)))


def _frames(histories: Mapping[str, History], start_s: int, end_s: int) -> Iterator[tuple[float, str, Frame]]:
    """Yield all frames in the order of time, with the share of the period that is done."""
    for hour in range(start_s // HOUR_S * HOUR_S, end_s, HOUR_S):
        for code, history in histories.items():
            for frame in history.hour(hour, start_s, end_s):
                yield (hour - start_s) / (end_s - start_s), code, frame
    for code, history in histories.items():
        for frame in history.rest():
            yield 1.0, code, frame


def _batches(frames: Iterator[tuple[float, str, Frame]], sites: Mapping[str, Site]) -> Iterator[tuple[float, list[Placed]]]:
    """Yield what is written at once, with the share of the period that is done then."""
    batch: list[Placed] = []
    waiting = 0
    for share, code, frame in frames:
        batch.append(Placed(frame, sites[code]))
        waiting += len(frame.seq)
        if waiting >= WRITE_SAMPLES:
            yield share, batch
            batch, waiting = [], 0
    if batch:
        yield 1.0, batch


def _reports(start_s: int, end_s: int, halls: int, seed: int) -> Iterator[Point]:
    """Yield what a collector would have said about itself."""
    rng = random.Random(f"{seed}/ingest")  # noqa: S311 - repeatable, not a secret
    zeros = dict.fromkeys(("implausible_values", "held_frames", "dropped_frames", "store_errors", "rejected_frames"), 0)
    for t in range(start_s, end_s, REPORT_S):
        frames = round(1.9 * halls)
        lag = rng.randrange(900, 1600)
        counts = {"received_frames": frames, "stored_samples": 11 * frames, "duplicate_samples": int(rng.random() < 0.05) * 10}
        counts |= {"late_samples": int(rng.random() < 0.02) * 40, "lag_ms": lag, "lag_max_ms": lag * rng.randrange(2, 9)}
        yield Point("ingest", {}, {**counts, **zeros, "collector": "seed"}, t * 1_000_000_000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-demo seed`."""
    parser.description = "Fills a store with a made-up history of halls, and brings its hourly and daily summaries up to date."
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--days", type=_at_least_1, required=True, metavar="N", help="how many days before --end")
    parser.add_argument("--halls", type=_at_least_1, default=141, metavar="N", help="how many halls have a device (default 141)")
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--config", "-c", type=Path, metavar="FILE", help="collector.toml: its store, its list of sites")
    store.add_argument("--sqlite", type=Path, metavar="FILE", help="a SQLite file; made when missing")
    parser.add_argument("--sites", type=Path, metavar="FILE", help="list of sites for --sqlite (default: shipped)")
    parser.add_argument("--end", type=timestamp, metavar="WHEN", help="ISO 8601, UTC unless it says otherwise (default: now)")
    parser.add_argument("--interval-s", type=_at_least_1, default=30, metavar="S", help="seconds between samples (default 30)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, another history (default 1)")


def run(args: argparse.Namespace) -> int:
    """Seed as the arguments say; return the exit code."""
    try:
        config = load(args.config) if args.config else None
        sites = read_sites(config.sites.file if config else args.sites or shipped() / "sites.csv")
        store = open_store(config.store) if config else Sqlite(args.sqlite)
        end = args.end or datetime.now(UTC)
        began = time.monotonic()
        try:
            count = seed(
                store,
                sites,
                days=args.days,
                halls=args.halls,
                end=end,
                interval_s=args.interval_s,
                seed=args.seed,
                progress=_Show(),
            )
        finally:
            store.close()
    except ConfigError as error:
        print(f"sinyal-demo seed: {error}", file=sys.stderr)
        return USAGE
    except CollectorError as error:
        print(f"sinyal-demo seed: store: {error}", file=sys.stderr)
        return INCOMPLETE
    except KeyboardInterrupt:
        print("\ninterrupted; run it again to complete the history", file=sys.stderr)
        return INTERRUPTED
    spent = time.monotonic() - began
    print(f"\nseeded {count:,} samples in {spent:.1f} s ({count / spent:,.0f}/s)", file=sys.stderr)
    return OK


class _Show:
    """Tells how far it is, on one line of a terminal, otherwise at every tenth."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, share: float) -> None:
        live = sys.stderr.isatty()
        text = f"{what} {share:4.0%}" if live else f"{what} {share // 0.1 * 10:.0f} %"
        if text != self._last:
            print(text, end="   \r" if live else "\n", file=sys.stderr, flush=True)
            self._last = text


def _at_least_1(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 (got {text})")
    return int(text)
