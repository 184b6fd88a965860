"""Versions on their way through real halls: `python -m tests.rollouts --halls 8`. Prints what each look found.

A real Mosquitto, a collector, an agent process for each hall that turns its own program: it hears the wish, a program of its own
fetches, checks, builds and turns to it, and goes back where it does not report. What systemd does (restart, path unit) is a
thread here; the quiet hours and the waits are short. First a version that connects and never sends a frame, then a good one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Self
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.host import versions
from collector.config import load
from collector.run import Collector
from collector.server import rings, update_command
from collector.server.rollout import Rollout, read_rollout
from collector.sites.sites import Site
from ground import pack
from ground.durable import link_durably
from lab.servers import Server, mosquitto, wait_for
from tests.collector.frames import SITE
from tests.integration.office import write_config
from tests.wheels import served, wheel_of

REPOSITORY = Path(__file__).parents[1]
PROGRAM = """
import os, signal, sys
from functools import partial
from pathlib import Path

HOME = Path(os.environ["SINYAL_HALL"])

def call(argv):
    if "restart" not in argv:
        return False  # no systemd: the trial is watched by who began it
    os.kill(int((HOME / "pid").read_text()), signal.SIGTERM)
    return True

def main():
    import agent.run
    from agent.cli import main as run
    from agent.host import trial, update, versions
    from agent.uplink import publisher, wanted
    wanted.LOOK_S, wanted.AGAIN_S = 0.2, 3.0
    wanted.Wanted._quiet = lambda self, now_ms: True
    agent.run.Wanted = partial(wanted.Wanted, outcome=HOME / "opt/outcome.json")
    versions.FOLDER = HOME / "opt"
    trial.watch.__kwdefaults__["confirm_s"], trial.LOOK_S = float((HOME.parent / "confirm_s").read_text()), 0.1
    trial.call = update.call = call
    if {bad}:
        publisher.Publisher._send = lambda self: None
    return run()
"""
CONFIG = """
[agent]
site = "{site}"
data_dir = "{data}"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
[sampling]
device_interval_s = 1
frame_interval_s = 1
"""


class Village:
    """One hall: a folder with its versions, a running agent, and what systemd would do for it."""

    def __init__(self, home: Path, site: str, port: int, key: bytes) -> None:
        self.home, self.site = home, site
        self._set_up(port, key)
        self._ending = threading.Event()
        self._agent: subprocess.Popen[bytes] | None = None
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._run, self._take)]
        for thread in self._threads:
            thread.start()

    def _set_up(self, port: int, key: bytes) -> None:
        """Lay out the first version, the configuration, the office's key."""
        home = self.home
        first = home / "opt" / "0.1.0"
        first.parent.mkdir(parents=True)
        venv.create(first, symlinks=True)
        (versions.packages(first) / "here.pth").write_text("\n".join([str(REPOSITORY), *filter(os.path.isdir, sys.path)]))
        wheel = home / "sinyal-0.1.0-py3-none-any.whl"
        wheel.write_bytes(program("0.1.0"))
        versions._install(wheel, first)
        link_durably(home / "opt" / "current", first)
        (home / "agent.toml").write_text(CONFIG.format(site=self.site, data=home / "data", port=port))
        (home / "update.pub").write_bytes(key)
        (home / "data").mkdir()

    @property
    def runs(self) -> str:
        """The version that is in force."""
        return versions.running(self.home / "opt")

    def _command(self, *argv: str) -> list[str]:
        """Return how its program is called."""
        return [str(self.home / "opt/current/bin/sinyal-agent"), *argv, "--config", str(self.home / "agent.toml")]

    def _start(self, *argv: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SINYAL_HALL": str(self.home)}
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(self._command(*argv), env=environment, stdout=log, stderr=log)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._agent = self._start("run")
            (self.home / "pid").write_text(str(self._agent.pid))
            self._agent.wait()

    def _take(self) -> None:
        wish, seen = self.home / "data" / "update.json", 0
        while not self._ending.wait(0.1):
            now = wish.stat().st_mtime_ns if wish.exists() else 0
            if now != seen:
                seen = now
                self._start("update", "--wanted").wait()

    def end(self) -> None:
        """Stop the agent, and what watches it."""
        self._ending.set()
        if self._agent is not None:
            self._agent.terminate()
        for thread in self._threads:
            thread.join(30)


class Office:
    """Who signs versions for halls: writes them into `web`, and the key to check them with into the CA's folder."""

    def __init__(self, folder: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._web = folder / "web"
        self._web.mkdir()
        (folder / "pki").mkdir()
        (folder / "pki" / "update.pub").write_bytes(self.public)

    def sign(self, name: str, content: bytes) -> str:
        """Put a file and its signature on the web server; return its name."""
        (self._web / name).write_bytes(content)
        (self._web / f"{name}.sig").write_bytes(self._key.sign(content))
        return name


class Regency:
    """A broker, a collector, halls, and the office that brings versions. Use as a context manager."""

    def __init__(self, folder: Path, halls: int, hall: Callable[[Path, str, int, bytes], Village] = Village) -> None:
        self.folder, self._stack = folder, ExitStack()
        self._office = Office(folder)
        self._sites = [Site(f"64080120{k:02d}", *[getattr(SITE, n) for n in Site.__match_args__[1:]]) for k in range(halls)]
        self.halls: list[Village] = []
        self._hall = hall
        self._last = ""

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _open(self) -> None:
        stack, folder = self._stack, self.folder
        (folder / "confirm_s").write_text("300")
        # Not 0: for a moment the newest word of a hall that went back is a row that the bad version left on its card.
        stack.enter_context(mock.patch.object(rings, "SOAK_MS", 5_000))
        self.broker: Server = mosquitto(folder / "mosquitto")
        self.broker.start()
        stack.callback(self.broker.kill)
        write_config(folder, self.broker.port, sites=tuple(self._sites))
        self.collector = Collector(load(folder / "collector.toml"))
        self.collector.start()
        stack.callback(self.collector.stop)
        wait_for(lambda: self.collector.broker.subscribed, "the collector to be subscribed")
        self._web = stack.enter_context(served(folder / "web"))
        for site in self._sites:
            (folder / site.code).mkdir()
            hall = self._hall(folder / site.code, site.code, self.broker.port, self._office.public)
            stack.callback(hall.end)
            self.halls.append(hall)
        wait_for(lambda: len(self.collector.store.latest("device")) == len(self.halls), "all halls to report", 60)

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def publish(self, version: str, base: str, *, bad: bool = False) -> str:
        """Pack a version, sign it, put it on the web server; return its address."""
        (self.folder / "confirm_s").write_text("3" if bad else "300")  # one that never reports is not waited for
        return self.put(f"sinyal-{version}-from-{base}.pack", pack.make(program(base), program(version, bad=bad)))

    def put(self, name: str, content: bytes) -> str:
        """Sign a file, put it on the web server; return its address."""
        return f"{self._web}/{self._office.sign(name, content)}"

    def fleet_update(self, *argv: str) -> int:
        """Run `sinyal-collector fleet update`."""
        parser = argparse.ArgumentParser()
        update_command.add_arguments(parser)
        files = ["--config", str(self.folder / "collector.toml"), "--state", str(self.folder / "rollout.json"), "--lang", "en"]
        return update_command.run(parser.parse_args([*argv, *files]))

    def look(self) -> Rollout:
        """Take one step, as the timer does when it is due; return what is kept."""
        with redirect_stdout(StringIO()) as said:
            self.fleet_update("--step")
        if (text := said.getvalue()) != self._last:
            self._last = text
            print(text, end="", flush=True)
        found = read_rollout(self.folder / "rollout.json")
        assert found is not None
        return found

    def look_until_it_ends(self) -> Rollout:
        """Look until the version is everywhere, or is stopped."""
        wait_for(lambda: (found := self.look()).done or found.stopped, "the end of the rollout", 60 + 30 * len(self.halls))
        return self.look()


def program(version: str, *, bad: bool = False) -> bytes:
    """Return the wheel of a version that is this repository's agent."""
    return wheel_of(version, PROGRAM.replace("{bad}", str(bad)))


def main() -> int:
    """Bring a bad version, then a good one; exit 0 when the bad one stays in the pilot and the good one comes everywhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.rollouts", description=main.__doc__)
    parser.add_argument("--halls", type=int, default=8)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sinyal-rollout-") as name, Regency(Path(name), args.halls) as regency:
        ends = []
        for version, bad in (("0.2.0", True), ("0.3.0", False)):
            print(f"--- {version}, {'which never sends a frame' if bad else 'a good one'}", flush=True)
            regency.fleet_update(regency.publish(version, "0.1.0", bad=bad), "--pilot", regency.halls[0].site)
            found = regency.look_until_it_ends()
            ends.append((found.stopped, found.done, len(found.told)))
            print(f"halls run: {' '.join(hall.runs for hall in regency.halls)}", flush=True)
    return 0 if ends == [(True, False, 1), (False, True, args.halls)] else 1


if __name__ == "__main__":
    sys.exit(main())
