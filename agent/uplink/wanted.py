"""The version that the server wants here: when it may be fetched, and what became of it.

This process may not change the program: at a quiet hour, with bytes of the month left, it leaves the wish in its data folder.
There sinyal-wanted.path of systemd finds it and has `sinyal-agent update --wanted` do it as root. What that says in outcome.json
becomes an event. Nothing is kept here but what was told: the broker keeps the wish, and brings it with each connection.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from ground.durable import write_durably
from ground.paths import PROGRAMS
from ground.wita import WITA_MS
from telemetry.release import QUIET_H, WAITS, Release, decode_release, encode_release, event_of, same
from telemetry.streams import Event

log = logging.getLogger(__name__)

OUTCOME = PROGRAMS / "outcome.json"
FILE = "update.json"
AGAIN_S = 3600.0
"""A link that broke for good is tried again so much later; what came so far is kept."""
LOOK_S = 10.0
HOUR_MS = 3_600_000
MINUTES = 60 * (len(QUIET_H) - 1)
"""Halls begin spread over the quiet hours but the last, which is for those that take long."""


class Wanted:
    """`received` from any thread, `tick` from one. `spend` takes the bytes that an update moved into the month's account."""

    def __init__(
        self,
        site: str,
        version: str,
        data_dir: Path,
        record_event: Callable[[Event], None],
        spend: Callable[[int], None],
        outcome: Path = OUTCOME,
    ) -> None:
        self._version, self._record, self._spend, self._outcome = version, record_event, spend, outcome
        self._file, self._memory = data_dir / FILE, data_dir / "release.json"
        self._begins = QUIET_H.start * 60 + int(hashlib.sha256(site.encode()).hexdigest(), 16) % MINUTES
        self._wish: Release | None = None
        self._ask_at = self._look_at = 0.0
        self._told = _read(self._memory)

    def received(self, payload: bytes) -> None:
        """Take a payload from the topic `release`; only the newest counts."""
        try:
            self._wish = decode_release(payload)
        except ValueError as error:
            log.warning("event=release_unreadable reason=%r", str(error))

    def tick(self, now_ms: int | None, left: int | None) -> None:
        """Ask for the wish when it is time, and tell what became of it. `left`: bytes of the month; None: not known, not now."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        outcome, wish = _read(self._outcome), self._wish
        if outcome and self._told.get("outcome") != outcome:
            self._tell(outcome)
        if wish is None or same(wish.version, self._version) or outcome.get("id") == wish.id or now < self._ask_at:
            return
        if now_ms is None or left is None or not self._quiet(now_ms):
            return
        if wish.bytes > left:
            if self._told.get("waits") != wish.id:
                self._keep(waits=wish.id)
                self._record(_event(WAITS, wish, f"it costs {wish.bytes} bytes, the month has {max(0, left)} left"))
            return
        self._ask_at = now + AGAIN_S
        log.warning("event=update_asked version=%s", wish.version)
        try:
            write_durably(self._file, encode_release(wish))
        except OSError as error:
            log.warning("event=update_not_asked reason=%r", str(error))

    def _quiet(self, now_ms: int) -> bool:
        minute = (now_ms + WITA_MS) // 60_000 % 1440
        return minute // 60 in QUIET_H and minute >= self._begins

    def _tell(self, outcome: dict[str, Any]) -> None:
        if not self._keep(outcome=outcome):
            return
        try:
            release = Release(str(outcome["id"]), str(outcome["version"]), (), int(outcome["bytes"]))
            event = _event(str(outcome["state"]), release, str(outcome["reason"]))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("event=outcome_unreadable reason=%r", str(error))
            return
        self._spend(release.bytes)
        self._record(event)

    def _keep(self, **news: object) -> bool:
        self._told |= news
        try:
            write_durably(self._memory, orjson.dumps(self._told))
        except OSError as error:
            log.warning("event=outcome_not_kept reason=%r", str(error))
            return False
        return True


def _event(state: str, release: Release, reason: str) -> Event:
    return Event(kind=f"update_{state}", detail=event_of(release, reason)[:200])


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
