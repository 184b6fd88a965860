"""A program that is told to end while it is inside the lock of its own event ends: Event.wait holds that lock for a moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, threading, time
from ground.ending import on_signal
stop, number = threading.Event(), int(sys.argv[1])
on_signal(lambda _: stop.set(), number)
with stop._cond:  # as a wait that was interrupted there
    for _ in range(100_000):  # more than a pipe holds
        os.kill(os.getpid(), number)
sys.exit(0 if stop.wait(60) else 9)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_inside_the_lock_of_the_event_do_not_hang_it(number: signal.Signals) -> None:
    program = [sys.executable, "-c", PROGRAM, str(int(number))]
    assert subprocess.run(program, check=False, timeout=120).returncode == 0


@pytest.mark.parametrize(("module", "code"), [("os.kill(os.getpid(), 2)", -2), ("def main(): os.kill(os.getpid(), 2)", 130)])
def test_ctrl_c_leaves_no_traceback_while_a_program_loads_nor_later(tmp_path: Path, module: str, code: int) -> None:
    (tmp_path / "loaded.py").write_text(f"import os\n{module}\n")
    start = f"import sys; sys.path.append({str(tmp_path)!r}); from ground.ending import start; sys.exit(start('loaded'))"
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (code, b"")
