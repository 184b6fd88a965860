"""Fills many halls in as many processes as there are cores: making up a month is arithmetic, and a hall needs no other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from collector.store.store import Store
from demo.fill import Filled, Filler, Recipe, Span
from demo.program import LineError
from ground.pool import pool_of, unheard

MOST = 4
"""More processes than these only wait for each other at the store."""
OpenStore = Callable[[], Store]


def fill_all(open_store: OpenStore, recipes: Sequence[Recipe], span: Span, processes: int | None = None) -> Generator[Filled]:
    """Write these halls; yield each, in their order, when it is written.

    `open_store` is called in every process, so it must be picklable. `processes`: one for each core, if nothing is said.
    Raises as the store does; LineError when a process was ended.
    """
    count = min(MOST, len(recipes), processes or len(os.sched_getaffinity(0)))
    with pool_of(count, get_context("spawn"), _begin) as pool:
        with unheard():
            filled = pool.map(partial(_fill, open_store, span), recipes)
        try:
            yield from filled
        except BrokenProcessPool:
            raise LineError("a process that fills the store was ended; is there memory left? `free -m`") from None


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
