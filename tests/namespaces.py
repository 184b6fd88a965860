"""Paths that are not loopback, in network namespaces: `python -m tests.namespaces`. Needs root, ip and iptables.

hall -- router -- server: the broker with shipped rules and TLS, and the collector, in `server`; the agent in `hall`. Each path is
hurt in its own way by the kernel itself, and in the end everything that was measured must be stored once.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from collector.enrol import ca_command, enroll_command
from collector.store.sqlite import Sqlite
from lab.card import run
from lab.count import measured, pending
from lab.plant import python
from lab.servers import Server, wait_for
from tests.collector.enrol.plant import SHIPPED, SITES
from tests.collector.enrol.plant import run as run_command
from tests.collector.frames import SITE

NAME = "server.test"
NEAR, FAR, MOVED = "10.91.1", "10.91.2.2", "10.91.2.3"
FAR6 = "fd91:2::2"
FORGET_S = {"nat": 60, "tickets": 20}
ETC = Path("/etc/netns")


class Net:
    """Three namespaces in a row, named after this process. `exec` runs in one of them."""

    def __init__(self, mark: str) -> None:
        self.hall, self.router, self.server = (f"{mark}-{place}" for place in ("hall", "router", "server"))

    def exec(self, where: str, *command: str) -> str:
        return run("ip", "netns", "exec", where, *command)

    def link(self, one: str, other: str, addresses: tuple[str, ...], others: tuple[str, ...], name: str) -> None:
        run("ip", "link", "add", name, "netns", one, "type", "veth", "peer", "name", name, "netns", other)
        for space, found in ((one, addresses), (other, others)):
            for address in found:
                self.exec(space, "ip", "address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
            self.exec(space, "ip", "link", "set", name, "up")

    def host(self, address: str) -> None:
        """Let the hall find the server under this address."""
        (ETC / self.hall).mkdir(parents=True, exist_ok=True)
        (ETC / self.hall / "hosts").write_text(f"127.0.0.1 localhost\n{address} {NAME}\n")


@contextmanager
def network(mark: str, *, v4: bool = True, probing: bool = True) -> Iterator[Net]:
    """Make the row with its routes, `probing` with the shipped settings of both kernels; it is gone afterwards."""
    net = Net(mark)
    spaces = (net.hall, net.router, net.server)
    try:
        net.host(FAR if v4 else FAR6)
        for space in spaces:
            run("ip", "netns", "add", space)
            net.exec(space, "ip", "link", "set", "lo", "up")
        four = (f"{NEAR}.2/24",), (f"{NEAR}.1/24",), ("10.91.2.1/24",), (f"{FAR}/24",)
        six = ("fd91:1::2/64",), ("fd91:1::1/64",), ("fd91:2::1/64",), (f"{FAR6}/64",)
        near, to_hall, to_server, far = four if v4 else six
        net.link(net.hall, net.router, near, to_hall, "near")
        net.link(net.router, net.server, to_server, far, "far")
        for space, via in ((net.hall, to_hall[0]), (net.server, to_server[0])):
            family = ["ip"] if v4 else ["ip", "-6"]
            net.exec(space, *family, "route", "add", "default", "via", via.partition("/")[0])
        forward = "net.ipv4.ip_forward" if v4 else "net.ipv6.conf.all.forwarding"
        net.exec(net.router, "sysctl", "-qw", f"{forward}=1")
        for space, settings in ((net.hall, "sinyal"), (net.server, "sinyal-server")) if probing else ():
            net.exec(space, "sysctl", "-q", "-p", str(SHIPPED / "systemd" / f"{settings}.sysctl"))
        yield net
    finally:
        for space in spaces:
            run("ip", "netns", "delete", space)
        for file in (ETC / net.hall).glob("*"):
            file.unlink()
        (ETC / net.hall).rmdir()


class Line:
    """The programs of one row. `frame_s`: how often the hall sends; `sections`: what its configuration says of modems."""

    def __init__(
        self, folder: Path, net: Net, frame_s: float, *, data: Path | None = None, sections: str = "", device_s: float = 5
    ) -> None:
        self.net, self._folder, self._frame_s = net, folder, frame_s
        server, etc, self.data = folder / "server", folder / "etc", data or folder / "data"
        server.mkdir()
        (server / "sites.csv").write_text(SITES)
        config = server / "collector.toml"
        config.write_text(
            '[broker]\nhost = "127.0.0.1"\nport = 8884\n'
            'ca = "pki/ca.crt"\ncert = "pki/collector.crt"\nkey = "pki/collector.key"\n'
            '[store]\nengine = "sqlite"\npath = "store.db"\n[http]\nport = 0\n'
        )
        run_command(ca_command, "init", "--host", NAME, "--config", config)
        run_command(enroll_command, SITE.code, "--out", folder / "hall.sinyal", "--config", config)
        with tarfile.open(folder / "hall.sinyal") as tar:
            tar.extractall(etc, filter="data")
        text = (etc / "agent.toml").read_text().replace("/etc/sinyal", str(etc))
        text = text.replace("[agent]\n", f'[agent]\ndata_dir = "{self.data}"\n')
        (etc / "agent.toml").write_text(
            f"{text}[sampling]\ndevice_interval_s = {device_s}\nframe_interval_s = {frame_s}\n{sections}"
        )
        broker = (SHIPPED / "mosquitto.conf").read_text().replace("/etc/sinyal/pki", str(server / "pki"))
        broker = "user root\n" + broker.replace("/etc/mosquitto/sinyal.acl", str(server / "acl"))
        (server / "acl").write_text((SHIPPED / "mosquitto.acl").read_text())
        (server / "acl").chmod(0o600)
        (server / "mosquitto.conf").write_text(broker.replace("persistence true", "persistence false"))
        self.broker = Server("broker", ["/usr/sbin/mosquitto", "-c", str(server / "mosquitto.conf")], 0, server, lambda: True)
        self.collector = python("collector", folder / "c", "collector.cli", "run", "--config", str(config))
        self.agent = python("agent", folder / "a", "agent.cli", "run", "--config", str(etc / "agent.toml"))
        for program, space in ((self.broker, net.server), (self.collector, net.server), (self.agent, net.hall)):
            program.argv = ["ip", "netns", "exec", space, *program.argv]
        self.spool, self._store = self.data / "spool.db", server / "store.db"

    def said(self, text: str) -> int:
        return self.agent.log.read_text().count(text) if self.agent.log.exists() else 0

    def stored(self) -> list[int]:
        return Sqlite(self._store).seqs(SITE.code) if self._store.exists() else []

    def sent(self) -> int:
        """Bytes that went over the hall's link so far, both ways."""
        text = self.net.exec(self.net.hall, "cat", "/proc/net/dev")
        fields = re.search(r"near:\s*(.*)", text)
        numbers = fields.group(1).split() if fields else ["0"] * 16
        return int(numbers[0]) + int(numbers[8])

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for program in (self.broker, self.collector, self.agent):
                stack.enter_context(program)
            wait_for(lambda: len(self.stored()) >= 2, "the first readings", 600 + 2 * self._frame_s)
            yield

    def complete(self) -> str:
        """Wait until all that was measured up to now is stored; count."""
        top = measured(self.spool)
        wait_for(lambda: set(range(1, top + 1)) <= set(self.stored()), f"all of {top} samples ({pending(self.spool)} wait)", 900)
        seqs = self.stored()
        return f"{top} samples, 0 lost, {len(seqs) - len(set(seqs))} doubled"


def only_ipv6(net: Net, line: Line) -> str:
    """No IPv4 at all between hall and server."""
    routes = net.exec(net.hall, "ip", "-4", "route").splitlines()
    return f"by {FAR6}, {len(routes)} routes of IPv4: {line.complete()}"


def moved(net: Net, line: Line) -> str:
    """The server gets another address, and its name follows."""
    net.exec(net.server, "ip", "address", "flush", "dev", "far")
    net.exec(net.server, "ip", "address", "add", f"{MOVED}/24", "dev", "far")
    net.exec(net.server, "ip", "route", "replace", "default", "via", "10.91.2.1")
    before, began = line.said("event=connected"), time.monotonic()
    net.host(MOVED)
    wait_for(lambda: line.said("event=connected") > before, "the hall to find the new address", 600)
    return f"back after {time.monotonic() - began:.0f} s: {line.complete()}"


def mtu_hole(net: Net, line: Line) -> str:
    """Packets above 1,000 bytes vanish between router and server, and nobody says so; a backlog waits to be sent."""
    line.collector.stop()
    wait_for(lambda: pending(line.spool) >= 30, "a backlog", 400)
    net.exec(net.router, "iptables", "-A", "FORWARD", "-m", "length", "--length", "1001:65535", "-j", "DROP")
    line.agent.stop()
    line.agent.start()
    began = time.monotonic()
    line.collector.start()
    done = line.complete()
    lost = net.exec(net.router, "iptables", "-nvxL", "FORWARD").splitlines()[2].split()[0]
    took, sizes = time.monotonic() - began, line.said("event=connection_stood_still")
    return f"through after {took:.0f} s, {lost} packets vanished, {sizes} times another size was tried: {done}"


def forgetful(_net: Net, line: Line) -> str:
    """A NAT forgets what was silent for a minute (`tickets`: 20 s) and answers nothing; the hall sends every 75 s (45 s)."""
    began, before, connects = time.monotonic(), line.sent(), line.said("event=connected")
    wait_for(lambda: line.said("event=path_forgets"), "the path to be learnt", 1500)
    learnt, spent, again = time.monotonic() - began, line.sent() - before, line.said("event=connected") - connects
    wait_for(lambda: line.said("event=connected") > connects + again, "the connection after it", 300)
    steady, mark = line.said("event=connected"), line.sent()
    rest = time.monotonic()
    wait_for(lambda: time.monotonic() - rest > 300, "five minutes", 400)
    fresh, cost = line.said("event=connected") - steady, line.sent() - mark
    return (
        f"learnt after {learnt:.0f} s ({again} new connections, {spent} B); in the 5 minutes after it "
        f"{fresh} new connections, {cost} B: {line.complete()}"
    )


def nat(net: Net, forget_s: int) -> None:
    """Let the router forget connections as a mobile operator's does."""
    net.exec(net.router, "iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "far", "-j", "MASQUERADE")
    net.exec(net.router, "iptables", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP")
    for key, value in (("tcp_loose", 0), ("tcp_timeout_established", forget_s)):
        net.exec(net.router, "sysctl", "-qw", f"net.netfilter.nf_conntrack_{key}={value}")


PATHS: dict[str, tuple[Callable[[Net, Line], str], float]] = {
    "ipv6": (only_ipv6, 5),
    "moved": (moved, 5),
    "mtu": (mtu_hole, 5),
    "mtu-alone": (mtu_hole, 5),
    "nat": (forgetful, 75),
    "tickets": (forgetful, 45),
}


def main() -> int:
    """Hurt each path, or those that are named; exit 0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.namespaces", description=main.__doc__)
    parser.add_argument("paths", nargs="*", choices=[[], *PATHS])
    for name in parser.parse_args().paths or PATHS:
        hurt, frame_s = PATHS[name]
        with (
            tempfile.TemporaryDirectory(prefix=f"sinyal-{name}-") as folder,
            network(f"s{name}", v4=name != "ipv6", probing=name != "mtu-alone") as net,
        ):
            if hurt is forgetful:
                nat(net, FORGET_S[name])
            line = Line(Path(folder), net, frame_s)
            try:
                with line.running():
                    print(f"{name}: {hurt(net, line)}", flush=True)
            except TimeoutError as error:
                print(f"{name}: NOT MET: {error}\n{line.agent.log_tail()}", flush=True)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
