"""One real agent with real ptys and a real TLS broker: bytes on the wire, memory, processor time, bytes written to disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.wire import Tap
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.card import device_bytes, make, mounted
from lab.certificates import Authority
from lab.count import measured, pending
from lab.plant import collector, python
from lab.servers import Server, free_port, influxd, mosquitto, wait_for

SITE = "6408012001"
CYCLES_A_MONTH = 12 * 24 * 30
DAY_S = 86400
TICKS = os.sysconf("SC_CLK_TCK")

BROKER = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
cafile %FOLDER%/ca.crt
certfile %FOLDER%/server.crt
keyfile %FOLDER%/server.key
require_certificate true
tls_version tlsv1.3

listener %PLAIN% 127.0.0.1
"""
AGENT = """
[agent]
site = "{site}"
data_dir = "{folder}"
[broker]
host = "127.0.0.1"
port = {port}
ca = "{certs}/ca.crt"
cert = "{certs}/{site}.crt"
key = "{certs}/{site}.key"
[sampling]
interval_s = {interval_s}
device_interval_s = {frame_s}
frame_interval_s = {frame_s}
"""
MODEM = """
[[modem]]
name = "{name}"
port = "{link}"
family = "{family}"
"""
FAMILIES = ("quectel", "simcom")


@dataclass(frozen=True, slots=True)
class Wire:
    """What a stretch of live sending cost."""

    ip_bytes: int
    packets: int
    samples: int
    cycles: float

    @property
    def month_mb(self) -> float:
        """IP bytes of a month at a frame and a device sample every 5 minutes, MB (10^6)."""
        return self.ip_bytes / self.cycles * CYCLES_A_MONTH / 1e6


@dataclass(frozen=True, slots=True)
class Body:
    """What the process is: resident memory, share of one core, bytes written to disk a day."""

    rss_mb: float
    cpu_percent: float
    written_mb_day: float


class Hall:
    """A hall under measurement: broker with TLS, database, collector, agent with so many modems."""

    def __init__(self, folder: Path, modems: int, interval_s: float, frame_s: float) -> None:
        self._folder, self._modems, self._interval_s, self._frame_s = folder, modems, interval_s, frame_s
        self._stack = ExitStack()

    def __enter__(self) -> Hall:
        folder = self._folder
        authority = Authority(folder / "certs")
        authority.issue("server")
        authority.issue(SITE)
        plain = free_port()
        config = BROKER.replace("%FOLDER%", str(folder / "certs")).replace("%PLAIN%", str(plain))
        self.broker = self._stack.enter_context(mosquitto(folder / "broker", config))
        store = self._stack.enter_context(influxd(folder / "store"))
        inner = Server("plain", [], plain, folder, lambda: True)
        self._stack.enter_context(collector("collector", folder / "collector", inner, store))
        home = folder / "hall"
        home.mkdir(exist_ok=True)
        links = {family: home / f"tty-{family}" for family in FAMILIES[: self._modems]}
        for number, (family, link) in enumerate(links.items()):
            self._stack.enter_context(SimulatedModem(family_answers(family, Radio(seed=number)), link))
        text = AGENT.format(
            site=SITE,
            folder=home,
            port=self.broker.port,
            certs=folder / "certs",
            interval_s=self._interval_s,
            frame_s=self._frame_s,
        )
        sections = "".join(MODEM.format(name=family, link=link, family=family) for family, link in links.items())
        (home / "agent.toml").write_text(text + sections)
        self.agent = python("agent", home, "agent.cli", "run", "--config", str(home / "agent.toml"))
        self.spool = home / "spool.db"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_agent(self) -> int:
        """Start the agent and give its process id once its first samples are acknowledged."""
        self._stack.enter_context(self.agent)
        wait_for(
            lambda: measured(self.spool) > pending(self.spool),
            "the first acknowledged samples",
            60 + 3 * self._frame_s,
        )
        assert self.agent.process is not None
        return self.agent.process.pid


def wire(folder: Path, modems: int = 1, cycles: int = 12) -> Wire:
    """Measure live sending: ten polls per frame, a device sample per frame; time runs 30 times faster, bytes per cycle stay."""
    with Hall(folder, modems, interval_s=1, frame_s=10) as hall, Tap(hall.broker.port) as tap:
        hall.start_agent()
        before, packets, samples, start = tap.ip_bytes, tap.packets, measured(hall.spool), time.monotonic()
        time.sleep(cycles * 10)
        spent = time.monotonic() - start
        return Wire(tap.ip_bytes - before, tap.packets - packets, measured(hall.spool) - samples, spent / 10)


def body(folder: Path, seconds: float = 150) -> Body:
    """Measure the agent with two modems at 30 s, a frame every 5 minutes, for so long."""
    with Hall(folder, 2, interval_s=30, frame_s=300) as hall:
        pid = hall.start_agent()
        cpu, disk, start = cpu_s(pid), written(pid), time.monotonic()
        time.sleep(seconds)
        spent = time.monotonic() - start
        cpu, disk = cpu_s(pid) - cpu, written(pid) - disk
        return Body(rss_mb(pid), 100 * cpu / spent, disk / spent * DAY_S / 1e6)


def card(folder: Path, minutes: float, tell: Callable[[str], object]) -> float:
    """Tell each minute what the agent of `body` writes onto a card of its own, and return it, MB a day. Needs root.

    On a file system that others use too the kernel books some of their work on whoever syncs.
    """
    with (
        mounted(make(folder / "card.img", 256, "mkfs.ext4", "-q", "-F", "-b", "4096"), folder / "hall") as home,
        Hall(folder, 2, 30, 300) as hall,
    ):
        pid = hall.start_agent()
        time.sleep(60)  # what starting cost is paid
        disk, device, start = written(pid), device_bytes(home), time.monotonic()
        day = 0.0
        while time.monotonic() - start < minutes * 60:
            time.sleep(min(60.0, max(0.0, start + minutes * 60 - time.monotonic())))
            spent = time.monotonic() - start
            day = (written(pid) - disk) / spent * DAY_S / 1e6
            below = (device_bytes(home) - device) / spent * DAY_S / 1e6
            tell(f"{spent / 60:.0f} min: {day:.1f} MB a day by write_bytes, {below:.1f} on the device with the journal of ext4")
        return day


def rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024 / 1e6


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def written(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])
