from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.cpin import Sim, cme_code, sim_of
from agent.config import ModemSection
from agent.poll import nitz
from agent.poll.notices import Notices
from agent.poll.recovery import Fault as Sickness
from agent.poll.session import Poll, Session, fault_of
from agent.poll.worker import ModemWorker
from agent.port import usb
from agent.port.link import Link, LinkBusy, LinkClosed, LinkTimeout
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from telemetry.streams import Cell, Event, Rat, Registration, Signal
from tests.agent.poll.sick import Log, fake_usb, wait_for

NOW_S = 1_790_000_000.0


def worker(port: Path, log: Log, *, name: str = "m", interval_s: float = 60.0, root: Path = usb.ROOT) -> ModemWorker:
    section = ModemSection(name=name, port=str(port))
    return ModemWorker(section, log.record, interval_s=interval_s, stop=threading.Event(), root=root)


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
def test_a_tick_records_what_is_in_the_air(family: str, tmp_path: Path) -> None:
    radio, log = Radio(seed=5), Log()
    air = radio.air(NOW_S)
    with SimulatedModem(family_answers(family, radio, lambda: NOW_S), tmp_path / "m"):
        worker(tmp_path / "m", log).tick()
    (signal,) = log.signals("m")
    assert (signal.registration, signal.rat, signal.plmn) == (Registration.HOME, Rat.LTE, "51010")
    assert (signal.cell_id, signal.tac) == (air.cells[0].cell_id, air.tac)
    assert signal.rsrp_dbm == pytest.approx(air.cells[0].rsrp_dbm, abs=1.0)
    assert signal.rsrq_db == pytest.approx(air.cells[0].rsrq_db, abs=1.0)
    if family != "generic":
        assert (signal.pci, signal.earfcn, signal.band) == (air.cells[0].pci, air.channel, air.band)
    neighbours = [row for _, _, row in log.rows if isinstance(row, Cell)]
    assert len(neighbours) == (3 if family == "quectel" else 0)
    identified = log.events("m")[0]
    assert identified.kind == "modem_identified"
    assert f"family {family}" in (identified.detail or "")


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
def test_a_place_without_service_is_a_sample(family: str, tmp_path: Path) -> None:
    log = Log()
    with SimulatedModem(family_answers(family, Radio(profile="none")), tmp_path / "m"):
        worker(tmp_path / "m", log).tick()
    (signal,) = log.signals("m")
    assert signal.registration in (Registration.SEARCHING, Registration.NOT_REGISTERED)
    assert signal.rsrp_dbm is None


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
def test_a_2g_place(family: str, tmp_path: Path) -> None:
    log = Log()
    with SimulatedModem(family_answers(family, Radio(profile="gsm")), tmp_path / "m"):
        worker(tmp_path / "m", log).tick()
    (signal,) = log.signals("m")
    assert (signal.registration, signal.rat, signal.rsrp_dbm) == (Registration.HOME, Rat.GSM, None)
    assert signal.rssi_dbm is not None


def test_every_tick_of_an_absent_modem_is_a_silent_sample_and_one_event(tmp_path: Path) -> None:
    log = Log()
    absent = worker(tmp_path / "nothing", log)
    for _ in range(5):
        absent.tick()
    assert [s.registration for s in log.signals("m")] == [Registration.MODEM_SILENT] * 5
    assert [e.kind for e in log.events("m")] == ["modem_gone"]


def test_a_modem_that_refuses_everything_is_a_sample_with_its_reason(tmp_path: Path) -> None:
    log = Log()
    with SimulatedModem(lambda _: None, tmp_path / "m"):
        worker(tmp_path / "m", log).tick()
    assert [s.registration for s in log.signals("m")] == [Registration.MODEM_SILENT]
    assert "no reply could be read" in [e.detail for e in log.events("m")]


def test_modems_sample_at_the_same_moment_without_drift(tmp_path: Path) -> None:
    log, stop, interval_s = Log(), threading.Event(), 0.5
    with ExitStack() as stack:
        for k, family in enumerate(("generic", "quectel")):
            link = tmp_path / f"m{k}"
            stack.enter_context(SimulatedModem(family_answers(family, Radio()), link))
            config = ModemSection(name=f"m{k}", port=str(link))
            ModemWorker(config, log.record, interval_s=interval_s, stop=stop).start()
        wait_for(lambda: min(len(log.signals(f"m{k}")) for k in range(2)) >= 6, "six samples of each")
        stop.set()
    for k in range(2):
        ticks = [int(t / interval_s) for t, name, row in log.rows if name == f"m{k}" and isinstance(row, Signal)]
        assert len(set(ticks)) == len(ticks), "two samples in one tick"


def test_a_modem_that_is_ready_is_sampled_at_once_and_not_at_the_next_tick(tmp_path: Path) -> None:
    log, stop, began = Log(), threading.Event(), time.clock_gettime(time.CLOCK_BOOTTIME)
    with SimulatedModem(family_answers("generic", Radio()), tmp_path / "m"):
        thread = ModemWorker(ModemSection(name="m", port=str(tmp_path / "m")), log.record, interval_s=1e9, stop=stop)
        thread.start()
        wait_for(lambda: log.signals("m"), "a sample long before the first tick")
        stop.set()
        thread.join(5)
    assert log.moments[0] >= int(began * 1000), "it bears its own moment, not that of a tick before the start"


def test_a_modem_that_is_not_there_yet_has_time_until_its_tick(tmp_path: Path) -> None:
    log = Log()
    worker(tmp_path / "nothing", log).tick(first=True)
    assert log.rows == []


def test_a_modem_that_searches_at_the_first_look_has_time_until_its_tick(tmp_path: Path) -> None:
    log = Log()
    with SimulatedModem(family_answers("generic", Radio(profile="none")), tmp_path / "m"):
        measured = worker(tmp_path / "m", log)
        measured.tick(first=True)
        assert log.signals("m") == [], "it was switched on a moment ago: that is nothing of the network"
        measured.tick()
    assert [s.registration for s in log.signals("m")] == [Registration.SEARCHING]


def test_stop_ends_the_thread_while_a_modem_is_silent(tmp_path: Path) -> None:
    log, stop = Log(), threading.Event()
    with SimulatedModem(family_answers("generic", Radio()), tmp_path / "m") as modem:
        thread = ModemWorker(ModemSection(name="m", port=str(tmp_path / "m")), log.record, interval_s=0.3, stop=stop)
        thread.start()
        wait_for(lambda: log.home("m"), "a sample")
        modem.fault = Fault.SILENCE
        wait_for(lambda: modem.asked and modem.asked[-1] == "AT", "the agent to wait in vain")
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


def test_network_time_reaches_the_clock(tmp_path: Path) -> None:
    log = Log()
    times: list[int] = []
    for family in ("generic", "quectel", "simcom"):
        with SimulatedModem(family_answers(family, Radio(), lambda: NOW_S), tmp_path / family):
            config = ModemSection(name="m", port=str(tmp_path / family))
            stop = threading.Event()
            ModemWorker(config, log.record, interval_s=60, stop=stop, on_network_time=times.append).tick()
    assert times == [int(NOW_S) * 1000] * 3


@pytest.mark.parametrize(
    ("line", "utc_ms"),
    [
        ('+CCLK: "26/11/24,15:45:35+32"', 1795506335000),
        ('+CCLK: "26/11/24,02:15:35-22"', 1795506335000),
        ('+QLTS: "2026/11/24,07:45:35+32,0"', 1795506335000),
        ('+CCLK: "26/11/24,07:45:35"', None),
        ('+CCLK: "80/01/06,00:00:17+00"', None),
        ('+CCLK: "70/01/01,00:00:17+00"', None),
        ('+CCLK: "24/11/24,07:45:35+00"', None),
        ('+CCLK: "26/13/24,07:45:35+32"', None),
        ("+CCLK: ", None),
    ],
)
def test_network_time_is_read_or_refused(line: str, utc_ms: int | None) -> None:
    assert nitz.utc_ms(Reply("AT+CCLK?", (line,))) == utc_ms


@pytest.mark.parametrize(
    ("final", "code"),
    [
        ("+CME ERROR: 10", 10),
        ("+CME ERROR:13", 13),
        ("+CME ERROR: SIM busy", None),
        ("OK", None),
        ("+CME ERROR: unheard of", None),
        ("ERROR", None),
    ],
)
def test_cme_codes_in_digits(final: str, code: int | None) -> None:
    assert cme_code(final) == code


@pytest.mark.parametrize(
    ("replies", "sim"),
    [
        ([Reply("AT+CPIN?", ("+CPIN: READY",))], Sim.READY),
        ([Reply("AT+CPIN?", ("+CPIN: SIM PIN",))], Sim.PIN),
        ([Reply("AT+CPIN?", ("+CPIN: SIM PUK",))], Sim.PUK),
        ([Reply("AT+CPIN?", (), "+CME ERROR: 10")], Sim.MISSING),
        ([Reply("AT+CPIN?", (), "+CME ERROR: 13")], Sim.FAILURE),
        ([Reply("AT+CPIN?", (), "+CME ERROR: SIM busy")], Sim.BUSY),
        ([Reply("AT+CPIN?", (), "ERROR"), Reply("AT+COPS?", (), "+CME ERROR: 11")], Sim.PIN),
        ([Reply("AT+CPIN?", ("+CPIN: NOT READY",))], None),
        ([Reply("AT+CSQ", ("+CSQ: 1,99",))], None),
    ],
)
def test_sim_states_are_told_apart(replies: list[Reply], sim: Sim | None) -> None:
    assert sim_of(replies) is sim


def test_faults_are_told_apart() -> None:
    def timeout(received: bytes) -> LinkTimeout:
        return LinkTimeout("p", "AT", 1, received)

    assert fault_of(timeout(b"")) is Sickness.SILENT
    assert fault_of(timeout(b"\r\n+CSQ: 1")) is Sickness.CUT
    assert fault_of(timeout(b"\x00\xfe\x80\xff\xe0")) is Sickness.GARBAGE
    assert fault_of(LinkClosed("x")) is Sickness.GONE
    assert fault_of(LinkBusy("x")) is Sickness.BUSY


def poll(*notes: str, **values: object) -> Poll:
    return Poll(Reading(Signal(**values), [], list(notes)), None, [])  # type: ignore[arg-type]


def test_changes_of_cell_and_registration_are_events_once() -> None:
    notices = Notices()
    home, roaming = Registration.HOME, Registration.ROAMING
    assert not notices.after(poll(registration=home, plmn="51010", cell_id=1), 0)
    assert not notices.after(poll(registration=home, cell_id=1), 1), "an operator not given is no change"
    assert not notices.after(poll(registration=home, plmn="51010"), 2), "a cell not given is no change"
    assert notices.after(poll(registration=home, plmn="51010", cell_id=2), 3) == [Event("cell_change", "51010/1 -> 51010/2")]
    (event,) = notices.after(poll(registration=roaming, plmn="51010", cell_id=2), 4)
    assert event == Event("registration_change", "home -> roaming")


def test_a_note_is_told_once_an_hour() -> None:
    notices = Notices()
    told = [bool(notices.after(poll("same"), t)) for t in (0, 30, 3599, 3600, 3630)]
    assert told == [True, False, False, True, False]
    for k in range(1000):
        notices.after(poll(f"note {k}"), k)
    assert len(notices._told) <= 64


def test_a_slow_poll_is_bounded_and_says_so(tmp_path: Path) -> None:
    with SimulatedModem(family_answers("quectel", Radio()), tmp_path / "m"), Link(str(tmp_path / "m")) as link:
        session = Session(link, poll_timeout_s=0.0)
        session.prepare()
        given = session.poll(1)
    assert 'AT+QENG="servingcell"' in given.late


def test_port_is_found_again_by_serial_place_or_alone(tmp_path: Path) -> None:
    fake_usb(tmp_path, "ttyUSB2", device="1-1.2", serial="A")
    fake_usb(tmp_path, "ttyUSB6", device="1-1.3", serial="B")
    first, second = usb.ports(tmp_path)
    assert (first.tty, second.tty, first.vid_pid, first.interface) == ("ttyUSB2", "ttyUSB6", "2c7c:0125", "02")
    (tmp_path / "sys/bus/usb/devices/1-1.2").rename(tmp_path / "sys/bus/usb/devices/1-1.4")
    (tmp_path / "sys/bus/usb/devices/1-1.2:1.2").rename(tmp_path / "sys/bus/usb/devices/1-1.4:1.2")
    again = usb.find_again(first, tmp_path)
    assert again is not None
    assert again.device == "1-1.4", "the serial number follows a modem to another socket"
    assert usb.is_same(first, again)
    assert not usb.is_same(first, second)


def test_equal_serials_are_told_apart_by_place(tmp_path: Path) -> None:
    for device, tty in (("1-1.2", "ttyUSB2"), ("1-1.3", "ttyUSB6")):
        fake_usb(tmp_path, tty, device=device, vid="1e0e", pid="9001", serial="0123456789ABCDEF")
    first, second = usb.ports(tmp_path)
    assert usb.find_again(second, tmp_path) == second
    assert not usb.is_same(first, second)


def moved(root: Path, old: str, new: str) -> None:
    """Move a fake device to another USB place."""
    for name in (old, f"{old}:1.2"):
        (root / "sys/bus/usb/devices" / name).rename(root / "sys/bus/usb/devices" / name.replace(old, new))


def test_another_modem_in_place_of_the_lost_one_is_refused_by_its_imei(tmp_path: Path) -> None:
    """One modem with a factory's serial at another place may be the same, moved, or another: its IMEI tells."""
    log, imei = Log(), ["350000000000011"]
    answers = family_answers("generic", Radio())

    def answer(command: str) -> list[str] | None:
        return [*imei, "OK"] if command == "AT+CGSN" else answers(command)

    fake_usb(tmp_path, "ttyUSB2", device="1-1.2", serial="0123456789ABCDEF")
    with SimulatedModem(answer, tmp_path / "dev/ttyUSB2"):
        one = worker(tmp_path / "dev/ttyUSB2", log, root=tmp_path)
        one.tick()
        moved(tmp_path, "1-1.2", "1-1.3")
        one._close()
        one.tick()
        assert log.signals("m")[-1].registration is Registration.HOME, "the same modem at another place"
        moved(tmp_path, "1-1.3", "1-1.4")
        imei[0] = "350000000000029"
        one._close()
        one.tick()
        assert log.signals("m")[-1].registration is Registration.MODEM_SILENT
        assert any("its IMEI differs" in (event.detail or "") for event in log.events("m"))
    assert imei[0] not in str(log.rows)


def test_a_modem_exchanged_at_its_place_is_taken_and_said(tmp_path: Path) -> None:
    log, imei = Log(), ["350000000000011"]
    answers = family_answers("generic", Radio())
    fake_usb(tmp_path, "ttyUSB2", device="1-1.2", serial="")
    with SimulatedModem(lambda c: [*imei, "OK"] if c == "AT+CGSN" else answers(c), tmp_path / "dev/ttyUSB2"):
        one = worker(tmp_path / "dev/ttyUSB2", log, root=tmp_path)
        one.tick()
        imei[0] = "350000000000029"
        one._close()
        one.tick()
    assert "modem_changed" in log.kinds("m")
    assert log.signals("m")[-1].registration is Registration.HOME


def test_a_shared_serial_in_the_config_is_named_with_its_cure(tmp_path: Path) -> None:
    log = Log()
    for device, tty in (("1-1.2", "ttyUSB2"), ("1-1.3", "ttyUSB6")):
        fake_usb(tmp_path, tty, device=device, serial="5ca1ab1e")
    with SimulatedModem(family_answers("generic", Radio()), tmp_path / "dev/ttyUSB2"):
        worker(tmp_path / "dev/ttyUSB2", log, root=tmp_path).tick()
    (event,) = [event for event in log.events("m") if event.kind == "modem_ambiguous"]
    assert "use " in (event.detail or "")
    assert "5ca1ab1e" not in (event.detail or "")


def test_port_of_follows_links_within_the_tree(tmp_path: Path) -> None:
    fake_usb(tmp_path, "ttyUSB2", serial="A")
    by_id = tmp_path / "dev/serial/by-id"
    by_id.mkdir(parents=True)
    (tmp_path / "dev/ttyUSB2").touch()
    (by_id / "usb-Quectel_EC25_A-if02-port0").symlink_to("../../ttyUSB2")
    port = usb.port_of(str(by_id / "usb-Quectel_EC25_A-if02-port0"), tmp_path)
    assert port is not None
    assert port.tty == "ttyUSB2"
    assert port.link.endswith("by-id/usb-Quectel_EC25_A-if02-port0")
    assert usb.port_of(str(tmp_path / "dev/serial0"), tmp_path) is None


SENTENCE = "$GNGGA,103045.00,0018.2082,N,11632.2452,E,1,05,1.2,20.0,M,,M,,*5A"
MESSAGE = '+CMT: "+6281100000000",,"26/11/27,10:30:45+28"'


@pytest.mark.parametrize("foreign", [[SENTENCE], [MESSAGE, "OK"], [MESSAGE, "Halo, besok jam 7, ya"], ["12,34,56"]])
def test_foreign_text_on_the_port_changes_no_sample(foreign: list[str], tmp_path: Path) -> None:
    """A GNSS receiver and messages on the AT port, between every answer and its OK."""
    answers = {
        "AT+CPIN?": "+CPIN: READY",
        "AT+CSQ": "+CSQ: 21,99",
        "AT+CREG?": "+CREG: 0,1",
        "AT+CEREG?": "+CEREG: 0,1",
        "AT+CESQ": "+CESQ: 99,99,255,255,20,55",
        "AT+COPS?": '+COPS: 0,2,"51010",7',
    }

    def answer(command: str) -> list[str]:
        return [answers[command], *foreign, "OK"] if command in answers else ["OK"]

    log = Log()
    with SimulatedModem(answer, tmp_path / "m"):
        worker(tmp_path / "m", log).tick()
    (signal,) = log.signals("m")
    assert (signal.registration, signal.rat, signal.plmn) == (Registration.HOME, Rat.LTE, "51010")
    assert (signal.rsrp_dbm, signal.rsrq_db, signal.rssi_dbm, signal.tx_power_dbm) == (-86, -10, -71, None)
