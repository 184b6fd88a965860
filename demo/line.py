"""The whole line on this machine: broker, collector and agents as real processes, modems on real ptys."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom
from typing import Self

from collector.store.sqlite import Sqlite
from demo import count, halls
from demo.broker import HOST, broker_argv
from demo.count import Count
from demo.halls import Hall
from demo.modem import SimulatedModem
from demo.program import LineError, Program, module
from demo.radio import Radio
from demo.replies import family_answers

START_S = 60.0
"""Longest time a broker or collector may take to come up on a busy Pi."""
STEP_S, TELL_S = 0.2, 1.0
PAGE_PORT = 8080
"""Where the live page is, if nobody else is there."""
PORTS = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: nobody takes ours by chance while our broker is dead."""
PORT_TRIES = 5


class DemoLine:
    """Broker, collector, and an agent with its modems for every hall. Use as a context manager; everything ends with it."""

    def __init__(self, folder: Path, chosen: Sequence[Hall]) -> None:
        self.folder, self.halls = folder, tuple(chosen)
        self._port, self._http_port, self._page_port = _free_port(), _free_port(), _free_port(PAGE_PORT)
        self._store: Sqlite | None = None
        self._stack = ExitStack()
        self.broker = Program("broker", folder, ())
        self.collector = Program("collector", folder, module("collector.cli", "run", "--config", str(folder / "collector.toml")))
        self.page = Program("page", folder, ())
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
        """Start the live page and wait until it answers; on any free port where somebody else has the usual one."""
        self._stack.callback(self.page.stop)
        config = str(self.folder / "collector.toml")
        for _ in range(PORT_TRIES):
            self.page.argv = module("dashboards.cli", "serve", "--config", config, "--port", str(self._page_port))
            if self._comes_up(self.page, lambda: _answers(f"{self.page_url}/api/health"), "the live page to answer"):
                return
            self._page_port = _free_port()
        self.page.check()

    def start_broker(self) -> None:
        """Start the broker and wait until it listens."""
        self.broker.start()
        _await(self._broker_listens, "the broker to listen", self.broker)

    def drain(self, seconds: float, progress: Callable[[Mapping[Hall, int]], None]) -> Count:
        """Measure no more, wait until every sample is in the store, and count; after `seconds` count what there is then.

        `progress` is told how many samples wait on which cards, whenever that changed.
        """
        self.start_broker()
        self._stop_agents()
        # Agents that start without a modem have the time from the collector alone, so it must be there first.
        self._await_collector()
        for hall in self.waiting():
            self._configure(hall, measuring=False)
            self.agents[hall.code].start()
        end, tell_at = time.monotonic() + seconds, 0.0
        told: dict[Hall, int] | None = None
        while True:
            left = self.waiting()
            if not left and (counted := self.count()).complete:
                return counted
            if time.monotonic() > end:
                self._stop_agents()  # now nothing moves while it is counted
                return self.count()
            if left != told and time.monotonic() >= tell_at:
                told, tell_at = left, time.monotonic() + TELL_S
                progress(left)
            self.check()
            time.sleep(STEP_S)

    def waiting(self) -> dict[Hall, int]:
        """Return how many samples wait on the card of each hall that has some."""
        return {hall: number for hall in self.halls if (number := count.waiting(self.spools[hall.code]) or 0)}

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
        for program in (self.broker, self.collector):
            self._stack.callback(program.stop)
        self._first_start_of_broker()
        (self.folder / "collector.toml").write_text(halls.collector_toml(self.folder, self._port, self._http_port))
        self._await_collector()
        self._stack.callback(self._stop_agents)
        for number, hall in enumerate(self.halls):
            self._start_hall(number, hall)

    def _first_start_of_broker(self) -> None:
        for _ in range(PORT_TRIES):
            self.broker.argv = broker_argv(self.folder, self._port)
            if self._comes_up(self.broker, self._broker_listens, "the broker to listen"):
                return
            self._port = _free_port()  # somebody took it between our look and our start
        self.broker.check()

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
        return Program(f"agent-{hall.code}", self.folder, module("agent.cli", "run", "--config", str(config)))

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
        _await(self._collector_is_well, "the collector to have its store and the broker", self.collector)

    def _collector_is_well(self) -> bool:
        return _answers(f"http://{HOST}:{self._http_port}/healthz")

    @staticmethod
    def _comes_up(program: Program, ready: Callable[[], bool], what: str) -> bool:
        """Start a program; False where it ended instead of coming up."""
        program.start()
        try:
            _await(ready, what, program)
        except LineError:
            if program.running:
                raise
            return False
        return True


def _await(ready: Callable[[], bool], what: str, program: Program) -> None:
    end = time.monotonic() + START_S
    while not ready() or not program.running:  # whoever else answers there is not ours
        program.check()
        if time.monotonic() > end:
            raise LineError(f"waited {START_S:g} s for {what}; {program.log} says:\n{program.last_words()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with _PAST_ANY_PROXY.open(url, timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


_PAST_ANY_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _free_port(wanted: int | None = None) -> int:
    """Return a port of loopback that can be reached and where nobody listens now: the wanted one, else one by chance."""
    why = ""
    for port in [*([] if wanted is None else [wanted]), *SystemRandom().sample(PORTS, PORT_TRIES)]:
        try:
            with socket.create_server((HOST, port)), socket.create_connection((HOST, port), START_S):
                return port
        except OSError as error:
            why = str(error)
    raise LineError(f"{HOST} cannot be listened on and reached ({why}); is the network interface lo up? `ip link set lo up`")
