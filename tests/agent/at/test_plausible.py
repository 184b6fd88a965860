"""What may be set: both ends of every range by technology, and what a technology has not."""

from __future__ import annotations

import pytest

from agent.at.plausible import is_same_cell, put_plmn, set_missing, set_plausible, tidy
from telemetry.streams import Cell, Rat, Role, Signal

LTE = (Rat.LTE, Rat.LTE_M, Rat.NB_IOT, Rat.NR_NSA)
EDGES = [
    *((rat, "rsrp_dbm", -141, -30, 1) for rat in LTE),
    *((rat, "rsrq_db", -30, 2.5, 0.5) for rat in LTE),
    *((rat, "pci", 0, 503, 1) for rat in LTE),
    *((rat, "tac", 0, 0xFFFD, 1) for rat in LTE),
    *((rat, "cell_id", 0, 0xFFFFFFE, 1) for rat in LTE),
    (Rat.WCDMA, "pci", 0, 511, 1),
    (Rat.WCDMA, "tac", 0, 0xFFFD, 1),
    (Rat.WCDMA, "cell_id", 0, 0xFFFFFFE, 1),
    (Rat.GSM, "tac", 0, 0xFFFD, 1),
    (Rat.GSM, "cell_id", 0, 0xFFFF, 1),
    (Rat.NR_SA, "rsrp_dbm", -157, -31, 1),
    (Rat.NR_SA, "rsrq_db", -43.5, 20, 0.5),
    (Rat.NR_SA, "tac", 0, 0xFFFFFD, 1),
    (Rat.NR_SA, "pci", 0, 1007, 1),
    (Rat.NR_SA, "cell_id", 0, 0xFFFFFFFFF, 1),
    (Rat.NR_NSA, "nr_rsrp_dbm", -157, -31, 1),
    (Rat.NR_NSA, "nr_rsrq_db", -43.5, 20, 0.5),
    (Rat.NR_NSA, "nr_pci", 0, 1007, 1),
]


@pytest.mark.parametrize(("rat", "name", "low", "high", "step"), EDGES)
def test_both_ends_of_a_range(rat: Rat, name: str, low: float, high: float, step: float) -> None:
    for value, taken in ((low, True), (high, True), (low - step, False), (high + step, False)):
        row, notes = Signal(rat=rat), list[str]()
        set_plausible(row, notes, **{name: value})
        assert (getattr(row, name) is not None) is taken, value
        assert bool(notes) is not taken
        late, more = Signal(), list[str]()  # the technology becomes known after the value
        set_plausible(late, more, **{name: value})
        late.rat = rat
        tidy(late, more)
        assert (getattr(late, name) is not None) is taken, value


FOREIGN = {
    Rat.LTE: ("nrarfcn", "uarfcn", "arfcn", "rscp_dbm", "ecio_db", "nr_pci"),
    Rat.NR_SA: ("earfcn", "uarfcn", "arfcn", "rscp_dbm", "ecio_db", "nr_pci"),
    Rat.WCDMA: ("earfcn", "nrarfcn", "arfcn", "rsrp_dbm", "rsrq_db", "sinr_db", "nr_pci"),
    Rat.GSM: ("earfcn", "nrarfcn", "uarfcn", "rsrp_dbm", "rsrq_db", "sinr_db", "rscp_dbm", "ecio_db", "pci", "nr_pci"),
    Rat.NR_NSA: ("nrarfcn", "uarfcn", "arfcn", "rscp_dbm", "ecio_db"),
}
VALUES = {"earfcn": 1850, "nrarfcn": 627264, "uarfcn": 10563, "arfcn": 71, "rsrp_dbm": -97.0, "rsrq_db": -11.0, "sinr_db": 14.0,
          "rscp_dbm": -88.0, "ecio_db": -7.5, "pci": 211, "nr_pci": 644, "rssi_dbm": -66.0, "band": 3}  # fmt: skip


@pytest.mark.parametrize("rat", FOREIGN)
def test_what_a_technology_has_not_is_taken_out(rat: Rat) -> None:
    row = Signal(rat=rat, **VALUES)  # type: ignore[arg-type]
    tidy(row, [])
    assert {name for name in VALUES if getattr(row, name) is None} == set(FOREIGN[rat])


def test_a_cell_beside_an_anchor_is_judged_as_nr() -> None:
    cell, notes = Cell(role=Role.SCC), list[str]()
    set_plausible(cell, notes, rat=Rat.NR_NSA, pci=1007, nrarfcn=627264, rsrp_dbm=-150)
    tidy(cell, notes)
    assert (cell.pci, cell.nrarfcn, cell.rsrp_dbm, notes) == (1007, 627264, -150, [])


def test_later_values_win_and_missing_ones_only_fill() -> None:
    row = Signal()
    set_plausible(row, [], rsrp_dbm=-97.0004, pci=7.0)
    assert (row.rsrp_dbm, row.pci) == (-97, 7)
    assert isinstance(row.pci, int)
    set_plausible(row, [], rsrp_dbm=-98, rsrq_db=None)
    set_missing(row, [], rsrp_dbm=-99, rsrq_db=-11)
    assert (row.rsrp_dbm, row.rsrq_db) == (-98, -11)


@pytest.mark.parametrize(
    ("known", "mcc", "mnc", "plmn"),
    [
        (None, "510", "10", "51010"),
        (None, "510", "1", "51001"),
        ("51001", "510", "1", "51001"),  # zeros lost on the way
        ("310012", "310", "12", "310012"),
        ("310012", "310", "13", "31013"),
        ("310260", "310", "260", "310260"),
        ("51010", "510", "11", "51011"),
        ("51010", "-", "-", "51010"),
        ("51001", "520", "1", "52001"),
    ],
)
def test_plmn(known: str | None, mcc: str, mnc: str, plmn: str) -> None:
    row = Signal(plmn=known)
    put_plmn(row, mcc, mnc)
    assert row.plmn == plmn


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ((1850, 7), (1850, 7), True),
        ((1850, 7), (1850, 8), False),
        ((1850, 7), (1851, 7), False),
        ((None, 7), (1850, 7), True),
        ((1850, None), (1850, 7), True),
        ((1850, None), (1851, 7), False),
        ((1850, 7), (None, None), True),
    ],
)
def test_same_cell(first: tuple[int | None, int | None], second: tuple[int | None, int | None], same: bool) -> None:
    assert is_same_cell(first, second) is same


def test_a_note_names_the_value_and_no_more_of_it_than_a_line_holds() -> None:
    notes: list[str] = []
    set_plausible(Signal(rat=Rat.LTE), notes, cell_id=123_456_789_012_345)
    assert notes == ["cell_id 123456789012 is not plausible: left out"]
