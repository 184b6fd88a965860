"""What is known of each modem beyond this run: one small file on the card, for all workers."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import orjson

from ground.durable import write_durably

log = logging.getLogger(__name__)

Fact = str | int | float
ALL = ""
"""Facts of no modem alone."""


class Memory:
    """Facts by modem and name. Thread-safe. `path` None: kept only as long as we run."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._facts: dict[str, dict[str, Fact]] = {}
        if path is not None:
            self._load(path)

    def _load(self, path: Path) -> None:
        try:
            data = orjson.loads(path.read_bytes())
            self._facts = {
                str(modem): {str(name): fact for name, fact in facts.items() if isinstance(fact, Fact)}
                for modem, facts in data.items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValueError, AttributeError) as error:
            log.warning("event=memory_unreadable file=%s reason=%r", path, type(error).__name__)

    def get(self, modem: str, name: str) -> Fact | None:
        """Return a fact, None where there is none."""
        with self._lock:
            return self._facts.get(modem, {}).get(name)

    def text(self, modem: str, name: str) -> str | None:
        """Return a fact that is a text."""
        fact = self.get(modem, name)
        return fact if isinstance(fact, str) else None

    def number(self, modem: str, name: str) -> float | None:
        """Return a fact that is a number."""
        fact = self.get(modem, name)
        return None if fact is None or isinstance(fact, str) else float(fact)

    def keep(self, modem: str, **facts: Fact | None) -> None:
        """Set facts, None forgets one; the card is written where something changed. A card that refuses is logged."""
        with self._lock:
            before = dict(self._facts.get(modem, {}))
            now = {name: fact for name, fact in {**before, **facts}.items() if fact is not None}
            if now == before:
                return
            self._facts[modem] = now
            if self._path is None:
                return
            try:
                write_durably(self._path, orjson.dumps(self._facts))
            except OSError as error:
                log.warning("event=memory_not_written reason=%r", str(error))
