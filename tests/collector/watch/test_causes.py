"""Which cause explains what is bad at once: every number of the rules, on its edge, without a store or a clock."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pytest

from collector.sites.sites import Site
from collector.watch.causes import (
    AREA_SHARE,
    CELL_MIN,
    COINCIDENCE,
    COINCIDENCE_MS,
    CONTROL_SHARE,
    FRAME_MS,
    NEAR_KM,
    SIMULTANEOUS_MS,
    Cause,
    View,
    area_cause,
    cell_cause,
    linked,
    operator_cause,
)
from collector.watch.config import load
from collector.watch.facts import Facts
from collector.watch.judge import Book
from collector.watch.schedule import Schedule
from collector.watch.state import DAY_MS, MINUTE_MS, Hall, Modem, Sign, State
from tests.collector.watch.world import CONFIG

ENGINE = load(CONFIG / "alerts.toml").engine
NOW_MS = 1_796_054_400_000
GONE_MS = NOW_MS - 30 * MINUTE_MS
TSEL, IOH, XL = "Telkomsel", "IOH", "XLSMART"


@dataclass
class Place:
    """A fleet in the making: halls are numbered, signs are theirs."""

    sites: dict[str, Site] = field(default_factory=dict)
    state: State = field(default_factory=State)

    def halls(self, count: int, *operators: str, area: str = "A", cell: int | None = None, last_ms: int = NOW_MS) -> list[str]:
        codes = []
        for _ in range(count):
            code = f"h{len(self.sites)}"
            self.sites[code] = Site(code, area, code, 0.5, 117.0, "gnss")
            modems = {f"m{k}": Modem(f"m{k}", operator, cell) for k, operator in enumerate(operators)}
            self.state.halls[code] = Hall(code, last_ms=last_ms, modems=modems)
            codes.append(code)
        return codes

    def dark(self, codes: list[str], after_ms: int = 0, rule: str = "hall_dark", **more: bool) -> list[Sign]:
        signs = [Sign(f"{rule}/{code}", rule, code, since_ms=GONE_MS + after_ms, bad=True) for code in codes]
        for sign in signs:
            sign.bad, sign.raised = more.get("bad", True), more.get("raised", False)
            self.state.signs[sign.key] = sign
            self.state.halls[sign.site or ""].last_ms = sign.since_ms
        return signs

    def unserved(self, codes: list[str], modem: str = "m0") -> None:
        for code in codes:
            key = f"no_service/{code}/{modem}"
            self.state.signs[key] = Sign(key, "no_service", code, modem, since_ms=GONE_MS, bad=True)

    def at(self, code: str, *, north_km: float = 0, east_km: float = 0) -> None:
        self.sites[code] = dataclasses.replace(self.sites[code], lat=60 + north_km / 111.2, lon=100 + east_km / (111.2 * 0.5))

    def view(self) -> View:
        facts = Facts(NOW_MS, self.sites)
        return View(self.state, Book(ENGINE, {}, Schedule(14, 2)), facts, GONE_MS, SIMULTANEOUS_MS)

    def operator(self) -> Cause | None:
        return operator_cause(self.view())

    def cell(self) -> Cause | None:
        return cell_cause(self.view())


def keys(codes: list[str], rule: str = "hall_dark", end: str = "") -> set[str]:
    return {f"{rule}/{code}{end}" for code in codes}


def test_an_operator_is_the_cause_while_halls_without_it_go_on() -> None:
    place = Place()
    gone, _ = place.halls(4, TSEL), place.halls(2, IOH)
    place.dark(gone)
    assert place.operator() == Cause("operator_gone", frozenset(keys(gone)), TSEL)


@pytest.mark.parametrize(("others", "gone_too", "blamed"), [(4, 1, True), (4, 2, False), (2, 0, True), (1, 0, False)])
def test_an_operator_needs_a_control_that_goes_on(others: int, gone_too: int, blamed: bool) -> None:
    assert (CONTROL_SHARE, CELL_MIN) == (0.25, 2)
    place = Place()
    place.dark(place.halls(4, TSEL))
    place.dark(place.halls(others, IOH)[:gone_too])
    assert (place.operator() is not None) is blamed


def test_the_other_modem_of_the_same_hall_is_a_control() -> None:
    place = Place()
    gone = place.halls(3, TSEL, IOH)
    place.unserved(gone)
    assert place.operator() == Cause("operator_gone", frozenset(keys(gone, "no_service", "/m0")), TSEL)
    place.dark(gone)
    assert place.operator() is None, "dark halls say nothing of their other modem"
    place = Place()
    place.unserved(place.halls(3, TSEL))
    assert place.operator() is None, "a modem is no control of itself"


@pytest.mark.parametrize(("gone", "alive", "blamed"), [(2, 0, False), (3, 0, True), (3, 2, True), (3, 3, False)])
def test_an_operator_is_blamed_by_most_of_its_halls_and_by_three(gone: int, alive: int, blamed: bool) -> None:
    assert (ENGINE.group_min, ENGINE.group_share) == (3, 0.6)
    place = Place()
    place.dark(place.halls(gone, TSEL))
    place.halls(alive, TSEL)
    place.halls(3, IOH)
    assert (place.operator() is not None) is blamed


@pytest.mark.parametrize(("of", "counts"), [(2, True), (3, False)])
def test_an_area_of_which_less_than_half_is_gone_is_not_in_it(of: int, counts: bool) -> None:
    assert AREA_SHARE == 0.5
    place = Place()
    gone = place.halls(4, TSEL)
    beyond = place.halls(of, TSEL, area="B")[:1]
    place.halls(3, IOH)
    place.dark(gone + beyond)
    found = place.operator()
    assert found is not None
    assert found.members == keys(gone + beyond if counts else gone)


def test_where_the_power_is_off_no_network_is_blamed() -> None:
    place = Place()
    gone, others = place.halls(4, TSEL, cell=7), place.halls(4, IOH)
    place.dark(gone)
    assert place.operator() is not None
    assert place.cell() is not None
    place.state.halls[others[0]].mains = False
    assert place.operator() is None
    assert place.cell() is None


@pytest.mark.parametrize(("after_ms", "known"), [(FRAME_MS, True), (FRAME_MS - 1, False)])
def test_a_hall_proves_something_only_with_a_frame_from_after(after_ms: int, known: bool) -> None:
    place = Place()
    place.dark(place.halls(3, TSEL))
    place.dark(place.halls(1, TSEL), after_ms=MINUTE_MS)
    place.halls(2, IOH, last_ms=GONE_MS + MINUTE_MS + after_ms)
    assert (place.operator() is not None) is known


def test_a_dark_hall_with_two_operators_is_no_evidence_of_either() -> None:
    place = Place()
    gone = place.halls(3, TSEL)
    place.dark(gone + place.halls(3, TSEL, IOH))
    place.halls(4, XL)
    found = place.operator()
    assert found is not None
    assert found.members == keys(gone)


def test_a_dark_hall_whose_modem_was_without_service_before_goes_with_its_operator() -> None:
    place = Place()
    both = place.halls(3, TSEL, IOH)
    place.unserved(both)
    place.dark(both[:1])
    found = place.operator()
    assert found is not None
    assert found.members == keys(both, "no_service", "/m0") | keys(both[:1])


def test_what_is_long_silent_no_longer_counts() -> None:
    place = Place()
    place.dark(place.halls(3, TSEL))
    place.halls(3, IOH)
    limit_ms = NOW_MS - round(ENGINE.forget_after_days * DAY_MS)
    place.halls(3, TSEL, last_ms=limit_ms - 1)
    assert place.operator() is not None
    place.halls(3, TSEL, last_ms=limit_ms)
    assert place.operator() is None


def test_only_what_says_gone_and_is_bad_at_about_the_time_is_looked_at() -> None:
    place = Place()
    codes = place.halls(7, TSEL)
    place.dark(codes[:1], SIMULTANEOUS_MS)
    place.dark(codes[1:2], SIMULTANEOUS_MS + 1)
    place.dark(codes[2:3], -SIMULTANEOUS_MS)
    place.dark(codes[3:4], -SIMULTANEOUS_MS - 1)
    place.dark(codes[4:5], rule="overheated")
    place.dark(codes[5:6], bad=False, raised=True)
    place.dark(codes[6:7], bad=False, raised=False)
    assert {sign.site for sign in place.view().bad} == {codes[0], codes[2], codes[5]}
    del place.sites[codes[0]]
    assert {sign.site for sign in place.view().bad} == {codes[2], codes[5]}


@pytest.mark.parametrize(
    ("gone", "alive", "around", "dark_around", "blamed"),
    [
        (2, 0, 3, 0, True),
        (1, 0, 3, 0, False),
        (2, 0, 2, 0, False),
        (3, 2, 3, 0, True),
        (3, 3, 3, 0, False),
        (2, 0, 4, 1, True),
        (2, 0, 4, 2, False),
    ],
)
def test_a_cell_is_the_cause_while_its_area_goes_on(gone: int, alive: int, around: int, dark_around: int, blamed: bool) -> None:
    place = Place()
    hit = place.halls(gone, TSEL, cell=7)
    place.halls(alive, TSEL, cell=7)
    place.dark(hit)
    place.dark(place.halls(around, IOH)[:dark_around])
    place.halls(5, IOH, area="B")
    assert place.cell() == (Cause("cell_gone", frozenset(keys(hit)), TSEL, 7) if blamed else None)


def test_a_modem_without_service_is_proof_that_it_is_the_cell() -> None:
    place = Place()
    hit = place.halls(2, TSEL, cell=7)
    place.unserved(hit)
    assert place.cell() == Cause("cell_gone", frozenset(keys(hit, "no_service", "/m0")), TSEL, 7)
    place = Place()
    place.dark(place.halls(2, TSEL, cell=7))
    place.unserved(place.halls(1, IOH, area="B"))
    place.halls(2, IOH)
    assert place.cell() is None, "a modem elsewhere proves nothing"


def test_a_cell_is_found_behind_one_that_nothing_can_be_said_of() -> None:
    place = Place()
    off = place.halls(2, TSEL, cell=6)
    place.dark(off)
    place.state.halls[place.halls(1, IOH)[0]].mains = False
    hit = place.halls(2, TSEL, area="B", cell=7)
    place.dark(hit)
    place.halls(3, IOH, area="B")
    assert place.cell() == Cause("cell_gone", frozenset(keys(hit)), TSEL, 7)


@pytest.mark.parametrize(
    ("same_area", "apart_ms", "km", "together"),
    [
        (True, round(ENGINE.together_minutes * MINUTE_MS), 0, True),
        (True, round(ENGINE.together_minutes * MINUTE_MS) + 1, 0, False),
        (False, COINCIDENCE_MS, NEAR_KM - 0.5, True),
        (False, COINCIDENCE_MS + 1, NEAR_KM - 0.5, False),
        (False, 0, NEAR_KM + 0.5, False),
    ],
)
def test_two_halls_went_together(same_area: bool, apart_ms: int, km: float, together: bool) -> None:
    assert (NEAR_KM, SIMULTANEOUS_MS, FRAME_MS) == (40, 720_000, 360_000)
    for north_km, east_km in ((km, 0.0), (0.0, km), (-0.6 * km, 0.8 * km)):
        place = Place()
        one, two = place.halls(1, TSEL)[0], place.halls(1, IOH, area="A" if same_area else "B")[0]
        place.at(one)
        place.at(two, north_km=north_km, east_km=east_km)
        (a,), (b,) = place.dark([one]), place.dark([two], apart_ms)
        assert linked(place.view(), a, b) is together
        assert linked(place.view(), b, a) is together
        assert not linked(place.view(), a, dataclasses.replace(b, site=None))
        assert not linked(place.view(), dataclasses.replace(a, site=None), b)


def test_halls_of_an_area_are_found_one_from_the_other() -> None:
    place = Place()
    codes = [place.halls(1, TSEL, area=area)[0] for area in "ABCD"]
    for code, km in zip(codes, (0, 30, 60, 110), strict=True):
        place.at(code, north_km=km)
    signs = place.dark(codes)[:3]
    assert area_cause(place.view(), signs[0]).name == "area_dark"
    del place.state.signs[f"hall_dark/{codes[3]}"]
    assert area_cause(place.view(), signs[0]) == Cause("area_dark", frozenset(keys(codes[:3])))
    signs[1].incident = "other"
    assert area_cause(place.view(), signs[0]) == Cause("hall_dark", frozenset(keys(codes[:1])))


@pytest.mark.parametrize(
    ("count", "apart_ms", "found"), [(4, COINCIDENCE_MS, 4), (5, 0, 5), (4, COINCIDENCE_MS + 1, 1), (3, 0, 1)]
)
def test_so_many_at_once_are_no_chance_however_far_apart(count: int, apart_ms: int, found: int) -> None:
    assert (COINCIDENCE, COINCIDENCE_MS) == (4, 600_000)
    place = Place()
    codes = [place.halls(1, TSEL, area=str(k))[0] for k in range(count)]
    for k, code in enumerate(codes):
        place.at(code, north_km=200 * k)
    first, *_ = place.dark(codes[:1])
    place.dark(codes[1:], apart_ms)
    assert len(area_cause(place.view(), first).members) == found
