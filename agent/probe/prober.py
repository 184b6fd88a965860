"""The thread that starts rounds of probes: each modem in its turn, spread in time, within the SIM's budget."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from agent.poll.worker import Record
from agent.probe.child import Job
from ground.alive import expect
from telemetry.streams import Event, Probe, ProbeKind

if TYPE_CHECKING:
    from agent.config import ModemSection, ProbeSection

log = logging.getLogger(__name__)

LOOK_S = 5.0
CHILD_S = 300.0
"""Longest round: 4 hosts of 20 pings, 3 s each, and the rest."""
SPREAD = 0.2
PING_BYTES, DNS_BYTES = 210, 500
"""What one ping and one look-up cost at most, with headers, both ways."""
DOWNLOAD_OVERHEAD = 1.02
"""A download ends at its bound, by the counters of the interface."""


class Prober(threading.Thread):
    """Probes until `stop`. `settings` may be replaced at any time. `may(modem, bytes)` says whether the budget allows a round."""

    def __init__(
        self,
        modems: Sequence[ModemSection],
        settings: ProbeSection,
        record: Record,
        may: Callable[[str, int], bool],
        stop: threading.Event,
    ) -> None:
        super().__init__(name="prober", daemon=True)
        self.settings = settings
        self._modems = [modem for modem in modems if modem.interface is not None]
        self._record, self._may, self._stop_event = record, may, stop
        self._paused: set[str] = set()
        self._due: dict[tuple[str, str], float] = {}

    def run(self) -> None:
        """Look every few seconds whether a round is due."""
        while not self._stop_event.wait(LOOK_S):
            expect()
            for modem in self._modems:
                try:
                    self.look(modem, time.monotonic())
                except Exception:  # the top of the loop: a fault in one round must not end the probing
                    log.exception("event=probe_failed modem=%s", modem.name)

    def look(self, modem: ModemSection, now_s: float) -> None:
        """Do what is due of one modem. `now_s` is monotonic."""
        wanted = self.settings
        quick = bool(wanted.ping_hosts or wanted.dns_names) and self._is_due(modem.name, "quick", wanted.interval_s, now_s)
        heavy = wanted.download_url is not None and self._is_due(modem.name, "heavy", wanted.download_interval_s, now_s)
        if not (quick or heavy):
            return
        job = self._job(modem, wanted, quick=quick, heavy=heavy)
        if self._allowed(modem.name, cost(job)):
            for row in self._perform(job):
                self._record("probe", modem.name, row)

    def _is_due(self, modem: str, kind: str, interval_s: float, now_s: float) -> bool:
        """Keep the moments; the first is anywhere within the interval, so that halls which start together do not ask together."""
        due = self._due.setdefault((modem, kind), now_s + interval_s * random.random())  # noqa: S311  (spread, no secret)
        due = min(due, now_s + interval_s * (1 + SPREAD))  # the interval was made shorter
        if now_s < due:
            self._due[modem, kind] = due
            return False
        self._due[modem, kind] = now_s + interval_s * (1 + SPREAD * (2 * random.random() - 1))  # noqa: S311
        return True

    def _job(self, modem: ModemSection, wanted: ProbeSection, *, quick: bool, heavy: bool) -> Job:
        return Job(
            interface=str(modem.interface),
            ping_hosts=wanted.ping_hosts if quick else (),
            ping_count=wanted.ping_count,
            dns_server=wanted.dns_server,
            dns_names=wanted.dns_names if quick else (),
            download_url=wanted.download_url if heavy else None,
            download_max_bytes=wanted.download_max_bytes,
        )

    def _allowed(self, modem: str, bytes_needed: int) -> bool:
        allowed = self._may(modem, bytes_needed)
        if allowed == (modem in self._paused):  # changed
            (self._paused.discard if allowed else self._paused.add)(modem)
            kind, detail = ("probes_resumed", "within the budget") if allowed else ("probes_paused", "the budget has no room")
            log.warning("event=%s modem=%s", kind, modem)
            self._record("event", modem, Event(kind=kind, detail=detail))
        return allowed

    def _perform(self, job: Job) -> list[Probe]:
        command = [sys.executable, "-P", "-m", "agent.probe.child"]  # -P: never an agent.py of the working directory
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as child:
            threading.Thread(target=self._guard, args=(child,), daemon=True).start()
            out, _ = child.communicate(orjson.dumps(asdict(job)))
        if child.returncode != 0:
            log.warning("event=probe_ended code=%d", child.returncode)
            return []
        return [_row(data) for data in orjson.loads(out)]

    def _guard(self, child: subprocess.Popen[bytes]) -> None:
        """End a child that takes too long, or that is in the way of stopping."""
        end = time.monotonic() + CHILD_S
        while child.poll() is None:
            if self._stop_event.wait(0.5) or time.monotonic() > end:
                child.kill()
                return


def cost(job: Job) -> int:
    """Return the bytes that a round may cost at most."""
    pings = len(job.ping_hosts) * job.ping_count * PING_BYTES
    download = int(job.download_max_bytes * DOWNLOAD_OVERHEAD) if job.download_url is not None else 0
    return pings + len(job.dns_names) * DNS_BYTES + download


def _row(data: dict[str, Any]) -> Probe:
    return Probe(**{**data, "kind": ProbeKind(data["kind"])})
