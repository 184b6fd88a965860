"""Three enrolled halls that went bad, in the fleet all the time (P14): thief, flooder, liar. Each has the rights of a hall."""

from __future__ import annotations

import random
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lab.plant import PASSWORD
from telemetry.frame import Sample, Value, encode, pack
from telemetry.topics import KINDS, ROOT

THIEF, FLOODER, LIAR = "6408042002", "6408042001", "6408022001"
PAUSE_S = 0.02
Act = Callable[["Intruder", random.Random], None]


class Intruder(threading.Thread):
    """A client with a hall's rights that does what it likes, whatever happens to the broker. `taken`: what it heard of others."""

    def __init__(self, site: str, port: int, act: Act, wants: Sequence[str] = ()) -> None:
        super().__init__(name=site, daemon=True)
        self.site, self.sent, self.taken = site, 0, 0
        self._act, self._wants, self._ended = act, wants, threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"bad-{site}")
        self._client.username_pw_set(site, PASSWORD)
        self._client.on_connect = self._ask
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)

    def _ask(self, client: mqtt.Client, *_: object) -> None:
        for topic in self._wants:
            client.subscribe(topic)

    def _hear(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self.taken += not message.topic.startswith(f"{ROOT}/{self.site}/")

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, allowed or not."""
        self.sent += 1
        self._client.publish(topic, payload, qos=0, retain=retain)

    def run(self) -> None:
        """Act until ended."""
        rng = random.Random(self.site)
        self._client.loop_start()
        while not self._ended.wait(PAUSE_S):
            if self._client.is_connected():
                self._act(self, rng)
        self._client.loop_stop()
        self._client.disconnect()

    def end(self) -> None:
        """Leave."""
        self._ended.set()
        self.join()


def _listen(_self: Intruder, _rng: random.Random) -> None:
    """Only take."""


def _flood(self: Intruder, rng: random.Random) -> None:
    """Large frames, frames that unfold to much, noise, empty ones: five at a time."""
    now, first = time.time_ns() // 1_000_000, rng.randrange(1, 2**40)
    values: dict[str, Value] = {"registration": "home", "rat": "lte", "rsrp_dbm": -90.0}
    honest = encode(pack(self.site, "signal", "m1", [Sample(first + k, now - 1000 * k, "ntp", dict(values)) for k in range(100)]))
    head = {"v": 1, "site": self.site, "stream": "event", "seq": [first, 5000], "t0": now, "dt": [0], "cols": {}}
    bomb = zlib.compress(orjson.dumps({**head, "const": {"detail": "x" * 900_000}}))
    for payload in (honest, bomb, rng.randbytes(rng.choice((3, 300, 30_000))), b"", zlib.compress(bytes(1_000_000))):
        self.say(f"{ROOT}/{self.site}/{rng.choice(('signal', 'event', 'cell'))}", payload)


def _lie(self: Intruder, rng: random.Random, others: Sequence[str]) -> None:
    """Speak for others, from the future, of numbers and modems that are not; answer and set in the server's name."""
    now, victim = time.time_ns() // 1_000_000, rng.choice(others)
    sample = Sample(rng.randrange(1, 2**53 - 9), now + rng.choice((-(10**10), 0, 10**9)), "ntp", {"registration": "home"})
    for where, who in ((self.site, victim), (victim, victim), (self.site, self.site)):
        self.say(f"{ROOT}/{where}/signal", encode(pack(who, "signal", f"m{rng.randrange(10**6)}", [sample])))
    everything = orjson.dumps({"v": 1, "ok": [rng.randrange(2**32)], "bad": [[rng.randrange(2**32), "no"]]})
    self.say(f"{ROOT}/{victim}/ack", everything)
    self.say(f"{ROOT}/{victim}/status", orjson.dumps({"v": 1, "state": "offline"}), retain=True)
    self.say(f"{ROOT}/{victim}/config", orjson.dumps({"v": 1, "id": "x", "settings": {}}), retain=True)
    self.say(f"{ROOT}/{self.site}/status", rng.randbytes(40), retain=True)


@contextmanager
def intruders(port: int, others: Sequence[str]) -> Iterator[list[Intruder]]:
    """Have all three at the halls' listener for as long as this lasts."""
    guesses = ("sinyal", "collectors", "c", "group")
    shared = [f"$share/{group}/{ROOT}/+/{kind}" for group in guesses for kind in sorted(KINDS)]
    crowd = [
        Intruder(THIEF, port, _listen, [*shared, "#", f"{ROOT}/#", *(f"{ROOT}/{site}/ack" for site in others)]),
        Intruder(FLOODER, port, _flood),
        Intruder(LIAR, port, lambda self, rng: _lie(self, rng, others)),
    ]
    with ExitStack() as stack:
        for intruder in crowd:
            intruder.start()
            stack.callback(intruder.end)
        yield crowd
