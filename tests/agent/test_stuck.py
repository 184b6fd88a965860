"""A stuck thread is a stuck agent: it says which and ends, so that systemd starts it anew."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from agent.config import load
from agent.run import Agent
from ground import alive


def test_an_agent_with_a_stuck_thread_ends_for_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    toml = tmp_path / "agent.toml"
    toml.write_text(
        f'[agent]\nsite = "hall"\ndata_dir = "{tmp_path}/data"\n[broker]\nhost = "127.0.0.1"\nport = 9\ntls = false\n'
    )
    agent = Agent(load(toml))

    def sends_nothing(stop: threading.Event) -> None:
        alive.expect(-alive.PATIENCE_S)  # its time is over at once
        stop.wait(60)

    monkeypatch.setattr(agent._publisher, "run", sends_nothing)
    with caplog.at_level(logging.CRITICAL):
        assert agent.run() == 1
    assert "event=part_died part=publisher stuck=True" in caplog.text
