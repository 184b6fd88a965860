"""A program of the demo as a process of its own, that can be cut off and started again."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
START_S = 60.0
"""Longest time a program may take to come up on a busy Pi."""
PORTS = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: nobody takes ours by chance while our broker is dead."""
PORT_TRIES = 5
STOP_S = 30.0
"""An agent gives each of its threads 10 s to end."""
LAST_WORDS = 10


class LineError(Exception):
    """A part of the demo did not do what it must; the text names it and shows the end of its log."""


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of our modules, whatever lies in the working directory (-P keeps it off the path)."""
    return (sys.executable, "-P", "-m", name, *arguments)


class Program:
    """A program as a process in the demo's folder. Its output goes to a log file there."""

    def __init__(self, name: str, folder: Path, argv: tuple[str, ...]) -> None:
        self.name = name
        self.argv = argv
        self.log = folder / f"{name}.log"
        self._folder = folder
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
                (*guard, *self.argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
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
            raise LineError(f"{self.name} ended with {self._process.returncode}; {self.log} says:\n{self.last_words()}")

    def finished(self) -> bool:
        """Whether it has done its work; raises LineError with the end of its log when it ended without."""
        if self._process is None or self.running:
            return False
        if self._process.returncode:
            self.check()
        return True

    def wait_ready(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until something answers and the process lives: whoever else answers there is not ours. Raises LineError."""
        end = time.monotonic() + START_S
        while not ready() or not self.running:
            self.check()
            if time.monotonic() > end:
                raise LineError(f"waited {START_S:g} s for {what}; {self.log} says:\n{self.last_words()}")
            time.sleep(0.05)

    def comes_up(self, ready: Callable[[], bool], what: str) -> bool:
        """Start it and wait; False where it ended instead of coming up, as it does when its port is taken."""
        self.start()
        try:
            self.wait_ready(ready, what)
        except LineError:
            if self.running:
                raise
            return False
        return True

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_WORDS:])


def answers(url: str) -> bool:
    """Whether an HTTP address on loopback says 200; no proxy of the user's session has a place in between."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def free_port(wanted: int | None = None) -> int:
    """Return a port of loopback that can be reached and where nobody listens now: the wanted one, else one by chance."""
    why = ""
    for port in [*([] if wanted is None else [wanted]), *SystemRandom().sample(PORTS, PORT_TRIES)]:
        try:
            with socket.create_server((HOST, port)), socket.create_connection((HOST, port), START_S):
                return port
        except OSError as error:
            why = str(error)
    raise LineError(f"{HOST} cannot be listened on and reached ({why}); is the network interface lo up? `ip link set lo up`")
