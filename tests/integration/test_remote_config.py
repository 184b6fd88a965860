"""Settings from the server through a real broker: command, broker, running agent, collector, and back."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.config import load as load_agent
from agent.run import Agent
from collector.config import load
from collector.run import Collector
from collector.server import settings
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.servers import Server, wait_for
from telemetry.settings import State
from tests.collector.frames import SITE
from tests.integration.office import write_config


class Plant:
    """One hall and the server around a broker."""

    def __init__(self, folder: Path, broker: Server) -> None:
        self.folder, self.broker = folder, broker
        write_config(folder, broker.port, sites=(SITE,))
        self.hall_toml = folder / "agent.toml"
        self.hall_toml.write_text(
            f'[agent]\nsite = "{SITE.code}"\ndata_dir = "{folder}/data"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n[sampling]\ndevice_interval_s = 50\n'
        )
        self._stack = ExitStack()

    def start_collector(self) -> Collector:
        collector = Collector(load(self.folder / "collector.toml"))
        collector.start()
        self._stack.callback(collector.stop)
        wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
        return collector

    def start_agent(self) -> Agent:
        agent = Agent(load_agent(self.hall_toml))
        thread = threading.Thread(target=agent.run)
        thread.start()

        def end() -> None:
            agent.stop.set()
            thread.join(30)

        self._stack.callback(end)
        return agent

    def settings(self, *argv: str) -> int:
        parser = argparse.ArgumentParser()
        settings.add_arguments(parser)
        return settings.run(parser.parse_args([*argv, "--config", str(self.folder / "collector.toml")]))

    def state(self) -> State | None:
        with settings.SettingsLink(load(self.folder / "collector.toml").broker, [SITE.code]) as line:
            reported = line.reported.get(SITE.code)
            return None if reported is None else reported.state

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def plant(tmp_path: Path, broker: Server) -> Iterator[Plant]:
    plant = Plant(tmp_path, broker)
    yield plant
    plant.close()


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: capsys.readouterr().out


def test_a_wish_is_applied_reported_refused_and_taken_back(plant: Plant, said: Said) -> None:
    plant.start_collector()
    agent = plant.start_agent()
    assert plant.settings(SITE.code) == 0
    assert said() == f"{SITE.code}: nothing set\n"
    assert plant.settings(SITE.code, "sampling.device_interval_s=60", "budget.bytes_month=9000000") == 0
    assert said() == f"{SITE.code}: applied [sampling.device_interval_s=60 budget.bytes_month=9000000]\n"
    assert agent._config.sampling.device_interval_s == 60
    assert agent._publisher.allowance.budget == 9_000_000
    assert plant.settings(SITE.code, "sampling.device_interval_s=0") == 1
    assert "rejected: sampling.device_interval_s: must be 1..86400 (got 0)" in said()
    assert agent._config.sampling.device_interval_s == 60
    assert plant.settings("--all", "--clear") == 0
    assert agent._config.sampling.device_interval_s == 50


def test_a_wish_waits_at_the_broker_for_a_hall_that_is_away(plant: Plant, said: Said) -> None:
    plant.start_collector()
    assert plant.settings(SITE.code, "sampling.frame_interval_s=120", "--wait", "0") == 1
    assert "no answer yet; the broker keeps it for the hall" in said()
    agent = plant.start_agent()
    wait_for(lambda: plant.state() == State.APPLIED, "the hall to apply it")
    assert agent._config.sampling.frame_interval_s == 120


def test_a_new_interval_is_live_without_a_restart(plant: Plant) -> None:
    collector = plant.start_collector()
    with SimulatedModem(family_answers("quectel", Radio(seed=1)), plant.folder / "tty"):
        text = plant.hall_toml.read_text() + "interval_s = 3600\n"
        plant.hall_toml.write_text(f'{text}[[modem]]\nname = "a"\nport = "{plant.folder}/tty"\nfamily = "quectel"\n')
        plant.start_agent()
        assert plant.settings(SITE.code, "sampling.interval_s=1", "sampling.frame_interval_s=1") == 0
        wait_for(lambda: len(list(collector.store.samples("signal", 0, 2 * 10**18, SITE.code))) >= 3, "readings each second")
        plant.close()


def test_the_settings_before_are_back_when_the_link_is_cut(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.run.CONFIRM_S", 3.0)
    agent = plant.start_agent()  # no collector: frames go out, no answer comes
    wait_for(lambda: agent._publisher.up, "the hall to be connected")
    assert plant.settings(SITE.code, "sampling.device_interval_s=60", "--wait", "0") == 1
    wait_for(lambda: agent._config.sampling.device_interval_s == 60, "the trial")
    plant.broker.kill()
    wait_for(lambda: agent._config.sampling.device_interval_s == 50, "the settings before")
    plant.broker.start()
    plant.start_collector()
    wait_for(lambda: plant.state() == State.ROLLED_BACK, "the hall to say so", 60)
