"""The first visitor of the page is the page itself: whoever comes finds a snapshot that is made, however quiet the night was."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

EVERY_S = 60.0
"""How old the snapshot gets while nobody looks, seconds."""
FIRST_S = 15.0
"""How long the start waits for the first snapshot: a store that hangs must not keep the page from saying so."""
log = logging.getLogger(__name__)


class Warm:
    """Visits a page before anybody else and every minute. A context manager: entered when the first visit is over.

    Nothing is kept on disk: what is read at start is of now, of this register and these classes, and a restart costs seconds.
    """

    def __init__(self, url: str, every_s: float = EVERY_S) -> None:
        self._url = url
        self._every_s = every_s
        self._opener = build_opener(ProxyHandler({}))
        self._first, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._visit, name="warm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._first.wait(FIRST_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(FIRST_S)

    def _visit(self) -> None:
        while not self._ended.is_set():
            try:
                with self._opener.open(self._url, timeout=FIRST_S) as reply:
                    reply.read()
            except (URLError, OSError) as error:
                log.info("event=not_warm reason=%r", str(error))
            self._first.set()
            self._ended.wait(self._every_s)
