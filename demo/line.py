"""The whole line on this machine: broker, collector and agents as real processes, modems on real ptys."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from collector.store.sqlite import Sqlite
from demo import count, halls
from demo.broker import broker_argv
from demo.count import Count
from demo.halls import Hall
from demo.modem import SimulatedModem
from demo.page import Page
from demo.program import HOST, PORT_TRIES, Program, answers, free_port, module
from demo.radio import Radio
from demo.replies import family_answers

STEP_S, TELL_S = 0.2, 1.0


class DemoLine:
    """Broker, collector, and an agent with its modems for every hall. Use as a context manager; everything ends with it."""

    def __init__(self, folder: Path, chosen: Sequence[Hall]) -> None:
        self.folder, self.halls = folder, tuple(chosen)
        self._port, self._http_port = free_port(), free_port()
        self._store: Sqlite | None = None
        self._stack = ExitStack()
        self.broker = Program("broker", folder, ())
        self.collector = Program("collector", folder, module("collector.cli", "run", "--config", str(folder / "collector.toml")))
        self.page = Page(folder, "--config", str(folder / "collector.toml"))
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

    def start_page(self) -> None:
        """Start the live page and wait until it answers."""
        self._stack.callback(self.page.stop)
        self.page.start_and_wait()

    def start_broker(self) -> None:
        """Start the broker and wait until it listens."""
        self.broker.start()
        self.broker.wait_ready(self._broker_listens, "the broker to listen")

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

    def measuring(self) -> bool:
        """Whether every hall has measured something."""
        try:
            return all(count.numbers_of(spool) for spool in self.spools.values())
        except sqlite3.Error:  # an agent is just making it
            return False

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
            if self.broker.comes_up(self._broker_listens, "the broker to listen"):
                return
            self._port = free_port()  # somebody took it between our look and our start
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
            replies = family_answers(modem.family, Radio(seed=number, profile=modem.profile, plmn=modem.plmn))
            simulated = SimulatedModem(replies, home / modem.name, seed=number)
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
        self.collector.wait_ready(self._collector_is_well, "the collector to have its store and the broker")

    def _collector_is_well(self) -> bool:
        return answers(f"http://{HOST}:{self._http_port}/healthz")
