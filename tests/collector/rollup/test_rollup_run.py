"""The running collector keeps its rollups up to date by itself; two that do it at once do no harm."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector import run
from collector.config import load
from collector.line.inbox import Received
from collector.rollup import bring_up_to_date
from collector.store.dirty_hours import DirtyHours
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Row
from lab.servers import Server, wait_for
from telemetry.frame import encode
from telemetry.topics import stream_topic
from tests.collector.frames import OTHER, SITE, signal_frame

SITES = (
    f"code,kecamatan,desa,lat,lon,coordinate_source\n{SITE.code},{SITE.kecamatan},{SITE.desa},{SITE.lat},{SITE.lon},centroid\n"
)


def test_a_running_collector_rolls_up_what_came(tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ROLLUP_EVERY_S", 0.2)
    (tmp_path / "sites.csv").write_text(SITES)
    config = tmp_path / "collector.toml"
    parts = [f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false', '[store]\nengine = "sqlite"\npath = "store.db"']
    config.write_text("\n".join([*parts, "[http]\nport = 0\n"]))
    collector = run.Collector(load(config))
    collector.start()
    try:
        frame = signal_frame(1, 10)
        collector.line.process([Received(stream_topic(frame.site, frame.stream), encode(frame), time.time_ns() // 1_000_000)])
        (row,) = wait_for(lambda: collector.store.latest("signal_1d"), "the day's row")
    finally:
        collector.stop()
    assert (row["site"], row["operator"], row["samples"], row["lte"]) == (SITE.code, "Telkomsel", 10, 10)


def rows(store: Sqlite) -> list[list[Row]]:
    return [list(store.samples(name, 0, 2**62)) for name in ("signal_1h", "signal_1d")]


def test_two_at_once_leave_what_one_leaves(tmp_path: Path) -> None:
    sites = {SITE.code: SITE, OTHER.code: OTHER}
    batch = [Placed(signal_frame(1 + 100 * k, 100, site.code), site) for k in range(20) for site in sites.values()]
    alone, shared = Sqlite(tmp_path / "alone.db"), Sqlite(tmp_path / "shared.db")
    for store in (alone, shared):
        DirtyHours().write(store, batch)
    now_ns = time.time_ns()
    bring_up_to_date(alone, sites, now_ns)
    others = [Sqlite(tmp_path / "shared.db") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda store: bring_up_to_date(store, sites, now_ns), others))
    assert min(counts) > 0
    assert rows(shared) == rows(alone)
