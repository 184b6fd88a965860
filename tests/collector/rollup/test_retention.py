"""Retention stops nothing: late readings whose day is gone cost their own row only, and rollups outlive the samples."""

from __future__ import annotations

import time

import pytest

from collector.rollup import bring_up_to_date
from collector.store.dirty_hours import DirtyHours
from collector.store.influx1 import Influx1
from collector.store.store import Placed, Point
from lab.servers import Server, fetch
from tests.collector.frames import OTHER, SITE, signal_frame

DAY_MS = 86_400_000
SITES = {SITE.code: SITE, OTHER.code: OTHER}


def ask(server: Server, question: str) -> str:
    code, body = fetch(f"{server.url}/query?db=sinyal", f"q={question}".encode())
    assert code == 200
    return body.decode()


def policies(server: Server) -> str:
    return ask(server, "SHOW RETENTION POLICIES ON sinyal")


def test_one_late_reading_does_not_stop_the_rollups_of_all_halls(influx: Server) -> None:
    store = Influx1(influx.url, "sinyal")
    store.check()
    ask(influx, "ALTER RETENTION POLICY sinyal ON sinyal DURATION 48h SHARD DURATION 1h")
    now_ms = int(time.time() * 1000)
    # Late by just less than the retention: the sample goes in, the start of its day lies before the border.
    late = signal_frame(1, 4, t0_ms=now_ms - 2 * DAY_MS + 600_000)
    DirtyHours().write(store, [Placed(late, SITE), Placed(signal_frame(1, 4, OTHER.code, t0_ms=now_ms - 600_000), OTHER)])
    store._long, store._asked_until = False, time.monotonic() + 600  # as for a user who may make no policy
    assert bring_up_to_date(store, SITES, time.time_ns()) >= 2
    assert [row["site"] for row in store.latest("signal_1d", OTHER.code)] == [OTHER.code]
    assert len(store.latest("rollup")) == 1, "the checkpoint is written: the late hour never comes again"
    assert bring_up_to_date(store, SITES, time.time_ns()) >= 0


def test_rollups_outlive_the_samples_in_a_policy_of_their_own(influx: Server) -> None:
    store = Influx1(influx.url, "sinyal")
    store.check()
    day_ns = (int(time.time()) - 40 * 86_400) * 1_000_000_000
    old = Point("signal_1d", {"site": SITE.code, "modem": "m1"}, {"samples": 7, "rsrp_median_dbm": -97.0}, day_ns)
    store.write_points([old])  # from the time when everything was kept
    assert "rollup" not in policies(influx)
    ask(influx, "ALTER RETENTION POLICY sinyal ON sinyal DURATION 60d SHARD DURATION 1d")
    store = Influx1(influx.url, "sinyal")
    older = Point("signal_1d", {"site": SITE.code, "modem": "m1"}, {"samples": 9}, day_ns - 300 * 86_400 * 1_000_000_000)
    verdict = Point("verdict", {"site": SITE.code, "operator": "Telkomsel"}, {"grade": "B"}, older.time_ns)
    store.write_points([older, verdict])
    assert '["rollup","0s"' in policies(influx)
    reader = Influx1(influx.url, "sinyal")
    for one in (store, reader):
        assert [row["samples"] for row in one.samples("signal_1d", 0, 2**62)] == [9, 7]
        assert one.latest("signal_1d")[0]["rsrp_median_dbm"] == -97.0
        assert [row["grade"] for row in one.samples("verdict", 0, 2**62)] == ["B"], "a needs map of last year keeps its grades"
    assert '"signal_1d"' in ask(influx, "SHOW MEASUREMENTS"), "dashboards find the young ones beside the samples"


@pytest.mark.parametrize("days", [0, 30])
def test_a_database_that_keeps_everything_gets_no_second_policy(influx: Server, days: int) -> None:
    store = Influx1(influx.url, "sinyal", retention_days=days)
    store.check()
    store.write_points([Point("signal_1d", {"site": SITE.code}, {"samples": 7}, time.time_ns())])
    assert ("rollup" in policies(influx)) == (days > 0)
