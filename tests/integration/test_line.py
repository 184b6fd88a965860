"""The line with a real broker and real stores: what is answered, what is counted, what survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from collector.config import load
from collector.errors import StoreUnavailableError
from collector.line.pipeline import Pipeline
from collector.run import Collector
from collector.store.influx1 import Influx1
from collector.store.store import Row
from lab.servers import Server, fetch, free_port, wait_for
from telemetry.ack import frame_id
from telemetry.frame import MAX_INFLATED_BYTES, encode, encode_json
from telemetry.topics import stream_topic
from tests.collector.frames import OTHER, SITE, signal_frame
from tests.integration.hall import Hall
from tests.integration.office import write_config

Starter = Callable[..., Collector]


def influx1(server: Server) -> str:
    return f'engine = "influx1"\nurl = "{server.url}"'


@pytest.fixture
def start_collector(tmp_path: Path, broker: Server, influx: Server) -> Iterator[Starter]:
    with ExitStack() as stack:

        def start(name: str = "collector", extra: str = "", group: str = "") -> Collector:
            collector = Collector(load(write_config(tmp_path / name, broker.port, influx1(influx), extra, group=group)))
            collector.start()
            stack.callback(collector.stop)
            wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
            return collector

        yield start


@pytest.fixture
def hall(broker: Server) -> Iterator[Hall]:
    with Hall(broker.port, SITE.code) as hall:
        yield hall


def test_frame_is_acked_when_it_is_stored(start_collector: Starter, hall: Hall) -> None:
    collector = start_collector()
    hall.wait_stored(hall.send(signal_frame(1, 10)))
    assert collector.store.seqs(SITE.code) == list(range(1, 11))


def message(**changes: object) -> bytes:
    plain = json.loads(encode_json(signal_frame(1, 2)))
    return json.dumps({**plain, **changes}).encode()


BOMB = zlib.compress(b"{" + b" " * (MAX_INFLATED_BYTES * 20))
REJECTED = [
    ("not_json", b"hello", "not JSON"),
    ("not_json", b"", "not JSON"),
    ("not_json", b"\xff\xfe\x00", "not JSON"),
    ("not_json", message().replace(b"-97", b"NaN").replace(b"-98", b"NaN"), "not JSON"),
    ("shape", b"[1, 2]", "JSON object"),
    ("shape", message(site="UPPER CASE"), "site must be"),
    ("shape", message(stream="weather"), "stream must be one of"),
    ("shape", message(cols={"rsrp_dbm": [-97]}), "list of 2 values"),
    ("too_big", b"{" + b" " * (1 << 20) + b"}", "bytes is over"),
    ("too_big", BOMB, "inflates to more than"),
    ("not_zlib", b"x\x9cgarbage", "not"),
    ("not_zlib", zlib.compress(message())[:-9], "cut off"),
    ("type", message(const={"rsrp_dbm": "strong"}), "rsrp_dbm must be float (got str)"),
    ("type", message(const={"pci": True}), "pci must be int (got bool)"),
    ("version", message(v=2), "upgrade the collector"),
    ("version", message(v="1"), "upgrade the agent"),
    ("seq", message(seq=[0, 2]), "seq must be"),
    ("seq", message(seq=[1, 10**9]), "seq must be"),
    ("time", message(t0=0), "between 2024 and 2100"),
    ("topic", message(site=OTHER.code), f"frame says {OTHER.code}/signal but came on {SITE.code}/signal"),
    ("topic", message(stream="cell"), "but came on"),
]


def test_every_bad_payload_is_answered_kept_and_counted_while_good_frames_go_on(
    start_collector: Starter, hall: Hall, tmp_path: Path
) -> None:
    collector = start_collector()
    good = []
    for i, (_, payload, _) in enumerate(REJECTED):
        hall.send_raw(stream_topic(SITE.code, "signal"), payload)
        good.append(hall.send(signal_frame(1 + 10 * i, 10)))
    for payload in good:
        hall.wait_stored(payload)
    for _, payload, reason in REJECTED:
        assert reason in hall.wait_answer("bad", payload).reason
    expected: dict[str, int] = {}
    for kind, _, _ in REJECTED:
        expected[kind] = expected.get(kind, 0) + 1
    assert collector.counters.rejected_frames == expected
    assert collector.store.seqs(SITE.code) == list(range(1, 10 * len(REJECTED) + 1))
    kept = [json.loads(p.read_bytes().split(b"\n", 1)[0])["kind"] for p in (tmp_path / "collector/rejected").iterdir()]
    assert sorted(kept) == sorted(kind for kind, _, _ in REJECTED)


def test_a_bad_frame_is_named_with_its_numbers(start_collector: Starter, hall: Hall) -> None:
    start_collector()
    payload = message(const={"pci": "x"}, seq=[41, 2])
    hall.send_raw(stream_topic(SITE.code, "signal"), payload)
    answer = hall.wait_answer("bad", payload)
    assert (answer.first, answer.count) == (41, 2)


def test_unknown_site_is_held_until_its_row_is_there(start_collector: Starter, broker: Server, tmp_path: Path) -> None:
    collector = start_collector()
    with Hall(broker.port, "new-hall") as hall:
        payload = hall.send(signal_frame(1, 10, "new-hall"))
        assert "add its row" in hall.wait_answer("hold", payload).reason
        with (tmp_path / "collector/sites.csv").open("a") as file:
            file.write("new-hall,Busang,Mekar Baru,0.9,116.2,gnss\n")
        collector.reload_sites()
        hall.send(signal_frame(1, 10, "new-hall"))
        hall.wait_stored(payload)
    assert len(collector.store.seqs("new-hall")) == 10
    assert collector.counters.held_frames == 1


def test_a_faulty_list_of_sites_does_not_replace_the_good_one(start_collector: Starter, tmp_path: Path) -> None:
    collector = start_collector()
    (tmp_path / "collector/sites.csv").write_text("nonsense\n")
    collector.reload_sites()
    assert SITE.code in collector.line.sites


def test_store_down_nothing_is_acked_store_up_everything_is(start_collector: Starter, hall: Hall, influx: Server) -> None:
    collector = start_collector()
    hall.wait_stored(hall.send(signal_frame(1, 10)))
    influx.kill()
    payloads = [hall.send(signal_frame(11 + 10 * i, 10)) for i in range(20)]
    wait_for(lambda: collector.counters.store_errors >= 1, "a failed write")
    assert len(hall.stored) == 1
    health = collector.health()
    assert {part: health[part] for part in ("broker", "store", "line")} == {"broker": True, "store": False, "line": True}
    assert [fault["fault"] for fault in collector.counters.store_faults()] == ["unreachable"]
    influx.start()
    for payload in payloads:
        hall.wait_stored(payload)
    assert collector.store.seqs(SITE.code) == list(range(1, 211))
    assert collector.health()["store"]


def test_online_is_answered_with_the_time_even_while_the_store_is_down(
    start_collector: Starter, hall: Hall, influx: Server
) -> None:
    collector = start_collector()
    influx.kill()
    hall.send_raw(f"sinyal/v1/{SITE.code}/status", b'{"v":1,"state":"online","boot":"b1","agent":"0.1.0"}')
    (ack,) = wait_for(lambda: list(hall.acks), "the time")
    assert ack.time_ms is not None
    assert abs(ack.time_ms - time.time() * 1000) < 60_000
    influx.start()

    def stored() -> list[Row]:
        try:
            return list(collector.store.latest("site_status"))
        except StoreUnavailableError:  # the database is made by the first write
            return []

    rows = wait_for(stored, "the status point")
    assert {k: rows[0][k] for k in ("site", "desa", "state", "boot", "agent")} == {
        "site": SITE.code,
        "desa": SITE.desa,
        "state": "online",
        "boot": "b1",
        "agent": "0.1.0",
    }


def test_duplicates_are_acked_counted_and_stored_once(start_collector: Starter, hall: Hall) -> None:
    collector = start_collector()
    payload = hall.send(signal_frame(1, 10))
    hall.wait_stored(payload)
    hall.send(signal_frame(1, 10))
    hall.send(signal_frame(6, 10))
    wait_for(lambda: collector.counters.duplicate_samples == 15, "duplicates counted")
    assert collector.counters.stored_samples == 15
    assert collector.store.seqs(SITE.code) == list(range(1, 16))


def test_a_frame_that_the_store_refuses_does_not_take_the_others_along(start_collector: Starter, hall: Hall) -> None:
    collector = start_collector(extra="batch_frames = 20\nlate_after_s = 60")
    assert isinstance(collector.store, Influx1)
    # A database that somebody filled by hand with another type: InfluxDB will refuse the contract's type for ever.
    collector.store._post([b'signal,site=6408012001 cqi="text" 1790000000000000000'])
    frames = [signal_frame(1 + 10 * i, 10) for i in range(9)]
    frames[4].const["cqi"] = 7
    payloads = [hall.send(frame) for frame in frames]
    assert "field type conflict" in hall.wait_answer("hold", payloads[4]).reason  # kept: the fault is the store's
    for payload in payloads[:4] + payloads[5:]:
        hall.wait_stored(payload)
    assert collector.counters.held_frames == 1
    assert [fault["fault"] for fault in collector.counters.store_faults()] == ["type_conflict"]


def test_a_fault_of_our_own_holds_one_frame_and_lets_the_others_through(
    start_collector: Starter, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_collector(extra="batch_frames = 20")
    bad = encode(signal_frame(41, 10))
    check = Pipeline._check

    def broken(self: Pipeline, received: object, acks: object) -> object:
        if getattr(received, "payload", b"") == bad:
            raise ZeroDivisionError("a mistake of ours")
        return check(self, received, acks)  # type: ignore[arg-type]

    monkeypatch.setattr(Pipeline, "_check", broken)
    payloads = [hall.send(signal_frame(1 + 10 * i, 10)) for i in range(9)]
    assert "fault of the collector" in hall.wait_answer("hold", bad).reason
    for payload in payloads:
        if payload != bad:
            hall.wait_stored(payload)


def test_two_collectors_share_the_work_and_each_point_is_there_once(start_collector: Starter, hall: Hall) -> None:
    both = [start_collector(name, group="nobody-guesses-this-name-of-a-group") for name in ("one", "two")]
    payloads = [hall.send(signal_frame(1 + 10 * i, 10)) for i in range(40)]
    for payload in payloads:
        hall.wait_stored(payload)
    assert both[0].store.seqs(SITE.code) == list(range(1, 401))
    counts = [one.counters.received_frames for one in both]
    assert sum(counts) == 40
    assert min(counts) > 0


def test_broker_restart_without_persistence(start_collector: Starter, hall: Hall, broker: Server) -> None:
    collector = start_collector()
    hall.wait_stored(hall.send(signal_frame(1, 10)))
    broker.kill()
    wait_for(lambda: not collector.broker.subscribed, "collector to notice")
    broker.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be back")
    hall.wait_connected()
    hall.wait_stored(hall.send(signal_frame(11, 10)))
    assert len(collector.store.seqs(SITE.code)) == 20


def test_ingest_report_metrics_and_health(start_collector: Starter, hall: Hall) -> None:
    collector = start_collector(extra="report_every_s = 1")
    hall.send_raw(stream_topic(SITE.code, "signal"), b"junk")
    hall.wait_stored(hall.send(signal_frame(1, 10, t0_ms=int(time.time() * 1000) - 3_600_000)))
    wait_for(lambda: list(collector.store.samples("ingest", 0, 2**62)), "the report")
    rows = list(collector.store.samples("ingest", 0, 2**62))
    assert sum(int(r["received_frames"]) for r in rows) == 2
    assert sum(int(r["stored_samples"]) for r in rows) == 10
    assert sum(int(r["late_samples"]) for r in rows) == 10
    assert sum(int(r["rejected_frames"]) for r in rows) == 1
    assert any(int(r.get("lag_ms", 0)) > 3_000_000 for r in rows)
    url = f"http://127.0.0.1:{collector.http.server_port}"
    text = fetch(f"{url}/metrics")[1].decode()
    assert "sinyal_stored_samples_total 10.0" in text
    assert 'sinyal_rejected_frames_total{kind="not_json"} 1.0' in text
    code, body = fetch(f"{url}/healthz")
    assert (code, json.loads(body)) == (200, {"broker": True, "store": True, "line": True})
    assert fetch(f"{url}/other")[0] == 404


@pytest.fixture
def run_collector() -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Start `sinyal-collector run` on a config file; whatever becomes of the test, none is left behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(path: Path) -> subprocess.Popen[bytes]:
        with (path.parent / "collector.log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, "-m", "collector.cli", "run", "--config", str(path)], stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def healthy(port: int) -> bool:
    try:
        return fetch(f"http://127.0.0.1:{port}/healthz")[0] == 200
    except OSError:
        return False


def test_kill_9_while_frames_pour_in_loses_nothing_that_was_acked(
    tmp_path: Path, broker: Server, influx: Server, hall: Hall, run_collector: Callable[[Path], subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    path = write_config(tmp_path / "c", broker.port, influx1(influx), http_port=port)
    frames = {first: signal_frame(first, 10) for first in range(1, 20_001, 10)}
    open_frames = dict(frames)
    for kill in (True, True, False):
        assert open_frames, "all frames were answered before a kill: send more"
        process = run_collector(path)
        wait_for(lambda: healthy(port), "collector process to be ready")
        before = len(hall.stored)
        payloads = {first: hall.send(frame) for first, frame in open_frames.items()}
        if kill:
            wait_for(lambda before=before: len(hall.stored) > before, "first acks")  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
        else:
            for payload in payloads.values():
                hall.wait_stored(payload)
            process.terminate()
        code = process.wait(30)
        answered = hall.stored
        acked = {first for first, frame in frames.items() if frame_id(encode(frame)) in answered}
        stored = set(Influx1(influx.url, "sinyal").seqs(SITE.code))
        assert all(first in stored for first in acked)
        open_frames = {first: frame for first, frame in frames.items() if first not in acked}
    assert code == 0
    assert Influx1(influx.url, "sinyal").seqs(SITE.code) == list(range(1, 20_001))


def test_ctrl_c_ends_with_130_and_without_a_traceback(
    tmp_path: Path, broker: Server, run_collector: Callable[[Path], subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    path = write_config(tmp_path / "c", broker.port, http_port=port)
    process = run_collector(path)
    wait_for(lambda: healthy(port), "collector process to be ready")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    log = (path.parent / "collector.log").read_text()
    assert "event=stopped" in log
    assert "Traceback" not in log
