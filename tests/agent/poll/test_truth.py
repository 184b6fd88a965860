"""Every row of docs/truth.md, played by a modem on a real pty: what the agent's samples and events say of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commands.cimi import Identity
from agent.config import ModemSection
from agent.poll.beside import Hall
from agent.poll.memory import Memory
from agent.poll.worker import ModemWorker
from agent.port.link import LinkTimeout
from demo.modem import Fault, SimulatedModem
from demo.replies import family_answers
from demo.situations import INDOSAT, ROWS, SMARTFREN, TELKOMSEL, TRI, XL, Life, Situation, by_row
from telemetry.meaning import SimState
from telemetry.streams import Event, Rat, Registration, Signal
from tests.agent.poll.sick import Log

FAMILIES = ("generic", "quectel", "simcom")
NOW_S = 1_790_000_000.0
HOME, LIMITED, DENIED, SIM_FAULT = Registration.HOME, Registration.LIMITED, Registration.DENIED, Registration.SIM_FAULT


def lived(
    situation: Situation, family: str, folder: Path, *, ticks: int = 1, book: Memory | None = None
) -> tuple[Signal, list[Event]]:
    """Return the last sample, and all events, of a modem that lives through a situation."""
    log = Log()
    answers = family_answers(family, Life(situation), lambda: NOW_S)
    with SimulatedModem(answers, folder / "m") as modem:
        modem.fault = Fault.SILENCE if situation.silent else None
        config = ModemSection(name="m", port=str(folder / "m"), command_timeout_s=0.5 if situation.silent else None)
        worker = ModemWorker(config, log.record, interval_s=60, stop=threading.Event(), hall=Hall(memory=book or Memory()))
        for _ in range(ticks):
            worker.tick()
    return log.signals("m")[-1], log.events("m")


def told(row: str, family: str, folder: Path) -> Signal:
    signal, _ = lived(by_row(row), family, folder)
    return signal


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("row", "rat"), [("1", Rat.LTE), ("2", Rat.GSM), ("2 wcdma", Rat.WCDMA)])
def test_rows_1_and_2_served_at_home(row: str, rat: Rat, family: str, tmp_path: Path) -> None:
    signal = told(row, family, tmp_path)
    assert (signal.registration, signal.rat, signal.plmn, signal.home_plmn) == (HOME, rat, TELKOMSEL, TELKOMSEL)
    assert signal.sim is None, "a SIM that is registered works"
    assert signal.reject_cause is None


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_3_and_4_technology_not_told(family: str, tmp_path: Path) -> None:
    signal = told("3", family, tmp_path)
    assert (signal.registration, signal.rat, signal.home_plmn) == (HOME, None, TELKOMSEL)
    assert signal.rsrp_dbm is not None
    signal = told("4", family, tmp_path)
    assert (signal.registration, signal.rat, signal.rsrp_dbm, signal.rssi_dbm) == (HOME, None, None, None)


@pytest.mark.parametrize("family", FAMILIES)
def test_row_5_roaming_on_another_operator(family: str, tmp_path: Path) -> None:
    signal = told("5", family, tmp_path)
    assert (signal.registration, signal.plmn, signal.home_plmn) == (Registration.ROAMING, XL, TELKOMSEL)


@pytest.mark.parametrize("family", FAMILIES)
def test_row_6_nobody_is_camped_on(family: str, tmp_path: Path) -> None:
    signal = told("6", family, tmp_path)
    assert signal.registration in (Registration.SEARCHING, Registration.NOT_REGISTERED)
    assert (signal.plmn, signal.rsrp_dbm, signal.rssi_dbm, signal.home_plmn) == (None, None, None, TELKOMSEL)


@pytest.mark.parametrize("family", ["quectel", "simcom"])
@pytest.mark.parametrize("row", ["7", "7 emergency", "7 out of coverage", "7 not searching"])
def test_row_7_limited_service_on_a_foreign_cell(row: str, family: str, tmp_path: Path) -> None:
    signal = told(row, family, tmp_path)
    assert (signal.registration, signal.plmn, signal.home_plmn) == (LIMITED, XL, TELKOMSEL)
    assert signal.rsrp_dbm is not None, "the other operator is heard with its level"
    assert signal.sim is SimState.READY


def test_row_7_by_3gpp_replies_alone(tmp_path: Path) -> None:
    """Without a serving cell line only stat 8 and 11 prove a cell; else the state stays as told."""
    assert told("7 emergency", "generic", tmp_path).registration is LIMITED
    assert told("7", "generic", tmp_path).registration is Registration.SEARCHING
    assert told("7 not searching", "generic", tmp_path).registration is Registration.NOT_REGISTERED


@pytest.mark.parametrize("family", ["quectel", "simcom"])
def test_row_8_limited_service_on_its_own_operator(family: str, tmp_path: Path) -> None:
    signal = told("8", family, tmp_path)
    assert (signal.registration, signal.plmn, signal.home_plmn) == (LIMITED, TELKOMSEL, TELKOMSEL)


@pytest.mark.parametrize("family", FAMILIES)
def test_row_9_refused_with_its_cause(family: str, tmp_path: Path) -> None:
    signal = told("9", family, tmp_path)
    assert (signal.registration, signal.reject_cause, signal.home_plmn) == (DENIED, 8, TELKOMSEL)
    signal = told("9 illegal equipment", family, tmp_path)
    assert (signal.registration, signal.reject_cause) == (DENIED, 6)
    if family != "generic":
        assert signal.plmn == XL, "who is heard meanwhile"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("row", ["10", "10 on LTE"])
def test_row_10_voice_is_registered_and_packets_are_refused(row: str, family: str, tmp_path: Path) -> None:
    signal, events = lived(by_row(row), family, tmp_path, ticks=3)
    assert (signal.registration, signal.reject_cause, signal.home_plmn) == (HOME, 7, TELKOMSEL)
    assert [event.kind for event in events].count("packets_refused") == 1


SIM_ROWS = [
    ("12 pin", SimState.PIN, "sim_pin"),
    ("12 puk", SimState.PUK, "sim_puk"),
    ("12 puk, camped", SimState.PUK, "sim_puk"),
    ("12 locked", SimState.LOCKED, "sim_locked"),
    ("12 blocked", SimState.BLOCKED, "sim_blocked"),
    ("12 broken", SimState.FAULT, "sim_failure"),
    ("12 uicc failure", SimState.FAULT, None),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("row", "state", "kind"), SIM_ROWS)
def test_row_12_a_sim_that_cannot_be_used(row: str, state: SimState, kind: str | None, family: str, tmp_path: Path) -> None:
    signal, events = lived(by_row(row), family, tmp_path)
    assert (signal.registration, signal.sim) == (SIM_FAULT, state)
    assert kind is None or kind in [event.kind for event in events]
    if row in ("12 puk, camped", "12 locked") and family != "generic":
        assert signal.plmn == XL, "who is heard meanwhile"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("row", ["13", "13, camped"])
def test_row_13_no_sim(row: str, family: str, tmp_path: Path) -> None:
    signal = told(row, family, tmp_path)
    assert (signal.registration, signal.home_plmn, signal.sim) == (Registration.NO_SIM, None, None)


@pytest.mark.parametrize("family", FAMILIES)
def test_row_14_whose_sim_it_is_stays_unknown(family: str, tmp_path: Path) -> None:
    signal = told("14", family, tmp_path)
    assert signal.home_plmn is None
    assert signal.registration not in (HOME, Registration.NO_SIM, SIM_FAULT)


def test_row_15_a_silent_modem(tmp_path: Path) -> None:
    signal, events = lived(by_row("15"), "quectel", tmp_path, ticks=2)
    assert (signal.registration, signal.plmn) == (Registration.MODEM_SILENT, None)
    assert "modem_silent" in [event.kind for event in events]


@pytest.mark.parametrize("family", FAMILIES)
def test_row_17_a_cell_of_another_brand_of_the_group(family: str, tmp_path: Path) -> None:
    signal = told("17", family, tmp_path)
    assert (signal.registration, signal.plmn, signal.home_plmn) == (HOME, SMARTFREN, XL)
    signal = told("17 ioh", family, tmp_path)
    assert (signal.plmn, signal.home_plmn) == (TRI, INDOSAT)


def test_a_sim_behind_its_pin_is_known_by_its_card(tmp_path: Path) -> None:
    """A power cut locks a SIM with a PIN: it is still the operator's, and its operator's account must say so."""
    book = Memory(tmp_path / "modems.json")
    assert lived(by_row("1"), "quectel", tmp_path, book=book)[0].home_plmn == TELKOMSEL
    signal, events = lived(by_row("12 puk"), "quectel", tmp_path, book=Memory(tmp_path / "modems.json"))
    assert (signal.registration, signal.home_plmn) == (SIM_FAULT, TELKOMSEL)
    assert "sim_changed" not in [event.kind for event in events]
    stranger = replace(by_row("12 puk"), card=replace(by_row("12 puk").card, number=2))
    signal, events = lived(stranger, "quectel", tmp_path, book=Memory(tmp_path / "modems.json"))
    assert signal.home_plmn is None, "another card behind a PIN may be anybody's"
    assert "sim_changed" in [event.kind for event in events]


def test_a_swapped_sim_is_told_once_and_leaves_no_identity(tmp_path: Path) -> None:
    path, first = tmp_path / "modems.json", by_row("1")
    other = replace(first, camped=XL, card=replace(first.card, plmn=XL))
    twin = replace(first, card=replace(first.card, number=99))
    assert not [e for e in lived(first, "simcom", tmp_path, book=Memory(path))[1] if e.kind == "sim_changed"]
    signal, events = lived(other, "simcom", tmp_path, ticks=3, book=Memory(path))
    assert signal.home_plmn == XL
    assert [e.detail for e in events if e.kind == "sim_changed"] == ["another SIM: 51010 -> 51011"]
    lived(first, "simcom", tmp_path, book=Memory(path))
    _, events = lived(twin, "simcom", tmp_path, book=Memory(path))
    assert [e.detail for e in events if e.kind == "sim_changed"] == ["another SIM: 51010 -> 51010"]
    kept = path.read_text()
    for card in (first.card, other.card, twin.card):
        assert card.imsi[5:] not in kept
        assert card.iccid not in kept


def test_no_event_or_log_shows_an_identity(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    card = by_row("1").card
    signal, events = lived(by_row("1"), "quectel", tmp_path, ticks=2)
    torn = LinkTimeout("p", "AT+CIMI", 1.0, card.imsi[:9].encode())
    for text in (f"{signal} {events}", caplog.text, str(torn), f"{Identity(card.imsi, card.iccid)}"):
        assert card.imsi[:9] not in text
        assert card.iccid not in text


def test_a_question_that_is_never_answered_is_asked_once_a_session(tmp_path: Path) -> None:
    asked: list[str] = []

    class Mute(SimulatedModem):
        def _exchange(self, line: str) -> None:
            if "CRSM" in line:
                asked.append(line)
            else:
                super()._exchange(line)

    log = Log()
    with Mute(family_answers("generic", Life(by_row("1")), lambda: NOW_S), tmp_path / "m"):
        config = ModemSection(name="m", port=str(tmp_path / "m"), command_timeout_s=0.3)
        worker = ModemWorker(config, log.record, interval_s=60, stop=threading.Event())
        for _ in range(3):
            worker.tick()
    assert len(asked) == 2, "the card's number and the length of the MNC"
    assert [signal.home_plmn for signal in log.signals("m")] == [TELKOMSEL] * 3


def test_every_row_is_played() -> None:
    assert {int(row.split()[0].rstrip(",")) for row in ROWS} == set(range(1, 18))
