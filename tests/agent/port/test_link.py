from __future__ import annotations

import os
import socket
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.port.holders import explain, holders
from agent.port.link import Link, LinkBusy, LinkClosed, LinkTimeout
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from tests.agent.poll.sick import held_by_other, wait_for

QENG = 'AT+QENG="servingcell"'


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[SimulatedModem]:
    with SimulatedModem(family_answers("quectel", Radio(), lambda: 1e9), tmp_path / "modem", away_s=0.2) as modem:
        yield modem


@pytest.fixture
def link(modem: SimulatedModem) -> Iterator[Link]:
    with Link(str(modem.link)) as link:
        yield link


@pytest.mark.parametrize("fault", [None, Fault.BYTE_AT_A_TIME, Fault.DELAYED, Fault.ECHO_TWICE, Fault.URC_MID_REPLY])
def test_reply_is_the_same_however_the_bytes_come(modem: SimulatedModem, link: Link, fault: Fault | None) -> None:
    plain = [link.ask(command) for command in ("AT+CEREG?", QENG, "AT+CSQ;+CESQ")]
    modem.fault = fault
    assert [link.ask(command) for command in ("AT+CEREG?", QENG, "AT+CSQ;+CESQ")] == plain
    assert plain[0].lines[0].startswith("+CEREG: 2,1,")
    assert [line.split(":")[0] for line in plain[2].lines] == ["+CSQ", "+CESQ"]


@pytest.mark.parametrize(
    ("fault", "received"), [(Fault.SILENCE, False), (Fault.GARBAGE, True), (Fault.HALF_LINE, True), (Fault.HANG, False)]
)
def test_timeout_keeps_what_came_instead(modem: SimulatedModem, link: Link, fault: Fault, received: bool) -> None:
    modem.fault = fault
    with pytest.raises(LinkTimeout) as caught:
        link.ask(QENG, 0.3)
    assert bool(caught.value.received) is received


def test_a_late_reply_is_not_taken_for_the_next(modem: SimulatedModem, link: Link) -> None:
    modem.fault = Fault.DELAYED  # 0.3 s
    with pytest.raises(LinkTimeout):
        link.ask(QENG, 0.25)
    modem.fault = None
    reply = link.ask("AT+CGMI")
    assert reply.lines == ("Quectel",)


def test_leftovers_are_flushed_before_a_command(modem: SimulatedModem, link: Link) -> None:
    modem._write(b"\r\n+QENG: old\r\n\r\nOK\r\n")
    wait_for(lambda: link._serial.in_waiting, "the leftovers")
    assert link.ask("AT+CGMI").lines == ("Quectel",)
    assert link.leftovers > 0


def test_commands_keep_a_distance(link: Link) -> None:
    began = time.monotonic()
    for _ in range(5):
        link.ask("AT")
    assert time.monotonic() - began >= 4 * 0.03


def test_flood_without_final_result_is_bounded_in_time_and_memory(modem: SimulatedModem, link: Link) -> None:
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            modem._write(b"\r\n+JUNK: 1\r\n" * 200)
            stop.wait(0.005)

    modem.fault = Fault.SILENCE
    thread = threading.Thread(target=flood)
    thread.start()
    try:
        with pytest.raises(LinkTimeout) as caught:
            link.ask("AT+CSQ", 0.5)
    finally:
        stop.set()
        thread.join()
    assert len(caught.value.received) <= 2 * 65536


def test_vanished_port_is_closed_not_silent(modem: SimulatedModem, link: Link) -> None:
    link.ask("AT")
    modem.fault = Fault.VANISH
    wait_for(lambda: not modem.link.exists(), "the port to vanish")
    with pytest.raises(LinkClosed):
        link.ask("AT", 5)


def test_missing_port_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LinkClosed, match=r"not there; .*sinyal-agent detect"):
        Link(str(tmp_path / "ttyUSB9"))


def test_port_that_is_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkClosed, match="cannot be opened"):
        Link(str(tmp_path / "file"))


def test_second_opener_in_this_program_is_refused(modem: SimulatedModem) -> None:
    with Link(str(modem.link)), pytest.raises(LinkBusy):
        Link(str(modem.link))


def test_busy_port_names_the_program(modem: SimulatedModem) -> None:
    with held_by_other(Path(modem.device)) as process:
        with pytest.raises(LinkBusy, match=rf"python\S* \(pid {process.pid}\); stop that program"):
            Link(str(modem.link))
        assert [h.pid for h in holders(str(modem.link))] == [process.pid]
    with Link(str(modem.link)) as link:
        assert link.ask("AT").final == "OK"


@pytest.mark.parametrize("readable", [True, False], ids=["open files seen", "name only"])
def test_modem_manager_is_named_with_its_cure(tmp_path: Path, readable: bool) -> None:
    process = tmp_path / "proc/512"
    (process / "fd").mkdir(parents=True)
    (process / "comm").write_text("ModemManager\n")
    port = tmp_path / "ttyUSB2"
    port.touch()
    if readable:
        (process / "fd/9").symlink_to(port)
    found = explain(str(port), proc=tmp_path / "proc")
    assert found is not None
    text = "; ".join(phrase.word("en") for phrase in found)
    assert text.startswith("held by" if readable else "probably held by")
    assert "ModemManager (pid 512)" in text
    assert "ID_MM_PORT_IGNORE" in text
    assert "purge" not in text
    assert "dipakai oleh ModemManager (pid 512)" in found[0].word("id")


def test_stop_ends_a_wait(modem: SimulatedModem) -> None:
    stop = threading.Event()
    modem.fault = Fault.SILENCE
    with Link(str(modem.link), stop=stop) as link:
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(LinkClosed, match="stopping"):
            link.ask("AT", 30)
        timer.join()


def test_socket_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"AT+CSQ\r\r\n+CSQ: 19,99\r\n\r\nOK\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with Link(f"socket://127.0.0.1:{server.getsockname()[1]}") as link:
            assert link.ask("AT+CSQ").lines == ("+CSQ: 19,99",)
            thread.join()
            with pytest.raises(LinkClosed):
                link.ask("AT+CSQ", 1)


def test_identities_do_not_reach_error_texts(modem: SimulatedModem, link: Link) -> None:
    modem.fault = Fault.SILENCE
    threading.Timer(0.1, lambda: modem._write(b"\r\n867556040000001\r\n")).start()
    with pytest.raises(LinkTimeout) as caught:
        link.ask("AT+CGSN", 0.4)
    assert "867556040000001" not in str(caught.value)
    assert "000000000000000" in str(caught.value)


def test_closing_twice_and_after_the_device_went(modem: SimulatedModem) -> None:
    link = Link(str(modem.link))
    os.close(link._serial.fileno())
    link.close()
    link.close()


EEM = "+EEMLTESVC: 1296, 2, 16, 6342, 81, 1650, 19650, 3, 5, 111742881, 65535, 51, 21, 6, 51, 21, 51, 21, 0, 0, 0, 0, 0"


@pytest.mark.parametrize("pause_s", [0.0, 0.3])
def test_lines_behind_the_final_result_belong_to_the_command_that_has_such(pause_s: float, tmp_path: Path) -> None:
    up, down = os.openpty()
    tty.setraw(down)
    (tmp_path / "m").symlink_to(os.ttyname(down))

    def answer() -> None:
        for _ in range(2):
            received = b""
            while not received.endswith(b"\r"):
                received += os.read(up, 64)
            os.write(up, b"\r\n+EEMGINFO: 3, 2\r\n\r\nOK\r\n" if b"EEM" in received else b"\r\nOK\r\n")
            if b"EEM" in received:
                time.sleep(pause_s)  # the modem's own pause
                os.write(up, f"\r\n{EEM}\r\n\r\n+EEMLTEINTRA: 0, 219, 1650, 36, 10\r\n".encode())

    modem = threading.Thread(target=answer, daemon=True)
    modem.start()
    with Link(str(tmp_path / "m")) as link:
        reply = link.ask("AT+EEMGINFO?", 3.0, "+EEMLTESVC")
        assert reply.lines == ("+EEMGINFO: 3, 2", EEM, "+EEMLTEINTRA: 0, 219, 1650, 36, 10")
        assert link.ask("AT").lines == ()
    modem.join()


def test_a_modem_that_sends_nothing_behind_its_ok_is_waited_for_in_vain_but_not_long(modem: SimulatedModem, link: Link) -> None:
    assert link.ask("AT+CSQ", 3.0, "+EEMLTESVC").final == "OK"
    assert link.ask("AT+NONE", 3.0, "+EEMLTESVC").final != "OK"
    assert modem.asked[-1] == "AT+NONE"


@pytest.mark.parametrize(
    ("received", "hint"),
    [
        (b"AT+CGMI\r\r\n", "only the echo"),
        (b"AT+CGMI\rAT+CGMI\r", "only the echo"),
        (b"$GPGGA,1,2\r\n$GPGSV,3\r\n", "satellite"),
        (b"", ""),
        (b"+CGMI: x\r\n", ""),
    ],
)
def test_a_port_that_is_none_for_commands_is_named(received: bytes, hint: str) -> None:
    text = str(LinkTimeout("/dev/ttyUSB0", "AT+CGMI", 1.0, received))
    assert hint in text
    assert ("detect" in text) is bool(hint)
