"""What one tick of the watch costs, samples every 30 s in frames of 5 minutes: `python -m bench.alerts [--halls 141 10000]`."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from collector.notify.outbox import Outbox
from collector.sites.sites import Site
from collector.store.dirty_hours import WINDOW_NS, entry
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Store
from collector.watch.config import load
from collector.watch.db import WatchDb
from collector.watch.watch import Watch
from telemetry.frame import Sample, Value, pack

CONFIG = Path(__file__).parents[1] / "config" / "alerts.toml"
START_MS = 1_796_054_400_000
MINUTE = 60_000
WARM_MINUTES, TICKS = 16, 10
DARK_SHARE = 50
"""Every 50th hall is dark all the time, so there is something to judge."""


class Cost(NamedTuple):
    """Of one tick: seconds of the processor (median, most) and of the wall clock (median)."""

    cpu_s: float
    cpu_most_s: float
    wall_s: float
    alerts: int


def sites_of(halls: int) -> dict[str, Site]:
    """Return invented halls, eight to a kecamatan."""
    return {
        f"h{n:05}": Site(f"h{n:05}", f"Kecamatan {n // 8}", f"Desa {n}", 0.5, 117.0, "map", power="grid") for n in range(halls)
    }


def frames(sites: Mapping[str, Site], minute: int) -> Iterator[Placed]:
    """Yield the frames of one minute: a fifth of the halls sends its last 5 minutes."""
    for n, site in enumerate(sites.values()):
        if n % 5 != minute % 5 or (n % DARK_SHARE == 0 and minute > WARM_MINUTES - 14):
            continue
        seq = minute * 11 + 1
        values: dict[str, Value] = {"registration": "home", "rat": "lte", "plmn": "51010", "band": 3, "cell_id": n // 4}
        times = [START_MS + minute * MINUTE - 30_000 * (9 - i) for i in range(10)]
        radio = [Sample(seq + i, t, "ntp", values | {"rsrp_dbm": -92.0 - i % 4, "sinr_db": 11.0}) for i, t in enumerate(times)]
        yield Placed(pack(site.code, "signal", "m1", radio), site)
        device: dict[str, Value] = {"clock_state": "ntp", "spool_depth": 10, "disk_free_mb": 9000.0}
        yield Placed(pack(site.code, "device", None, [Sample(seq + 10, times[-1], "ntp", device)]), site)


def arrive(store: Store, sites: Mapping[str, Site], minute: int) -> None:
    """Store what arrives in one minute."""
    batch = list(frames(sites, minute))
    store.write(batch)
    at_ms = START_MS + minute * MINUTE
    codes = {placed.site.code for placed in batch}
    store.write_points([entry(code, at_ms // 3_600_000, at_ms * 1_000_000 // WINDOW_NS) for code in sorted(codes)])


def cost(store: Store, folder: Path, halls: int) -> Cost:
    """Measure ticks a minute apart, after a warm-up."""
    config, sites = load(CONFIG), sites_of(halls)
    db = WatchDb(folder / "watch.db")
    watch = Watch(config, sites, store, db, Outbox(db.db, lambda _message: []))
    cpu, wall = [], []
    for minute in range(WARM_MINUTES + TICKS):
        arrive(store, sites, minute)
        began_cpu, began = time.process_time(), time.perf_counter()
        watch.look(START_MS + minute * MINUTE)
        if minute >= WARM_MINUTES:
            cpu.append(time.process_time() - began_cpu)
            wall.append(time.perf_counter() - began)
    alerts = len(db.state().signs)
    db.close()
    return Cost(median(cpu), max(cpu), median(wall), alerts)


def main() -> None:
    """Print the cost on SQLite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--halls", type=int, nargs="+", default=[141, 10_000], metavar="N", help="default: 141 10000")
    for halls in parser.parse_args().halls:
        with tempfile.TemporaryDirectory() as name:
            store = Sqlite(Path(name) / "store.db")
            c = cost(store, Path(name), halls)
            store.close()
        print(
            f"{halls} halls: a tick takes {c.cpu_s * 1000:.0f} ms of one core (median of {TICKS}), "
            f"at most {c.cpu_most_s * 1000:.0f} ms (every fifth reads all that is not late); "
            f"{c.wall_s * 1000:.0f} ms on the clock; {c.alerts} alerts under judgement"
        )


if __name__ == "__main__":
    main()
