"""A million payloads through a real broker into a real collector: `python -m tests.fuzz --payloads 1000000`.

Golden and made frames, mutated byte by byte and key by key, deflated noise, bombs, on topics of enrolled and unknown halls. An
honest hall sends a frame between them all the time. At the end every frame was counted by the same process, and every honest
sample is stored once.
"""

from __future__ import annotations

import argparse
import copy
import random
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from collector.store.sqlite import Sqlite
from lab.plant import python
from lab.servers import Server, fetch, free_port, mosquitto, wait_for
from telemetry.frame import encode, encode_json
from telemetry.streams import STREAMS
from tests.collector.frames import OTHER, SITE, signal_frame

GOLDEN = [path.read_bytes() for path in sorted((Path(__file__).parent / "golden" / "v1").glob("*")) if path.is_file()]
ROUND, FIRST = 2000, 10**9
ODD: list[Any] = [None, True, 0, -1, 2**63, 1e308, -1e-9, "", "x" * 300, "\x00\n=1+1", [], {}, [1] * 50, {"a": {"b": []}}]
CONFIG = """
[broker]
host = "127.0.0.1"
port = {port}
tls = false
[store]
engine = "sqlite"
path = "{folder}/store.db"
[sites]
file = "{folder}/sites.csv"
[rejected]
folder = "{folder}/rejected"
[http]
port = {http}
"""


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 2, 30, 300)))


def _flipped(rng: random.Random) -> bytes:
    data = bytearray(rng.choice(GOLDEN) if rng.random() < 0.5 else encode(signal_frame(rng.randrange(1, 10**6), 5, OTHER.code)))
    for _ in range(rng.randrange(1, 4)):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.2 else data)


def _bent(rng: random.Random) -> bytes:
    frame = orjson.loads(encode_json(signal_frame(rng.randrange(1, 10**6), 3, OTHER.code)))
    for _ in range(rng.randrange(1, 3)):
        place = frame
        while isinstance(place, dict) and place and rng.random() < 0.5 and any(isinstance(v, dict) for v in place.values()):
            place = rng.choice([v for v in place.values() if isinstance(v, dict)])
        key = rng.choice([*place, "extra"])
        if rng.random() < 0.3:
            place.pop(key, None)
        else:
            place[key] = copy.deepcopy(rng.choice(ODD))
    payload = orjson.dumps(frame, option=orjson.OPT_NON_STR_KEYS) if rng.random() < 0.999 else b"[" * 1000
    return zlib.compress(payload) if rng.random() < 0.3 else payload


def _deflated(rng: random.Random) -> bytes:
    return zlib.compress(bytes([rng.randrange(256)]) * rng.choice((10, 1000, 100_000)))


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (_noise, _flipped, _flipped, _bent, _bent, _bent, _deflated)


def _topic(rng: random.Random) -> str:
    site = rng.choices((OTHER.code, "6408999999", SITE.code), (8, 1, 1))[0]
    return f"sinyal/v1/{site}/{rng.choice([*STREAMS, 'status'])}"


def _counted(http: int) -> int:
    text = fetch(f"http://127.0.0.1:{http}/metrics")[1].decode()
    found = re.search(r"^sinyal_received_frames_total (\S+)", text, re.MULTILINE)
    return int(float(found.group(1))) if found else 0


def _rss_mb(pid: int) -> float:
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def _start(folder: Path, stack: ExitStack) -> tuple[Server, mqtt.Client, int]:
    """Start broker, collector and a client; return collector, client and the port of the collector's figures."""
    http = free_port()
    broker = stack.enter_context(mosquitto(folder / "broker"))
    head = "code,kecamatan,desa,lat,lon,coordinate_source\n"
    rows = (f"{s.code},{s.kecamatan},{s.desa},{s.lat},{s.lon},{s.coordinate_source}\n" for s in (SITE, OTHER))
    (folder / "sites.csv").write_text(head + "".join(rows))
    (folder / "collector.toml").write_text(CONFIG.format(port=broker.port, folder=folder, http=http))
    collector = python("collector", folder / "c", "collector.cli", "run", "--config", str(folder / "collector.toml"))
    stack.enter_context(collector)
    wait_for(lambda: "event=broker_connected" in collector.log.read_text(), "the collector", 60)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    stack.callback(client.loop_stop)
    return collector, client, http


def _attack(client: mqtt.Client, http: int, payloads: int, rng: random.Random, tell: Callable[[int], None]) -> int:
    """Send so many payloads, and after each round an honest frame; return how many rounds. What was sent is waited for."""
    sent = honest = statuses = 0
    while sent < payloads:
        for _ in range(min(ROUND, payloads - sent)):
            topic = _topic(rng)
            statuses += topic.endswith("/status")
            client.publish(topic, rng.choice(MAKERS)(rng), qos=0)
            sent += 1
        honest += 1
        first, now_ms = FIRST + 10 * honest, time.time_ns() // 1_000_000 - 3_600_000
        frame = encode(signal_frame(first, 10, SITE.code, "honest", now_ms - (first + 9) * 30_000))
        client.publish(f"sinyal/v1/{SITE.code}/signal", frame, qos=1).wait_for_publish(60)
        wanted = sent + honest - statuses
        wait_for(lambda wanted=wanted: _counted(http) >= wanted, f"{sent} payloads to be counted", 120)  # type: ignore[misc]
        if honest % 25 == 0:
            tell(sent)
    return honest


def main() -> int:
    """Send, count, and say what was found; exit 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--payloads", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sinyal-fuzz-") as name, ExitStack() as stack:
        folder, began = Path(name), time.monotonic()
        collector, client, http = _start(folder, stack)
        pid = collector.process.pid if collector.process is not None else 0

        def tell(sent: int) -> None:
            print(f"{sent} payloads, {sent / (time.monotonic() - began):,.0f}/s, collector {_rss_mb(pid):.0f} MB", flush=True)

        honest = _attack(client, http, args.payloads, random.Random(args.seed), tell)
        wanted, store = set(range(FIRST + 10, FIRST + 10 + 10 * honest)), Sqlite(folder / "store.db")
        wait_for(lambda: wanted <= set(store.seqs(SITE.code)), "all honest samples", 120)
        doubled = len([n for n in store.seqs(SITE.code) if n in wanted]) - len(wanted)
        alive = collector.process is not None and collector.process.poll() is None
        rss, log = _rss_mb(pid), collector.log.read_text()
    traces = log.count("Traceback")
    print(f"{args.payloads} payloads: alive {alive}, {rss:.0f} MB, {traces} tracebacks, {len(log) / 1e6:.2f} MB of log")
    print(f"{len(wanted)} honest samples: 0 lost, {doubled} doubled")
    return 0 if alive and not doubled and not traces else 1


if __name__ == "__main__":
    sys.exit(main())
