"""Processes beside a program that take a share of its work; Ctrl-C, which reaches the whole group, ends them in order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children
from multiprocessing.context import BaseContext


@contextmanager
def pool_of(
    count: int, context: BaseContext | None = None, begin: Callable[[], None] | None = None
) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of so many processes, each of which runs `begin` first; an exception in the body ends them at once."""
    pool = ProcessPoolExecutor(count, context, begin)
    try:
        yield pool
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def unheard() -> Iterator[None]:
    """Block Ctrl-C for a moment. A process begun meanwhile never hears it: who began it ends it, without its traceback."""
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
