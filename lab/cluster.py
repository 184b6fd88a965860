"""The clustered profile on loopback: brokers with a collector each behind haproxy, ClickHouse replicas, ZooKeeper; three of each.

The configuration of haproxy and the access list are the shipped ones; certificates are of a throw-away CA.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from lab.certificates import Authority, Pair
from lab.clickhouse import clickhouse, zookeepers
from lab.plant import python
from lab.servers import Server, fetch, find_program, free_port, listening, mosquitto, wait_for

CONFIG = Path(__file__).parents[1] / "config"
COUNT = 3
CRL = "crl.pem"
COLLECTOR = """
[broker]
host = "127.0.0.1"
port = {port}
ca = "{ca}"
cert = "{cert}"
key = "{key}"
[store]
engine = "clickhouse"
urls = {urls}
quorum = 2
[ingest]
linger_ms = 200
[sites]
file = "{sites}"
[rejected]
folder = "rejected"
[http]
port = {http}
"""


@dataclass(slots=True)
class Cluster:
    """What runs, by kind."""

    door: Server
    brokers: list[Server]
    collectors: list[Server]
    stores: list[Server]
    keepers: list[Server]
    authority: Authority
    revoked: list[Pair] = field(default_factory=list)

    def revoke(self, pair: Pair) -> None:
        """Revoke a certificate: the list goes to the machine of each broker, and who runs there reads it."""
        self.revoked.append(pair)
        for broker in self.brokers:
            (broker.folder / CRL).write_bytes(self.authority.crl(self.revoked))
            broker.reload()

    def stored(self, at: int) -> ClickHouse:
        """Return the store as one replica alone has it."""
        return ClickHouse(Nodes([self.stores[at].url]), "sinyal")


def _collector(folder: Path, broker: Server, pair: Pair, authority: Authority, urls: list[str], sites: Path) -> Server:
    http = free_port()
    folder.mkdir(parents=True)
    files = {"ca": authority.cert, "cert": pair.cert, "key": pair.key, "sites": sites}
    text = COLLECTOR.format(port=broker.port, urls=str(urls).replace("'", '"'), http=http, **files)
    (folder / "collector.toml").write_text(text)
    made = python("collector", folder, "collector.cli", "run", "--config", str(folder / "collector.toml"))
    made.port = http
    made.ready = lambda: _healthy(http)
    return made


def _healthy(port: int) -> bool:
    try:
        return b'"broker": true' in fetch(f"http://127.0.0.1:{port}/healthz")[1]
    except OSError:
        return False


def _door(folder: Path, brokers: list[Server], collectors: list[Server]) -> Server:
    port = free_port()
    folder.mkdir(parents=True)
    text = re.sub(r"bind :\d+", f"bind 127.0.0.1:{port}", (CONFIG / "haproxy.cfg").read_text()).replace("100000", "8000")
    for name, broker, collector in zip("abc", brokers, collectors, strict=True):
        text = re.sub(rf"server {name} .*", f"server {name} 127.0.0.1:{broker.port} port {collector.port}", text)
    (folder / "haproxy.cfg").write_text(text)
    argv = [find_program("haproxy", "haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
    return Server("haproxy", argv, port, folder, lambda: listening(port))


@contextmanager
def running(folder: Path, sites: Path = CONFIG / "sites.csv", *, collecting: bool = True) -> Iterator[Cluster]:
    """Start the profile for a register of halls, or without `collecting` its stores alone; raises MissingServerError."""
    with ExitStack() as stack:
        keepers = zookeepers(folder / "keepers", COUNT)
        for keeper in keepers:  # the first answers only when a second is there
            ready, keeper.ready = keeper.ready, lambda: True
            stack.enter_context(keeper)
            keeper.ready = ready
        for keeper in keepers:
            wait_for(keeper.ready, "ZooKeeper to answer")
        ports = [keeper.port for keeper in keepers]
        stores = [stack.enter_context(clickhouse(folder / f"store{n}", ports, f"store{n}")) for n in range(COUNT)]
        authority = Authority(folder / "ca")
        if not collecting:
            yield Cluster(keepers[0], [], [], stores, keepers, authority)
            return
        acl = f"acl_file {CONFIG / 'mosquitto.acl'}"
        own = ("use_identity_as_username true", "use_username_as_clientid true", acl)
        shown, brokers = authority.issue("broker"), []
        for n in range(COUNT):
            own_folder = folder / f"broker{n}"
            own_folder.mkdir()
            (own_folder / CRL).write_bytes(authority.crl())
            text = authority.listener(shown, *own, f"crlfile {own_folder / CRL}")
            brokers.append(stack.enter_context(mosquitto(own_folder, text)))
        pair, urls = authority.issue("collector"), [store.url for store in stores]
        collectors = []
        for n, broker in enumerate(brokers):
            turned = urls[n:] + urls[:n]  # each asks another first
            collectors.append(stack.enter_context(_collector(folder / f"collector{n}", broker, pair, authority, turned, sites)))
        door = stack.enter_context(_door(folder / "door", brokers, collectors))
        yield Cluster(door, brokers, collectors, stores, keepers, authority)


def pause(server: Server) -> None:
    """Stop a process as a machine that hangs."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)


def wake(server: Server) -> None:
    """Let it go on."""
    assert server.process is not None
    server.process.send_signal(signal.SIGCONT)


def cut(server: Server, *, off: bool = True) -> None:
    """Drop every packet to and from the ports that a server of ours listens on, or let them through again; needs root."""
    for port in server_ports(server):
        for side in ("--dport", "--sport"):
            rule = ["-i", "lo", "-p", "tcp", side, str(port), "-j", "DROP"]
            subprocess.run(["iptables", "-w", "-I" if off else "-D", "INPUT", *rule], check=True)


def server_ports(server: Server) -> list[int]:
    """Return the ports that a server of ours listens on, as its own configuration says."""
    config = server.folder / "config.xml"
    if config.exists():
        return [int(port) for port in re.findall(r"<(?:http_port|tcp_port|interserver_http_port)>(\d+)<", config.read_text())]
    peers = server.folder / "zoo.cfg"
    if peers.exists():
        own = re.findall(rf"server\.{(server.folder / 'data' / 'myid').read_text()}=127.0.0.1:(\d+):(\d+)", peers.read_text())
        return [server.port, *map(int, own[0])]
    return [server.port]
