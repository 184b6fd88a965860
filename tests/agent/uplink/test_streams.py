"""Every stream of the contract goes the whole road of the agent by itself: recorder, spool, outbox, frame, and its topic."""

from __future__ import annotations

from dataclasses import fields as attributes
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from agent.spool.change import ChangeDetector
from agent.spool.clock import Clock
from agent.spool.recorder import Recorder
from agent.spool.spool import Spool
from agent.uplink.outbox import SLOW_EVERY, Outbox
from telemetry.ack import Ack
from telemetry.frame import decode, unpack
from telemetry.streams import LIVE_STREAMS, STREAMS, Row, present
from telemetry.topics import split_topic

T0 = 1_800_000_000_000
INTERVAL_S = 300.0


def full(stream: str) -> Row:
    """Give a row of a stream with a value in every field."""
    hints = get_type_hints(STREAMS[stream], include_extras=True)
    values: dict[str, object] = {}
    for attribute in attributes(STREAMS[stream]):
        base, meta = get_args(hints[attribute.name])[:2]
        kind = next(one for one in get_args(base) if one is not type(None))
        word = next(iter(kind)) if issubclass(kind, StrEnum) else None
        values[attribute.name] = word or (True if kind is bool else kind(meta.example if meta.example is not None else 1))
    row = STREAMS[stream]()
    for name, value in values.items():
        setattr(row, name, value)
    return row


@pytest.mark.parametrize("stream", STREAMS)
def test_a_row_of_every_stream_arrives_whole_and_leaves_the_card(stream: str, tmp_path: Path) -> None:
    clock = Clock(mono=lambda: 50_000, wall=lambda: T0, ntp=lambda: True)
    clock.trust("ntp", T0)
    spool, row = Spool(tmp_path / "spool.db", "boot"), full(stream)
    recorder = Recorder(spool, clock, ChangeDetector((-100,), 3), lambda: None)
    recorder.start()
    recorder.record(stream, "m", row)
    recorder.stop()
    now = 0.0
    outbox = Outbox(spool, "hall", INTERVAL_S, now=lambda: now, jitter=lambda: 0.5)
    outbox.connected()
    sent = [frame for frame in outbox.due(T0, over_budget=False) if split_topic(frame.topic) == ("hall", stream)]
    assert len(sent) == 1, "the first round of a connection takes everything"
    frame = decode(sent[0].payload)
    assert not frame.dropped
    (sample,) = unpack(frame)
    assert (frame.stream, frame.modem) == (stream, "m")
    fresh = {"spool_depth"}  # told as it is when the frame is sent
    assert {k: v for k, v in sample.values.items() if k not in fresh} == {k: v for k, v in present(row).items() if k not in fresh}
    outbox.answered(Ack(ok=[sent[0].crc]), T0)
    assert spool.oldest() is None or spool.depth == 0


@pytest.mark.parametrize("stream", STREAMS)
def test_what_nobody_watches_live_waits_for_its_round(stream: str, tmp_path: Path) -> None:
    clock = Clock(mono=lambda: 50_000, wall=lambda: T0, ntp=lambda: True)
    clock.trust("ntp", T0)
    spool = Spool(tmp_path / "spool.db", "boot")
    recorder = Recorder(spool, clock, ChangeDetector((-100,), 3), lambda: None)
    now = 0.0
    outbox = Outbox(spool, "hall", INTERVAL_S, now=lambda: now, jitter=lambda: 0.5)
    outbox.connected()
    outbox.due(T0, over_budget=False)
    recorder.start()
    recorder.record(stream, "m", full(stream))
    recorder.stop()
    rounds = 0
    while spool.depth and rounds < 2 * SLOW_EVERY:
        rounds, now = rounds + 1, now + INTERVAL_S
        for frame in outbox.due(T0, over_budget=False):
            outbox.answered(Ack(ok=[frame.crc]), T0)
    assert rounds == (1 if stream in LIVE_STREAMS else SLOW_EVERY)
