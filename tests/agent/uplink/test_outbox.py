from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agent.spool.installation import Installations
from agent.spool.rebase import settle
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from agent.uplink.outbox import (
    ACK_TIMEOUT_S,
    CLOCK_PAUSE_S,
    HOLD_S,
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_LIVE,
    OVER_BUDGET_INTERVAL_S,
    SLOW_EVERY,
    Outbox,
    Outgoing,
)
from telemetry.ack import Ack, Answer
from telemetry.frame import decode

T0 = 1_800_000_000_000
INTERVAL_S = 300.0


class Line:
    """Spool and outbox with a clock that the test moves; `utc` runs with it."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.spool = Spool(folder / "spool.db", "boot")
        self.outbox = Outbox(self.spool, "hall", INTERVAL_S, now=lambda: self.now, jitter=lambda: 0.5)
        self.over_budget = False

    @property
    def utc(self) -> int:
        return T0 + int(self.now * 1000)

    def measure(self, count: int, stream: str = "signal", modem: str | None = "a", step_s: float = 30.0) -> list[int]:
        entries = []
        for _ in range(count):
            self.now += step_s
            entries.append(Entry(stream, modem, int(self.now * 1000), self.utc, "ntp", b'{"rsrp_dbm":-97}'))
        return self.spool.append(entries)

    def due(self) -> list[Outgoing]:
        return self.outbox.due(self.utc, over_budget=self.over_budget)

    def ok(self, *frames: Outgoing) -> int:
        return self.outbox.answered(Ack(ok=[f.crc for f in frames]), self.utc)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_after_an_outage_the_newest_go_first_and_the_backlog_follows_bounded(line: Line) -> None:
    line.measure(5000)
    line.outbox.connected()
    first = line.due()
    assert first[0].seqs[-1] == 5000  # the live frame: what one interval holds, not the backlog
    assert len(first[0].seqs) <= 16
    assert len(first) <= MAX_IN_FLIGHT_LIVE
    order = [f.seqs[-1] for f in first]
    assert order == sorted(order, reverse=True)
    delivered = sum(line.ok(f) for f in first)
    newest = min(s for f in first for s in f.seqs)
    while frames := line.due():
        assert len(frames) <= MAX_IN_FLIGHT
        assert max(f.seqs[-1] for f in frames) < newest
        newest = min(f.seqs[0] for f in frames)
        delivered += sum(line.ok(f) for f in frames)
    assert delivered == 5000
    assert line.spool.depth == 0


def test_a_frame_is_what_was_measured(line: Line) -> None:
    seqs = line.measure(3)
    line.outbox.connected()
    (frame,) = line.due()
    read = decode(frame.payload)
    assert frame.topic == "sinyal/v1/hall/signal"
    assert (read.site, read.stream, read.modem, read.seq) == ("hall", "signal", "a", seqs)
    assert read.t_ms == [T0 + 30_000, T0 + 60_000, T0 + 90_000]
    assert read.const == {"clock": "ntp", "rsrp_dbm": -97}


def test_between_rounds_nothing_goes_out_unless_it_is_urgent(line: Line) -> None:
    line.measure(1)
    line.outbox.connected()
    line.ok(*line.due())
    line.measure(3)
    assert line.due() == []
    line.outbox.hurry()
    (frame,) = line.due()
    assert len(frame.seqs) == 3
    line.ok(frame)
    line.measure(9)
    assert [len(f.seqs) for f in line.due()] == [9]  # the regular round


def test_streams_that_nobody_watches_live_go_with_every_third_round(line: Line) -> None:
    line.outbox.connected()
    sent: list[list[str]] = []
    for _ in range(2 * SLOW_EVERY):
        line.measure(9)
        line.measure(1, "device", None)
        frames = line.due()
        sent.append([f.topic.rpartition("/")[2] for f in frames])
        line.ok(*frames)
    assert sent == [["signal", "device"], ["signal"], ["signal"]] * 2


def test_modems_and_streams_are_never_mixed_in_a_frame(line: Line) -> None:
    line.measure(2, "signal", "a")
    line.measure(2, "signal", "b")
    line.measure(2, "cell", "a")
    line.measure(2, "event", None)
    line.outbox.connected()
    found = {(decode(f.payload).stream, decode(f.payload).modem, len(f.seqs)) for f in line.due()}
    assert found == {("signal", "a", 2), ("signal", "b", 2), ("cell", "a", 2), ("event", None, 2)}


def test_without_an_answer_it_asks_again_with_one_frame_ever_more_rarely(line: Line) -> None:
    line.measure(2000)
    line.outbox.connected()
    assert len(line.due()) > 1
    asked: list[float] = []
    while len(asked) < 9:
        line.now += 10.0
        if frames := line.due():
            assert len(frames) == 1
            asked.append(line.now)
    waits = [b - a for a, b in pairwise(asked)]
    assert waits == sorted(waits)
    assert waits[0] < 120
    assert 800 < waits[-1] < 1000
    assert line.spool.depth == 2000
    line.ok(*frames)
    assert len(line.due()) > 1  # one answer and the line runs again


def test_an_answer_that_comes_late_still_counts(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    (frame,) = line.due()
    line.now += ACK_TIMEOUT_S
    assert line.due() == []
    assert line.ok(frame) == 5
    assert line.spool.depth == 0


def test_an_answer_to_an_unknown_frame_deletes_nothing(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    line.due()
    assert line.outbox.answered(Ack(ok=[12345]), line.utc) == 0
    assert line.spool.depth == 5


def test_a_double_answer_deletes_once(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    (frame,) = line.due()
    line.measure(2)
    assert (line.ok(frame), line.ok(frame)) == (5, 0)
    assert line.spool.depth == 2


def test_a_refused_frame_goes_to_quarantine_with_its_reason(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    (frame,) = line.due()
    line.outbox.answered(Ack(bad=[Answer(1, 5, frame.crc, "shape: no")]), line.utc)
    assert (line.spool.depth, line.spool.quarantined) == (0, 5)
    assert line.spool.run(lambda db: db.execute("SELECT DISTINCT reason FROM quarantine").fetchall()) == [("shape: no",)]


def test_hold_keeps_the_samples_and_asks_again_after_a_quarter_of_an_hour(line: Line) -> None:
    line.measure(500)
    line.outbox.connected()
    frames = line.due()
    line.outbox.answered(Ack(hold=[Answer(1, 5, f.crc, "unknown site") for f in frames]), line.utc)
    line.now += HOLD_S - 120
    assert line.due() == []
    line.now += 240
    assert len(line.due()) == 1
    assert line.spool.depth == 500


def test_the_server_releases_the_quarantine_once_for_each_order(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    (frame,) = line.due()
    line.outbox.answered(Ack(bad=[Answer(1, 5, frame.crc, "a store that was sick")]), line.utc)
    line.outbox.answered(Ack(release=1_795_000_000), line.utc)
    assert (line.spool.depth, line.spool.quarantined) == (5, 0)
    assert [one.crc for one in line.due()] == [frame.crc]
    line.outbox.answered(Ack(bad=[Answer(1, 5, frame.crc, "still")]), line.utc)
    line.outbox.answered(Ack(release=1_795_000_000), line.utc)  # the broker keeps the order and says it at each connection
    assert line.spool.quarantined == 5
    line.outbox.answered(Ack(release=1_795_000_001), line.utc)
    assert line.spool.quarantined == 0


def test_the_first_answer_after_a_silence_makes_what_waits_go_at_once(line: Line) -> None:
    line.measure(2000)
    line.outbox.connected()
    frames = line.due()
    line.now += ACK_TIMEOUT_S
    assert line.due() == []
    line.now += 1
    line.ok(frames[0])  # late, from a collector whose store is back
    assert len(line.due()) > 1


def test_a_new_connection_sends_what_was_in_flight_again(line: Line) -> None:
    line.measure(5)
    line.outbox.connected()
    (before,) = line.due()
    line.outbox.connected()
    (after,) = line.due()
    assert (before.crc, before.seqs) == (after.crc, after.seqs)  # the same samples are the same bytes: the store sees them once


def test_over_the_budget_one_round_an_hour_in_large_frames(line: Line) -> None:
    line.over_budget = True
    line.measure(900)
    line.outbox.connected()
    frames = line.due()
    assert sum(len(f.seqs) for f in frames) == 900
    line.ok(*frames)
    rounds = []
    for _ in range(int(4 * OVER_BUDGET_INTERVAL_S / 30)):
        line.measure(1)
        frames = line.due()
        rounds += [len(f.seqs) for f in frames]
        line.ok(*frames)
    assert len(rounds) <= 8
    assert sum(rounds) >= 4 * 120 - 1


def test_over_the_budget_a_change_still_goes_at_once_in_one_frame(line: Line) -> None:
    line.over_budget = True
    line.outbox.connected()
    line.due()
    line.measure(20, "cell")
    (newest,) = line.measure(1)
    line.outbox.hurry()
    (frame,) = line.due()
    assert decode(frame.payload).stream == "signal"
    assert frame.seqs[-1] == newest
    line.ok(frame)
    line.measure(1)
    assert line.due() == [], "without a change nothing goes before the hour"
    line.outbox.hurry()
    assert len(line.due()) == 1


def test_pace_sends_a_round_of_all_streams_at_once(line: Line) -> None:
    line.outbox.connected()
    line.due()
    line.measure(1, "event")
    assert line.due() == []
    line.outbox.pace(3600)
    (frame,) = line.due()
    assert decode(frame.payload).stream == "event"


def test_samples_without_final_time_stay(line: Line) -> None:
    line.spool.append([Entry("signal", "a", 5, None, "unknown", b"{}")])
    line.outbox.connected()
    assert line.due() == []


def test_a_frame_from_the_future_is_dated_anew_and_goes_again(line: Line) -> None:
    line.measure(3)
    line.outbox.connected()
    (frame,) = line.due()
    line.outbox.answered(Ack(clock=[Answer(1, 3, frame.crc, "from the future: 28800 s")]), line.utc)
    assert (line.spool.depth, line.spool.quarantined) == (3, 0)
    assert line.due() == []  # a moment for the clock
    settle(line.spool, T0 - 8 * 3_600_000, "collector")
    line.now += CLOCK_PAUSE_S
    (again,) = line.due()
    assert decode(again.payload).t_ms == [t - 8 * 3_600_000 for t in decode(frame.payload).t_ms]
    assert line.ok(again) == 3


def test_clocks_that_disagree_for_good_ask_ever_more_rarely(line: Line) -> None:
    line.measure(3)
    line.outbox.connected()
    waits = []
    for _ in range(8):
        start = line.now
        while not (frames := line.due()):
            line.now += 1
        waits.append(line.now - start)
        line.outbox.answered(Ack(clock=[Answer(1, 3, f.crc, "from the future") for f in frames]), line.utc)
    assert waits == sorted(waits)
    assert HOLD_S <= waits[-1] <= HOLD_S + 1
    assert line.spool.depth == 3


def test_nothing_leaves_while_samples_wait_to_be_dated_anew(line: Line) -> None:
    line.measure(3)
    line.outbox.connected()
    line.spool.dating = True
    assert line.due() == []
    line.spool.dating = False
    assert len(line.due()) == 1


def test_each_frame_names_the_installation_that_numbered_it(line: Line) -> None:
    line.measure(2)
    first = line.spool.installations.now
    line.spool.run(lambda db: db.execute("INSERT INTO installations (inst, after_seq) VALUES ('00000001', 2)"))
    line.spool.installations = line.spool.run(Installations)
    line.measure(2)
    line.outbox.connected()
    frames = {decode(frame.payload).inst: list(frame.seqs) for frame in line.due()}
    assert frames == {first: [1, 2], "00000001": [3, 4]}
