"""A program of the demo as a process of its own, that can be cut off and started again."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path

log = logging.getLogger(__name__)

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

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_WORDS:])
