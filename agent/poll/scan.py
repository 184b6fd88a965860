"""Who else is there: when a modem may look for all operators, and how. Between two looks lies a share of the day.

AT+COPS=? takes one to three minutes, in which the modem is not sampled and moves no data: so never on the modem that carries our
own connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.at.digest import parts
from agent.at.fields import records
from agent.commands import cell_scan, cops_scan
from agent.modems.family import SCAN_S
from agent.poll.memory import Memory
from agent.poll.session import Session
from agent.port.link import LinkTimeout
from ground.wita import wita
from telemetry.streams import Scan

if TYPE_CHECKING:
    from agent.config import ScanSection

FIRST_AFTER_S = 120.0
"""A modem that is new here is left alone for so long: it registers first."""
DAY_S = 86400.0
NIGHTLY_S = 20 * 3600.0
"""Quiet hours come once a day: the last scan must lie so far back."""
MAX_ROWS = 100


class ScanPlan:
    """When one modem scans. Times: `now_s` monotonic, `utc_ms` None while the clock is not trusted."""

    def __init__(self, settings: ScanSection, modem: str, memory: Memory) -> None:
        self._settings, self._modem, self._memory = settings, modem, memory
        self._began_s: float | None = None
        self._last_s: float | None = None

    def due(self, now_s: float, utc_ms: int | None, *, unserved_s: float) -> str | None:
        """Return why a scan is due now, None when it is not. `unserved_s`: how long there has been no service, s."""
        self._began_s = now_s if self._began_s is None else self._began_s
        if self._settings.per_day == 0:
            return None
        since_s = self._since(now_s, utc_ms)
        if since_s is None:
            return "first" if now_s - self._began_s >= min(FIRST_AFTER_S, self._settings.no_service_s) else None
        if since_s < DAY_S / self._settings.per_day:
            return None
        if unserved_s >= self._settings.no_service_s:
            return "no service"
        return "quiet hours" if since_s >= NIGHTLY_S and self._is_quiet(utc_ms) else None

    def _since(self, now_s: float, utc_ms: int | None) -> float | None:
        """Return how long ago the last scan was, s; None when there never was one. Unknown counts from our start."""
        if self._last_s is not None:
            return now_s - self._last_s
        kept_ms = self._memory.number(self._modem, "scan_ms")
        if kept_ms is None:
            return None
        own_s = 0.0 if self._began_s is None else now_s - self._began_s
        return own_s if utc_ms is None or utc_ms < kept_ms else (utc_ms - kept_ms) / 1000

    def _is_quiet(self, utc_ms: int | None) -> bool:
        if utc_ms is None:
            return False
        begin, end = self._settings.quiet_hours
        hour = wita(utc_ms).hour
        return begin <= hour < end if begin <= end else hour >= begin or hour < end

    def started(self, now_s: float, utc_ms: int | None) -> None:
        """Note that a scan begins; a failed one counts as well."""
        self._last_s = now_s
        self._memory.keep(self._modem, scan_ms=utc_ms or 0)


def scan(session: Session) -> Iterator[list[Scan] | str]:
    """Scan all PLMNs and yield the rows of each method, or in words why one failed. Raises LinkError when the modem went away."""
    family = session.family
    for command in (cops_scan.METHOD, *(c.text for c in (family.scans if family else ()))):
        try:
            reply = session.ask_long(command, SCAN_S)
        except LinkTimeout:
            yield f"{command}: no answer in {SCAN_S:g} s"
            session.alive()
            continue
        if command == cops_scan.METHOD:
            rows = cops_scan.parse(reply.lines)
            # An empty list still names the modes and formats; OK alone is no list.
            listed = any(record for record in records(reply.lines, "+COPS"))
            yield _complete(rows, command, done=reply.final == "OK") if listed else f"{command}: {reply.final} without a list"
        elif rows := cell_scan.read(reply):
            yield _complete(rows, command, done=reply.final == "OK")
            return


def _complete(rows: list[Scan], command: str, *, done: bool) -> list[Scan]:
    """Set in every row the number of rows, the method, and whether the scan came to its end; nothing found is a row too."""
    rows = rows[:MAX_ROWS]
    for row in rows or (rows := [Scan()]):
        row.found = len(rows) if row.plmn else 0
        row.complete, row.method = done, f"AT{parts(command)[0].partition('=')[0]}"
    return rows
