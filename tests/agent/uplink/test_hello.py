"""The question that opens a connection: when it is asked, what counts as its answer, when frames may leave."""

from __future__ import annotations

import pytest

from agent.spool.clock import Clock
from agent.uplink.hello import AGAIN_NTP_S, AGAIN_S, FIRST_WAIT_S, LAST_WAIT_S, NO_TOP_S, OLD_S, UNTIMED_WAIT_S, Hello
from telemetry.ack import Ack

T0 = 1_800_000_000_000
INST = "91742063"


class Line:
    """A hall's side of the line; the test moves the time."""

    def __init__(self, *, ntp: bool = False) -> None:
        self.now = 0.0
        self.clock = Clock(mono=lambda: int(self.now * 1000), wall=lambda: T0 + int(self.now * 1000), ntp=lambda: ntp)
        self.hello = Hello(self.clock, INST, now=lambda: self.now)

    def ask(self) -> int:
        number = self.hello.due()
        assert number is not None
        return number

    def wait(self) -> float:
        """Wait for the next question; returns how long that took."""
        start = self.now
        while self.hello.due() is None:
            self.now += 0.5
        return self.now - start

    def answer(self, ask: int | None, **values: object) -> int | None:
        return self.hello.answered(Ack(inst=INST if ask is not None else None, ask=ask, **values))  # type: ignore[arg-type]


def test_frames_wait_for_the_number_and_the_time_comes_first() -> None:
    line = Line()
    ask = line.ask()
    assert not line.hello.open
    line.now += 0.2
    assert line.answer(ask, time_ms=T0) is None
    assert line.clock.now_ms() == T0 + 100  # in the middle of its round trip
    assert not line.hello.open
    assert line.answer(ask, top=77) == 77
    assert line.hello.open


def test_a_collector_of_an_older_version_answers_with_the_time_alone() -> None:
    line = Line()
    line.ask()
    assert line.answer(None, time_ms=T0) is None
    assert line.hello.open


def test_what_is_for_another_installation_or_was_never_asked_is_not_heard() -> None:
    line = Line()
    ask = line.ask()
    for ack in (Ack(time_ms=T0 + 10**9, inst="00000001", ask=ask, top=9), Ack(time_ms=T0 + 10**9, inst=INST, ask=ask + 7, top=9)):
        assert line.hello.answered(ack) is None
    assert line.clock.now_ms() is None
    assert not line.hello.open


@pytest.mark.parametrize(("heard", "wait_s"), [(False, OLD_S), (True, NO_TOP_S)])
def test_where_the_number_never_comes_frames_leave_after_a_while(heard: bool, wait_s: float) -> None:
    line = Line()
    ask = line.ask()
    if heard:
        line.answer(ask, time_ms=T0)
    line.now = wait_s - 1
    assert not line.hello.open
    line.now = wait_s
    assert line.hello.open


def test_a_question_that_nobody_answers_is_asked_ever_more_rarely() -> None:
    line = Line(ntp=True)
    line.clock.check()
    line.ask()
    waits = [line.wait() for _ in range(10)]
    assert waits[0] == FIRST_WAIT_S
    assert waits == sorted(waits)
    assert waits[-1] == LAST_WAIT_S


def test_without_any_time_it_is_asked_every_minute() -> None:
    line = Line()
    line.ask()
    assert max(line.wait() for _ in range(10)) == UNTIMED_WAIT_S


@pytest.mark.parametrize(("ntp", "again_s"), [(False, AGAIN_S), (True, AGAIN_NTP_S)])
def test_an_answered_question_is_asked_again_from_time_to_time(ntp: bool, again_s: float) -> None:
    line = Line(ntp=ntp)
    line.clock.check()
    line.answer(line.ask(), time_ms=T0, top=1)
    assert line.wait() == again_s


def test_a_slow_answer_is_asked_again_soon_a_few_times() -> None:
    line = Line()
    for _ in range(2):
        ask = line.ask()
        line.now += 24.0
        line.answer(ask, time_ms=T0 + int(line.now * 1000), top=1)
        assert line.wait() == FIRST_WAIT_S
        line.hello._next = line.now  # that question is asked now
    ask = line.ask()
    line.now += 24.0
    line.answer(ask, time_ms=T0 + int(line.now * 1000), top=1)
    assert line.wait() == AGAIN_S
