"""The watch as a process of its own, killed with -9 at random moments of its ticks: nothing twice, nothing forgotten."""

from __future__ import annotations

import multiprocessing
import random
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from collector.notify.outbox import Outbox, open_db
from collector.store.sqlite import Sqlite
from tests.collector.watch.world import HOUR, MINUTE, START_MS, Fault, HallSim, Watch, World, fleet, power_off

CONTEXT = multiprocessing.get_context("forkserver")  # a plain fork would share the open SQLite file
CONTEXT.set_forkserver_preload(["tests.collector.watch.world"])
KILLS = 20


def _watch(pipe: Connection, folder: Path) -> None:
    sites = fleet(["Telen"])
    watch = Watch(folder / "watch.db", Sqlite(folder / "store.db"), sites)
    while True:
        t = pipe.recv()
        watch.looker.look(t)
        pipe.send(t)


class Process:
    """A watch that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kills = 0
        self.start()

    def start(self) -> None:
        self.pipe, child = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_watch, args=(child, self.folder), daemon=True)
        self.process.start()

    def look(self, at_ms: int, kill_after_s: float | None) -> None:
        self.pipe.send(at_ms)
        if kill_after_s is not None:
            time.sleep(kill_after_s)  # the moment of death is the random thing under test
            self.process.kill()
            self.process.join()
            self.kills += 1
            self.start()
            self.pipe.send(at_ms)
        assert self.pipe.poll(60)
        assert self.pipe.recv() == at_ms


def _is(code: str, hall: HallSim) -> bool:
    return hall.site.code == code


def _told(folder: Path, kills: int, seed: int) -> tuple[list[tuple[str, str]], int]:
    folder.mkdir()
    chance = random.Random(seed)
    sites = fleet(["Telen"])
    faults = [
        Fault(HOUR // 2 + i * 7 * MINUTE, HOUR + i * 9 * MINUTE, partial(_is, code), power_off)
        for i, code in enumerate(list(sites)[:3])
    ]
    world = World(Sqlite(folder / "store.db"), sites, faults)
    watch = Process(folder)
    for t in range(0, 130 * MINUTE, 2 * MINUTE):
        world.write(t)
        kill = watch.kills < kills and t > HOUR // 2 and chance.random() < 0.6
        watch.look(t + START_MS, chance.uniform(0, 0.02) if kill else None)
    watch.process.kill()
    watch.process.join()
    outbox = Outbox(open_db(folder / "watch.db"), lambda _message: [])
    return [(message.kind, message.key) for message in outbox.messages()], watch.kills


def test_killed_twenty_times_it_tells_what_it_would_have_told(tmp_path: Path) -> None:
    calm, _ = _told(tmp_path / "calm", 0, 1)
    killed, kills = _told(tmp_path / "killed", KILLS, 2)
    assert len(calm) >= 2
    assert kills == KILLS
    assert killed == calm
