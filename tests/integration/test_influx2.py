"""A real InfluxDB 2.x: rights, names, retention and power cuts. Runs where SINYAL_INFLUXD2 names one (`make test-engines`)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.influx2 import Influx2
from collector.store.store import Placed, Point
from lab.engines import BUCKET, ORG, TOKEN, ask2, influxd2
from lab.servers import Server, wait_for
from tests.collector.frames import SITE, signal_frame
from tests.integration.test_sickness import NOW_MS, Office, frames, office

Starter = Callable[[Callable[[], Server]], Server]


@pytest.fixture
def server(tmp_path: Path, start_server: Starter) -> Server:
    return start_server(lambda: influxd2(tmp_path / "influxd2"))


@pytest.fixture
def store(server: Server) -> Iterator[Influx2]:
    store = Influx2(server.url, ORG, BUCKET, TOKEN)
    yield store
    store.close()


def bucket_id(server: Server, name: str = BUCKET) -> str:
    found = json.loads(ask2(server.url, "GET", f"/api/v2/buckets?name={name}")[1])["buckets"]
    return str(found[0]["id"])


def org_id(server: Server) -> str:
    return str(json.loads(ask2(server.url, "GET", "/api/v2/orgs")[1])["orgs"][0]["id"])


def token_for(server: Server, *actions: str) -> str:
    org, bucket = org_id(server), bucket_id(server)
    rights = [{"action": action, "resource": {"type": "buckets", "id": bucket, "orgID": org}} for action in actions]
    code, body = ask2(server.url, "POST", "/api/v2/authorizations", {"orgID": org, "permissions": rights})
    assert code == 201
    return str(json.loads(body)["token"])


def make_bucket(server: Server, name: str, seconds: int = 0) -> None:
    rules = [{"type": "expire", "everySeconds": seconds}] if seconds else []
    body = {"orgID": org_id(server), "name": name, "retentionRules": rules}
    assert ask2(server.url, "POST", "/api/v2/buckets", body)[0] == 201


def test_a_token_that_may_read_and_write_the_bucket_is_enough(server: Server) -> None:
    Influx2(server.url, ORG, BUCKET, token_for(server, "read", "write")).check()


@pytest.mark.parametrize(
    ("rights", "fault"), [(("write",), Fault.UNREADABLE), (("read",), Fault.NOT_ALLOWED)], ids=["only write", "only read"]
)
def test_a_right_that_is_missing_is_named(server: Server, rights: tuple[str, ...], fault: Fault) -> None:
    with pytest.raises(StoreUnavailableError) as found:
        Influx2(server.url, ORG, BUCKET, token_for(server, *rights)).check()
    assert found.value.fault is fault


@pytest.mark.parametrize(
    ("org", "bucket", "token", "fault"),
    [("nobody", BUCKET, TOKEN, Fault.MISSING), (ORG, "none", TOKEN, Fault.MISSING), (ORG, BUCKET, "bad", Fault.LOGIN_REFUSED)],
)
def test_a_wrong_name_or_token_is_named(server: Server, org: str, bucket: str, token: str, fault: Fault) -> None:
    with pytest.raises(StoreUnavailableError) as found:
        Influx2(server.url, org, bucket, token).check()
    assert found.value.fault is fault


def test_an_address_with_a_path_stores_nothing_and_is_named(server: Server, tmp_path: Path) -> None:
    with office(tmp_path, Influx2(f"{server.url}/orgs/{org_id(server)}", ORG, BUCKET, TOKEN)) as found:
        found.send(frames()[0])
        wait_for(lambda: "not_a_store" in found.faults(), "the fault")
        assert not found.acks


def test_a_bucket_deleted_while_running_stops_the_answers_until_it_is_there_again(
    server: Server, store: Influx2, tmp_path: Path
) -> None:
    with office(tmp_path, store) as found:
        found.send(frames()[0])
        wait_for(lambda: found.answered("ok"), "the first answer")
        assert ask2(server.url, "DELETE", f"/api/v2/buckets/{bucket_id(server)}")[0] == 204
        with pytest.raises(StoreUnavailableError, match="missing"):
            store.latest("signal")
        found.send(frames()[1])
        wait_for(lambda: "missing" in found.faults(), "the fault")
        assert len(found.answered("ok")) == 1
        make_bucket(server, BUCKET)
        wait_for(lambda: len(found.answered("ok")) == 2, "the second answer")
        assert set(store.seqs(SITE.code)) >= set(frames()[1].seq)


def test_of_a_frame_that_is_partly_too_old_the_rest_is_stored(server: Server, tmp_path: Path) -> None:
    make_bucket(server, "short", 2 * 86_400)
    store = Influx2(server.url, ORG, "short", TOKEN)
    half = signal_frame(201, 10, t0_ms=NOW_MS - 10_800_000)
    half.t_ms[:4] = [t - 30 * 86_400_000 for t in half.t_ms[:4]]
    with office(tmp_path, store) as found:
        found.send(half)
        found.send(signal_frame(101, 10, t0_ms=NOW_MS - 30 * 86_400_000))
        wait_for(lambda: found.answered("ok") and found.answered("bad"), "both answers")
        assert store.seqs(SITE.code) == half.seq[4:]
        assert found.counters.expired_samples == 4


def test_a_type_conflict_is_told_as_the_stores(store: Influx2) -> None:
    store._post([b"signal,site=other rsrp_dbm=-97i %d" % (NOW_MS * 1_000_000)])
    with pytest.raises(PointsRefusedError) as found:
        store.write([Placed(signal_frame(1, 1, t0_ms=NOW_MS - 30_000), SITE)])
    assert found.value.fault is Fault.TYPE_CONFLICT


def test_rollups_have_a_bucket_of_their_own_where_there_is_one(server: Server) -> None:
    make_bucket(server, "short", 2 * 86_400)
    make_bucket(server, "short/rollup")
    store = Influx2(server.url, ORG, "short", TOKEN)
    old_ns = (int(time.time()) - 40 * 86_400) * 1_000_000_000
    store.write_points([Point("signal_1d", {"site": SITE.code, "modem": "m1"}, {"samples": 7}, old_ns)])
    assert [row["samples"] for row in store.samples("signal_1d", 0, 2**62)] == [7]
    assert store.latest("signal_1d")[0]["samples"] == 7


def pour(found: Office, numbers: range) -> None:
    for i in numbers:
        found.send(signal_frame(1 + 10 * i, 10))


def test_what_was_answered_is_there_after_kill_9(server: Server, store: Influx2, tmp_path: Path) -> None:
    """Killed while frames pour in, three times."""
    with office(tmp_path, store) as found:
        for round_ in range(3):
            sender = threading.Thread(target=pour, args=[found, range(round_ * 200, round_ * 200 + 200)])
            sender.start()
            before = len(found.answered("ok"))
            wait_for(lambda before=before: len(found.answered("ok")) > before + 20, "answers")  # type: ignore[misc]
            server.kill()
            sender.join()
            server.start()
        wait_for(lambda: len(found.answered("ok")) == 600, "all answers", 60)
        assert store.seqs(SITE.code) == list(range(1, 6001))
