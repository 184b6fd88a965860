"""The rule of the rings: who is told when, what stops it, what does not. No clock, no broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collector.server.rings import (
    HEARD_MS,
    HOUR_MS,
    MUTE_MS,
    NAMES,
    RESTARTS,
    SILENT_MS,
    SOAK_MS,
    STALL_MS,
    Hall,
    step,
)
from collector.server.rollout import Fate, Offer, Rollout

DAY_MS = 24 * HOUR_MS
T0 = 1_790_000_000_000
QUARTER_MS = HOUR_MS // 4


class Country:
    """Halls that take a version in the night after they were told, unless a test makes them do otherwise."""

    def __init__(self, n: int = 40, pilots: int = 3) -> None:
        self.codes = [f"hall-{k:03d}" for k in range(n)]
        self.now = T0
        self.halls = {code: Hall("0.1.0", T0, T0, 1) for code in self.codes}
        offers = {"0.1.0": Offer(files=("http://x/a.pack",), bytes=50_000)}
        self.rollout = Rollout(id="r1", version="0.2.0", offers=offers, pilot=tuple(self.codes[:pilots]))
        self.history: list[str] = []

    def put(self, code: str, **news: object) -> None:
        old = self.halls[code]
        self.halls[code] = Hall(**({n: getattr(old, n) for n in Hall.__slots__} | news))

    def look(self) -> Rollout:
        """Take one step; note each new ring."""
        self.rollout = step(self.rollout, self.halls, self.now)
        if not self.history or self.history[-1] != NAMES[self.rollout.ring]:
            self.history.append(NAMES[self.rollout.ring])
        return self.rollout

    def go(
        self, ms: int, takes: Callable[[str], bool] = lambda _code: True, silent: Callable[[str], bool] = lambda _c: False
    ) -> None:
        """Let time pass: every hall reports and measures each quarter of an hour; those that were told take it after 8 hours."""
        end = self.now + ms
        while self.now < end and not self.rollout.stopped:
            self.now += QUARTER_MS
            for code in self.codes:
                if silent(code):
                    continue
                self.put(code, heard_ms=self.now, measured_ms=self.now)
                told = self.rollout.told.get(code)
                if told is not None and self.now - told.at_ms > 8 * HOUR_MS and takes(code):
                    self.put(code, version="0.2.0")
            self.look()

    def first(self, n: int = 1) -> list[str]:
        return [*self.rollout.told][:n]


def test_a_good_version_goes_through_all_rings_one_after_the_other() -> None:
    country = Country()
    assert set(country.look().told) == set(country.codes[:3])
    sizes = {}
    while not country.rollout.done:
        country.go(DAY_MS)
        sizes[NAMES[country.rollout.ring]] = len(country.rollout.told)
        assert country.now < T0 + 30 * DAY_MS
    assert country.history == [*NAMES]
    assert sizes == {"pilot": 3, "10": 4, "25": 10, "50": 20, "all": 40}
    assert country.rollout.counts == {Fate.RUNS: 40}
    assert not country.rollout.stopped
    assert country.now - T0 >= len(NAMES) * SOAK_MS, "each ring is watched for a day"


def test_nobody_is_told_twice_and_the_same_look_again_changes_nothing() -> None:
    country = Country()
    first = country.look()
    again = country.look()
    assert {code: told.at_ms for code, told in again.told.items()} == {code: told.at_ms for code, told in first.told.items()}
    assert (again.ring, again.limit, again.stopped) == (0, "all", False)


def test_halls_that_have_not_spoken_yet_since_they_were_told_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.server.rings.SOAK_MS", 0)
    country = Country()
    country.look()
    for code in country.codes[:3]:
        country.put(code, version="0.2.0")
    assert country.look().ring == 1
    country.now += QUARTER_MS
    assert country.look().ring == 1, "the fourth hall has not been heard"


@pytest.mark.parametrize("outcome", ["rolled_back", "refused"])
def test_one_pilot_that_did_not_take_it_stops_it(outcome: str) -> None:
    country = Country()
    country.look()
    country.put(country.codes[1], outcome=outcome)
    stopped = country.look()
    assert stopped.stopped
    assert len(stopped.told) == 3
    assert country.codes[1] in stopped.reason().word("en")
    before = stopped
    country.go(10 * DAY_MS)
    assert country.look() == before, "what is stopped stays so"


def test_in_a_large_ring_one_of_many_does_not_stop_it_but_more_than_five_percent_do() -> None:
    country = Country(100)
    country.look()
    while country.rollout.ring < NAMES.index("50"):
        country.go(DAY_MS)
    told = country.first(50)
    assert len(country.rollout.told) == 50
    for code in told[10:12]:
        country.put(code, outcome="rolled_back", version="0.1.0")
    assert not country.look().stopped, "two of fifty"
    country.put(told[12], outcome="rolled_back", version="0.1.0")
    assert country.look().stopped, "three of fifty"


def test_halls_that_measure_no_more_with_the_version_stop_it() -> None:
    country = Country()
    country.look()
    country.go(10 * HOUR_MS)
    sick = country.codes[0]
    last = country.halls[sick].measured_ms
    while country.now <= last + MUTE_MS:
        assert not country.rollout.stopped
        country.now += QUARTER_MS
        for code in country.codes:
            country.put(code, heard_ms=country.now, measured_ms=0 if code == sick else country.now)
        country.look()
    assert country.look().stopped
    assert country.rollout.counts[Fate.MUTE] == 1


def test_a_hall_that_did_not_measure_before_does_not_stop_it() -> None:
    country = Country()
    country.put(country.codes[0], measured_ms=0)
    country.look()
    for _ in range(60):
        country.now += HOUR_MS
        for code in country.codes:
            version = "0.2.0" if code in country.rollout.told else "0.1.0"
            country.put(code, heard_ms=country.now, measured_ms=0 if code == country.codes[0] else country.now, version=version)
        country.look()
    assert not country.rollout.stopped
    assert country.rollout.ring > 0


def test_restarts_by_the_program_stop_it_and_those_by_the_power_do_not() -> None:
    country = Country()
    for code in country.codes[:3]:
        country.put(code, boots=4)  # power goes four times a day there
    country.look()
    for code in country.codes[:3]:
        country.put(code, version="0.2.0", boots=4 + RESTARTS)
    assert not country.look().stopped
    country.put(country.codes[2], boots=4 + RESTARTS + 1)
    assert country.look().stopped


def test_two_silent_pilots_stop_it_unless_the_others_are_silent_too() -> None:
    country = Country()
    country.look()
    country.go(SILENT_MS + HOUR_MS, silent=lambda code: code in country.codes[:2])
    assert country.rollout.stopped
    assert "2 of 3 halls are silent" in country.rollout.reason().word("en")

    country = Country()
    country.look()
    country.go(DAY_MS, silent=lambda code: int(code[-3:]) % 3 != 2)  # the mast fell: two thirds of all halls are away
    assert not country.rollout.stopped


@pytest.mark.parametrize("took", [True, False])
def test_one_pilot_that_is_silent_since_it_could_take_it_stops_it(*, took: bool) -> None:
    country = Country()
    country.look()
    lost = country.codes[1]
    country.go(9 * HOUR_MS, takes=lambda code: took or code != lost)  # until 06:33 WITA
    country.go(SILENT_MS, silent=lambda code: code == lost)
    assert not country.rollout.stopped, "power goes for less"
    country.go(HOUR_MS, silent=lambda code: code == lost)
    assert country.rollout.stopped
    assert f"{lost} says nothing since it could take it" in country.rollout.reason().word("en")


def test_one_silent_pilot_does_not_stop_it_where_it_cannot_be_the_version() -> None:
    country = Country()
    country.look()
    country.go(30 * HOUR_MS, silent=lambda code: code == country.codes[1])  # since the evening, before any hall takes a version
    assert not country.rollout.stopped
    assert country.rollout.counts[Fate.SILENT] == 1

    country = Country()
    country.look()
    country.go(9 * HOUR_MS)
    country.go(9 * HOUR_MS, silent=lambda code: int(code[-3:]) % 3 == 1)  # the power of a third of all halls
    assert not country.rollout.stopped


def test_a_hall_that_came_back_took_it_and_fell_silent_is_silent() -> None:
    country = Country()
    dark = country.codes[0]
    country.put(dark, heard_ms=T0 - HEARD_MS - 1)
    country.look()
    country.go(10 * HOUR_MS)
    assert country.rollout.counts == {Fate.RUNS: 3}
    country.go(SILENT_MS + HOUR_MS, silent=lambda code: code == dark)
    assert country.rollout.counts[Fate.SILENT] == 1
    assert country.rollout.stopped


def test_in_a_large_ring_one_silent_hall_does_not_stop_it() -> None:
    country = Country(100)
    country.look()
    while country.rollout.ring < NAMES.index("25"):
        country.go(DAY_MS)
    assert len(country.rollout.told) == 25
    country.go(3 * DAY_MS, silent=lambda code: code == country.first(25)[20])
    assert not country.rollout.stopped


def test_a_hall_that_was_dark_before_neither_stops_nor_holds_it() -> None:
    country = Country()
    dark = country.codes[0]
    country.put(dark, heard_ms=T0 - HEARD_MS - 1)
    country.look()
    country.go(3 * DAY_MS, silent=lambda code: code == dark)
    assert not country.rollout.stopped
    assert country.rollout.ring >= 1
    assert country.rollout.counts[Fate.DARK] == 1


def test_a_hall_whose_month_is_spent_is_waited_for_without_holding_the_ring() -> None:
    country = Country()
    country.look()
    country.put(country.codes[0], outcome="waits")
    country.go(3 * DAY_MS, takes=lambda code: code != country.codes[0])
    assert country.rollout.ring >= 1
    assert country.rollout.counts[Fate.WAITS] == 1


def test_it_goes_no_further_than_it_may_and_on_when_it_may() -> None:
    country = Country()
    country.rollout = country.rollout.model_copy(update={"limit": "pilot"})
    country.look()
    country.go(5 * DAY_MS)
    assert len(country.rollout.told) == 3
    assert "--ring" in country.rollout.reason().word("en")
    country.rollout = country.rollout.model_copy(update={"limit": "25"})
    country.go(5 * DAY_MS)
    assert len(country.rollout.told) == 10


def test_a_ring_that_nobody_takes_comes_to_an_end() -> None:
    country = Country()
    country.look()
    country.go(STALL_MS - HOUR_MS, takes=lambda _code: False)
    assert not country.rollout.stopped
    country.go(2 * HOUR_MS, takes=lambda _code: False)
    assert country.rollout.stopped
    assert "0 of 3" in country.rollout.reason().word("en")


def test_a_hall_of_which_no_file_makes_the_version_is_left_out() -> None:
    country = Country(10, pilots=2)
    country.put(country.codes[5], version="0.0.9")
    country.put(country.codes[6], version="0.1.0+deb")
    country.look()
    country.go(20 * DAY_MS)
    assert country.rollout.done
    assert set(country.codes) - set(country.rollout.told) == {country.codes[5], country.codes[6]}


def test_what_is_kept_in_a_file_is_the_same_afterwards() -> None:
    country = Country()
    country.look()
    country.put(country.codes[1], outcome="refused")
    country.look()
    assert Rollout.model_validate_json(country.rollout.model_dump_json()) == country.rollout
    assert "hall-001" in country.rollout.reason().word("id")
