"""Scans, the instrument's proof, deaf radios, antennas and positions: by modems on real ptys, and by the plans alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from agent.at.reading import Reading
from agent.config import ModemSection, PositionSection, RecoverySection, ScanSection
from agent.modems.settle import BRANCHES_EVERY
from agent.poll.antenna import IMBALANCE_READINGS, Antenna
from agent.poll.beside import Hall
from agent.poll.instrument import DeafLimits, DeafRadio, DeafStep, Ears, hears
from agent.poll.memory import Memory
from agent.poll.scan import ScanPlan
from agent.poll.worker import ModemWorker
from demo.modem import SimulatedModem
from demo.radio import Heard
from demo.replies import family_answers
from demo.situations import INDOSAT, RADIO_OFF, RADIO_ON, RESET, SMARTFREN, TELKOMSEL, XL, Life, Situation, by_row
from telemetry.streams import Cell, Instrument, Position, Rat, Registration, Scan, Signal
from telemetry.vocabulary import BandsSource, Proof, ScanStatus
from tests.agent.poll.sick import Log

NOW_S = 1_790_000_000.0
AROUND = (Heard(XL, channel=1675, level_dbm=-97.0), Heard(INDOSAT, "gsm"), Heard(SMARTFREN, band=40, channel=39150))
NEVER = ScanSection(per_day=0)
DAY_S = 86400.0


class Bench:
    """A worker whose moments are given, on a modem that lives through a situation."""

    def __init__(self, situation: Situation, folder: Path, family: str = "quectel", **hall: object) -> None:
        self.log, self.stop = Log(), threading.Event()
        self.life = Life(situation)
        self.modem = SimulatedModem(family_answers(family, self.life, lambda: NOW_S), folder / "m", boot_s=0.05)
        recovery = RecoverySection(deaf_after_s=100, deaf_settle_s=50)
        config = ModemSection(name="m", port=str(folder / "m"), recovery=recovery)
        self.worker = ModemWorker(config, self.log.record, interval_s=60, stop=self.stop, hall=Hall(**hall))  # type: ignore[arg-type]

    def at(self, *moments_s: float) -> None:
        """Poll, and do what is due, as if it were these moments (monotonic, s)."""
        for moment_s in moments_s:
            poll = self.worker._poll()
            self.worker._do_beside(poll, moment_s)

    def rows(self, kind: type) -> list[object]:
        return [row for _, _, row in self.log.rows if isinstance(row, kind)]

    @property
    def scans(self) -> list[Scan]:
        return [row for row in self.rows(Scan) if isinstance(row, Scan)]

    @property
    def proofs(self) -> list[Proof | None]:
        return [row.proven for row in self.rows(Instrument) if isinstance(row, Instrument)]

    @property
    def kinds(self) -> list[str]:
        return [event.kind or "" for event in self.log.events("m")]


def test_a_scan_tells_every_operator_and_the_cells_with_their_levels(tmp_path: Path) -> None:
    bench = Bench(replace(by_row("7"), heard=AROUND), tmp_path)
    with bench.modem:
        bench.at(0, 60, 130)
    operators = [row for row in bench.scans if row.method == "AT+COPS"]
    assert {(row.plmn, row.rat) for row in operators} == {(XL, Rat.LTE), (INDOSAT, Rat.GSM), (SMARTFREN, Rat.LTE)}
    assert {row.found for row in operators} == {3}
    assert all(row.complete for row in bench.scans)
    assert next(row.status for row in operators if row.plmn == XL) is ScanStatus.FORBIDDEN
    cells = [row for row in bench.scans if row.method == "AT+QSCAN"]
    assert [(row.plmn, row.earfcn, row.rsrp_dbm, row.band) for row in cells if row.plmn == SMARTFREN] == [
        (SMARTFREN, 39150, -101.0, 40)
    ]
    assert {row.plmn for row in cells} == {XL, SMARTFREN}, "2G cells are not in this one's list"
    assert bench.kinds.count("scan_started") == 1


def test_a_scan_that_finds_nobody_is_a_sample(tmp_path: Path) -> None:
    bench = Bench(by_row("6"), tmp_path, "generic")
    with bench.modem:
        bench.at(0, 130)
    assert [(row.found, row.complete, row.plmn) for row in bench.scans] == [(0, True, None)]


@pytest.mark.parametrize("reply", [["+CME ERROR: 11"], ["ERROR"], ["OK"]])
def test_a_scan_without_a_list_proves_nobody_absent(reply: list[str], tmp_path: Path) -> None:
    bench = Bench(by_row("6"), tmp_path, "generic")
    answers = bench.modem._answers
    bench.modem._answers = lambda command: reply if command == "AT+COPS=?" else answers(command)
    with bench.modem:
        bench.at(0, 130)
    assert bench.scans == []
    assert "scan_failed" in bench.kinds


def test_the_modem_that_carries_the_connection_never_scans(tmp_path: Path) -> None:
    carrying = True
    bench = Bench(by_row("1"), tmp_path, carries=lambda _: carrying)
    with bench.modem:
        bench.at(0, 200, 2 * DAY_S, 3 * DAY_S)
        assert "AT+COPS=?" not in bench.modem.asked
        carrying = False
        bench.at(3 * DAY_S + 60)
        assert "AT+COPS=?" in bench.modem.asked


def wita_ms(hour: int, day: int = 0) -> int:
    return 1_789_948_800_000 + day * 86_400_000 + (hour - 8) * 3_600_000  # the first is midnight UTC, 8 h WITA


def test_when_a_scan_is_due() -> None:
    memory = Memory()
    plan = ScanPlan(ScanSection(), "m", memory)
    assert plan.due(0, None, unserved_s=0) is None, "a modem registers first"
    assert plan.due(120, None, unserved_s=0) == "first"
    plan.started(120, wita_ms(10))
    assert plan.due(240, wita_ms(10), unserved_s=7200) is None, "at most every six hours"
    assert plan.due(120 + 6 * 3600, wita_ms(16), unserved_s=7200) == "no service"
    assert plan.due(120 + 6 * 3600, wita_ms(16), unserved_s=3599) is None
    assert plan.due(120 + 21 * 3600, wita_ms(7, 1), unserved_s=0) is None, "not in the daytime"
    assert plan.due(120 + 21 * 3600, wita_ms(2, 1), unserved_s=0) == "quiet hours"
    assert plan.due(120 + 21 * 3600, None, unserved_s=0) is None, "what hour it is, is not known"
    assert ScanPlan(NEVER, "x", memory).due(1e9, None, unserved_s=1e9) is None


def test_a_restart_does_not_scan_anew() -> None:
    memory = Memory()
    first = ScanPlan(ScanSection(), "m", memory)
    first.due(0, None, unserved_s=0)
    first.started(120, wita_ms(10))
    again = ScanPlan(ScanSection(), "m", memory)
    assert again.due(0, wita_ms(11), unserved_s=0) is None
    assert again.due(200, wita_ms(11), unserved_s=99_999) is None
    assert again.due(300, wita_ms(17), unserved_s=99_999) == "no service"
    dark = ScanPlan(ScanSection(), "m", memory)
    assert dark.due(0, None, unserved_s=99_999) is None, "how long ago the last one was is not known"
    assert dark.due(6 * 3600, None, unserved_s=99_999) == "no service"


@pytest.mark.parametrize(
    ("hours", "hour", "quiet"),
    [((1, 4), 1, True), ((1, 4), 4, False), ((22, 3), 23, True), ((22, 3), 2, True), ((22, 3), 12, False)],
)
def test_quiet_hours_may_cross_midnight(hours: tuple[int, int], hour: int, quiet: bool) -> None:
    plan = ScanPlan(ScanSection(quiet_hours=hours), "m", Memory())
    plan.due(0, None, unserved_s=0)
    plan.started(0, wita_ms(12))
    assert (plan.due(2 * DAY_S, wita_ms(hour, 2), unserved_s=0) == "quiet hours") is quiet


def test_what_the_instrument_is_and_that_it_hears(tmp_path: Path) -> None:
    for family, model in (("quectel", "EC25"), ("simcom", "SIMCOM_SIM7600E-H")):
        bench = Bench(by_row("7"), tmp_path, family, scan=NEVER)
        with bench.modem:
            bench.at(0, 60, 120)
        (row,) = bench.rows(Instrument)
        assert isinstance(row, Instrument)
        assert (row.model, row.bands, row.bands_source) == (model, "1,3,5,7,8,20,38,40,41", BandsSource.READ)
        assert row.revision
        assert row.proven is Proof.HEARD


def test_bands_by_model_where_the_modem_does_not_tell_them(tmp_path: Path) -> None:
    bench = Bench(by_row("1"), tmp_path, "quectel", scan=NEVER)
    answers = bench.modem._answers
    bench.modem._answers = lambda command: None if "BAND" in command else answers(command)
    with bench.modem:
        bench.at(0)
    (row,) = bench.rows(Instrument)
    assert isinstance(row, Instrument)
    assert (row.bands, row.bands_source) == ("1,3,5,7,8,20,38,40,41", BandsSource.TABLE)
    unknown = Bench(by_row("1"), tmp_path, "generic", scan=NEVER)
    with unknown.modem:
        unknown.at(0)
    (row,) = unknown.rows(Instrument)
    assert isinstance(row, Instrument)
    assert (row.model, row.bands, row.bands_source) == ("L100", None, None)


def test_row_16_a_deaf_radio_gets_its_steps_and_is_said_to_be_unchanged(tmp_path: Path) -> None:
    bench = Bench(by_row("16"), tmp_path)
    with bench.modem:
        bench.at(0, 50)
        assert bench.proofs == [None], "a modem that heard nothing proves nothing"
        bench.at(130)  # looks for everybody first
        assert [(row.found, row.complete) for row in bench.scans] == [(0, True)]
        assert "deaf_radio" in bench.kinds
        bench.at(140, 150, 195, 200, 240, 250)
        assert bench.proofs[-1] is Proof.RECOVERY_TRIED
        steps = [kind for kind in bench.kinds if kind.startswith("deaf_radio")]
        assert steps == ["deaf_radio", "deaf_radio_off_on", "deaf_radio_reset", "deaf_radio_unchanged"]
        radio = [command for command in bench.modem.asked if command.startswith("AT+CFUN")]
        assert radio == [RADIO_OFF, RADIO_ON, RESET]
        bench.at(*(10_000.0 * k for k in range(1, 9)))
        assert [c for c in bench.modem.asked if c.startswith("AT+CFUN")] == radio, "once a day"
        bench.at(DAY_S + 200)
        assert len([c for c in bench.modem.asked if c.startswith("AT+CFUN")]) == len(radio) + 2


@pytest.mark.parametrize(
    ("row", "last"), [("16 cured by radio off and on", "deaf_radio_off_on"), ("16 cured by reset", "deaf_radio_reset")]
)
def test_a_deaf_radio_that_a_step_cures(row: str, last: str, tmp_path: Path) -> None:
    bench = Bench(by_row(row), tmp_path, scan=NEVER)
    with bench.modem:
        bench.at(0, 100, 110, 120, 150, 170, 180, 200, 230)
    assert [kind for kind in bench.kinds if kind.startswith("deaf_radio")][-2:] == [last, "deaf_radio_over"]
    assert bench.proofs == [None, Proof.HEARD]


def test_another_modem_of_the_hall_that_hears_is_named(tmp_path: Path) -> None:
    ears = Ears()
    ears.heard("other", 0.0)
    bench = Bench(by_row("16"), tmp_path, scan=NEVER, ears=ears)
    with bench.modem:
        bench.at(0, 110)
    assert bench.proofs == [Proof.OTHER_MODEM]
    assert "beside it other hears" in next(e.detail or "" for e in bench.log.events("m") if e.kind == "deaf_radio")


def climb(limits: DeafLimits, *moments_s: float, searching: bool = True) -> list[tuple[float, DeafStep]]:
    radio = DeafRadio(limits)
    told = ((at, radio.step(at, heard=False, searching=searching)) for at in moments_s)
    return [(at, step) for at, step in told if step]


def test_deaf_steps_are_rate_limited_for_ever() -> None:
    steps = climb(DeafLimits(), *(30.0 * k for k in range(8 * 2880)))
    series = [at for at, step in steps if step is DeafStep.OFF_ON]
    assert len(series) == 8
    assert min(b - a for a, b in pairwise(series)) >= DAY_S
    assert [step for _, step in steps][:4] == [DeafStep.FOUND, DeafStep.OFF_ON, DeafStep.RESET, DeafStep.UNCHANGED]
    assert {step for _, step in climb(DeafLimits(per_day=0), *(30.0 * k for k in range(2880)))} == {DeafStep.FOUND}


def test_a_sim_fault_says_nothing_of_the_radio() -> None:
    assert climb(DeafLimits(), *(30.0 * k for k in range(2880)), searching=False) == []


@pytest.mark.parametrize(
    ("signal", "heard"),
    [
        (Signal(registration=Registration.SEARCHING), False),
        (Signal(registration=Registration.SEARCHING, rssi_dbm=-113), False),
        (Signal(registration=Registration.SEARCHING, rssi_dbm=-67), False),  # power of whatever is in the air
        (Signal(registration=Registration.SEARCHING, rat=Rat.GSM, rssi_dbm=-67), True),
        (Signal(registration=Registration.SEARCHING, rsrp_dbm=-101), True),
        (Signal(registration=Registration.LIMITED), True),
        (Signal(registration=Registration.DENIED), True),
        (Signal(registration=Registration.SIM_FAULT), False),
        (Signal(registration=Registration.MODEM_SILENT), False),
    ],
)
def test_what_counts_as_heard(signal: Signal, heard: bool) -> None:
    assert hears(Reading(signal)) is heard
    assert hears(Reading(signal, [Cell(rat=Rat.LTE, pci=1)]))


def test_branches_are_told_seldom_and_the_level_is_never_below_the_best(tmp_path: Path) -> None:
    bench = Bench(replace(by_row("1"), branches_db=(0.0, -1.0)), tmp_path, scan=NEVER)
    with bench.modem:
        for number in (0, 1, BRANCHES_EVERY - 1, BRANCHES_EVERY):
            bench.worker._polls = number
            bench.worker.tick()
    rows = bench.log.signals("m")
    assert [k for k, row in enumerate(rows) if row.rsrp_0_dbm is not None] == [0, 3]
    for row in (rows[0], rows[3]):
        assert row.rsrp_dbm is not None
        assert row.rsrp_1_dbm is not None
        assert row.rsrp_2_dbm is None


def after(antenna: Antenna, count: int, signal: Signal, start_s: float = 0.0, step_s: float = 600.0) -> list[str]:
    return [e.kind or "" for k in range(count) for e in antenna.after(signal, start_s + k * step_s)]


def test_an_antenna_off_is_told_once_a_day() -> None:
    off = Signal(rsrp_dbm=-86, rsrp_0_dbm=-119, rsrp_1_dbm=-86, pci=1, plmn=TELKOMSEL)
    fair = replace(off, rsrp_0_dbm=-91)
    assert after(Antenna(), 100, fair) == []
    assert after(Antenna(), IMBALANCE_READINGS - 1, off) == []
    assert after(Antenna(), 2 * 144, off).count("antenna_imbalance") == 2


def test_a_level_that_fell_and_stays_down_on_the_same_cell() -> None:
    good, bad = (Signal(rsrp_dbm=level, pci=1, earfcn=1850, plmn=TELKOMSEL) for level in (-85.0, -103.0))
    antenna = Antenna()
    assert after(antenna, 60, good, 0, 600) == []
    assert after(antenna, 3, bad, 36_000, 600) == [], "a shower of half an hour is no fault"
    assert after(antenna, 12, bad, 37_800, 600).count("antenna_drop") == 1
    assert after(antenna, 100, replace(bad, pci=2), 50_000, 600) == [], "another cell is another level"


FIXED = {"every_days": 30, "fixes": 2}


@pytest.mark.parametrize("family", ["quectel", "simcom"])
@pytest.mark.parametrize("place", [(0.53451, 117.61723), (-1.25, 116.9)])
def test_the_place_of_the_hall_is_an_average_of_fixes(family: str, place: tuple[float, float], tmp_path: Path) -> None:
    bench = Bench(replace(by_row("1"), fix=place), tmp_path, family, scan=NEVER, position=PositionSection(**FIXED))
    with bench.modem:
        bench.at(*(30.0 * k for k in range(15)))
    (row,) = bench.rows(Position)
    assert isinstance(row, Position)
    assert (row.lat_deg, row.lon_deg) == pytest.approx(place, abs=2e-5)
    assert row.fixes == 2
    assert row.accuracy_m is not None
    assert 5 <= row.accuracy_m <= 15
    assert bench.modem.asked[-1] not in ("AT+QGPSLOC=2", "AT+CGPSINFO"), "the receiver is off again"
    assert {"AT+QGPSEND", "AT+CGPS=0"} & set(bench.modem.asked)


def test_no_sky_is_told_and_the_receiver_switched_off(tmp_path: Path) -> None:
    bench = Bench(by_row("1"), tmp_path, "quectel", scan=NEVER, position=PositionSection(**FIXED))
    with bench.modem:
        bench.at(*(30.0 * k for k in range(22)))
    assert bench.rows(Position) == []
    assert bench.kinds.count("position_not_found") == 1
    assert bench.modem.asked.count("AT+QGPSEND") == 1


def test_a_modem_without_a_receiver_is_asked_once(tmp_path: Path) -> None:
    bench = Bench(by_row("1"), tmp_path, "simcom", scan=NEVER, position=PositionSection(**FIXED))
    answers = bench.modem._answers
    bench.modem._answers = lambda command: None if "CGPS" in command else answers(command)
    with bench.modem:
        bench.at(*(30.0 * k for k in range(20)))
    assert [command for command in bench.modem.asked if "CGPS" in command] == ["AT+CGPS=1", "AT+CGPSINFO"]
    assert "position_not_found" not in bench.kinds


def test_a_modem_that_carries_nothing_scans_though_it_is_the_uplink(tmp_path: Path) -> None:
    """Without service the connection is gone already; who else is there is what one wants to know then."""
    bench = Bench(by_row("6"), tmp_path, "generic", carries=lambda _: True)
    with bench.modem:
        bench.at(0, 130)
    assert "AT+COPS=?" in bench.modem.asked


def test_facts_outlive_a_restart_and_a_torn_file_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "modems.json"
    Memory(path).keep("m", scan_ms=5, plmn="51010")
    again = Memory(path)
    assert (again.number("m", "scan_ms"), again.text("m", "plmn"), again.text("m", "scan_ms")) == (5, "51010", None)
    again.keep("m", plmn=None)
    assert Memory(path).text("m", "plmn") is None
    for torn in (b"", b"{", b"[]", b'{"m": 3}', b'{"m": {"plmn": [1]}}'):
        path.write_bytes(torn)
        assert Memory(path).get("m", "plmn") is None


def test_neighbours_of_other_operators_are_told_once_an_hour(tmp_path: Path) -> None:
    """In limited service a list of neighbours names who else is there, where the modem tells whose they are."""
    row = '+QENG: "neighbourcell","GSM",510,{},247C,1327,35,{},-82,10,10,0,0'
    bench = Bench(replace(by_row("2"), camped=XL, stat=2), tmp_path, scan=NEVER)
    answers = bench.modem._answers
    listed = [row.format("01", 96), row.format("11", 99), row.format("01", 97), "OK"]
    bench.modem._answers = lambda command: listed if "NEIGHBOUR" in command else answers(command)
    with bench.modem:
        bench.at(0, 30, 60)
        assert [(row.plmn, row.rat, row.arfcn, row.rssi_dbm) for row in bench.scans] == [(INDOSAT, Rat.GSM, 96, -82.0)]
        assert [(row.found, row.complete, row.method) for row in bench.scans] == [(1, False, "neighbour")]
        bench.at(3700)
        assert len(bench.scans) == 2
