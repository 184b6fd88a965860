"""The upkeep of the clustered profile on real nodes: each started anew under load, and a backup into an empty cluster."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from collector.store.store import MEASUREMENTS, Row
from lab.cluster import Cluster, running
from lab.servers import wait_for
from tests.cluster_rounds import PARTS, SETTLE_S, Hall, account, flow_back, halls_of


def rolled(cluster: Cluster, halls: list[Hall]) -> bool:
    """Stop each node and start it anew, as an upgrade does, one after the other; whether nothing was lost or doubled."""
    for part in reversed(PARTS):  # what others stand on comes first
        for number, server in enumerate(getattr(cluster, part)):
            began = time.monotonic()
            server.stop()
            server.start()
            wait_for(server.ready, f"{server.name} to be well again")
            well = time.monotonic() - began
            back = flow_back(halls, time.monotonic(), f"{part}[{number}] was started anew")
            print(f"{part}[{number}] stopped and started: well after {well:.1f} s, then flow in {back[-1]:.1f} s", flush=True)
            time.sleep(SETTLE_S)
    for hall in halls:
        hall.measuring = False
    wait_for(lambda: not any(hall.waiting for hall in halls), "the last answers")
    return account(cluster, halls)


def everything(store: ClickHouse) -> dict[str, list[Row]]:
    """Return all rows of all tables, but for the proof that a store works, which is not of the halls."""
    found = {name: list(store.samples(name, 0, 2**62)) for name in MEASUREMENTS if name != "proof"}
    return {name: sorted(rows, key=lambda row: (row["time_ns"], repr(sorted(row.items())))) for name, rows in found.items()}


def restored(cluster: Cluster, folder: Path) -> bool:
    """Copy the store out, and into three empty replicas; whether each has the same rows, bit by bit."""
    for collector in cluster.collectors:  # else they go on writing what they count
        collector.stop()
    urls = [store.url for store in cluster.stores]
    began = time.monotonic()
    counts = ClickHouse(Nodes(urls), "sinyal", quorum=2).copy_out(folder / "backup")
    size = sum(path.stat().st_size for path in (folder / "backup").rglob("*.native"))
    print(f"backup: {sum(counts.values()):,} rows, {size:,} bytes, {time.monotonic() - began:.1f} s", flush=True)
    wanted = everything(ClickHouse(Nodes(urls[:1]), "sinyal"))
    well = True
    with running(folder / "other", collecting=False) as other:
        began = time.monotonic()
        ClickHouse(Nodes([store.url for store in other.stores]), "sinyal", quorum=2).copy_in(folder / "backup")
        print(f"restore: {time.monotonic() - began:.1f} s", flush=True)
        for number in range(len(other.stores)):
            same = f"replica {number} to have the same {sum(map(len, wanted.values())):,} rows"
            wait_for(lambda number=number: everything(other.stored(number)) == wanted, same, 120)  # type: ignore[misc]
            print(f"{same}: True", flush=True)
            well &= any(wanted.values())
    return well


def run_upkeep(folder: Path) -> bool:
    """Do both."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running(folder / "one"))
        with ExitStack() as measuring:
            well = rolled(cluster, halls_of(measuring, cluster))
        return restored(cluster, folder) and well
