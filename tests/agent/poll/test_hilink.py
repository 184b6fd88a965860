"""A HiLink stick as a local web server that answers with published XML (tests/captures/hilink), read by the real worker."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agent.config import ModemSection
from agent.poll.hilink import PIN, PLMN, SIGNAL, STATUS, HilinkSession, read
from agent.poll.worker import ModemWorker
from agent.port.link import LinkClosed, LinkTimeout
from telemetry.streams import Rat, Registration, Signal, present
from tests.agent.poll.sick import Log

ANSWERS = Path(__file__).parents[2] / "captures" / "hilink"
ONLINE = {
    "device/signal": "signal_lte_router",
    "monitoring/status": "status_online",
    "net/current-plmn": "plmn",
    "device/information": "information_e3372h",
}


@dataclass
class Stick:
    """What the stick answers by path of its API, and who waits for it."""

    port: int = 0
    pages: dict[str, str] = field(default_factory=lambda: dict(ONLINE))
    hold: threading.Event | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def page(self, path: str) -> bytes:
        self.asked.append(path)
        if self.hold and path:
            self.hold.wait(10)
        if path in self.pages:
            return (ANSWERS / f"{self.pages[path]}.xml").read_bytes()
        if path == "webserver/SesTokInfo":
            return b"<response><SesInfo>SessionID=x</SesInfo><TokInfo>token</TokInfo></response>"
        return b"<html>HiLink</html>" if not path else b"<error><code>100002</code><message></message></error>"


@contextmanager
def serve(stick: Stick, port: int = 0) -> Iterator[Stick]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = stick.page(self.path.removeprefix("/api/").strip("/"))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # it may have given up waiting
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        stick.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stick
        finally:
            if stick.hold:
                stick.hold.set()
            server.shutdown()
            thread.join()


def worker(url: str, log: Log, timeout_s: float | None = None) -> ModemWorker:
    config = ModemSection(name="h", port=url, command_timeout_s=timeout_s)
    return ModemWorker(config, log.record, interval_s=60, stop=threading.Event())


def answer(**changes: str) -> dict[str, dict[str, str]]:
    """Return answers as the session does: file names by path, elements without text left out."""
    names = ONLINE | {{"signal": SIGNAL, "status": STATUS, "plmn": PLMN}[key]: name for key, name in changes.items()}
    pages = {path: ET.parse(ANSWERS / f"{name}.xml").getroot() for path, name in names.items()}  # noqa: S314 - our own files
    return {path: {element.tag: element.text for element in page if element.text} for path, page in pages.items()}


def test_a_tick_records_the_reading_of_the_stick() -> None:
    log = Log()
    with serve(Stick()) as stick:
        reader = worker(stick.url, log)
        reader.tick()
        reader.tick()
        reader._close()
    first, second = log.signals("h")
    assert first == second
    assert present(first) == {
        "registration": Registration.HOME,
        "rat": Rat.LTE,
        "plmn": "51010",
        "tac": 57332,
        "cell_id": 44294436,
        "pci": 43,
        "earfcn": 3025,
        "band": 7,
        "bandwidth_dl_mhz": 15.0,
        "bandwidth_ul_mhz": 15.0,
        "rsrp_dbm": -86.0,
        "rsrq_db": -14.0,
        "rssi_dbm": -61.0,
        "sinr_db": 10.0,
    }
    (identified,) = log.events("h")
    assert identified.detail == "family hilink: E3372h-320; 11.0.1.1(H697SP1C983)"


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        (
            {"signal": "signal_lte_stick"},
            {
                "registration": "home",
                "rat": "lte",
                "plmn": "51010",
                "pci": 144,
                "cell_id": 136003329,
                "rsrp_dbm": -76.0,
                "rsrq_db": -8.0,
                "rssi_dbm": -51.0,
                "sinr_db": 1.0,
            },
        ),
        (
            {"signal": "signal_wcdma", "status": "status_wcdma_roaming"},
            {
                "registration": "roaming",
                "rat": "wcdma",
                "plmn": "51010",
                "rssi_dbm": -90.0,
                "rscp_dbm": -105.0,
                "ecio_db": -14.0,
            },
        ),
        ({"signal": "signal_blank"}, {"registration": "home", "rat": "lte", "plmn": "51010"}),
        ({"signal": "signal_blank", "status": "status_no_sim"}, {"registration": "no_sim"}),
        ({"signal": "signal_blank", "status": "status_no_service"}, {"registration": "not_registered", "sim": "ready"}),
        ({"signal": "signal_nr_sa"}, {"registration": "home", "plmn": "51010"}),
    ],
    ids=lambda value: ",".join(value.values()) if "rat" not in value and "registration" not in value else "",
)
def test_answers_of_other_states(changes: dict[str, str], values: dict[str, object]) -> None:
    assert present(read(answer(**changes)).reading.signal) == values


LIMITED = {"ServiceStatus": "1", "CurrentNetworkType": "19", "SimStatus": "1"}
FOREIGN = {STATUS: LIMITED, SIGNAL: {"mode": "7", "rsrp": "-97dBm"}, PLMN: {"Numeric": "51011"}}


@pytest.mark.parametrize(
    ("answers", "values"),
    [
        (FOREIGN, {"registration": "limited", "plmn": "51011", "rsrp_dbm": -97.0, "sim": "ready"}),
        (FOREIGN | {PIN: {"SimState": "260"}}, {"registration": "sim_fault", "plmn": "51011", "sim": "pin"}),
        (FOREIGN | {PIN: {"SimState": "261"}}, {"registration": "sim_fault", "sim": "puk"}),
        (FOREIGN | {PIN: {"SimState": "256"}}, {"registration": "sim_fault", "sim": "fault"}),
        (FOREIGN | {STATUS: LIMITED | {"SimlockStatus": "1"}}, {"registration": "sim_fault", "sim": "locked"}),
        ({STATUS: LIMITED, PIN: {"SimState": "255"}}, {"registration": "no_sim", "sim": None}),
    ],
)
def test_limited_service_and_sim_faults(answers: dict[str, dict[str, str]], values: dict[str, object]) -> None:
    signal = present(read(answers).reading.signal)
    assert {name: signal.get(name) for name in values} == values


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("rsrp", "-97dBm", "rsrp_dbm", -97.0),
        ("rsrp", " -97.5 dBm ", "rsrp_dbm", -97.5),
        ("rsrp", "-", "rsrp_dbm", None),
        ("rsrp", "0dBm", "rsrp_dbm", None),
        ("rsrp", "-32768", "rsrp_dbm", None),
        ("rssi", ">=-51dBm", "rssi_dbm", -51.0),
        ("rssi", "&gt;=-51dBm", "rssi_dbm", -51.0),
        ("rssi", "<=-113dBm", "rssi_dbm", None),
        ("pci", "0", "pci", 0),
        ("pci", "65535", "pci", None),
        ("cell_id", "29A3F01", "cell_id", None),
        ("band", "B7", "band", None),
        ("tac", "DFF4", "tac", 0xDFF4),
        ("tac", "1234", "tac", None),
        ("mode", "2", "rsrp_dbm", None),
        ("plmn", "51010", "plmn", "51010"),
    ],
)
def test_single_elements(name: str, text: str, field: str, value: object) -> None:
    answers = answer()
    answers[SIGNAL][name] = text
    assert getattr(read(answers).reading.signal, field) == value


def test_a_stick_that_is_away_is_silent_and_comes_back() -> None:
    log = Log()
    with serve(Stick()) as stick:
        reader = worker(stick.url, log)
        reader.tick()
    for _ in range(2):
        reader.tick()
    assert [signal.registration for signal in log.signals("h")] == [Registration.HOME, *[Registration.MODEM_SILENT] * 2]
    assert "modem_gone" in log.kinds("h")
    with serve(stick, stick.port):
        for _ in range(6):  # a reopen belongs to a step of recovery
            reader.tick()
        reader._close()
    assert log.signals("h")[-1].registration is Registration.HOME
    assert {"modem_reopened"} <= log.kinds("h")
    assert len(log.signals("h")) == 9


def test_a_stick_that_hangs_is_silent() -> None:
    with serve(Stick()) as stick:
        session = HilinkSession(stick.url, 1)
        stick.hold = threading.Event()
        with pytest.raises(LinkTimeout):
            session.poll(0)
        session.close()


def test_a_stick_that_asks_for_a_password_says_so() -> None:
    log = Log()
    with serve(Stick(pages=dict.fromkeys(ONLINE, "error_login"))) as stick:
        worker(stick.url, log).tick()
    assert [signal.registration for signal in log.signals("h")] == [Registration.MODEM_SILENT]
    details = " ".join(event.detail or "" for event in log.events("h"))
    assert "100003" in details
    assert "password" in details


def test_one_refused_answer_leaves_the_others() -> None:
    with serve(Stick(pages=ONLINE | {"net/current-plmn": "error_login"})) as stick:
        session = HilinkSession(stick.url)
        poll = session.poll(0)
        session.close()
    assert poll.reading.signal.plmn == "26003", "device/signal names it too"
    assert any("net/current-plmn refused" in note for note in poll.reading.notes)


@pytest.mark.parametrize("body", [b"<html><body>Router</body></html>", b"{}", b"\xff\xfe\x00", b"[1]", b"<a><b></a>", b""])
def test_another_page_at_this_address_is_no_stick(body: bytes) -> None:
    class Other(Stick):
        def page(self, path: str) -> bytes:  # noqa: ARG002 - the same whatever is asked
            return body

    log = Log()
    with serve(Other()) as stick:
        worker(stick.url, log).tick()
    assert log.signals("h") == [Signal(registration=Registration.MODEM_SILENT)]


def test_nobody_at_the_address() -> None:
    with serve(Stick()) as stick:
        pass
    with pytest.raises(LinkClosed, match="is the stick plugged in"):
        HilinkSession(stick.url)
