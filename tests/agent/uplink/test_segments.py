"""A path that loses large packets, and one on which each frame is a connection of its own."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent.config import BrokerSection
from agent.uplink.segments import AGAIN_S, SIZES, Segments
from agent.uplink.tls import ResumingContext, tls_context
from agent.uplink.wire import Client
from lab.certificates import Authority
from telemetry.streams import Event


@pytest.fixture
def deaf() -> socket.socket:
    """Somebody who takes connections and never says a word."""
    return socket.create_server(("127.0.0.1", 0))


def announced(sock: socket.socket) -> int:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def test_a_handshake_that_stands_still_makes_the_next_connection_smaller_and_what_passes_is_told_once(
    deaf: socket.socket,
) -> None:
    events: list[Event] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id="hall")
    client.segments = segments = Segments(events.append)
    client.tls_set_context(ssl.create_default_context())
    client.connect_timeout = 0.1
    tried = []
    for _ in range(6):
        tried.append(segments.at_most)
        with pytest.raises(TimeoutError):
            client.connect(*deaf.getsockname())
        peer, _ = deaf.accept()
        peer.close()
    assert tried == [*SIZES, None, None]
    segments.passed()
    segments.passed()
    assert [(event.kind, str(segments.at_most) in str(event.detail)) for event in events] == [("path_mtu", True)]


def test_the_size_binds_the_other_end_too(deaf: socket.socket) -> None:
    segments = Segments(lambda _: None)
    with segments.dial(deaf.getsockname(), 5) as sock:
        segments.stood_still(sock)
        segments.stood_still(sock)
    deaf.accept()[0].close()
    with segments.dial(deaf.getsockname(), 5):
        peer, _ = deaf.accept()
        with peer:
            assert announced(peer) <= 1220


@pytest.mark.parametrize("cured_by", ["a day", "another path"])
def test_a_size_that_was_found_holds_for_its_path_and_for_a_day(
    deaf: socket.socket, cured_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    segments = Segments(lambda _: None, now=lambda: now[0])

    def dial(*, still: bool) -> int | None:
        with segments.dial(deaf.getsockname(), 5) as sock:
            deaf.accept()[0].close()
            size = segments.at_most
            segments.stood_still(sock) if still else segments.passed()
            return size

    assert [dial(still=True) for _ in range(3)] == [None, None, 1220]
    assert dial(still=False) == 536
    now[0] += AGAIN_S - 1
    assert dial(still=False) == 536
    if cured_by == "a day":
        now[0] += 1
    else:
        monkeypatch.setattr("agent.uplink.segments.leaves_by", lambda *_: "10.64.3.9")
    assert [dial(still=False) for _ in range(2)] == [None, None]


def test_a_broker_that_was_slow_once_is_no_path_that_loses_packets(deaf: socket.socket) -> None:
    events: list[Event] = []
    segments = Segments(events.append)
    for _ in range(3):
        with segments.dial(deaf.getsockname(), 5) as sock:
            segments.stood_still(sock)
        deaf.accept()[0].close()
        assert segments.at_most is None
        segments.passed()
    assert events == []


def test_nothing_that_passed_is_no_question_of_size() -> None:
    segments = Segments(lambda _: None)
    segments.stood_still(None)
    with socket.socket() as closed:
        closed.close()
        segments.stood_still(closed)
    assert segments.at_most is None
    segments.passed()


def test_a_lean_connection_takes_up_a_session_of_its_own_kind(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, hall = authority.issue("localhost"), authority.issue("hall")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.cert, server.key)
    context.load_verify_locations(authority.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    broker = BrokerSection(host="localhost", ca=authority.cert, cert=hall.cert, key=hall.key)
    client = tls_context(broker)
    found = [_once(context, client) for _ in range(2)]
    client.lean()
    found += [_once(context, client) for _ in range(2)]
    client.lean()  # known already: the session stays
    found.append(_once(context, client))
    new, old = "TLSv1.3", "TLSv1.2"
    assert found == [(new, False), (new, True), (old, False), (old, True), (old, True)]
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # another broker
    with pytest.raises(ssl.SSLError):
        _once(context, client)
    client.forget(refused=True)
    client.lean()
    assert _once(context, client) == (new, False)


def _once(server: ssl.SSLContext, client: ResumingContext) -> tuple[str | None, bool | None]:
    """Speak once: which version it was, and whether a session was taken up."""
    near, far = socket.socketpair()

    def serve() -> None:
        with far, suppress(ssl.SSLError), server.wrap_socket(far, server_side=True) as sock:
            sock.sendall(b"!")
            sock.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with near, client.wrap_socket(near, server_hostname="localhost") as sock:
            assert sock.recv(1) == b"!"
            client.remember(sock)
            return sock.version(), sock.session_reused
    finally:
        thread.join()
