"""Packets cut anywhere, from a real broker, with and without TLS: each message arrives whole, once, and paho's session lives."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from collector.line import bulk
from collector.line.bulk import BulkClient, Publication
from ground.publications import publication, publish_many
from lab.certificates import Authority
from lab.servers import Server, mosquitto, wait_for

MESSAGES = st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=300)), max_size=8)


class Fed(BulkClient):
    """Reads from a list of pieces instead of a socket."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(CallbackAPIVersion.VERSION2)
        self.pieces, self.found = pieces, list[Publication]()
        self.on_publications = self.found.extend
        self._unread = bytearray()

    def _sock_recv(self, bufsize: int) -> bytes:  # noqa: ARG002 - paho's signature
        return self.pieces.pop(0)


@given(MESSAGES, st.lists(st.integers(0, 3000), max_size=8))
def test_messages_arrive_whole_however_the_stream_is_cut(messages: list[tuple[str, bytes]], cuts: list[int]) -> None:
    stream = b"".join(publication(message) for message in messages)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    client = Fed([stream[a:b] for a, b in pairwise(places)])
    while client.pieces:
        assert client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert [(one.topic, one.payload) for one in client.found] == messages


@given(st.binary(max_size=200))
@example(b" \x00")  # a CONNACK without its two bytes
def test_any_bytes_end_in_packets_or_in_a_closed_connection(noise: bytes) -> None:
    client = Fed([noise or b"\0"])
    assert client.loop_read() in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_PROTOCOL)


def test_a_giant_is_passed_over_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_PACKET_BYTES", 1000)
    stream = publication(("a", b"x" * 5000)) + publication(("b", b"y"))
    client = Fed([stream[i : i + 700] for i in range(0, len(stream), 700)])
    while client.pieces:
        client.loop_read()
        assert len(client._unread) <= 1000
    assert [(one.topic, one.payload) for one in client.found] == [("b", b"y")]
    assert client.passed_over == 1


TLS = """
listener {port} 127.0.0.1
allow_anonymous true
cafile %CA%
certfile %CERT%
keyfile %KEY%
"""
Connect = Callable[[mqtt.Client], None]


@pytest.fixture(params=["plain", "tls"])
def server(request: pytest.FixtureRequest, tmp_path: Path, start_server: Callable[[Callable[[], Server]], Server]) -> Server:
    if request.param == "plain":
        return start_server(lambda: mosquitto(tmp_path / "mosquitto"))
    authority = Authority(tmp_path / "ca")
    pair = authority.issue("localhost")
    config = TLS.replace("%CA%", str(authority.cert)).replace("%CERT%", str(pair.cert)).replace("%KEY%", str(pair.key))
    return start_server(lambda: mosquitto(tmp_path / "mosquitto", config))


def join(server: Server, tmp_path: Path, client: mqtt.Client, *topics: str) -> None:
    """Connect a client and wait until it is subscribed, now and after each reconnection."""
    ready = threading.Event()
    if (ca := tmp_path / "ca" / "ca.crt").exists():
        client.tls_set_context(ssl.create_default_context(cafile=ca))
    client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
    client.on_subscribe = lambda *_: ready.set()
    client.reconnect_delay_set(1, 1)
    client.connect_async("localhost", server.port)
    client.loop_start()
    wait_for(ready.is_set, "the subscription")


@pytest.mark.parametrize("qos", [0, 1])
def test_a_flood_from_a_real_broker_arrives_whole_in_order_and_answers_go_out_together(
    server: Server, tmp_path: Path, qos: int
) -> None:
    taker, sender = BulkClient(CallbackAPIVersion.VERSION2), mqtt.Client(CallbackAPIVersion.VERSION2)
    found, heard = list[Publication](), list[str]()
    taker.on_publications = found.extend
    sender.on_message = lambda _client, _data, message: heard.append(message.topic)
    join(server, tmp_path, taker, "t/+")
    join(server, tmp_path, sender, "ack/+")
    rng = random.Random(1)
    sent = [(f"t/{i}", rng.randbytes(rng.choice([0, 10, 300, 20_000]))) for i in range(600)]
    for topic, payload in sent:
        sender.publish(topic, payload, qos)
    wait_for(lambda: len(found) == len(sent), "all messages")
    assert [(one.topic, one.payload) for one in found] == sent
    publish_many(taker, ((f"ack/{i}", b"ok") for i in range(300)))
    wait_for(lambda: len(heard) == 300, "all answers")
    assert heard == [f"ack/{i}" for i in range(300)]
    for client in (taker, sender):
        client.disconnect()
        client.loop_stop()


def test_after_a_lost_connection_half_a_packet_is_forgotten_and_the_session_comes_back(broker: Server, tmp_path: Path) -> None:
    taker, sender = BulkClient(CallbackAPIVersion.VERSION2), mqtt.Client(CallbackAPIVersion.VERSION2)
    found = list[Publication]()
    taker.on_publications = found.extend
    join(broker, tmp_path, taker, "t/+")
    taker._unread += b"\x30\x50half"
    broker.kill()
    broker.start()
    wait_for(taker.is_connected, "the connection to be back")
    join(broker, tmp_path, sender, "none")
    wait_for(lambda: sender.publish("t/1", b"whole") and found, "a message")
    assert (found[0].topic, found[0].payload) == ("t/1", b"whole")
    for client in (taker, sender):
        client.disconnect()
        client.loop_stop()


def test_answers_without_a_connection_are_lost_and_nothing_else() -> None:
    publish_many(BulkClient(CallbackAPIVersion.VERSION2), [("a", b"b")])
