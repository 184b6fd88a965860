"""Nobody gets in (P7): the mosquitto.conf and ACL that we ship, on a real Mosquitto, against whoever may try."""

from __future__ import annotations

import datetime as dt
import secrets
import socket
import ssl
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from collector.config import load
from collector.enrol import enroll_command, revoke_command
from collector.enrol.ca import Authority, Pair
from collector.enrol.register import Register
from collector.errors import ConfigError
from collector.line.broker import Broker
from collector.run import Collector
from lab.servers import Server, wait_for
from telemetry.ack import decode_ack, frame_id
from telemetry.frame import MAX_PAYLOAD_BYTES, encode
from telemetry.topics import KINDS, ack_topic, config_topic, stream_topic
from tests.collector.enrol.plant import Plant, make_plant, run
from tests.collector.frames import OTHER, SITE, signal_frame

Starter = Callable[[Callable[[], Server]], Server]
SENT = 40
GONE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Client:
    """A program on the network with some certificate; keeps what it hears."""

    def __init__(
        self, plant: Plant, pair: Pair | None, port: int | None = None, client_id: str = "", host: str = "127.0.0.1"
    ) -> None:
        self.heard: list[mqtt.MQTTMessage] = []
        self.granted: list[ReasonCode] = []
        self.ended = False
        self.connected = False
        self._mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        self._mqtt.tls_set_context(plant.context(pair))
        self._mqtt.on_connect = self._on_connect
        self._mqtt.on_disconnect = self._on_disconnect
        self._mqtt.on_message = lambda _client, _data, message: self.heard.append(message)
        self._mqtt.on_subscribe = lambda _client, _data, _mid, codes, _props: self.granted.extend(codes)
        try:
            self._mqtt.connect(host, port or plant.hall_port)
        except ssl.SSLError:
            return
        self._mqtt.loop_start()
        wait_for(lambda: self.connected or self.ended, "the broker to admit or refuse")

    def _on_connect(self, _client: object, _data: object, _flags: object, code: ReasonCode, _props: object) -> None:
        self.connected = not code.is_failure

    def _on_disconnect(self, *_: object) -> None:
        self.ended = True

    def subscribe(self, *topics: str) -> None:
        before = len(self.granted)
        self._mqtt.subscribe([(topic, 1) for topic in topics])
        wait_for(lambda: self.ended or len(self.granted) == before + len(topics), "answer to the subscription")

    def send(self, topic: str) -> None:
        """Ask for a topic that the library would not ask for."""
        self._mqtt._send_subscribe(False, [(topic.encode(), 1)])

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> mqtt.MQTTMessageInfo:
        return self._mqtt.publish(topic, payload, qos, retain)

    def roundtrip(self) -> None:
        """Wait until the broker has handled all that was sent before."""
        self.subscribe("sinyal/v1/nobody")

    def close(self) -> None:
        self._mqtt.disconnect()
        self._mqtt.loop_stop()


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return make_plant(tmp_path_factory.mktemp("server"))


@pytest.fixture
def broker(tmp_path: Path, start_server: Starter) -> tuple[Plant, Server]:
    plant = make_plant(tmp_path / "server")
    server = start_server(plant.broker)
    assert server.process is not None
    plant.reload_by(f"kill -HUP {server.process.pid}")
    return plant, server


@pytest.fixture
def clients(broker: tuple[Plant, Server]) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(pair: Pair | None, **settings: object) -> Client:
        made.append(Client(broker[0], pair, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def collector(broker: tuple[Plant, Server]) -> Iterator[Collector]:
    collector = Collector(load(broker[0].config))
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
    yield collector
    collector.stop()


@pytest.fixture
def several(broker: tuple[Plant, Server]) -> Iterator[Callable[[int], list[Collector]]]:
    """Start so many collectors; more than one share a group as the example says."""
    plant, made = broker[0], list[Collector]()

    def start(count: int) -> list[Collector]:
        if count > 1:
            (plant.folder / "collectors-group").write_text(f"{secrets.token_hex(32)}\n")
            text = plant.config.read_text()
            plant.config.write_text(text.replace("[broker]\n", '[broker]\ngroup_file = "collectors-group"\n'))
        for _ in range(count):
            made.append(Collector(load(plant.config)))
            made[-1].start()
        wait_for(lambda: all(each.broker.subscribed for each in made), "collectors to be subscribed")
        return made

    yield start
    for each in made:
        each.stop()


def issue(plant: Plant, name: str) -> Pair:
    """Return a certificate as `enroll` does, in memory."""
    pair = Authority.load(plant.pki).client(name)
    Register(plant.pki).record(name, pair.cert)
    return pair


def refused(codes: Sequence[ReasonCode]) -> bool:
    return all(code.is_failure for code in codes)


def test_a_hall_reaches_the_store_and_cannot_speak_for_another(
    broker: tuple[Plant, Server], clients: Callable[..., Client], collector: Collector
) -> None:
    plant, _ = broker
    honest, thief = clients(issue(plant, SITE.code)), clients(issue(plant, OTHER.code))
    honest.subscribe(ack_topic(SITE.code))
    for stream in sorted(KINDS):
        thief.publish(f"sinyal/v1/{SITE.code}/{stream}", encode(signal_frame(101, 10)))
    thief.roundtrip()
    honest.publish(stream_topic(SITE.code, "signal"), encode(signal_frame(1, 10)))
    wait_for(lambda: honest.heard, "ack")
    assert [decode_ack(bytes(message.payload)).ok for message in honest.heard] == [[frame_id(encode(signal_frame(1, 10)))]]
    thief.publish(stream_topic(OTHER.code, "signal"), encode(signal_frame(1, 10, OTHER.code)))
    wait_for(lambda: collector.counters.stored_samples == 20, "the other hall's own frame")
    assert collector.store.seqs(SITE.code) == list(range(1, 11))
    assert collector.counters.rejected_frames.total() == 0


def test_a_hall_hears_only_its_own_answers_and_settings(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    nosy, server = clients(issue(plant, OTHER.code)), clients(issue(plant, "collector"), port=plant.local_port)
    wild = ("#", "sinyal/#", "sinyal/v1/#", "sinyal/v1/+/ack", "+/+/+/config", f"$share/g/sinyal/v1/{SITE.code}/ack", "$SYS/#")
    nosy.subscribe(*wild, ack_topic(SITE.code), config_topic(SITE.code), stream_topic(OTHER.code, "signal"))
    nosy.subscribe(ack_topic(OTHER.code), config_topic(OTHER.code))
    for site in (SITE.code, OTHER.code):
        for topic in (ack_topic(site), config_topic(site)):
            server.publish(topic, topic.encode(), retain=topic.endswith("config"))
    mine = {ack_topic(OTHER.code), config_topic(OTHER.code)}
    wait_for(lambda: mine <= {message.topic for message in nosy.heard}, "its own answer and settings")
    nosy.roundtrip()
    assert {message.topic for message in nosy.heard} == mine


@pytest.mark.parametrize("guess", ["sinyal", "", "+"])
@pytest.mark.parametrize("collectors", [1, 2])
def test_who_joins_a_shared_subscription_takes_nothing_and_is_named(
    broker: tuple[Plant, Server],
    clients: Callable[..., Client],
    several: Callable[[int], list[Collector]],
    collectors: int,
    guess: str,
) -> None:
    plant, server = broker
    running = several(collectors)
    thief, honest = clients(issue(plant, OTHER.code)), clients(issue(plant, SITE.code))
    thief.subscribe(*(f"$share/{guess}/sinyal/v1/+/{stream}" for stream in sorted(KINDS)))
    for seq in range(1, SENT + 1):  # each once: what the thief were given would not come again
        honest.publish(stream_topic(SITE.code, "signal"), encode(signal_frame(seq, 1))).wait_for_publish(10)
    wait_for(lambda: sum(each.counters.stored_samples for each in running) >= SENT, "every reading in the store")
    assert running[0].store.seqs(SITE.code) == list(range(1, SENT + 1))
    assert all(each.counters.stored_samples for each in running)
    assert sum(each.counters.stored_samples + each.counters.duplicate_samples for each in running) == SENT
    assert thief.heard == []
    named = f": {OTHER.code} 1 $share/{guess}/sinyal/v1/+/signal\n"
    if thief.ended:  # Mosquitto 2.1 hangs up on a group that MQTT does not allow, and says on whom
        named = f"Client {OTHER.code} ["
    assert named in server.log.read_text()


def test_a_hall_cannot_write_lines_of_the_log(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, server = broker
    liar = clients(issue(plant, OTHER.code))
    liar.send(f"x\n1: {SITE.code} 1 $share/sinyal/sinyal/v1/+/signal")
    wait_for(lambda: liar.ended, "the broker to hang up")
    assert SITE.code not in server.log.read_text()


@pytest.mark.parametrize("group", ["sinyal", "x" * 31, "+" * 32, "a/b" * 20])
def test_a_group_that_can_be_guessed_is_refused_with_the_cure(plant: Plant, tmp_path: Path, group: str) -> None:
    (tmp_path / "group").write_text(group)
    section = load(plant.config).broker.model_copy(update={"group_file": tmp_path / "group"})
    with pytest.raises(ConfigError, match=r"broker\.group_file: .*openssl rand -hex 32"):
        Broker(section, lambda _messages: None)


def test_the_collector_cannot_forge_a_reading(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    server, other = (clients(issue(plant, "collector"), port=plant.local_port, client_id=name) for name in ("a", "b"))
    other.subscribe("sinyal/v1/#")
    server.publish(stream_topic(SITE.code, "signal"), b"forged")
    server.publish(ack_topic(SITE.code), b"true")
    wait_for(lambda: other.heard, "the ack")
    assert [message.topic for message in other.heard] == [ack_topic(SITE.code)]


@pytest.mark.parametrize("who", ["nobody", "foreign", "expired", "broker"])
@pytest.mark.parametrize("listener", ["hall_port", "local_port"])
def test_who_has_no_good_certificate_does_not_enter(
    broker: tuple[Plant, Server], clients: Callable[..., Client], tmp_path: Path, who: str, listener: str
) -> None:
    plant, _ = broker
    ours = Authority.load(plant.pki)
    pairs: dict[str, Callable[[], Pair | None]] = {
        "nobody": lambda: None,
        "foreign": lambda: Authority.create(tmp_path).client(SITE.code),  # the same names, another key
        "expired": lambda: ours.client(SITE.code, GONE),
        "broker": lambda: ours.server(["collector"]),
    }
    assert not clients(pairs[who](), port=getattr(plant, listener)).connected


def test_the_plain_protocol_is_not_spoken(broker: tuple[Plant, Server]) -> None:
    plant, _ = broker
    for port in (plant.hall_port, plant.local_port):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            plain.sendall(bytes.fromhex("100c00044d5154540402003c0000"))  # CONNECT
            try:
                answer = plain.recv(100)
            except ConnectionResetError:
                continue
            assert not answer.startswith(b"\x20")  # CONNACK


def test_a_stolen_hall_key_cannot_pretend_to_be_the_broker(plant: Plant) -> None:
    hall = Authority.load(plant.pki).client(SITE.code)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (plant.folder / "hall.pem").write_bytes(hall.key_pem + hall.cert_pem)
    server.load_cert_chain(plant.folder / "hall.pem")
    context = plant.context(None)
    context.check_hostname = False  # even where the name did not matter, the purpose of the certificate would
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(into, out)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    broker = server.wrap_bio(there, back, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    there.write(out.read())
    with pytest.raises(ssl.SSLWantReadError):
        broker.do_handshake()
    into.write(back.read())
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        client.do_handshake()


def test_an_oversized_message_does_not_pass(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    hall, server = clients(issue(plant, SITE.code)), clients(issue(plant, "collector"), port=plant.local_port)
    server.subscribe("sinyal/v1/#")
    hall.publish(stream_topic(SITE.code, "signal"), bytes(MAX_PAYLOAD_BYTES))
    wait_for(lambda: server.heard, "the largest frame of the contract")
    hall.publish(stream_topic(SITE.code, "signal"), bytes(MAX_PAYLOAD_BYTES + 4096))
    wait_for(lambda: hall.ended, "the broker to hang up")
    server.roundtrip()
    assert [len(message.payload) for message in server.heard] == [MAX_PAYLOAD_BYTES]


def test_a_hall_cannot_throw_another_out_by_its_client_id(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    honest = clients(issue(plant, SITE.code), client_id=f"sinyal-{SITE.code}")
    for name in (f"sinyal-{SITE.code}", SITE.code):
        clients(issue(plant, OTHER.code), client_id=name).roundtrip()
    honest.roundtrip()
    assert not honest.ended


def test_revoking_takes_effect_at_once_and_on_that_hall_alone(
    broker: tuple[Plant, Server], clients: Callable[..., Client]
) -> None:
    plant, server = broker
    stolen, neighbour = issue(plant, SITE.code), clients(issue(plant, OTHER.code))
    thief = clients(stolen, client_id="any")
    office = clients(issue(plant, "collector"), port=plant.local_port)
    office.subscribe("sinyal/v1/#")
    thief.subscribe(ack_topic(SITE.code))
    thief.publish(stream_topic(SITE.code, "signal"), b"before").wait_for_publish(10)
    wait_for(lambda: office.heard, "the broker to carry what the thief says before")

    assert run(revoke_command, SITE.code, "--config", plant.config) == 0

    wait_for(lambda: thief.ended, "end of the session")
    office.publish(ack_topic(SITE.code), b"secret")
    office.roundtrip()
    assert not clients(stolen).connected
    assert [bytes(message.payload) for message in office.heard if message.topic.endswith("signal")] == [b"before"]
    assert thief.heard == []
    neighbour.roundtrip()
    assert not neighbour.ended
    server.stop()
    server.start()
    assert not clients(stolen).connected


def test_a_thief_who_hammers_at_the_door_is_out_too(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    stolen, ended, sessions = issue(plant, SITE.code), threading.Event(), list[Client]()

    def hammer() -> None:
        while not ended.is_set():
            sessions.append(clients(stolen))

    thief = threading.Thread(target=hammer)
    thief.start()
    try:
        wait_for(lambda: any(session.connected for session in sessions), "the thief to be in")
        assert run(revoke_command, SITE.code, "--config", plant.config) == 0
        tried = len(sessions)
        wait_for(lambda: len(sessions) > tried + 5, "more attempts")
    finally:
        ended.set()
        thief.join()
    assert not [session for session in sessions[tried + 1 :] if session.connected]
    wait_for(lambda: all(session.ended for session in sessions if session.connected), "every session to have ended")


def test_a_session_ticket_from_before_does_not_help(broker: tuple[Plant, Server]) -> None:
    plant, _ = broker
    context = plant.context(issue(plant, SITE.code))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # there the ticket comes within the handshake
    with context.wrap_socket(_dial(plant), server_hostname="localhost") as before:
        session = before.session
    assert session is not None
    assert session.has_ticket
    assert run(revoke_command, SITE.code, "--config", plant.config) == 0
    with _dial(plant) as plain, pytest.raises(ssl.SSLError, match="REVOKED"):
        context.wrap_socket(plain, server_hostname="localhost", session=session).recv(1)


def _dial(plant: Plant) -> socket.socket:
    return socket.create_connection(("127.0.0.1", plant.hall_port), timeout=10)


def test_revoke_and_enroll_again_as_often_as_needed(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, _ = broker
    old: list[Pair] = []
    for _ in range(4):  # OpenSSL keeps the earlier lists: each new one must count
        pair = issue(plant, SITE.code)
        assert clients(pair).connected
        assert run(revoke_command, SITE.code, "--config", plant.config) == 0
        old.append(pair)
    assert [clients(pair).connected for pair in old] == [False] * 4
    assert clients(issue(plant, SITE.code)).connected


def test_a_revocation_that_met_no_broker_says_so_and_is_finished_later(
    broker: tuple[Plant, Server], clients: Callable[..., Client], capsys: pytest.CaptureFixture[str]
) -> None:
    plant, server = broker
    stolen = issue(plant, SITE.code)
    server.stop()
    assert run(revoke_command, SITE.code, "--config", plant.config) == 1
    assert "NOT YET" in capsys.readouterr().err
    server.start()
    assert not clients(stolen).connected
    assert server.process is not None
    text = plant.config.read_text().splitlines()
    text[-1] = f'broker_reload = "kill -HUP {server.process.pid}"'
    plant.config.write_text("\n".join(text))
    assert run(revoke_command, SITE.code, "--config", plant.config) == 0


def test_a_broker_that_does_not_read_the_list_is_not_called_shut_out(
    broker: tuple[Plant, Server],
    clients: Callable[..., Client],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant, _ = broker
    monkeypatch.setattr("collector.enrol.revoke.RELOAD_S", 0.5)
    text = plant.config.read_text().splitlines()
    plant.config.write_text("\n".join([*text[:-1], 'broker_reload = "true"']))
    stolen = issue(plant, SITE.code)
    assert run(revoke_command, SITE.code, "--config", plant.config) == 1
    assert "still admits" in capsys.readouterr().err
    assert clients(stolen).connected  # what the text says is so


def test_retained_settings_outlive_a_restart_of_the_broker(broker: tuple[Plant, Server], clients: Callable[..., Client]) -> None:
    plant, server = broker
    clients(issue(plant, "collector"), port=plant.local_port).publish(
        config_topic(SITE.code), b"{}", retain=True
    ).wait_for_publish(10)
    server.stop()
    server.start()
    hall = clients(issue(plant, SITE.code))
    hall.subscribe(config_topic(SITE.code))
    wait_for(lambda: hall.heard, "the settings")


def test_the_bundle_of_a_new_hall_opens_the_door(
    broker: tuple[Plant, Server], clients: Callable[..., Client], collector: Collector, tmp_path: Path
) -> None:
    plant, _ = broker
    out = tmp_path / "hall.sinyal"
    assert run(enroll_command, SITE.code, "--out", out, "--config", plant.config) == 0
    with tarfile.open(out) as tar:
        content = {member.name: file.read() for member in tar if (file := tar.extractfile(member))}
    hall = clients(Pair(x509.load_pem_x509_certificate(content["agent.crt"]), content["agent.key"]))
    hall.subscribe(ack_topic(SITE.code))
    hall.publish(stream_topic(SITE.code, "signal"), encode(signal_frame(1, 10)))
    wait_for(lambda: hall.heard, "ack")
    assert collector.store.seqs(SITE.code) == list(range(1, 11))
