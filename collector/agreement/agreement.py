"""The agreement as programs use it: the file, where everything stands, and the one way to write into it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from collector.agreement.entries import Entry, Link, Remark
from collector.agreement.ledger import Ledger
from collector.agreement.papers import keep
from collector.agreement.rules import Actor, refuse
from collector.agreement.state import State
from collector.sites.sites import Site

FILE = "agreement.db"


class Agreement:
    """Safe to use from several threads and beside other programs that have the same file open."""

    def __init__(self, path: Path, sites: Mapping[str, Site]) -> None:
        self.ledger = Ledger(path)
        self.sites = sites
        self._state = State()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self.ledger.close()

    def state(self) -> State:
        """Return where everything stands now; it stays as it is. Raises LedgerError where the file was tampered with."""
        with self._lock:
            return self._now()

    def add(self, entry: Entry, actor: Actor, origin: str, at_ms: int, paper: bytes = b"") -> int:
        """Write an entry and return its number; a remark that was sent before keeps its own. Raises RefusedError, LedgerError.

        `origin` says from where it came: an address, `paper`, or the server itself. `paper` is the file whose hash the entry
        names: it is on the disk before the entry is, and only where the entry may be written.
        """
        with self._lock, self.ledger.writing() as append:
            state = self._now()
            if isinstance(entry, Remark) and (known := state.sent.get(entry.once)):
                return known
            refuse(entry, actor, state, self.sites)
            if paper:
                keep(self.ledger.path.parent, paper)
            record = append(at_ms, actor.name, origin, entry.model_dump(mode="json", exclude_defaults=False))
        return record.n

    def _now(self) -> State:
        self._state = self._state.after(self.ledger.records(self._state.n))
        return self._state

    def new_link(self, site: str, actor: Actor, origin: str, at_ms: int) -> Link:
        """Give a hall a link; the one before it ends. Raises RefusedError, LedgerError."""
        known = self.state().links.get(site)
        link = Link(site=site, serial=(known.serial if known else 0) + 1)
        self.add(link, actor, origin, at_ms)
        return link
