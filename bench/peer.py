"""`make bench-peer`: the collector beside Telegraf, on one broker and one InfluxDB at a time, the same points, taken in turns.

Telegraf gets the very lines that the collector writes, as many in a message as a frame has samples. Processor time is what the
peer's own process used (user and system), so other load on the machine moves it little; ratios are of runs side by side. The time
from end to end is that of the machine: where it is busy, `sudo chrt -r 1 .venv/bin/python -m bench.peer` goes before all others.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.enums import CallbackAPIVersion

from bench.load import frame
from collector.line.bulk import BulkClient
from collector.sites.sites import read_sites
from collector.store.lines import lines
from ground.publications import publish_many
from lab.plant import DATABASE, collector
from lab.servers import Server, influxd, mosquitto, wait_for
from telemetry.frame import encode
from telemetry.topics import split_topic, stream_topic

ROOT = Path(__file__).parents[1]
SITES = ROOT / "config" / "sites.csv"
HALLS = 141
BROKER = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_queued_bytes 0
"""
TELEGRAF = """
[agent]
  flush_interval = "1s"
  metric_batch_size = 5000
  metric_buffer_limit = 2000000
  omit_hostname = true
  quiet = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{port}"]
  topics = ["sinyal/v1/+/signal"]
  topic_tag = ""
  qos = 1
  max_undelivered_messages = 100000
  data_format = "influx"
[[outputs.influxdb]]
  urls = ["{store}"]
  database = "{database}"
"""
COUNT = "SELECT count(seq) FROM signal"
"""Dear, for it reads everything: while it lasts only the last hall is counted, so that the looking is not what is measured."""


@dataclass(frozen=True)
class Run:
    """One peer's run: samples per second of its own processor time and end to end, its largest memory, bytes on the wire."""

    core: float
    line: float
    memory_mb: float
    bytes_a_sample: float


def telegraf() -> str | None:
    """Return the path of a Telegraf, found or built; None where there is none, said why on standard error."""
    argv = [sys.executable, "scripts/engines.py", "telegraf"]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return next((line.split("=", 1)[1] for line in done.stdout.splitlines()), None)


def payloads(peer: str, count: int, size: int) -> list[tuple[str, bytes]]:
    """Return the messages with `count` samples, `size` in each, of all halls in turn."""
    sites = list(read_sites(SITES).values())[:HALLS]
    made = []
    for i in range(count // size):
        site = sites[i % len(sites)]
        one = frame(site.code, size, 1 + i // len(sites) * size, seed=i)
        body = encode(one) if peer == "sinyal" else "\n".join(lines(one, site)).encode()
        made.append((stream_topic(site.code, "signal"), body))
    return made


@contextmanager
def _peer(name: str, folder: Path, broker: Server, store: Server, program: str) -> Iterator[Server]:
    if name == "sinyal":
        with collector("collector", folder / "collector", broker, store) as server:
            yield server
        return
    (folder / "telegraf").mkdir()
    config = folder / "telegraf" / "telegraf.conf"
    config.write_text(TELEGRAF.format(port=broker.port, store=store.url, database=DATABASE))
    with Server("telegraf", [program, "--config", str(config)], 0, folder / "telegraf", lambda: True) as server:
        yield server


def _ask(url: str, query: str) -> list[list[object]]:
    params = urllib.parse.urlencode({"db": DATABASE, "q": query})
    with urllib.request.urlopen(f"{url}/query?{params}", b"", timeout=60) as reply:  # noqa: S310 - our own loopback server
        series = json.load(reply)["results"][0].get("series", [])
    return list(series[0]["values"]) if series else []


def _count(url: str, site: str | None = None) -> int:
    rows = _ask(url, COUNT if site is None else f"{COUNT} WHERE site = '{site}'")
    return int(str(rows[0][1])) if rows else 0


def _used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run(peer: str, folder: Path, messages: Sequence[tuple[str, bytes]], size: int, program: str) -> Run:
    """Let one peer take all messages from the broker into an empty database; return what it cost."""
    with mosquitto(folder / "broker", BROKER) as broker, influxd(folder / "store") as store:
        _ask(store.url, f"CREATE DATABASE {DATABASE}")
        with _peer(peer, folder, broker, store, program) as server:
            client = BulkClient(CallbackAPIVersion.VERSION2)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            while not _count(store.url):  # once more for as long as it takes: then it is subscribed and warm
                publish_many(client, messages[:1])
                time.sleep(0.2)  # each try is a message that counts
            assert server.process is not None
            pid = server.process.pid
            last = messages[-1][0]
            want, want_last = len(messages) * size, sum(topic == last for topic, _ in messages) * size
            used, start = _used_s(pid), time.perf_counter()
            publish_many(client, messages)
            wait_for(lambda: _count(store.url, split_topic(last)[0]) >= want_last, "the points of the last hall", 600)
            while True:  # the end is when the question was put that found all
                spent, cpu_s = time.perf_counter() - start, _used_s(pid) - used
                if _count(store.url) >= want:
                    break
            memory = _peak_mb(pid)
            client.disconnect()
            client.loop_stop()
    return Run(want / cpu_s, want / spent, memory, sum(len(body) for _, body in messages) / want)


def compare(count: int, size: int, rounds: int, program: str) -> list[tuple[Run, Run]]:
    """Run both in turns; return the pairs."""
    pairs = []
    peers = {peer: payloads(peer, count, size) for peer in ("sinyal", "telegraf")}
    for _ in range(rounds):
        found = []
        for peer, messages in peers.items():
            with tempfile.TemporaryDirectory(prefix="sinyal-peer-") as name:
                found.append(run(peer, Path(name), messages, size, program))
        pairs.append((found[0], found[1]))
    return pairs


def _ratios(pairs: Sequence[tuple[Run, Run]], figure: str) -> str:
    ratios = sorted(getattr(ours, figure) / getattr(theirs, figure) for ours, theirs in pairs)
    return f"{statistics.median(ratios):.2f}x ({ratios[0]:.2f}..{ratios[-1]:.2f})"


def main() -> int:
    """Print the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=200_000, help="in a run; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs; default: %(default)s")
    args = parser.parse_args()
    program = telegraf()
    if program is None:
        return 1
    print(f"{'samples a frame':<16}{'per core, sinyal : telegraf':<30}{'end to end':<26}{'memory':<24}{'bytes a sample':<20}")
    for size in (10, 100):
        pairs = compare(args.samples, size, args.rounds, program)
        row = [_ratios(pairs, figure) for figure in ("core", "line", "memory_mb", "bytes_a_sample")]
        print(f"{size:<16}{row[0]:<30}{row[1]:<26}{row[2]:<24}{row[3]:<20}", flush=True)
        for ours, theirs in pairs:
            rates = f"telegraf {theirs.core:,.0f}, {theirs.line:,.0f}"
            print(f"  sinyal {ours.core:,.0f} samples/core-s, {ours.line:,.0f}/s; {rates}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
