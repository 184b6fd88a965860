"""The clustered profile under load, one node after the other killed, paused, cut off: what is lost, what is doubled, how long."""

from __future__ import annotations

import socket
import ssl
import statistics
import threading
import time
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lab.certificates import Pair
from lab.cluster import Cluster, cut, pause, running, wake
from lab.servers import Server, wait_for
from telemetry.ack import decode_ack, frame_id
from telemetry.frame import encode
from telemetry.topics import ack_topic, stream_topic
from tests.collector.frames import signal_frame

HALLS = 6
SAMPLES = 10
EVERY_S = 1.0
AGAIN_S = 15.0
IN_FLIGHT = 4
MOST_WAITING = 200
FLOW_S = 180.0
SETTLE_S = 3.0
KINDS = ("killed", "paused", "cut off")
PARTS = ("brokers", "collectors", "stores", "keepers")


class Hall:
    """A hall that measures on, keeps what is not answered, and sends it again."""

    def __init__(self, site: str, port: int, authority: Path, pair: Pair) -> None:
        self.site, self.sent, self.acked_sent_at = site, 0, 0.0
        self.waiting: dict[int, tuple[float, float, bytes]] = {}
        self._up, self._lock, self.measuring = False, threading.Lock(), True
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=site, protocol=mqtt.MQTTv311)
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(pair.cert, pair.key)
        self._client.tls_set_context(context)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = lambda client, *_: client.subscribe(ack_topic(site), 0)
        self._client.on_subscribe = lambda *_: setattr(self, "_up", True)
        self._client.on_disconnect = self._gone
        self._client.on_message = lambda _client, _data, message: self._answered(bytes(message.payload))
        self._client.connect_async("127.0.0.1", port, keepalive=5)
        self._client.loop_start()

    def _gone(self, *_: object) -> None:
        self._up = False
        with self._lock:  # what was on its way is sent again at once, as the agent does
            self.waiting = {crc: (first, 0.0, payload) for crc, (first, _, payload) in self.waiting.items()}

    def _answered(self, payload: bytes) -> None:
        ack = decode_ack(payload)
        assert not ack.bad, ack.bad
        with self._lock:
            for crc in ack.ok:
                if found := self.waiting.pop(crc, None):
                    self.acked_sent_at = max(self.acked_sent_at, found[0])

    def beat(self, now: float) -> None:
        """Measure, and send what is due."""
        with self._lock:
            if self.measuring and len(self.waiting) < MOST_WAITING:
                frame = signal_frame(
                    self.sent + 1, SAMPLES, self.site, t0_ms=int(time.time() * 1000) - (self.sent + SAMPLES) * 30_000
                )
                payload = encode(frame)
                self.sent += SAMPLES
                self.waiting[frame_id(payload)] = (now, 0.0, payload)
            flying = sum(now - one[1] <= AGAIN_S for one in self.waiting.values())
            due = [(crc, one) for crc, one in reversed(self.waiting.items()) if now - one[1] > AGAIN_S]
            due = due[: max(0, IN_FLIGHT - flying)] if self._up else []  # the newest first, as the agent does
            for crc, (first, _, payload) in due:
                self.waiting[crc] = (first, now, payload)
        for _, (_, _, payload) in due:
            self._client.publish(stream_topic(self.site, "signal"), payload, qos=0)

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


def enters(port: int, authority: Path, pair: Pair) -> bool:
    """Whether a broker lets in who has this certificate."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(pair.cert, pair.key)
    hello = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06thief0"
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as line,
        ):
            line.sendall(hello)
            return line.recv(4) == b"\x20\x02\x00\x00"
    except ConnectionRefusedError:
        raise
    except (ssl.SSLError, ConnectionError):
        return False


def _attack(server: Server, kind: str) -> None:
    {"killed": Server.kill, "paused": pause, "cut off": cut}[kind](server)


def _cure(server: Server, kind: str) -> None:
    if kind == "killed":
        server.start()
    elif kind == "paused":
        wake(server)
    else:
        cut(server, off=False)
    wait_for(server.ready, f"{server.name} to be well again")


def flow_back(halls: list[Hall], since: float, what: str) -> list[float]:
    """Wait until each hall has an answer to something measured since; return after how many seconds it had, sorted."""
    back: dict[str, float] = {}

    def flows() -> bool:
        now = time.monotonic()
        back.update({hall.site: now - since for hall in halls if hall.site not in back and hall.acked_sent_at > since})
        return len(back) == len(halls)

    wait_for(flows, f"answers to all halls after {what}", FLOW_S)
    return sorted(back.values())


def _round(cluster: Cluster, halls: list[Hall], part: str, number: int, kind: str) -> list[float]:
    """Attack one node; return after how many seconds each hall had an answer to something measured since.

    While a broker is away a certificate is revoked that each took before: the others refuse it then, all when it is well again.
    """
    server = getattr(cluster, part)[number]
    thief = cluster.authority.issue(f"thief{len(cluster.revoked)}") if part == "brokers" else None
    if thief is not None:
        assert all(enters(broker.port, cluster.authority.cert, thief) for broker in cluster.brokers)
    began = time.monotonic()
    try:
        _attack(server, kind)
        if thief is not None:
            cluster.revoke(thief)
            others = [broker for broker in cluster.brokers if broker is not server]
            wait_for(lambda: not any(enters(b.port, cluster.authority.cert, thief) for b in others), "others to refuse", 10)
        back = flow_back(halls, began, f"{part}[{number}] was {kind}")
    finally:
        _cure(server, kind)
    if thief is not None:
        every = [(broker.port, one) for broker in cluster.brokers for one in cluster.revoked]
        wait_for(lambda: not any(enters(port, cluster.authority.cert, one) for port, one in every), "all to refuse", 10)
        print(f"    revoked meanwhile: refused by each other broker then, by all {len(cluster.brokers)} now", flush=True)
    time.sleep(SETTLE_S)  # the balancer takes it in again
    return back


def _work(halls: list[Hall], ending: threading.Event) -> None:
    while not ending.wait(EVERY_S):
        for hall in halls:
            hall.beat(time.monotonic())


def account(cluster: Cluster, halls: list[Hall]) -> bool:
    """Count on each replica by itself what was answered and what is there."""
    well = True
    for number in range(len(cluster.stores)):
        store = cluster.stored(number)
        wait_for(lambda store=store: all(len(store.seqs(h.site)) >= h.sent for h in halls), f"replica {number} to have all")  # type: ignore[misc]
        lost = doubled = 0
        for hall in halls:
            seqs = store.seqs(hall.site)
            lost += hall.sent - len(set(seqs))
            doubled += len(seqs) - len(set(seqs))
        print(f"replica {number}: {sum(h.sent for h in halls)} measured, {lost} lost, {doubled} doubled", flush=True)
        well &= lost == doubled == 0
    return well


def halls_of(stack: ExitStack, cluster: Cluster) -> list[Hall]:
    """Let some halls measure until the stack ends."""
    sites = [line.split(",")[0] for line in (Path(__file__).parents[1] / "config" / "sites.csv").read_text().splitlines()]
    sites = [site for site in sites if site.isdecimal()][:HALLS]
    ending = threading.Event()
    halls = [Hall(site, cluster.door.port, cluster.authority.cert, cluster.authority.issue(site)) for site in sites]
    for hall in halls:
        stack.callback(hall.stop)
    threading.Thread(target=_work, args=(halls, ending), daemon=True).start()
    stack.callback(ending.set)
    wait_for(lambda: all(hall.acked_sent_at for hall in halls), "the first answers")
    return halls


def run_rounds(folder: Path, count: int) -> bool:
    """Attack so many times; print a line a round and the account; return whether nothing was lost or doubled."""
    all_back = []
    with ExitStack() as stack:
        cluster = stack.enter_context(running(folder))
        halls = halls_of(stack, cluster)
        attacks = [(part, kind) for kind, part in product(KINDS, PARTS)]
        for number in range(count):
            part, kind = attacks[number % len(attacks)]
            back = _round(cluster, halls, part, number % 3, kind)
            all_back.append(back[-1])
            print(f"{number + 1:3d} {part}[{number % 3}] {kind}: flow back {back[0]:.1f} to {back[-1]:.1f} s", flush=True)
        for hall in halls:
            hall.measuring = False
        wait_for(lambda: not any(hall.waiting for hall in halls), "the last answers")
        print(f"last hall's flow back: median {statistics.median(all_back):.1f} s, most {max(all_back):.1f} s", flush=True)
        return account(cluster, halls)
