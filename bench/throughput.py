"""End to end into a real InfluxDB: frames published, decoded, written, acknowledged; broker and database on the same machine."""

from __future__ import annotations

import csv
import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.load import frame
from lab.plant import DATABASE, collector
from lab.servers import Server, influxd, mosquitto, wait_for
from telemetry.ack import decode_ack, frame_id
from telemetry.frame import encode
from telemetry.topics import ROOT, stream_topic

SITES = Path(__file__).parents[1] / "config" / "sites.csv"
IN_FLIGHT = 400
QUIET_S = 0.05


def _codes() -> list[str]:
    with SITES.open(encoding="utf-8") as file:
        return [row["code"] for row in csv.DictReader(line for line in file if not line.startswith("#"))]


@dataclass(slots=True)
class Line:
    """A broker, a database and collectors between them."""

    broker: Server
    store: Server

    def query(self, influxql: str) -> list[list[object]]:
        """Return the rows of the first series, empty when there is none."""
        query = urllib.parse.urlencode({"db": DATABASE, "q": influxql})
        with urllib.request.urlopen(f"{self.store.url}/query?{query}", timeout=60) as reply:  # noqa: S310 - our own loopback server
            series = json.load(reply)["results"][0].get("series", [])
        return list(series[0]["values"]) if series else []


@contextmanager
def line(folder: Path, collectors: int = 1) -> Iterator[Line]:
    """Start a line with so many collectors on the shared subscription."""
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder / "broker"))
        store = stack.enter_context(influxd(folder / "store"))
        for number in range(collectors):
            name = f"collector-{number}"
            stack.enter_context(collector(name, folder / name, broker, store))
        yield Line(broker, store)


class Sender:
    """Publishes frames with a bounded number in flight, as agents do, and counts the answers."""

    def __init__(self, port: int) -> None:
        self._room = threading.Semaphore(IN_FLIGHT)
        self._flying: set[int] = set()
        self.acked_at: dict[int, float] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench")
        self.client.on_message = self._answer
        self.client.connect("127.0.0.1", port)
        self.client.subscribe(f"{ROOT}/+/ack")
        self.client.loop_start()

    def _answer(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        now = time.perf_counter()
        for crc in decode_ack(bytes(message.payload)).ok:
            if crc in self._flying:
                self._flying.discard(crc)
                self.acked_at[crc] = now
                self._room.release()

    def send(self, topic: str, payload: bytes) -> None:
        """Publish one frame; waits while too many are in flight."""
        self._room.acquire()
        self._flying.add(frame_id(payload))
        self.client.publish(topic, payload)

    def close(self) -> None:
        """Leave the broker."""
        self.client.disconnect()
        self.client.loop_stop()


def _up(running: Line, sender: Sender) -> None:
    """Send one frame until it is answered: the collectors are subscribed then."""
    topic, payload = stream_topic(_codes()[0], "event"), b'{"v":1}'
    seen = threading.Event()
    sender.client.message_callback_add(f"{ROOT}/{_codes()[0]}/ack", lambda *_: seen.set())
    wait_for(lambda: sender.client.publish(topic, payload) and seen.wait(0.2), "a collector to answer")
    sender.client.message_callback_remove(f"{ROOT}/{_codes()[0]}/ack")
    assert running.broker.process is not None


def rate(folder: Path, samples: int = 1_000_000, a_frame: int = 100, collectors: int = 1) -> float:
    """Return samples per second from the first publication until the last answer; checks the count in the database."""
    codes = _codes()
    frames = [(codes[i % len(codes)], 1 + (i // len(codes)) * a_frame) for i in range(samples // a_frame)]
    payloads = [(stream_topic(code, "signal"), encode(frame(code, a_frame, first, seed=first))) for code, first in frames]
    with line(folder, collectors) as running:
        sender = Sender(running.broker.port)
        _up(running, sender)
        start = time.perf_counter()
        for topic, payload in payloads:
            sender.send(topic, payload)
        wait_for(lambda: len(sender.acked_at) == len(payloads), "all answers", 120)
        spent = max(sender.acked_at.values()) - start
        sender.close()
        rows = running.query("SELECT count(seq) FROM signal")
        assert rows, "nothing stored"
        assert rows[0][1] == len(payloads) * a_frame, rows
    return samples / spent


def queryable_ms(folder: Path, tries: int = 200) -> list[float]:
    """Return the times from publishing one live sample until a query finds it, line otherwise idle, ms, sorted."""
    code, found = _codes()[0], []
    with line(folder) as running:
        sender = Sender(running.broker.port)
        _up(running, sender)
        for number in range(1, tries + 1):
            payload = encode(frame(code, 1, number, seed=number))
            start = time.perf_counter()
            sender.send(stream_topic(code, "signal"), payload)
            want = f"SELECT seq FROM signal WHERE seq = {number} AND site = '{code}'"  # noqa: S608
            wait_for(lambda want=want: running.query(want), "the sample in the store")  # type: ignore[misc]
            found.append((time.perf_counter() - start) * 1000)
            time.sleep(QUIET_S)
        sender.close()
    return sorted(found)
