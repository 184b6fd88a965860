"""When rounds start, what the budget does to them, and that a child brings real rows to the spool."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from agent.config import ModemSection, ProbeSection
from agent.probe.child import Job
from agent.probe.prober import SPREAD, Prober, cost
from telemetry.streams import Event, Probe, ProbeKind, Row
from tests.foreign import foreign

MODEM = ModemSection(name="a", port="/dev/ttyUSB2", interface="lo")
SETTINGS = ProbeSection(interval_s=600, dns_server="127.0.0.1", dns_names=("a.id",))


class Watched(Prober):
    """A prober whose rounds are noted instead of sent."""

    def __init__(self, settings: ProbeSection, may: Callable[[str, int], bool]) -> None:
        self.jobs: list[Job] = []
        self.rows: list[tuple[str, str | None, Row]] = []
        super().__init__((MODEM,), settings, self.take, may, threading.Event())

    def take(self, stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        assert mono_ms is None
        self.rows.append((stream, modem, row))

    def _perform(self, job: Job) -> list[Probe]:
        self.jobs.append(job)
        return [Probe(kind=ProbeKind.DNS, target="a.id", dns_ms=1.0)]


def rounds(prober: Watched, seconds: int) -> list[int]:
    """Return the moments at which a round began."""
    moments = []
    for now in range(0, seconds, 5):
        before = len(prober.jobs)
        prober.look(MODEM, float(now))
        moments += [now] * (len(prober.jobs) - before)
    return moments


def test_rounds_come_at_the_interval_spread_by_a_fifth() -> None:
    moments = rounds(Watched(SETTINGS, lambda *_: True), 60_000)
    steps = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[0] <= 600
    assert all(600 * (1 - SPREAD) - 5 <= step <= 600 * (1 + SPREAD) + 5 for step in steps)
    assert len(set(steps)) > 5, "not in step with other halls"


def test_without_targets_nothing_is_sent() -> None:
    assert rounds(Watched(ProbeSection(interval_s=60), lambda *_: True), 10_000) == []


def test_a_child_never_runs_a_foreign_module_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign(tmp_path)
    monkeypatch.chdir(tmp_path)
    prober = Prober((MODEM,), SETTINGS, lambda *_: None, lambda *_: True, threading.Event())
    rows = prober._perform(Job(interface="lo", dns_server="127.0.0.1", dns_names=("a.id",)))
    assert [row.kind for row in rows] == [ProbeKind.DNS]
    assert not (tmp_path / "foreign_code_ran").exists()


def test_settings_from_the_server_take_effect_at_once() -> None:
    prober = Watched(ProbeSection(interval_s=86_400, dns_server="127.0.0.1", dns_names=("a.id",)), lambda *_: True)
    prober.look(MODEM, 0.0)
    prober.settings = ProbeSection(interval_s=60, dns_server="127.0.0.1", dns_names=("a.id", "b.id"))
    assert len(rounds(prober, 600)) >= 7
    assert prober.jobs[-1].dns_names == ("a.id", "b.id")


def test_a_download_has_its_own_interval() -> None:
    settings = ProbeSection(
        interval_s=600, dns_server="127.0.0.1", dns_names=("a.id",), download_url="http://a.id/x", download_interval_s=3600
    )
    prober = Watched(settings, lambda *_: True)
    rounds(prober, 36_000)
    downloads = [job for job in prober.jobs if job.download_url is not None]
    assert 8 <= len(downloads) <= 14
    assert all(job.download_max_bytes == settings.download_max_bytes for job in downloads)


def test_over_the_budget_probes_stop_and_say_so_once() -> None:
    room = True
    asked: list[int] = []

    def may(_modem: str, cost: int) -> bool:
        asked.append(cost)
        return room

    prober = Watched(SETTINGS, may)
    rounds(prober, 2000)
    done, room = len(prober.jobs), False
    for now in range(2000, 6000, 5):
        prober.look(MODEM, float(now))
    assert len(prober.jobs) == done
    room = True
    for now in range(6000, 8000, 5):
        prober.look(MODEM, float(now))
    assert len(prober.jobs) > done
    events = [row.kind for stream, _, row in prober.rows if stream == "event" and isinstance(row, Event)]
    assert events == ["probes_paused", "probes_resumed"]
    assert all(0 < cost < 10_000 for cost in asked)


def test_the_cost_of_a_round_bounds_its_bytes() -> None:
    assert cost(Job("lo", ping_hosts=("a", "b"), ping_count=5)) >= 2 * 5 * 2 * 104, "over IPv6"
    assert cost(Job("lo", download_url="http://x/", download_max_bytes=500_000)) >= 500_000 * 1.02, "by the counters"


def test_a_real_round_in_a_child_brings_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.probe.prober.LOOK_S", 0.01)
    monkeypatch.setattr("agent.probe.prober.random.random", lambda: 0.0)
    stop, came, rows = threading.Event(), threading.Event(), []

    def take(stream: str, modem: str | None, row: Row, mono_ms: int | None = None) -> None:
        rows.append((stream, modem, row, mono_ms))
        came.set()

    settings = ProbeSection(download_url="http://127.0.0.1:9/")  # nobody listens on discard
    prober = Prober((MODEM,), settings, take, lambda *_: True, stop)
    prober.start()
    assert came.wait(60)
    stop.set()
    prober.join(10)
    stream, modem, row, _ = rows[0]
    assert (stream, modem) == ("probe", "a")
    assert isinstance(row, Probe)
    assert row.error
