"""Any bytes on any topic get exactly one answer, and the line goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.line.counters import Counters
from collector.line.inbox import Received
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.store.sqlite import Sqlite
from telemetry.ack import Ack, frame_id
from telemetry.frame import encode, encode_json
from telemetry.topics import stream_topic
from tests.collector.frames import SITE, signal_frame

TOPIC = stream_topic(SITE.code, "signal")
PLAIN = json.loads(encode_json(signal_frame(1, 3)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TWISTED = st.dictionaries(st.sampled_from([*PLAIN, "dseq"]), JSON, max_size=3).map(lambda d: json.dumps(PLAIN | d).encode())


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
    assert [*ack.ok, *(answer.crc for answer in [*ack.bad, *ack.hold])] == [frame_id(payload)]


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
