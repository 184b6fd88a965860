"""What one hall may cost all others: names of modems, which are series of the database for ever, and lines in the log."""

from __future__ import annotations

import time
from collections.abc import Iterable

MOST_MODEMS = 16
"""At one site: four operators with two modems each, replaced once."""
LINES_A_WINDOW = 10
WINDOW_S = 60.0
MOST_KEYS = 4096


class Modems:
    """The names of modems that each site has used; a new one is taken while there are few."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}

    def know(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take up names that are in the store already."""
        for site, modem in pairs:
            self._known.setdefault(site, set()).add(modem)

    def admit(self, site: str, modem: str | None) -> bool:
        """Whether a site may send samples of a modem of this name; remembers the name when it may."""
        if modem is None:
            return True
        known = self._known.setdefault(site, set())
        if modem not in known:
            if len(known) >= MOST_MODEMS:
                return False
            known.add(modem)
        return True


class Throttle:
    """Lets the first few of a kind through in each minute and counts the rest, by key. Not safe in several threads."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def admit(self, key: str) -> tuple[bool, int]:
        """Return whether this one may be told, and how many were not told in the window before, once it is over."""
        now = time.monotonic()
        since, count = self._seen.get(key, (now, 0))
        untold = 0
        if now - since >= WINDOW_S:
            untold, since, count = max(0, count - LINES_A_WINDOW), now, 0
        if len(self._seen) >= MOST_KEYS and key not in self._seen:
            self._seen.clear()  # so many keys are an attack of its own; to forget means to tell once more
        self._seen[key] = (since, count + 1)
        return count < LINES_A_WINDOW, untold
