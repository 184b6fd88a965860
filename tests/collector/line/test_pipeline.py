"""Any bytes on any topic get exactly one answer, and the line goes on."""

from __future__ import annotations

import dataclasses
import json
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.line.counters import Counters
from collector.line.inbox import Received
from collector.line.limits import LINES_A_WINDOW
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.store.sqlite import Sqlite
from telemetry.ack import Ack, frame_id
from telemetry.frame import _DICTIONARY, AHEAD_MS, Sample, Value, encode, encode_json, pack
from telemetry.topics import stream_topic
from tests.collector.frames import SITE, signal_frame

TOPIC = stream_topic(SITE.code, "signal")
PLAIN = json.loads(encode_json(signal_frame(1, 3)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from([*PLAIN, "dseq", "inst"])
TWISTED = st.dictionaries(KEYS, JSON, max_size=3).map(lambda d: json.dumps(PLAIN | d).encode())


@pytest.fixture
def acks() -> list[Ack]:
    return []


@pytest.fixture
def line(tmp_path: Path, acks: list[Ack]) -> Pipeline:
    return Pipeline(
        store=Sqlite(tmp_path / "store.db"),
        sites={SITE.code: SITE},
        rejected=RejectedFolder(tmp_path / "rejected", 10, 1 << 20),
        counters=Counters(),
        send_acks=lambda found: acks.extend(found.values()),
        late_after_s=900,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.binary(max_size=60) | TWISTED | st.binary(max_size=40).map(lambda b: b"\x78" + b))
def test_any_payload_gets_exactly_one_answer(line: Pipeline, acks: list[Ack], payload: bytes) -> None:
    acks.clear()
    line.process([Received(TOPIC, payload, int(time.time() * 1000))])
    (ack,) = acks
    assert [*ack.ok, *(answer.crc for answer in [*ack.bad, *ack.hold, *ack.clock])] == [frame_id(payload)]


def test_frames_of_one_batch_are_answered_in_one_message_a_site(line: Pipeline, acks: list[Ack]) -> None:
    payloads = [encode(signal_frame(1 + 10 * i, 10)) for i in range(5)]
    line.process([Received(TOPIC, payload, 1_795_503_600_000) for payload in [*payloads, b"junk"]])
    (ack,) = acks
    assert ack.ok == [frame_id(payload) for payload in payloads]
    assert [answer.crc for answer in ack.bad] == [frame_id(b"junk")]


def test_numbers_beyond_any_database_are_refused_not_retried_for_ever(line: Pipeline, acks: list[Ack]) -> None:
    far = json.dumps(PLAIN | {"dseq": [2**62, 2**62]}).encode()
    line.process([Received(TOPIC, payload, 1_795_500_000_000) for payload in (far, encode(signal_frame(1, 10)))])
    assert [answer.crc for answer in acks[0].bad] == [frame_id(far)]
    assert acks[0].ok == [frame_id(encode(signal_frame(1, 10)))]


def test_topics_that_are_not_ours_are_counted_and_not_answered(line: Pipeline, acks: list[Ack]) -> None:
    line.process(
        [Received(topic, b"x", 1_795_500_000_000) for topic in ("", "a/b", "sinyal/v1/UPPER/signal", "sinyal/v2/x/signal")]
    )
    assert acks == []
    assert line._counters.rejected_frames == {"topic": 4}


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"state": 5}', b'{"state": "asleep"}'])
def test_a_bad_status_is_counted(line: Pipeline, acks: list[Ack], payload: bytes) -> None:
    line.process([Received(f"sinyal/v1/{SITE.code}/status", payload, 1_795_500_000_000)])
    assert acks == []
    assert line._counters.rejected_frames == {"status": 1}


def test_a_will_from_a_broker_that_the_hall_left_does_not_outlive_the_move(line: Pipeline) -> None:
    """A session stays half open at a broker for up to 1.5 times its keepalive; its will comes after `online` at the next."""

    def says(at_s: int, **words: object) -> list[object]:
        payload = json.dumps({"v": 1, **words}).encode()
        line.process([Received(f"sinyal/v1/{SITE.code}/status", payload, 1_795_500_000_000 + at_s * 1000)])
        return [row["state"] for row in line._store.latest("site_status", SITE.code)]

    says(0, state="online", boot="a", up_s=20)
    assert says(60, state="online", boot="a", up_s=80) == ["online"]
    assert says(700, state="offline", boot="a", up_s=20) == ["online"]
    assert says(800, state="online", boot="b", up_s=5) == ["online"]
    assert says(900, state="offline", boot="a", up_s=80) == ["online"], "of before the reboot"
    assert says(950, state="offline", boot="b", up_s=5) == ["offline"]
    says(960, state="online", boot="b", up_s=100)
    assert says(990, state="offline", boot="b") == ["offline"], "an agent of an earlier version"


NOW_MS = 1_795_000_000_000


@pytest.mark.parametrize("inst", [None, "91742063"])
@pytest.mark.parametrize("ahead_ms", [AHEAD_MS, AHEAD_MS + 1, 10 * 365 * 86_400_000])
def test_nothing_from_the_future_is_stored(line: Pipeline, acks: list[Ack], inst: str | None, ahead_ms: int) -> None:
    """An agent that can correct its clock is told to; one that is too old for that sets the frame aside. Nothing is lost."""
    values: dict[str, Value] = {"rsrp_dbm": -97.0}
    samples = [Sample(7, NOW_MS - 1000, "network", values), Sample(8, NOW_MS + ahead_ms, "network", values)]
    payload = encode(pack(SITE.code, "signal", "m1", samples, inst))
    line.process([Received(TOPIC, payload, NOW_MS)])
    (ack,) = acks
    stored = [row["seq"] for row in line._tops._store.samples("signal", 0, 2**62)]
    if ahead_ms <= AHEAD_MS:
        assert (ack.ok, stored) == ([frame_id(payload)], [7, 8])
        return
    assert (ack.ok, stored) == ([], [])
    answers = ack.bad if inst is None else ack.clock
    assert [(answer.first, answer.count, answer.crc) for answer in answers] == [(7, 2, frame_id(payload))]
    assert answers[0].reason.startswith("from the future: ")
    assert ack.time_ms == (None if inst is None else NOW_MS)


def hello(inst: str, ask: int) -> Received:
    status = {"v": 1, "state": "online", "boot": "b", "agent": "0.1.0", "inst": inst, "ask": ask}
    return Received(f"sinyal/v1/{SITE.code}/status", json.dumps(status).encode(), int(time.time() * 1000))


def test_an_installation_is_told_how_far_its_numbers_are_and_a_new_one_how_far_the_halls(line: Pipeline, acks: list[Ack]) -> None:
    def told(inst: str) -> int | None:
        acks.clear()
        line.process([hello(inst, 3)])
        assert [(ack.inst, ack.ask, ack.time_ms) for ack in acks] == [(inst, 3, None)]
        return acks[0].top

    def take(inst: str | None, first: int) -> None:
        frame = dataclasses.replace(signal_frame(first, 10, t0_ms=int(time.time() * 1000) - 10**9), inst=inst)
        line.process([Received(TOPIC, encode(frame), int(time.time() * 1000))])

    assert told("00000001") == 0
    take(None, 1)  # from an agent that had no installation yet
    take("00000001", 11)
    take("00000002", 501)
    assert (told("00000001"), told("00000002"), told("00000003")) == (20, 510, 510)
    take("00000001", 21)
    assert told("00000001") == 30


@pytest.mark.parametrize("broken", [{"inst": 7}, {"inst": "x"}, {"ask": "1"}, {"ask": True}, {"state": "offline"}])
def test_a_status_that_asks_nothing_gets_no_number(line: Pipeline, acks: list[Ack], broken: dict[str, object]) -> None:
    message = hello("00000001", 1)
    payload = json.dumps(json.loads(message.payload) | broken).encode()
    line.process([message._replace(payload=payload)])
    assert acks == []


def test_few_bytes_that_stand_for_many_samples_never_fill_memory(line: Pipeline, acks: list[Ack]) -> None:
    """Thirty frames of 5000 samples in a few hundred bytes each: worked on a few at a time, however many came together."""
    texts = {"registration": "home", "rat": "lte", "plmn": "51010"}
    now_ms = int(time.time() * 1000)
    payloads = [encode_bare(1 + 5000 * i, texts, now_ms - 60_000) for i in range(30)]
    assert max(map(len, payloads)) < 1000
    tracemalloc.start()
    try:
        line.process([Received(TOPIC, payload, now_ms) for payload in payloads])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(len(ack.ok) for ack in acks) == 30
    assert peak < 40 << 20


def encode_bare(first: int, const: dict[str, str], t_ms: int) -> bytes:
    """A frame of 5000 samples of one millisecond, deflated."""
    body = {"v": 1, "site": SITE.code, "stream": "signal", "modem": "m1", "seq": [first, 5000], "t0": t_ms, "dt": [0] * 4999}
    press = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return press.compress(json.dumps(body | {"const": const, "cols": {}}).encode()) + press.flush()


def test_names_of_modems_without_end_cost_only_who_sends_them(line: Pipeline, acks: list[Ack]) -> None:
    now_ms = int(time.time() * 1000)
    payloads = [encode(signal_frame(1 + i, 1, modem=f"m{i}", t0_ms=now_ms - 7_200_000)) for i in range(100)]
    line.process([Received(TOPIC, payload, now_ms) for payload in payloads])
    (ack,) = acks
    assert len(ack.ok) == 16
    assert len(ack.bad) == 84
    assert {answer.reason.split(":")[0] for answer in ack.bad} == {f"site {SITE.code} has 16 modems already"}
    line.process([Received(TOPIC, encode(signal_frame(500, 1, modem="m3", t0_ms=now_ms - 36_000_000)), now_ms)])
    assert len(acks[1].ok) == 1
    assert line._counters.rejected_frames == {"modems": 84}


def test_a_flood_of_junk_is_counted_and_not_written_down_a_line_each(
    line: Pipeline, acks: list[Ack], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    line.process([Received(TOPIC, b"junk %d" % i, 1_795_500_000_000) for i in range(5000)])
    assert len(acks[0].bad) == line._counters.rejected_frames["not_json"] == 5000
    assert len(caplog.records) == LINES_A_WINDOW
    assert len(list((tmp_path / "rejected").iterdir())) == LINES_A_WINDOW
