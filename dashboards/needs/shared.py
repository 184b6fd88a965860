"""The daily rollups of many halls, read and summed up by as many processes as there are cores: half of a report's work.

Halls share nothing here, so each process takes some of them with a connection of its own; what it gives back is small.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from collector.sites.sites import Site
from collector.store.store import Store
from dashboards.needs.gather import Halls, read_days
from dashboards.needs.model import Period
from ground.pool import pool_of, unheard

FEW = 5000
"""Halls x days that one process reads faster than others are started: a month of all villages."""
CONTEXT = multiprocessing.get_context("spawn")  # a fork would share the open SQLite file
PARTS = 4
"""Shares of each process, so that none ends long after the other."""
Days = tuple[Halls, tuple[str, ...]]


@contextmanager
def days_of(
    store: Store, again: Callable[[], Store] | None, sites: Mapping[str, Site], period: Period
) -> Iterator[Callable[[], Days]]:
    """Begin to read; yield what gives the days once they are there, as `read_days` does. Raises StoreUnavailableError.

    `again` opens the same store in another process; without it, or for few days, this process reads them.
    """
    workers = os.cpu_count() or 1
    if again is None or workers == 1 or len(sites) * period.days <= FEW:
        yield lambda: read_days(store, sites, period)
        return
    codes, shares = sorted(sites), workers * PARTS
    with pool_of(workers, CONTEXT) as pool:
        with unheard():
            parts = [pool.submit(read_part, again, [sites[code] for code in codes[k::shares]], period) for k in range(shares)]
        strangers = {str(row["site"]) for row in store.samples("signal_1d", period.start_ns, period.end_ns, names=("samples",))}
        yield lambda: (
            {code: operators for part in parts for code, operators in part.result().items()},
            tuple(sorted(strangers - sites.keys())),
        )


def read_part(again: Callable[[], Store], sites: Sequence[Site], period: Period) -> Halls:
    """Read some halls and do all that costs: what a process beside does. Raises StoreUnavailableError."""
    halls: Halls = {}
    with closing(again()) as store:
        for site in sites:
            halls |= read_days(store, {site.code: site}, period, site.code)[0]
    for code, operators in halls.items():
        for name, measured in operators.items():
            measured.settle(code, name, period)
    return halls
