"""`python -m bench.capacity`: what one machine holds, measured here against a real Mosquitto and real stores, and a sizing table.

Connections are by TLS 1.3 with client certificates, as config/mosquitto.conf asks them. The clients run beside it: of two cores
one is theirs. `python -m bench.capacity store` measures what samples take on the disk of each engine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.growth import growth
from lab.certificates import Authority, Pair
from lab.servers import Server, find_program, mosquitto

CLIENTS, STORM, MESSAGES = 5000, 5000, 50_000
FILES = 20_000
MOST_S = 600.0
PAYLOAD = bytes(200)
FRAMES_A_SECOND = 1 / 150
"""Of a hall: a frame and one of another stream every five minutes."""
TICK_S = os.sysconf("SC_CLK_TCK")
CONNACK, PUBACK = b"\x20\x02", 0x40
HALLS = (141, 500, 1000, 5000, 10_000, 83_000)
CONNECTIONS_A_HALL = 2


@dataclass(slots=True)
class Measured:
    """What one Mosquitto needs: bytes a connection, seconds of CPU a handshake and a message, halls a second in a storm."""

    connection_bytes: float
    handshake_s: float
    message_s: float
    storm_rate: float


def _connect(name: str) -> bytes:
    body = b"\x00\x04MQTT\x04\x02\x0e\x10" + len(name).to_bytes(2, "big") + name.encode()
    return bytes([0x10, len(body)]) + body


def _publish(topic: str, number: int) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + number.to_bytes(2, "big") + PAYLOAD
    size = len(body)
    return bytes([0x32, size % 128 | 0x80, size // 128]) + body


def _rss_bytes(server: Server) -> int:
    text = Path(f"/proc/{server.process.pid}/status").read_text() if server.process else ""
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("VmRSS"))


def _cpu_s(server: Server) -> float:
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_S


@contextmanager
def broker(folder: Path) -> Iterator[tuple[Server, ssl.SSLContext]]:
    """Run a Mosquitto as halls meet it; yields it and what a client needs."""
    authority = Authority(folder / "ca")
    own = ("max_connections -1", "tls_version tlsv1.2", "use_identity_as_username true", "max_inflight_messages 100")
    text = authority.listener(authority.issue("broker"), *own, "set_tcp_nodelay true", "max_queued_messages 100000")
    pair: Pair = authority.issue("hall")
    context = ssl.create_default_context(cafile=str(authority.cert))
    context.load_cert_chain(pair.cert, pair.key)
    with mosquitto(folder / "broker", text) as server:
        yield server, context


async def _join(port: int, context: ssl.SSLContext, name: str) -> asyncio.StreamWriter:
    own: dict[str, Any] = {"ssl": context, "server_hostname": "127.0.0.1", "ssl_handshake_timeout": MOST_S}
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **own)
    writer.write(_connect(name))
    answer = await reader.readexactly(4)
    assert answer == CONNACK + bytes(2), answer
    return writer


async def connections(server: Server, context: ssl.SSLContext, count: int) -> tuple[float, float]:
    """Connect one after the other and stay; return bytes of Mosquitto a connection and seconds of its CPU a handshake."""
    before, cpu = _rss_bytes(server), _cpu_s(server)
    kept = [await _join(server.port, context, f"c{number}") for number in range(count)]
    await asyncio.sleep(1)
    found = (_rss_bytes(server) - before) / count, (_cpu_s(server) - cpu) / count
    for writer in kept:
        writer.transport.abort()
    return found


async def storm(server: Server, context: ssl.SSLContext, count: int) -> list[float]:
    """Connect all at once; return after how many seconds each was let in, sorted."""
    began = time.perf_counter()

    async def one(number: int) -> tuple[float, asyncio.StreamWriter]:
        while True:
            try:
                writer = await _join(server.port, context, f"s{number}")
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(1)  # turned away: it comes again, as a hall does
            else:
                return time.perf_counter() - began, writer

    done = await asyncio.gather(*map(one, range(count)))
    for _, writer in done:
        writer.transport.abort()
    return sorted(when for when, _ in done)


def messages(server: Server, context: ssl.SSLContext, count: int) -> tuple[float, float]:
    """Publish by QoS 1 over one connection; return messages a second and seconds of Mosquitto's CPU a message."""
    with (
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        line.sendall(_connect("publisher"))
        assert line.recv(4)[:2] == CONNACK
        began, cpu, acked, sent = time.perf_counter(), _cpu_s(server), 0, 0
        rest = b""
        while acked < count:
            burst = min(100 - (sent - acked), count - sent)
            if burst > 0:
                line.sendall(b"".join(_publish(f"sinyal/v1/6408012001/{k % 5}", (sent + k) % 65_535 + 1) for k in range(burst)))
                sent += burst
            rest += line.recv(65_536)
            assert not rest or rest[0] == PUBACK, rest[:8]
            acked, rest = acked + len(rest) // 4, rest[len(rest) // 4 * 4 :]
        return count / (time.perf_counter() - began), (_cpu_s(server) - cpu) / count


def measure(clients: int, many: int, count: int) -> Measured:
    """Measure, and print each figure as it is found."""
    with tempfile.TemporaryDirectory(prefix="sinyal-capacity-") as name:
        with broker(Path(name) / "one") as (server, context):
            size, handshake_s = asyncio.run(connections(server, context, clients))
            print(f"{clients:,} connections by TLS 1.3, one after the other: {size / 1000:.1f} kB of Mosquitto each, ", end="")
            print(f"{handshake_s * 1000:.2f} ms of its CPU a handshake", flush=True)
        with broker(Path(name) / "two") as (server, context):
            began = _cpu_s(server)
            when = asyncio.run(storm(server, context, many))
            cpu, p99 = _cpu_s(server) - began, when[int(len(when) * 0.99) - 1]
            print(
                f"{many:,} at once: all in after {when[-1]:.0f} s, p50 {statistics.median(when):.0f} s, p99 {p99:.0f} s; ", end=""
            )
            print(f"{cpu:.0f} s of Mosquitto's CPU", flush=True)
        with broker(Path(name) / "three") as (server, context):
            rate, message_s = messages(server, context, count)
            print(
                f"{count:,} messages by QoS 1, 200 B: {rate:,.0f} a second, {message_s * 1000:.3f} s of CPU a thousand",
                flush=True,
            )
    return Measured(size, handshake_s, message_s, many / when[-1])


def table(found: Measured) -> str:
    """Return the sizing table, of a broker alone."""
    lines = [
        "| halls | RAM of its connections | messages a second | CPU of them | all back after a storm |",
        "|---|---|---|---|---|",
    ]
    for halls in HALLS:
        rate, memory = halls * FRAMES_A_SECOND, halls * CONNECTIONS_A_HALL * found.connection_bytes / 1e6
        back = halls / found.storm_rate
        lines.append(
            f"| {halls:,} | {memory:,.0f} MB | {rate:,.1f} | {rate * found.message_s * 100:.2f} % of a core | {back:,.0f} s |"
        )
    return "\n".join(lines)


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("broker", "store"), default="broker", help="default: %(default)s")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="default: %(default)s")
    parser.add_argument("--storm", type=int, default=STORM, help="default: %(default)s")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="default: %(default)s")
    args = parser.parse_args()
    if args.part == "store":
        growth()
        return 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    find_program("mosquitto", "mosquitto")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {ssl.OPENSSL_VERSION}")
    print(table(measure(args.clients, args.storm, args.messages)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
