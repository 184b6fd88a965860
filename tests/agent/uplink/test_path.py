"""A path that forgets: what is learnt from connections that break, and what a new session costs."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest

from agent.config import BrokerSection
from agent.uplink.path import SHORTEST_S, IdlePath
from agent.uplink.tls import ResumingContext, tls_context
from lab.certificates import Authority
from lab.servers import Server, mosquitto
from telemetry.streams import Event

CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd"


class Hall:
    """A hall behind a NAT that forgets a connection after `nat_s` without traffic; a frame every 300 s."""

    def __init__(self, nat_s: float) -> None:
        self.now, self.nat_s, self.sessions = 0.0, nat_s, 0
        self.events: list[Event] = []
        self.path = IdlePath(self.events.append, now=lambda: self.now)

    def day(self) -> None:
        self._connect()
        for _ in range(288):
            self.now += 300
            self.path.said()
            if min(300, self.path.keep_open_s or 300) > self.nat_s:
                self.now += 60
                self.path.broke()
                self._connect()
            else:
                self.path.heard()

    def _connect(self) -> None:
        self.sessions += 1
        self.path.opened(None)
        self.path.heard()


@pytest.mark.parametrize(("nat_s", "sessions"), [(3600, 1), (120, 6), (60, 8), (40, 8)])
def test_the_idle_limit_is_learnt_and_the_path_kept_open(nat_s: float, sessions: int) -> None:
    hall = Hall(nat_s)
    hall.day()
    assert hall.sessions <= sessions
    if nat_s < 300:
        assert (hall.path.keep_open_s or 0) <= nat_s
        assert {event.kind for event in hall.events} == {"path_forgets"}
        first = hall.sessions
        hall.day()
        assert hall.sessions == first + 1  # it stays learnt


def test_a_path_that_forgets_at_once_is_left_to_tickets() -> None:
    hall = Hall(SHORTEST_S / 2)
    hall.day()
    assert hall.path.keep_open_s is None
    assert hall.path.forgets_s is not None
    assert "TLS tickets" in (hall.events[-1].detail or "")


def test_a_connection_that_must_be_gone_by_now_is_known_to_be_and_one_that_is_kept_open_is_not() -> None:
    for nat_s in (SHORTEST_S / 2, 120):
        hall = Hall(nat_s)
        hall.day()
        forgets_s = hall.path.forgets_s or 0
        hall.path.heard()
        hall.now += forgets_s - 1
        assert not hall.path.gone
        hall.now += 1
        assert hall.path.gone == (nat_s < SHORTEST_S)


def test_a_link_that_breaks_now_and_then_teaches_nothing() -> None:
    hall = Hall(3600)
    for _ in range(20):
        hall.now += 300
        hall.path.said()
        hall.path.heard()
        hall.now += 5
        hall.path.said()
        hall.path.broke()
        hall._connect()
    assert hall.path.keep_open_s is None
    assert hall.events == []


def session_bytes(context: ResumingContext, port: int) -> tuple[int, bool]:
    """Connect as MQTT does; return the IP bytes of it and whether a session was taken up."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        sock = context.wrap_socket(plain, server_hostname="127.0.0.1")
        sock.sendall(CONNECT)
        assert sock.recv(4) == b"\x20\x02\x00\x00"
        context.remember(sock)
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 208)
        received, segments_out, segments_in = struct.unpack_from("=QII", info, 128)
        total = received + struct.unpack_from("=Q", info, 200)[0] + (segments_out + segments_in) * 52
        reused = bool(sock.session_reused)
        sock.close()
    return total, reused


def test_a_new_connection_takes_up_the_session_and_costs_half(tmp_path: Path, start_server: object) -> None:
    authority = Authority(tmp_path / "ca")
    server, hall = authority.issue("127.0.0.1"), authority.issue("hall")
    broker: Server = start_server(lambda: mosquitto(tmp_path / "m", authority.listener(server, "allow_anonymous true")))  # type: ignore[operator]
    context = tls_context(BrokerSection(host="127.0.0.1", ca=authority.cert, cert=hall.cert, key=hall.key))
    first, fresh = session_bytes(context, broker.port)
    second, reused = session_bytes(context, broker.port)
    assert (fresh, reused) == (False, True)
    assert second < 0.6 * first
    broker.stop()
    broker.start()  # it has forgotten its tickets: a full handshake, and no failure
    third, again = session_bytes(context, broker.port)
    assert not again
    assert third > second
