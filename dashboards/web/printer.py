"""Prints minutes for the office's page, in a program of its own: what it takes of memory goes with it, and it has its time."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from collector.agreement.rules import RefusedError
from ground.words import Lang

LONGEST_S, WAIT_S = 40, 10
"""Together less than a web server in front waits: what is written down then was also seen."""


@dataclass(frozen=True, slots=True)
class Printer:
    """`config`: collector.toml, beside whose sites.csv the letterhead is; `record`: the folder of the agreement."""

    config: Path
    record: Path
    _one: threading.Lock = field(default_factory=threading.Lock)

    def minutes(self, number: str, lang: Lang) -> bytes:
        """Return the minutes of a proposal as PDF; one at a time. Raises RefusedError where they cannot be printed."""
        if not self._one.acquire(timeout=WAIT_S):
            raise RefusedError("other minutes are being printed; try again in a minute")
        try:
            return self._print(number, lang)
        finally:
            self._one.release()

    def _print(self, number: str, lang: Lang) -> bytes:
        command = [sys.executable, "-P", "-m", "dashboards.cli", "minutes", "--out", "-", "--lang", lang]
        places = ["--config", str(self.config), "--record", str(self.record), "--", number]
        try:
            done = subprocess.run([*command, *places], capture_output=True, timeout=LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            raise RefusedError(f"printing {number} took longer than {LONGEST_S} s") from None
        if done.returncode:
            raise RefusedError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        return done.stdout
