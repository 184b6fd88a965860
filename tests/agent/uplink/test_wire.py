"""What a connection costs beside its frames (P8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent.config import BrokerSection
from agent.uplink.meter import traffic
from agent.uplink.segments import Segments
from agent.uplink.tls import tls_context
from agent.uplink.wire import Client
from ground.publications import publication, publish_many
from lab.certificates import Authority
from lab.servers import Server, mosquitto, wait_for

TLS_RECORD_BYTES = 5 + 1 + 16
"""Header, type and tag (RFC 8446, 5.2)."""


def joined(client: Client, port: int) -> list[str]:
    """Connect, subscribe to what it sends itself, and return the list of what comes."""
    came: list[str] = []
    ready: list[bool] = []
    client.segments = Segments(lambda _: None)
    client.on_connect = lambda client, *_: client.subscribe("t/+")
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _client, _data, message: came.append(message.topic)
    client.connect("127.0.0.1", port, keepalive=900)
    wait_for(lambda: client.loop(0.1) or ready, "the subscription")
    return came


def test_a_hall_that_sends_does_not_ping_and_one_that_is_silent_does(broker: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    now, said = [0.0], list[str]()
    monkeypatch.setattr("paho.mqtt.client.time_func", lambda: now[0])
    client = Client(CallbackAPIVersion.VERSION2, client_id="hall")
    client.on_log = lambda _client, _data, _level, text: said.append(text)
    came = joined(client, broker.port)

    def pings() -> int:
        return sum("PINGREQ" in text for text in said)

    for _ in range(9):  # 45 minutes, a frame every five
        now[0] += 300
        publish_many(client, [("t/frame", b"x")])
        wait_for(lambda: client.loop(0.1) or came, "its echo")
        came.clear()
    assert pings() == 0
    now[0] += 899
    client.loop(0)
    assert pings() == 0
    now[0] += 1
    client.loop(0)
    assert pings() == 1


def test_the_frames_of_a_round_go_out_in_one_tls_record(tmp_path: Path, start_server: Any) -> None:
    authority = Authority(tmp_path / "ca")
    server, hall = authority.issue("127.0.0.1"), authority.issue("hall")
    broker = start_server(lambda: mosquitto(tmp_path / "m", authority.listener(server, "allow_anonymous true")))
    client = Client(CallbackAPIVersion.VERSION2, client_id="hall")
    client.tls_set_context(tls_context(BrokerSection(host="127.0.0.1", ca=authority.cert, cert=hall.cert, key=hall.key)))
    came = joined(client, broker.port)
    frames = [("t/signal", b"s" * 200), ("t/cell", b"c" * 300), ("t/device", b"d" * 180)]
    before = traffic(client.socket())  # type: ignore[arg-type]
    publish_many(client, frames)
    wait_for(lambda: client.loop(0.1) or len(came) == len(frames), "their echo")
    after = traffic(client.socket())  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    sent = sum(len(publication(frame)) for frame in frames)
    assert after.payload - before.payload <= sent + TLS_RECORD_BYTES + sent + len(frames) * TLS_RECORD_BYTES
    assert came == [topic for topic, _ in frames]
