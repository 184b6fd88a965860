"""Faults of the board and of the program itself: whatever is lacking or sick, the modems are measured, and it is said what to do.

`python -m tests.agent.test_faults` prints the table of docs/platforms.md: what the agent does, the fleet sees, doctor says.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.board import board as board_module
from agent.board import mains as mains_module
from agent.board.board import Board
from agent.board.clock_chip import read_chip
from agent.config import Config, load
from agent.host.checks import Hall
from agent.host.sensors import sensors
from agent.port import usb
from agent.run import Agent
from agent.spool import clock as clocks
from agent.uplink import health
from demo.modem import SimulatedModem
from demo.replies import family_answers
from demo.situations import Life, by_row
from ground import alive
from ground.words import said
from lab.servers import wait_for

REPOSITORY = Path(__file__).parents[2]
Patch = pytest.MonkeyPatch
DOCUMENT = REPOSITORY / "docs/platforms.md"
FAULTS = {errno.ENOENT: "No such file or directory", errno.EACCES: "Permission denied", errno.EREMOTEIO: "Remote I/O error"}


@dataclass(frozen=True)
class Found:
    """What a fault came to: what the agent does, what the fleet sees of it, what doctor says."""

    agent: str
    fleet: str
    doctor: str = "-"


@dataclass(frozen=True)
class Case:
    """A fault, how it is made, and parts of what it must come to."""

    name: str
    make: Callable[[Path, Patch], Found]
    agent: str
    fleet: str
    doctor: str = "-"


def configured(folder: Path, more: str = "") -> Config:
    """Return the configuration of a hall whose server is away."""
    toml = folder / "agent.toml"
    toml.write_text(
        f'[agent]\nsite = "hall"\ndata_dir = "{folder}/data"\n[broker]\nhost = "127.0.0.1"\nport = 9\ntls = false\n'
        f"[sampling]\ninterval_s = 1\n{more}"
    )
    (folder / "data").mkdir(exist_ok=True)
    return load(toml)


def sensed(mains: str, periphery: object) -> Callable[[Path, Patch], Found]:
    """Return a case of [mains], with what python-periphery is then."""

    def make(folder: Path, patch: Patch) -> Found:
        patch.setitem(sys.modules, "periphery", periphery)
        patch.setattr(mains_module, "POWER_SUPPLIES", folder / "power_supply")
        return shown(folder, Board(configured(folder, f"[mains]\n{mains}\n").mains, folder))

    return make


def shown(folder: Path, board: Board) -> Found:
    """Look at a board as the agent does, and at what it leaves for doctor."""
    values: Mapping[str, Any] = board.values()
    events: list[str] = []
    for _ in range(2):  # it is told once
        board.tell(lambda event: events.append(f"event {event.kind}"))
    assert len(events) <= 1
    state = {"running": True, "boot": clocks.boot_id(), "pid": os.getpid()}
    state["unread"] = {name: [fault.number, fault.reason] for name, fault in board.unread.items()}
    (folder / "data" / "status.json").write_text(json.dumps(state))
    told = list(sensors(Hall(folder / "agent.toml")))
    cures = [said(each.cure, "en") for each in told if each.cure is not None]
    here = [
        f"{name}={values[name]}" for name in ("mains", "on_battery", "battery_v", "battery_percent") if values[name] is not None
    ]
    return Found("goes on", ", ".join([*(here or ["mains and battery absent"]), *events]), "; ".join(cures) or "-")


def refusing(number: int) -> object:
    """Return a python-periphery whose every chip and line is refused by the kernel."""

    def opened(*_: object) -> object:
        raise OSError(number, FAULTS[number])

    return SimpleNamespace(GPIO=opened, I2C=opened)


def strange(*_: object) -> object:
    raise LookupError("a driver of another version")


def line(*, high: bool) -> object:
    opened = SimpleNamespace(read=lambda: high, close=lambda: None)
    return SimpleNamespace(GPIO=lambda *_: opened)


def chip(name: str, seconds: int | None) -> Callable[[Path, Patch], Found]:
    """Return a case of a clock chip that tells a time, None: its driver refuses it."""

    def make(folder: Path, patch: Patch) -> Found:
        rtc = folder / "rtc0"
        rtc.mkdir()
        if name:
            (rtc / "name").write_text(name)
        if seconds is not None:
            (rtc / "since_epoch").write_text(str(seconds))
        patch.setattr(board_module, "read_chip", lambda: read_chip(rtc, folder / "none"))
        board = Board(None, folder)
        clock = clocks.Clock(known_ms=None, mono=lambda: 1000, wall=lambda: 0, ntp=lambda: False)
        board.trusted(clock.trust)
        values = board.values()
        return Found(f"clock {clock.state}", f"rtc={values['rtc']}, rtc_trusted={values['rtc_trusted']}")

    return make


def vcgencmd(script: str) -> Callable[[Path, Patch], Found]:
    """Return a case of a Pi whose kernel has no get_throttled, with this vcgencmd ("": none)."""

    def make(folder: Path, patch: Patch) -> Found:
        if script:
            (folder / "vcgencmd").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "vcgencmd").chmod(0o755)
        patch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        run = subprocess.run
        patch.setattr(subprocess, "run", lambda *args, **more: run(*args, **{**more, "timeout": 0.2}))
        return Found("goes on", f"undervoltage={health.undervoltage(folder / 'none', folder)}")

    return make


def hub(*files: str, right: bool = True) -> Callable[[Path, Patch], Found]:
    """Return a case of a hung modem: which of the kernel's switches are there, and whether this user may write them."""

    def make(folder: Path, patch: Patch) -> Found:
        device = folder / "sys/bus/usb/devices/1-1.2"
        (device / "port").mkdir(parents=True)
        for file in files:
            (device / file).write_text("")
        patch.setattr(usb, "UNPOWERED_S", 0.0)
        patch.setattr(usb, "OFF_S", 0.0)
        patch.setattr(os, "access", lambda path, _mode: right and Path(path).exists())
        if not right:
            patch.setattr(Path, "write_text", strange_write)
        port = usb.UsbPort("1-1.2", "2c7c:0125", "", "", "02", "", "ttyUSB2", "")
        try:
            power = usb.reset(port, folder)
        except OSError:
            return Found("goes on, tries no other way", "modem_silent, event usb_reset_failed", "the event names the udev rule")
        return Found("port without power for a while" if power else "device found anew by the kernel", "event usb_reset")

    return make


def strange_write(self: Path, *_: object) -> int:
    raise PermissionError(errno.EACCES, "Permission denied", str(self))


def stuck(folder: Path, patch: Patch) -> Found:
    """A thread that sends nothing any more."""
    agent = Agent(configured(folder))

    def hangs(stop: threading.Event) -> None:
        alive.expect(-alive.PATIENCE_S)
        stop.wait(60)

    patch.setattr(agent._publisher, "run", hangs)
    return Found(f"ends with {agent.run()}, systemd starts it anew (RestartSec={unit('RestartSec')})", "event boot")


def hung(_folder: Path, patch: Patch) -> Found:
    """A program that says no word to systemd any more."""
    patch.setenv("NOTIFY_SOCKET", "")
    alive.tell_systemd()
    return Found(f"systemd ends it after WatchdogSec={unit('WatchdogSec')} and starts it anew", "event boot")


def frozen(_folder: Path, _patch: Patch) -> Found:
    """A kernel that hangs."""
    text = (REPOSITORY / "config/systemd/sinyal.watchdog").read_text()
    after = next(line for line in text.splitlines() if line.startswith("RuntimeWatchdogSec="))
    return Found(f"the board restarts ({after})", "event boot")


def unit(key: str) -> str:
    text = (REPOSITORY / "config/systemd/sinyal-agent.service").read_text()
    return next(line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}="))


ABSENT = "mains and battery absent, event sensor_unread"
CASES = [
    Case("a thread is stuck", stuck, "ends with 1", "event boot"),
    Case("the whole program hangs", hung, "WatchdogSec=5min", "event boot"),
    Case("the kernel hangs", frozen, "RuntimeWatchdogSec=14s", "event boot"),
    Case("a modem hangs, its hub switches ports", hub("port/disable"), "port without power", "event usb_reset"),
    Case("a modem hangs, its hub does not", hub("authorized"), "found anew by the kernel", "event usb_reset"),
    Case("a modem hangs, no right to reset it", hub("authorized", right=False), "goes on", "usb_reset_failed", "udev rule"),
    Case("no sensor of mains", lambda f, _: (configured(f), shown(f, Board(None, f)))[1], "goes on", "mains and battery absent"),
    Case("the mains went", sensed("gpio_line = 6", line(high=False)), "goes on", "mains=False"),
    Case("python3-periphery is missing", sensed('ups = "ina219"', None), "goes on", ABSENT, "apt-get install python3-periphery"),
    Case("I2C is off", sensed('ups = "ina219"', refusing(errno.ENOENT)), "goes on", ABSENT, "raspi-config"),
    Case("no right to the pins", sensed("gpio_line = 6", refusing(errno.EACCES)), "goes on", ABSENT, "usermod"),
    Case("the UPS board does not answer", sensed('ups = "pisugar3"', refusing(errno.EREMOTEIO)), "goes on", ABSENT, "cable"),
    Case("a driver of another kind", sensed("gpio_line = 6", SimpleNamespace(GPIO=strange)), "goes on", ABSENT, "agent.toml"),
    Case("no such power supply", sensed('power_supply = "ups"', None), "goes on", ABSENT, "[mains]"),
    Case("no clock chip", chip("", None), "clock untrusted", "rtc=None, rtc_trusted=None"),
    Case("a clock chip without battery", chip("rtc-ds1307 1-0068", 946_684_800), "clock untrusted", "rtc_trusted=False"),
    Case("a clock chip whose driver refuses", chip("rtc-pcf8563 1-0051", None), "clock untrusted", "rtc_trusted=False"),
    Case("a good clock chip", chip("rtc-ds1307 1-0068", 1_800_000_000), "clock rtc", "rtc_trusted=True"),
    Case("the supply is too weak", vcgencmd("echo throttled=0x50005"), "goes on", "undervoltage=True"),
    Case("no vcgencmd, no kernel's word", vcgencmd(""), "goes on", "undervoltage=None"),
    Case("vcgencmd hangs", vcgencmd("exec sleep 60"), "goes on", "undervoltage=None"),
    Case("vcgencmd without right", vcgencmd("echo VCHI initialization failed; exit 255"), "goes on", "undervoltage=None"),
]


def line_of(case: Case, found: Found, folder: Path) -> str:
    """Return a fault's line of the table."""
    return f"| {case.name} | {found.agent} | {found.fleet} | {found.doctor} |".replace(str(folder), "/etc/sinyal")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_stops_nothing_and_is_said(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = case.make(tmp_path, monkeypatch)
    assert case.agent in found.agent
    assert case.fleet in found.fleet
    assert case.doctor in found.doctor
    assert line_of(case, found, tmp_path) in DOCUMENT.read_text(encoding="utf-8"), "put the line into the document"


def test_a_hall_measures_though_nothing_that_is_optional_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "periphery", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mains_module, "POWER_SUPPLIES", tmp_path / "none")
    modem = f'[[modem]]\nname = "a"\nport = "{tmp_path}/tty"\n'
    config = configured(tmp_path, modem + '[mains]\ngpio_line = 6\nups = "max17040"\npower_supply = "ups"\n')
    agent = Agent(config)
    status = config.agent.status_path

    def told() -> dict[str, Any]:
        return dict(json.loads(status.read_bytes())) if status.exists() else {}

    with SimulatedModem(family_answers("quectel", Life(by_row(1))), tmp_path / "tty"):
        thread = threading.Thread(target=agent.run)
        thread.start()
        try:
            wait_for(lambda: "registration" in told().get("last", {}).get("a", {}), "a measurement", 30)
            assert len(told()["unread"]) == 3
        finally:
            agent.stop.set()
            thread.join(30)


def main() -> int:
    """Print what each fault comes to."""
    for case in CASES:
        with pytest.MonkeyPatch.context() as patch:
            folder = Path(tempfile.mkdtemp(prefix="sinyal-fault-"))
            found = case.make(folder, patch)
        shutil.rmtree(folder)
        print(line_of(case, found, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
