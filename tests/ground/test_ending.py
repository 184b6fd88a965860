"""A program that is told to end many times at once ends: the second signal never waits for the lock that the first one holds."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, threading
from ground.ending import on_signal
stop = threading.Event()
on_signal(lambda number: stop.set(), signal.SIGTERM, signal.SIGINT)
print("ready", flush=True)
while not stop.wait(0.00001):
    pass
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_many_signals_end_it_and_do_not_hang_it(number: signal.Signals) -> None:
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as program:
            assert program.stdout is not None
            program.stdout.readline()
            while program.poll() is None:
                program.send_signal(number)
            assert program.wait(60) == 0 or program.returncode == -number
