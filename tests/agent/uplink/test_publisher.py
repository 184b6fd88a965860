from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent.config import Config, load
from agent.spool.clock import Clock
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from agent.uplink.meter import Meter
from agent.uplink.outbox import Outbox
from agent.uplink.publisher import Publisher
from lab.certificates import Authority, Pair
from lab.servers import Server, free_port, mosquitto, wait_for
from telemetry.ack import Ack, Answer, encode_ack, frame_id
from telemetry.frame import decode
from telemetry.streams import Event
from telemetry.topics import ack_topic, split_topic

T0 = 1_800_000_000_000
SITE = "6408012001"


class Peer:
    """The other end of the line: takes frames and answers each as the test says."""

    def __init__(self, port: int) -> None:
        self.frames: list[Any] = []
        self.states: list[str] = []
        self.answer: Callable[[Answer], Ack | None] = lambda answer: Ack(ok=[answer.crc])
        self.time_ms = T0
        self.top = 0
        self.deaf = False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._take
        self.client.on_connect = lambda client, *_: client.subscribe("sinyal/v1/+/+")
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_for(self.client.is_connected, "the peer to connect")

    def _take(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        site, kind = split_topic(message.topic)
        payload = bytes(message.payload)
        if kind == "status":
            status = json.loads(payload)
            self.states.append(status["state"])
            if status["state"] == "online" and not self.deaf:
                answer = Ack(time_ms=self.time_ms, inst=status.get("inst"), ask=status["ask"], top=self.top)
                client.publish(ack_topic(site), encode_ack(answer))
        elif kind not in ("ack", "identity"):
            frame = decode(payload)
            self.frames.append(frame)
            ack = self.answer(Answer(frame.seq[0], len(frame.seq), frame_id(payload), ""))
            if ack is not None:
                client.publish(ack_topic(site), encode_ack(ack))

    @property
    def seqs(self) -> list[int]:
        return [seq for frame in self.frames for seq in frame.seq]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Sender:
    """A publisher in its thread, over a real spool."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.spool = Spool(config.agent.spool_path, "boot-1")
        self.clock = clock or Clock(wall=lambda: T0, ntp=lambda: True)
        self.meter = Meter(self.spool)
        self.outbox = Outbox(self.spool, SITE, config.sampling.frame_interval_s)
        self.events: list[Event] = []
        self.publisher = Publisher(
            config,
            self.outbox,
            self.clock,
            self.meter,
            boot_id="boot-1",
            version="0.1.0",
            record_event=self.events.append,
        )
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.publisher.run, args=(self.stop,), daemon=True)

    def measure(self, count: int) -> list[int]:
        return self.spool.append([Entry("signal", "a", n, T0 + n * 1000, "ntp", b'{"rsrp_dbm":-97}') for n in range(count)])

    def __enter__(self) -> Sender:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def settings(folder: Path, port: int, broker: str = "tls = false", more: str = "") -> Config:
    path = folder / "agent.toml"
    path.write_text(
        f'[agent]\nsite = "{SITE}"\ndata_dir = "{folder}/data"\n[broker]\nhost = "127.0.0.1"\nport = {port}\n{broker}\n'
        f"[sampling]\nframe_interval_s = 1\n{more}",
    )
    return load(path)


@pytest.fixture
def peer(broker: Server) -> Iterator[Peer]:
    end = Peer(broker.port)
    yield end
    end.close()


def test_samples_leave_the_card_only_after_the_answer(tmp_path: Path, broker: Server, peer: Peer) -> None:
    peer.answer = lambda _: None
    with Sender(settings(tmp_path, broker.port)) as sender:
        seqs = sender.measure(1000)
        wait_for(lambda: peer.frames, "a frame")
        assert sender.spool.depth == 1000
        peer.answer = lambda answer: Ack(ok=[answer.crc])
        sender.outbox.connected()
        wait_for(lambda: sender.spool.depth == 0, "all samples answered", 60)
    assert set(peer.seqs) == set(seqs)


def test_status_is_online_then_offline_and_after_a_crash_the_will_says_so(tmp_path: Path, broker: Server, peer: Peer) -> None:
    with Sender(settings(tmp_path, broker.port)) as sender:
        wait_for(lambda: peer.states[-1:] == ["online"], "online")
        sock = sender.publisher._sock()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)  # as a cut line: no goodbye
        wait_for(lambda: "offline" in peer.states, "the will")
        wait_for(lambda: peer.states[-1:] == ["online"], "online again")
    wait_for(lambda: peer.states[-1:] == ["offline"], "the goodbye")


def test_refused_and_held_frames(tmp_path: Path, broker: Server, peer: Peer) -> None:
    peer.answer = lambda a: Ack(bad=[Answer(a.first, a.count, a.crc, "shape: no")])
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.measure(3)
        wait_for(lambda: sender.spool.quarantined == 3, "quarantine")
        peer.answer = lambda a: Ack(hold=[Answer(a.first, a.count, a.crc, "unknown site")])
        sender.measure(3)
        held = len(peer.frames)
        wait_for(lambda: len(peer.frames) > held, "the held frame")
        assert sender.spool.depth == 3


def test_nonsense_on_the_ack_topic_changes_nothing(tmp_path: Path, broker: Server, peer: Peer) -> None:
    peer.answer = lambda _: None
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.measure(5)
        wait_for(lambda: peer.frames, "a frame")
        for nonsense in (b"", b"[]", b'{"v":2}', b'{"v":1,"ok":[[1,5]]}', b'{"v":1,"ok":[[1,5,77]]}', os.urandom(100)):
            peer.client.publish(ack_topic(SITE), nonsense)
        peer.client.publish(ack_topic(SITE), encode_ack(Ack(time_ms=1))).wait_for_publish(10)
        peer.answer = lambda answer: Ack(ok=[answer.crc])
        sender.measure(1)
        wait_for(lambda: 6 in peer.seqs, "the next frame")
        wait_for(lambda: sender.spool.depth == 5, "only what was answered left")


def test_a_broker_that_comes_back_gets_everything(tmp_path: Path, broker: Server) -> None:
    config = settings(tmp_path, broker.port)
    broker.kill()
    with Sender(config) as sender:
        seqs = sender.measure(500)
        wait_for(lambda: sender.publisher.refusal, "a refused connection")
        broker.start()
        peer = Peer(broker.port)
        wait_for(lambda: sender.spool.depth == 0, "all samples answered", 60)
        assert set(peer.seqs) == set(seqs)
        peer.close()


@pytest.mark.usefixtures("peer")
def test_a_pi_without_time_gets_it_from_the_collector(tmp_path: Path, broker: Server) -> None:
    clock = Clock(ntp=lambda: False)
    with Sender(settings(tmp_path, broker.port), clock) as sender:
        wait_for(sender.clock.now_ms, "the time")
        assert abs((sender.clock.now_ms() or 0) - T0) < 60_000


def test_bytes_of_the_connection_are_counted_and_kept(tmp_path: Path, broker: Server, peer: Peer) -> None:
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.measure(100)
        wait_for(lambda: sender.spool.depth == 0, "all samples answered")
        wait_for(sender.meter.month_bytes, "the account")
    used = sender.meter.month_bytes() or 0
    assert 500 < used < 20_000
    assert sender.spool.count("bytes:2027-01") == used
    assert peer.frames


def test_over_the_budget_measuring_goes_on_and_sending_slows(tmp_path: Path, broker: Server, peer: Peer) -> None:
    config = settings(tmp_path, broker.port, more="[budget]\nbytes_month = 100_000\n")
    before = Spool(config.agent.spool_path, "boot-0")
    before.add("bytes:2027-01", 100_000)
    before.close()
    with Sender(config) as sender:
        wait_for(lambda: sender.events, "the event")
        first = len(peer.frames)
        sender.measure(5)
        sender.publisher.hurry()
        wait_for(lambda: not sender.publisher._hurry.is_set(), "the publisher to look")
        assert sender.spool.depth + len(peer.seqs) >= 5
        assert len(peer.frames) <= first + 1
    assert [e.kind for e in sender.events] == ["budget_spent"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


Prepare = tuple[Callable[[], Server], Callable[[int], Config]]


def tls_line(folder: Path, authority: Authority, server: Pair, plain_port: int) -> Prepare:
    hall = authority.issue(SITE)
    plain = f"listener {plain_port} 127.0.0.1"
    text = authority.listener(server, "use_identity_as_username true", plain, "allow_anonymous true")
    keys = f'ca = "{authority.cert}"\ncert = "{hall.cert}"\nkey = "{hall.key}"'
    return lambda: mosquitto(folder / "tls", text), lambda port: settings(folder, port, keys)


def test_tls_with_a_certificate_of_this_hall(tmp_path: Path, authority: Authority, start_server: Any) -> None:
    plain = free_port()
    prepare, config = tls_line(tmp_path, authority, authority.issue("server"), plain)
    server = start_server(prepare)
    peer = Peer(plain)
    with Sender(config(server.port)) as sender:
        sender.measure(10)
        wait_for(lambda: sender.spool.depth == 0, "all samples answered over TLS")
    peer.close()


def test_tls_starts_with_a_wrong_clock_never_with_a_wrong_chain(tmp_path: Path, authority: Authority, start_server: Any) -> None:
    """The certificate is not valid at this moment, as seen by a Pi that woke in the past: dates are skipped until trust."""
    future = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    plain = free_port()
    certificate = authority.issue("server", start=future, end=future + dt.timedelta(days=9))
    prepare, config = tls_line(tmp_path, authority, certificate, plain)
    server = start_server(prepare)
    with Sender(config(server.port), Clock(ntp=lambda: False)) as sender:
        wait_for(lambda: sender.publisher.up, "a connection with an untrusted clock")
    trusted = Clock(ntp=lambda: True)
    trusted.check()
    with Sender(config(server.port), trusted) as sender:
        wait_for(lambda: sender.publisher.refusal, "a refusal with a trusted clock")
        assert "not yet valid" in (sender.publisher.refusal or "")
    stranger = Authority(tmp_path / "other", "stranger")
    (tmp_path / "ca" / "ca.crt").write_bytes(stranger.cert.read_bytes())
    with Sender(config(server.port), Clock(ntp=lambda: False)) as sender:
        wait_for(lambda: sender.publisher.refusal, "a refusal of a strange authority")
        assert "CERTIFICATE_VERIFY_FAILED" in (sender.publisher.refusal or "")
        assert not sender.publisher.up


def test_the_program_runs_is_the_only_one_and_ends_cleanly(tmp_path: Path, broker: Server, peer: Peer) -> None:
    settings(tmp_path, broker.port)
    command = [sys.executable, "-m", "agent.cli", "run", "--config", str(tmp_path / "agent.toml")]
    with ExitStack() as stack:
        program = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        wait_for(lambda: {f.stream for f in peer.frames} >= {"event", "device"}, "the boot event and the state of the Pi")
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 2
        assert "another sinyal-agent runs here" in second.stderr
        program.send_signal(signal.SIGTERM)
        _, errors = program.communicate(timeout=30)
        assert program.returncode == 0
        assert "Traceback" not in errors
    wait_for(lambda: peer.states[-1:] == ["offline"], "the goodbye")


def test_an_agent_without_time_asks_again_until_a_collector_tells_it(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.uplink.hello.FIRST_WAIT_S", 0.2)
    peer = Peer(broker.port)
    peer.deaf = True
    clock = Clock(wall=lambda: 0, ntp=lambda: False)
    with Sender(settings(tmp_path, broker.port), clock):
        wait_for(lambda: peer.states.count("online") >= 2, "the agent to ask again")  # the first question met no collector
        peer.deaf = False
        wait_for(lambda: clock.now_ms() is not None, "the agent to know the time")
        said = peer.states.count("online")
    peer.close()
    assert peer.states.count("online") <= said + 1


class HalfDead:
    """A broker that takes connections and pings, and says `suback` to a subscription, or nothing; then what is hostile."""

    def __init__(self, suback: bytes | None, hostile: list[bytes] | None = None) -> None:
        self.suback, self.hostile, self.connections = suback, hostile or [], 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError, IndexError), line, line.makefile("rb") as reader:
            while head := reader.read(1):
                size, shift = 0, 0
                while True:
                    byte = reader.read(1)[0]
                    size, shift = size | (byte & 127) << shift, shift + 7
                    if not byte & 128:
                        break
                body = reader.read(size)
                answer = {1: b"\x20\x02\x00\x00", 12: b"\xd0\x00"}.get(head[0] >> 4)
                if head[0] >> 4 == 8 and self.suback is not None:
                    codes = self.suback * 2
                    answer = bytes([0x90, 2 + len(codes)]) + body[:2] + codes
                if answer:
                    line.sendall(answer)
                if head[0] >> 4 == 8 and self.hostile:  # one a connection, then it is cut
                    line.sendall(self.hostile.pop(0))
                    line.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._server.close()


@pytest.mark.parametrize(
    ("suback", "why"),
    [
        (None, "the broker does not confirm the subscription"),
        (b"\x80", "the broker refused the subscription"),
        (b"\x00", "nobody answers"),
    ],
)
def test_a_connection_that_only_pings_is_none_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suback: bytes | None, why: str
) -> None:
    for name, seconds in (("pulse.SUBACK_S", 1.0), ("outbox.ACK_TIMEOUT_S", 0.3), ("hello.OLD_S", 0.5)):
        monkeypatch.setattr(f"agent.uplink.{name}", seconds)
    broker = HalfDead(suback)
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.measure(5)
        wait_for(lambda: why in (sender.publisher.refusal or ""), "the connection to be given up")
        wait_for(lambda: broker.connections >= 2, "another one to be tried")
        assert not sender.publisher.heard
        assert sender.spool.depth == 5
    broker.close()


def test_on_a_path_that_forgets_at_once_the_connection_is_new_before_the_frame_leaves(
    tmp_path: Path, broker: Server, peer: Peer
) -> None:
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.publisher.path.forgets_s = 0.5
        while len(peer.seqs) < 6:
            sender.measure(2)
            wait_for(lambda: sender.spool.depth == 0, "the answer to their frame", 20)
    assert peer.states.count("online") >= 3  # a question on each connection
    assert sender.outbox.overdue == 0
    assert sorted(peer.seqs) == list(range(1, 7))


def test_connected_means_that_the_collector_answers(tmp_path: Path, broker: Server, peer: Peer) -> None:
    peer.deaf = True
    with Sender(settings(tmp_path, broker.port)) as sender:
        wait_for(lambda: sender.publisher._pulse.subscribed, "the subscription")
        assert not sender.publisher.heard
        peer.deaf = False
        wait_for(lambda: sender.publisher.heard, "an answer", 60)


def test_whatever_a_broker_sends_the_agent_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics that are no text, packets cut off, lengths that lie, random bytes: each ends one connection at most."""
    monkeypatch.setattr("agent.uplink.publisher.MIN_BACKOFF_S", 0.05)
    monkeypatch.setattr("agent.uplink.publisher.MAX_BACKOFF_S", 0.05)
    topics = (b"sinyal/v1/6408012001/ack\xff", b"\xc3\x28", b"\xff\xfe\x00", b"")
    hostile = [b"\x30" + bytes([2 + len(t) + 2]) + len(t).to_bytes(2, "big") + t + b"{}" for t in topics]
    hostile += [b"\x30\x02\xff\xff", b"\x30\x00", b"\x30\xff\xff\xff\xff\xff", b"\x90\x00", b"\x40\x01\x00", b"\x20\x00"]
    hostile += [random.Random(seed).randbytes(60) for seed in range(20)]
    broker = HalfDead(b"\x00", hostile)
    with Sender(settings(tmp_path, broker.port)) as sender:
        sender.measure(3)
        wait_for(lambda: not broker.hostile, "all of it to be sent", 60)
        seen = broker.connections
        wait_for(lambda: broker.connections > seen, "the agent to try again")
        assert sender.spool.depth == 3
    broker.close()
