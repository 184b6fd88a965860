"""How a program begins and ends: Ctrl-C without a traceback from the first moment on, signals never inside the lock just held."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from ground.words import Lang, tr

INTERRUPTED = 130


def interrupted(command: str, lang: Lang) -> int:
    """Say in one line what Ctrl-C ended, what is kept and how to go on; return the exit code."""
    text = tr("{command}: interrupted. What it had finished is kept; the same command does the rest.", lang, command=command)
    print(f"\n{text}" if sys.stderr.isatty() else text, file=sys.stderr)  # a terminal shows ^C where the line stood
    return INTERRUPTED


def start(program: str) -> int:
    """Load the module of a program and run its `main`; return its exit code. Ctrl-C while it loads: an end by the signal."""
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:  # nohup and the like ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    main = import_module(program).main
    signal.signal(signal.SIGINT, heard)
    try:
        return int(main())
    except KeyboardInterrupt:
        return INTERRUPTED


def on_signal(act: Callable[[int], None], *numbers: int) -> None:
    """From now on run `act(number)` for each of these signals, in a thread of its own. Call it from the main thread.

    A handler that sets a threading.Event waits for ever where the main thread, or a first signal, is just inside its lock.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def tell(number: int, _frame: object) -> None:
        with suppress(BlockingIOError):  # thousands of signals wait already
            os.write(writing, bytes([number]))

    def listen() -> None:
        while told := os.read(reading, 1):
            act(told[0])

    threading.Thread(target=listen, name="signals", daemon=True).start()
    for number in numbers:
        signal.signal(number, tell)
