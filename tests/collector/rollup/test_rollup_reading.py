"""What rollups need of a store: some columns, the newest row before a moment, long periods in order; the same in every engine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.sites.sites import Site
from collector.store.store import Placed, Point, Row, Store
from lab.engines import ENGINES, open_engine
from lab.servers import Server
from telemetry.frame import Sample, pack
from tests.collector.frames import SITE, T0_MS

Starter = Callable[[Callable[[], Server]], Server]
HALLS = [Site(f"hall-{k}", "Busang", f"Desa {k}", 0.5, 117.0, "centroid") for k in range(6)]
HOUR_MS = 3_600_000


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path, start_server: Starter) -> Iterator[Store]:
    store = open_engine(request.param, tmp_path, start_server)
    yield store
    store.close()


@pytest.fixture
def samples(store: Store) -> list[Row]:
    """Fill the store with halls of one to three modems over twelve days, some of them long silent; return what was stored."""
    rng = random.Random(1)
    kept: list[Row] = []
    for hall in HALLS:
        for modem in ("a", "b", "c")[: rng.randint(1, 3)]:
            hours = sorted(rng.sample(range(12 * 24), 20))
            found = [
                Sample(k + 1, T0_MS + hour * HOUR_MS, "ntp", {"band": rng.choice([3, 8]), "pci": k})
                for k, hour in enumerate(hours)
            ]
            store.write([Placed(pack(hall.code, "signal", modem, found), hall)])
            kept += [{"site": hall.code, "modem": modem, "seq": s.seq, "time_ns": s.t_ms * 1_000_000 + s.seq} for s in found]
    return kept


def newest(samples: list[Row], before_ns: int) -> list[tuple[object, ...]]:
    found: dict[tuple[object, object], Row] = {}
    for row in samples:
        if before_ns > int(row["time_ns"]) >= int(found.get((row["site"], row["modem"]), {"time_ns": 0})["time_ns"]):
            found[row["site"], row["modem"]] = row
    return sorted((row["site"], row["modem"], row["seq"]) for row in found.values())


def seen(rows: list[Row]) -> list[tuple[object, ...]]:
    return sorted((row["site"], row["modem"], row["seq"]) for row in rows)


def test_the_newest_row_of_every_modem_at_any_moment(store: Store, samples: list[Row]) -> None:
    assert seen(store.latest("signal")) == newest(samples, 2**62)
    for hour in (0, 1, 50, 100, 200, 400):
        before_ns = (T0_MS + hour * HOUR_MS) * 1_000_000
        assert seen(store.latest("signal", before_ns=before_ns)) == newest(samples, before_ns)
    one = [row for row in samples if row["site"] == "hall-3"]
    assert seen(store.latest("signal", "hall-3")) == newest(one, 2**62)
    assert store.latest("signal", "nobody") == []


def test_long_periods_come_whole_and_in_order(store: Store, samples: list[Row]) -> None:
    rows = list(store.samples("signal", 0, 2**62))
    assert [row["time_ns"] for row in rows] == sorted(int(row["time_ns"]) for row in samples)
    assert sorted((row["site"], row["modem"], row["seq"]) for row in rows) == seen(samples)
    of_one = list(store.samples("signal", 0, 2**62, "hall-2"))
    assert [row["time_ns"] for row in of_one] == sorted(int(row["time_ns"]) for row in samples if row["site"] == "hall-2")
    assert list(store.samples("signal", 0, T0_MS * 1_000_000)) == []


def test_only_the_columns_that_were_asked_for(store: Store, samples: list[Row]) -> None:
    rows = list(store.samples("signal", 0, 2**62, names=("pci", "band", "rsrp_dbm")))
    assert len(rows) == len(samples)
    for row in rows:
        assert {"time_ns", "site", "modem", "pci", "band"} <= row.keys()
        assert "seq" not in row
        assert "clock" not in row


def test_points_that_must_not_be_without_their_frames(store: Store) -> None:
    frame = pack(SITE.code, "signal", "m1", [Sample(1, T0_MS, "ntp", {"pci": 1})])
    store.write([Placed(frame, SITE)], [Point("touched", {"site": SITE.code}, {"hour": 7200}, T0_MS * 1_000_000)])
    assert store.seqs(SITE.code) == [1]
    assert [(row["site"], row["hour"]) for row in store.samples("touched", 0, 2**62)] == [(SITE.code, 7200)]
