"""A hall whose SIM has used up its month: no probe, hourly frames, measuring goes on, a change still arrives at once."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import orjson
import pytest

from agent.config import load as load_agent
from agent.run import Agent
from collector.config import load
from collector.run import Collector
from collector.store.store import Row
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.servers import Server, wait_for
from tests.collector.frames import SITE
from tests.integration.office import write_config

FAMILY = "quectel"


@pytest.fixture
def collector(tmp_path: Path, broker: Server) -> Collector:
    return Collector(load(write_config(tmp_path, broker.port)))


def agent_toml(folder: Path, broker: Server) -> Path:
    path = folder / "agent.toml"
    path.write_text(
        f'[agent]\nsite = "{SITE.code}"\ndata_dir = "{folder}/data"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n'
        "[sampling]\ninterval_s = 1\nframe_interval_s = 1\n"
        '[probe]\ninterval_s = 60\nping_hosts = ["127.0.0.1"]\n'
        f'[[modem]]\nname = "a"\nport = "{folder}/tty"\nfamily = "{FAMILY}"\ninterface = "lo"\nsim_bytes_month = 1_000_000\n'
    )
    return path


def spent(folder: Path) -> None:
    """Leave an account of this month that is over."""
    (folder / "data").mkdir()
    month = f"{dt.datetime.now(dt.UTC):%Y-%m}"
    account = {"boot": "another", "month": month, "modems": {"a": {"seen": 0, "used": 2_000_000, "fresh": 0}}}
    (folder / "data" / "budget.json").write_bytes(orjson.dumps(account))


def test_measuring_goes_on_and_a_change_arrives_at_once(
    tmp_path: Path, broker: Server, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.probe.prober.LOOK_S", 0.1)
    monkeypatch.setattr("agent.probe.prober.random.random", lambda: 0.0)  # the first round of probes is due at once
    spent(tmp_path)
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")

    def stored(stream: str) -> list[Row]:
        return list(collector.store.samples(stream, 0, 2 * 10**18, SITE.code))

    with SimulatedModem(family_answers(FAMILY, Radio(seed=1)), tmp_path / "tty") as modem:
        agent = Agent(load_agent(agent_toml(tmp_path, broker)))
        thread = threading.Thread(target=agent.run)
        thread.start()
        try:
            wait_for(lambda: agent._publisher.allowance.over, "the agent to see that the SIM is spent")
            wait_for(lambda: agent._spool.depth >= 5, "measuring to go on while nothing is sent")
            assert len(stored("signal")) <= 1
            modem.fault = Fault.SIM_REMOVED
            wait_for(lambda: "no_sim" in {row.get("registration") for row in stored("signal")}, "the change")
            agent._outbox.pace(1)  # the hour is over
            wait_for(lambda: {"probes_paused", "budget_spent"} <= {row.get("kind") for row in stored("event")}, "what it says")
            assert stored("probe") == []
        finally:
            agent.stop.set()
            thread.join(30)
            collector.stop()
