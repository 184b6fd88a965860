"""The whole line on this machine: broker, collector and agents as real processes, modems on real ptys."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Self

from collector.store.sqlite import Sqlite
from demo import count, halls
from demo.broker import HOST
from demo.halls import Hall
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers

log = logging.getLogger(__name__)

START_S = 60.0
"""Longest time a broker or collector may take to come up on a busy Pi."""
STOP_S = 30.0
"""An agent gives each of its threads 10 s to end."""
LAST_WORDS = 10
PAGE_PORT = 8080
"""Where the live page is, if nobody else is there."""


class LineError(Exception):
    """A part of the demo did not do what it must; the text names it and shows the end of its log."""


class Program:
    """One of our own programs as a process that can be cut off and started again. Its output goes to a log file."""

    def __init__(self, name: str, folder: Path, *argv: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._argv = argv
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.running:
            return
        # With setpriv (util-linux) no process outlives a demo that was itself killed.
        guard = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                (*guard, sys.executable, "-m", *self._argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it as a power cut does: at once, without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask_to_end(self) -> None:
        """Send SIGTERM and do not wait."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask it to end, and make it where it does not."""
        self.ask_to_end()
        if self._process is None:
            return
        try:
            self._process.wait(STOP_S)
            self._process = None
        except subprocess.TimeoutExpired:
            log.warning("event=had_to_kill program=%s", self.name)
            self.kill()

    def check(self) -> None:
        """Raise LineError with the end of its log when it ended by itself."""
        if self._process is not None and not self.running:
            tail = self.log.read_text(errors="replace").splitlines()[-LAST_WORDS:]
            raise LineError("\n".join([f"{self.name} ended with {self._process.returncode}; {self.log} says:", *tail]))


class DemoLine:
    """Broker, collector, and an agent with its modems for every hall. Use as a context manager; everything ends with it."""

    def __init__(self, folder: Path, chosen: Sequence[Hall]) -> None:
        self.folder, self.halls = folder, tuple(chosen)
        self._port, self._http_port, self._page_port = _free_port(), _free_port(), _free_port(PAGE_PORT)
        self._store: Sqlite | None = None
        self._stack = ExitStack()
        self.broker = Program("broker", folder, "demo.broker", str(self._port))
        self.collector = Program("collector", folder, "collector.cli", "run", "--config", str(folder / "collector.toml"))
        serve = ("dashboards.cli", "serve", "--config", str(folder / "collector.toml"), "--port", str(self._page_port))
        self.page = Program("page", folder, *serve)
        self.agents = {h.code: self._agent(h) for h in self.halls}
        self.modems: dict[tuple[str, str], SimulatedModem] = {}
        self.spools = {h.code: self._home(h) / "spool.db" for h in self.halls}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def store(self) -> Sqlite:
        """The collector's store, to read."""
        if self._store is None:
            self._store = Sqlite(self.folder / "store.db")
            self._stack.callback(self._store.close)
        return self._store

    @property
    def page_url(self) -> str:
        """Where the live page is once `start_page` was called."""
        return f"http://{HOST}:{self._page_port}"

    def start_page(self) -> None:
        """Start the live page; it answers a few seconds later."""
        self._stack.callback(self.page.stop)
        self.page.start()

    def start_broker(self) -> None:
        """Start the broker and wait until it listens."""
        self.broker.start()
        self._await(self._broker_listens, "the broker to listen", self.broker)

    def drain(self, seconds: float) -> bool:
        """Measure no more and wait until every sample is in the store; False when some were still on a card after that time."""
        self.start_broker()
        self._stop_agents()
        # Agents that start without a modem have the time from the collector alone, so it must be there first.
        self._await_collector()
        for hall in self.halls:
            self._configure(hall, measuring=False)
            self.agents[hall.code].start()
        end = time.monotonic() + seconds
        while any(count.waiting(spool) != 0 for spool in self.spools.values()) or self.count().lost:
            if time.monotonic() > end:
                return False
            self.check()
            time.sleep(0.2)
        return True

    def check(self) -> None:
        """Raise LineError when a part ended that nobody stopped."""
        self.collector.check()
        self.page.check()
        for agent in self.agents.values():
            agent.check()

    def count(self) -> count.Count:
        """Count from the spools and the store."""
        return count.count(self.store, self.spools)

    def _start(self) -> None:
        (self.folder / "collector.toml").write_text(halls.collector_toml(self.folder, self._port, self._http_port))
        for program in (self.broker, self.collector):
            self._stack.callback(program.stop)
        self.start_broker()
        self._await_collector()
        self._stack.callback(self._stop_agents)
        for number, hall in enumerate(self.halls):
            self._start_hall(number, hall)

    def _stop_agents(self) -> None:
        for agent in self.agents.values():
            agent.ask_to_end()
        for agent in self.agents.values():
            agent.stop()

    def _start_hall(self, number: int, hall: Hall) -> None:
        home = self._home(hall)
        home.mkdir()
        for modem in hall.modems:
            answers = family_answers(modem.family, Radio(seed=number, profile=modem.profile, plmn=modem.plmn))
            simulated = SimulatedModem(answers, home / modem.name, seed=number)
            self.modems[hall.code, modem.name] = self._stack.enter_context(simulated)
        self._configure(hall, measuring=True)
        self.agents[hall.code].start()

    def _agent(self, hall: Hall) -> Program:
        config = self._home(hall) / "agent.toml"
        return Program(f"agent-{hall.code}", self.folder, "agent.cli", "run", "--config", str(config))

    def _configure(self, hall: Hall, *, measuring: bool) -> None:
        home = self._home(hall)
        (home / "agent.toml").write_text(halls.agent_toml(hall, home, self._port, measuring=measuring))

    def _home(self, hall: Hall) -> Path:
        return self.folder / hall.code

    def _broker_listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self._port)) == 0

    def _await_collector(self) -> None:
        self.collector.start()
        self._await(self._collector_is_well, "the collector to have its store and the broker", self.collector)

    def _collector_is_well(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._http_port}/healthz", timeout=5) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    @staticmethod
    def _await(condition: Callable[[], bool], what: str, program: Program) -> None:
        end = time.monotonic() + START_S
        while not condition():
            program.check()
            if time.monotonic() > end:
                raise LineError(f"waited {START_S:g} s for {what}; see {program.log}")
            time.sleep(0.05)


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return _free_port()
        return int(probe.getsockname()[1])
