from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.spool.change import ChangeDetector
from agent.spool.clock import Clock
from agent.spool.recorder import Recorder
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from lab.servers import wait_for
from telemetry.streams import Cell, Device, Event, Registration, Signal

T0 = 1_800_000_000_000


class Rig:
    """A recorder with a real spool; the test says when the clock is trusted."""

    def __init__(self, folder: Path) -> None:
        self.synced = False
        self.spool = Spool(folder / "spool.db", "boot")
        self.clock = Clock(mono=lambda: 50_000, wall=lambda: T0, ntp=lambda: self.synced)
        self.urgent = threading.Event()
        changes = ChangeDetector((-115, -105, -95), 3)
        self.recorder = Recorder(self.spool, self.clock, changes, self.urgent.set)
        self.clock.on_trust = self.recorder.trusted
        self.recorder.start()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_samples_of_parallel_modems_are_all_kept(rig: Rig) -> None:
    def worker(modem: str) -> None:
        for _ in range(50):
            rig.recorder.record("signal", modem, Signal(Registration.HOME, rsrp_dbm=-97))
            rig.recorder.record("cell", modem, Cell(pci=3))

    threads = [threading.Thread(target=worker, args=(m,)) for m in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rig.recorder.stop()
    assert rig.spool.depth == 400
    bodies = rig.spool.run(lambda db: db.execute("SELECT DISTINCT body FROM spool ORDER BY 1").fetchall())
    assert bodies == [(b'{"pci":3}',), (b'{"registration":"home","rsrp_dbm":-97}',)]  # absent values are left out


def test_modems_of_one_tick_share_a_write_unless_there_is_news(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.spool.recorder.GATHER_ALL_S", 60)
    monkeypatch.setattr(rig.recorder, "_polled", {"a", "b"})
    writes: list[list[str | None]] = []
    append = rig.spool.append

    def count(entries: Sequence[Entry]) -> list[int]:
        writes.append([entry.modem for entry in entries])
        return append(entries)

    monkeypatch.setattr(rig.spool, "append", count)
    rig.recorder.record("signal", "a", Signal(Registration.HOME, rsrp_dbm=-97))
    slower = threading.Timer(0.3, lambda: rig.recorder.record("signal", "b", Signal(Registration.HOME, rsrp_dbm=-97)))
    slower.start()
    wait_for(lambda: len(writes) > 0, "a write")
    rig.recorder.record("signal", "a", Signal(Registration.SEARCHING))
    assert rig.urgent.wait(30)
    rig.recorder.stop()
    assert writes == [["a", "b"], ["a"]]


def test_samples_before_trust_are_rebased_when_it_comes(rig: Rig) -> None:
    rig.recorder.record("signal", "a", Signal(Registration.HOME))
    wait_for(lambda: rig.spool.depth == 1, "the first sample on the card")
    assert rig.spool.window(9, 9) == []
    assert rig.clock.trust("collector", T0)
    wait_for(lambda: len(rig.spool.window(9, 9)) == 1, "its time")
    rig.recorder.record("signal", "a", Signal(Registration.HOME))
    rig.recorder.stop()
    assert [(r.t_ms, r.clock) for r in rig.spool.window(9, 9)] == [(T0, "network"), (T0, "rebased")]


def test_a_change_is_urgent_only_when_it_is_on_the_card(rig: Rig) -> None:
    rig.recorder.record("signal", "a", Signal(Registration.HOME))
    wait_for(lambda: rig.spool.depth == 1, "the first sample on the card")
    assert not rig.urgent.is_set()
    rig.recorder.record("signal", "a", Signal(Registration.SEARCHING))
    assert rig.urgent.wait(10)
    assert rig.spool.depth == 2
    rig.recorder.stop()


def test_what_spool_and_clock_have_to_tell_becomes_events(rig: Rig) -> None:
    rig.spool.notices.append(Event(kind="spool_thinned", count=7))
    rig.clock.notices.append(Event(kind="clock_step"))
    rig.recorder.record("device", None, Device(uptime_s=1))
    rig.recorder.stop()
    bodies = rig.spool.run(
        lambda db: [row[0] for row in db.execute("SELECT body FROM spool WHERE stream = 'event' ORDER BY seq")]
    )
    assert bodies == [b'{"kind":"spool_thinned","count":7}', b'{"kind":"clock_step"}']


def test_a_row_of_another_stream_is_a_fault_of_the_caller(rig: Rig) -> None:
    with pytest.raises(TypeError, match="stream signal takes Signal, got Cell"):
        rig.recorder.record("signal", "a", Cell())
    rig.recorder.stop()
