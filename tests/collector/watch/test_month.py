"""The script of the simulated month, shortened, on real stores: every incident told once, nothing else, whatever dies."""

from __future__ import annotations

import random
from pathlib import Path

from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from lab.servers import Server
from tests.collector.watch.incidents import Script
from tests.collector.watch.month import KILLS, Result, play
from tests.collector.watch.world import DAY, START_MS, Watch, World, fleet

HALLS = ["Telen", "Kombeng"]


def _until(script: Script, end: int) -> Script:
    script.incidents = [i for i in script.incidents if i.start == 0 or i.end < end - 4 * 3_600_000]
    return script


def test_first_days_of_the_month_with_twenty_kills(tmp_path: Path) -> None:
    end = round(7.4 * DAY)
    script = _until(Script(fleet(HALLS), squeeze=True), end)
    watch, result = play(Sqlite(tmp_path / "store.db"), tmp_path, script=script, start=5 * DAY, end=end, kills=KILLS, often=0.2)
    assert len(script.incidents) >= 7
    assert watch.kills == KILLS
    assert result.unexpected == []
    assert [(i.name, dict(said)) for i, said in result.rows if not result.right(i, said)] == []
    assert result.good


def test_a_day_on_influxdb(tmp_path: Path, influx: Server) -> None:
    store = Influx1(influx.url, "sinyal")
    start, end = round(13.1 * DAY), round(13.8 * DAY)
    script = Script(fleet(HALLS), squeeze=True)
    script.incidents = [i for i in script.incidents if i.name == "kecamatan dark, 4 h"]
    world = World(store, script.sites)
    script.apply(world)
    watch = Watch(tmp_path / "watch.db", store, fleet(HALLS))
    chance = random.Random(5)
    script.live(world, watch, end, lambda _t: chance.randrange(6) if chance.random() < 0.05 else None, start=start)
    result = Result(script, watch.sent)
    assert watch.kills > 0
    assert result.good
    states = [row["state"] for row in store.samples("alert", START_MS * 1_000_000, (START_MS + end) * 1_000_000)]
    assert states == ["open", "resolved"]
