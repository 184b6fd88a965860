"""Fills many halls in as many processes as there are cores: making up a month is arithmetic, and a hall needs no other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess

from collector.store.store import Store
from demo.fill import Filled, Filler, Recipe, Span
from demo.program import LineError

MOST = 4
"""More processes than these only wait for each other at the store."""
OpenStore = Callable[[], Store]


def fill_all(open_store: OpenStore, recipes: Sequence[Recipe], span: Span, processes: int | None = None) -> Generator[Filled]:
    """Write these halls; yield each, in their order, when it is written.

    `open_store` is called in every process, so it must be picklable. `processes`: one for each core, if nothing is said.
    Raises as the store does; LineError when a process was ended.
    """
    count = min(MOST, len(recipes), processes or len(os.sched_getaffinity(0)))
    with _pool(count) as pool:
        # Ctrl-C reaches the whole group; who began these processes ends them in order. They inherit what is blocked.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            filled = pool.map(partial(_fill, open_store, span), recipes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        try:
            yield from filled
        except BrokenProcessPool:
            raise LineError("a process that fills the store was ended; is there memory left? `free -m`") from None


@contextmanager
def _pool(count: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin)
    try:
        yield pool
    except BaseException:  # nobody waits for a hall that would be written for minutes
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


_store: list[Store] = []
"""The one of this process, opened with its first hall: what is raised before that, is told to nobody."""


def _begin() -> None:
    if (begun_by := parent_process()) is not None:
        threading.Thread(target=_end_after, args=(begun_by,), daemon=True).start()


def _end_after(process: BaseProcess) -> None:
    process.join()  # it may have been killed without a word
    os._exit(1)


def _fill(open_store: OpenStore, span: Span, recipe: Recipe) -> Filled:
    if not _store:
        _store.append(open_store())
    filler = Filler(_store[0], recipe)
    filler.fill(span)
    return filler.filled()
