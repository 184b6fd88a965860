from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.spool.clock import BUILD_MS, Clock, Lost, Placement, sane, spread
from agent.spool.rebase import Boot, estimates, last_known_ms, settle
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from ground.ntp import ntp_synced
from telemetry.streams import ClockState

T0 = 1_800_000_000_000
HOUR = 3_600_000


class World:
    """A Pi whose clocks the test sets."""

    def __init__(self, wall: int = 0, *, synced: bool = False) -> None:
        self.mono, self.wall, self.synced = 1000, wall, synced
        self.trusted: list[tuple[int | None, str]] = []
        self.clock = Clock(
            lambda offset, source: self.trusted.append((offset, source)),
            mono=lambda: self.mono,
            wall=lambda: self.wall,
            ntp=lambda: self.synced,
        )

    def later(self, ms: int) -> None:
        self.mono += ms
        self.wall += ms


def test_nothing_has_a_time_before_the_clock_is_trusted() -> None:
    world = World(wall=T0)  # plausible, but nobody vouches for it
    assert world.clock.stamp(world.mono) == (None, "unknown")
    assert world.clock.state is ClockState.UNTRUSTED


def test_ntp_with_a_clock_before_the_program_was_built_is_not_believed() -> None:
    assert World(wall=BUILD_MS - 1, synced=True).clock.now_ms() is None
    assert World(wall=BUILD_MS, synced=True).clock.now_ms() == BUILD_MS


def test_ntp_is_noticed_within_ten_seconds() -> None:
    world = World(wall=T0)
    assert world.clock.now_ms() is None
    world.synced = True
    world.later(10_000)
    assert world.clock.now_ms() == T0 + 10_000
    assert world.clock.stamp(500) == (T0 - 500, "ntp")
    assert world.trusted == [(T0 - 1000, "ntp")]


@pytest.mark.parametrize(
    ("offers", "state", "offset"),
    [
        ([("network", T0)], ClockState.NETWORK, T0),
        ([("network", T0), ("collector", T0 + 5)], ClockState.NETWORK, T0 + 5),
        ([("collector", T0), ("network", T0 + HOUR)], ClockState.NETWORK, T0),
        ([("network", BUILD_MS - 1)], ClockState.UNTRUSTED, None),
    ],
)
def test_the_better_source_rules(offers: list[tuple[str, int]], state: ClockState, offset: int | None) -> None:
    world = World()
    for source, utc_ms in offers:
        world.clock.trust(source, utc_ms)
    assert (world.clock.state, world.clock.now_ms()) == (state, offset)


def test_a_step_of_the_trusted_clock_is_told_and_slewing_is_not() -> None:
    world = World(wall=T0, synced=True)
    world.clock.check()
    world.later(10_000)
    world.wall += 40  # slewed
    assert world.clock.now_ms() == T0 + 10_040
    assert world.clock.notices == []
    world.later(10_000)
    world.wall += HOUR
    assert world.clock.now_ms() == T0 + 20_040 + HOUR
    assert [n.kind for n in world.clock.notices] == ["clock_step"]
    assert "+3600.0 s" in (world.clock.notices[0].detail or "")


def test_this_machine_answers_whether_ntp_holds_its_clock() -> None:
    assert ntp_synced() in (True, False)


@pytest.mark.parametrize(
    ("lost", "after", "before", "placed"),
    [
        ([Lost(1, 999)], 0, 3001, [Placement(1, 1000)]),  # one boot of 1 s in a gap of 3 s: in its middle
        ([Lost(1, 999), Lost(2, 999)], 0, 5002, [Placement(1, 1000), Placement(2, 3001)]),
        ([Lost(1, 999)], None, 5000, [Placement(1, 3999)]),  # nothing known before: right before the next boot
        ([Lost(1, 999)], 9000, 5000, [Placement(1, 3999)]),  # neighbours contradict each other: the later one is believed
        ([Lost(1, 999)], 0, 501, [Placement(1, 0, 0.5)]),  # does not fit: shrunk
    ],
)
def test_spread(lost: list[Lost], after: int | None, before: int, placed: list[Placement]) -> None:
    assert spread(lost, after, before) == placed


@given(
    st.lists(st.integers(0, 10**10), min_size=1, max_size=8),
    st.one_of(st.none(), st.integers(T0 - 10**11, T0 + 10**11)),
    st.integers(T0 - 10**11, T0 + 10**11),
    st.integers(0, 10**10),
)
def test_placed_boots_keep_their_order_and_never_overlap(spans: list[int], after: int | None, before: int, part: int) -> None:
    lost = [Lost(n, span) for n, span in enumerate(spans)]
    end = None
    for boot, place in zip(lost, spread(lost, after, before), strict=True):
        moments = sorted({0, min(part, boot.last_mono_ms), boot.last_mono_ms})
        times = [place.offset_ms + int(mono * place.scale) for mono in moments]
        assert times == sorted(times)
        assert end is None or times[0] > end
        end = times[-1]
        if after is not None and before - after > len(lost):
            assert times[0] >= after
    assert end is not None
    assert end < before


def test_boots_after_the_last_known_one_wait() -> None:
    boots = [Boot(1, T0, T0 + HOUR, None), Boot(2, None, None, 1000)]
    assert estimates(boots) == []
    assert [p.n for p in estimates([*boots, Boot(3, T0 + 2 * HOUR, None, None)])] == [2]


def sample(mono_ms: int, t_ms: int | None = None) -> Entry:
    return Entry("signal", "a", mono_ms, t_ms, "unknown" if t_ms is None else "ntp", b"{}")


def test_three_boots_without_time_and_then_trust(tmp_path: Path) -> None:
    """Known boot, two boots that never got time, then one that gets it after a while: all samples get theirs, in order."""
    path = tmp_path / "spool.db"
    first = Spool(path, "b1")
    settle(first, T0, "ntp")
    first.append([sample(HOUR, T0 + HOUR)])
    first.close()
    for boot in ("b2", "b3"):
        lost = Spool(path, boot)
        lost.append([sample(n * 30_000) for n in range(1, 5)])
        lost.close()
    now = Spool(path, "b4")
    now.append([sample(30_000)])
    assert now.window(100, now.newest())[-1].t_ms == T0 + HOUR
    assert len(now.window(100, now.newest())) == 1  # only what has its final time may be sent
    assert settle(now, T0 + 10 * HOUR, "network") == 9
    rows = now.window(100, now.newest())[::-1]
    assert [r.clock for r in rows] == ["ntp", *["estimated"] * 8, "rebased"]
    times = [r.t_ms for r in rows]
    assert times == sorted(set(times))
    assert times[-1] == T0 + 10 * HOUR + 30_000
    assert [b - a for a, b in pairwise(times[1:5])] == [30_000] * 3  # distances within a boot stay true
    assert now.quarantined == 0  # the new times carry their own CRC
    assert settle(now, T0 + 11 * HOUR, "ntp") == 1  # what this boot dated follows its clock; what was estimated stays
    assert settle(now, T0 + 11 * HOUR, "ntp") == 0


def test_samples_that_were_left_in_a_known_boot_are_rebased_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    settle(spool, T0, "ntp")
    spool.append([sample(5000)])
    spool.close()
    again = Spool(tmp_path / "spool.db", "b2")
    settle(again, T0 + HOUR, "ntp")
    assert [(r.t_ms, r.clock) for r in again.window(9, 9)] == [(T0 + 5000, "rebased")]


def test_sane() -> None:
    assert not sane(0)
    assert sane(BUILD_MS)
    assert not sane(4_200_000_000_000)


def test_a_source_of_equal_rank_corrects_itself() -> None:
    world = World()
    world.clock.trust("collector", T0 + 8 * HOUR)  # a server 8 h ahead at boot
    world.later(60_000)
    assert world.clock.trust("collector", T0 + 60_000)
    assert world.clock.now_ms() == T0 + 60_000
    assert [n.kind for n in world.clock.notices] == ["clock_step"]
    assert [offset for offset, _ in world.trusted] == [T0 + 8 * HOUR - 1000, T0 - 1000]


@pytest.mark.parametrize(("first_s", "then_s"), [(24.0, 0.2), (0.2, 24.0)])
def test_a_slow_answer_never_makes_the_time_wrong(first_s: float, then_s: float) -> None:
    """An answer was right somewhere between question and answer: the middle of it counts, and the quicker one wins."""
    world = World()
    for took_s in (first_s, then_s):
        said_ms = T0 + world.mono  # written as the question came; the delay was all on the way back
        world.later(int(took_s * 1000))
        half_ms = int(took_s * 500)
        world.clock.trust("collector", said_ms, mono_ms=world.mono - half_ms, error_ms=half_ms)
    assert abs((world.clock.now_ms() or 0) - (T0 + world.mono)) <= 100


@pytest.mark.parametrize("wrong_ms", [-2 * 86_400_000, 9 * 365 * 86_400_000])
def test_a_network_that_contradicts_what_is_known_is_not_believed_and_the_collector_is(wrong_ms: int) -> None:
    world = World()
    world.clock = Clock(known_ms=T0, mono=lambda: world.mono, wall=lambda: 0, ntp=lambda: False)
    assert not world.clock.trust("network", T0 + wrong_ms, modem="a")
    assert world.clock.now_ms() is None
    assert [n.kind for n in world.clock.notices] == ["clock_dispute"]
    assert world.clock.trust("network", T0 + HOUR, modem="a")  # it has corrected itself
    assert world.clock.now_ms() == T0 + HOUR
    assert world.clock.trust("collector", T0 + 2 * HOUR)


def test_two_modems_that_disagree_are_both_doubted_until_they_agree_or_the_collector_speaks() -> None:
    world = World()
    assert world.clock.trust("network", T0 + 10 * 365 * 24 * HOUR, modem="a")
    assert not world.clock.trust("network", T0, modem="b")
    assert world.clock.state is ClockState.UNTRUSTED
    assert world.trusted[-1] == (None, "network")  # what was dated by it waits again
    assert world.clock.trust("network", T0, modem="a")
    assert world.clock.now_ms() == T0
    assert world.clock.trust("collector", T0 + 5000)


def test_a_collector_that_contradicts_ntp_is_told_once_and_not_believed() -> None:
    world = World(wall=T0, synced=True)
    for _ in range(3):
        assert not world.clock.trust("collector", T0 + 8 * HOUR)
    assert world.clock.now_ms() == T0
    assert [n.kind for n in world.clock.notices] == ["clock_dispute"]
    assert "+28800.0 s" in (world.clock.notices[0].detail or "")


def test_whole_seconds_of_a_network_do_not_shake_the_clock() -> None:
    world = World()
    world.clock.trust("network", T0, modem="a", error_ms=1000)
    times = []
    for jitter in (700, -600, 300, -900):
        world.later(10_000)
        world.clock.trust("network", T0 + world.mono - 1000 + jitter, modem="a", error_ms=1000)
        times.append((world.clock.now_ms() or 0) - world.mono)
    assert len(set(times)) == 1
    assert world.clock.notices == []


def dated(spool: Spool) -> list[tuple[int, int, str]]:
    return [(row.seq, row.t_ms, row.clock) for row in spool.window(999, spool.newest())[::-1]]


def test_samples_of_this_boot_that_disagree_are_dated_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    settle(spool, T0 + 9 * HOUR, "network")
    spool.append([sample(n * 1000, T0 + 9 * HOUR + n * 1000) for n in range(1, 4)])
    assert settle(spool, T0, "collector") == 3
    assert dated(spool) == [(n, T0 + n * 1000, "rebased") for n in (1, 2, 3)]
    assert settle(spool, T0 + 400, "collector") == 0  # less than a step
    assert spool.quarantined == 0


def test_nobody_believed_any_more_lets_samples_wait_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    settle(spool, T0 + 9 * HOUR, "network")
    spool.append([sample(1000, T0 + 9 * HOUR + 1000), sample(2000)])
    settle(spool, None, "network")
    assert dated(spool) == []
    settle(spool, T0, "network")
    assert [t for _, t, _ in dated(spool)] == [T0 + 1000, T0 + 2000]


def test_what_may_be_in_the_store_keeps_its_time_until_the_collector_says_that_it_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append([sample(n * 1000, T0 + 9 * HOUR) for n in range(1, 4)])
    spool.leaving([2])
    settle(spool, T0, "collector")
    assert [t for _, t, _ in dated(spool)] == [T0 + 1000, T0 + 9 * HOUR, T0 + 3000]
    spool.close()
    again = Spool(tmp_path / "spool.db", "b1")  # killed: nobody knows any more which of them left
    settle(again, T0 + HOUR, "collector")
    assert [t for _, t, _ in dated(again)] == [T0 + 1000, T0 + 9 * HOUR, T0 + 3000]
    again.sent.refused([2])
    settle(again, T0 + HOUR, "collector")
    assert [t for _, t, _ in dated(again)] == [T0 + 1000, T0 + HOUR + 2000, T0 + 3000]


def test_what_was_measured_after_the_line_went_down_is_dated_anew_after_a_restart_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append([sample(1000, T0 + 9 * HOUR)])
    spool.leaving([1])
    spool.resting()
    spool.append([sample(2000, T0 + 9 * HOUR)])
    spool.close()
    again = Spool(tmp_path / "spool.db", "b1")
    settle(again, T0, "collector")
    assert [t for _, t, _ in dated(again)] == [T0 + 9 * HOUR, T0 + 2000]


def test_a_boot_that_was_dated_after_this_one_began_is_placed_between_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    first = Spool(path, "b1")
    settle(first, T0, "ntp")
    first.append([sample(1000, T0 + 1000)])
    first.close()
    wrong = Spool(path, "b2")  # an hour by the network, in 2036; it never connected
    settle(wrong, T0 + 9 * 365 * 24 * HOUR, "network")
    wrong.append([sample(n * 60_000, T0 + 9 * 365 * 24 * HOUR + n * 60_000) for n in range(1, 61)])
    wrong.close()
    now = Spool(path, "b3")
    assert last_known_ms(now) == T0
    settle(now, T0 + 10 * HOUR, "collector")
    rows = dated(now)
    assert [clock for _, _, clock in rows] == ["ntp", *["estimated"] * 60]
    times = [t for _, t, _ in rows]
    assert times == sorted(set(times))
    assert times[-1] < T0 + 10 * HOUR
    assert now.quarantined == 0
