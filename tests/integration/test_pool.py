"""A pool of brokers with one configuration: what is kept for a hall, and who is shut out, holds at each."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config import load
from collector.enrol import revoke_command
from collector.server.settings import SettingsLink
from lab.servers import Server, wait_for
from telemetry.settings import Desired
from tests.collector.enrol.plant import Plant, make_plant, run
from tests.collector.frames import SITE
from tests.integration.test_security import Client, issue

OTHER = "127.0.0.2"
FIRST, LATER = Desired("20261101T000000-aa", {"sampling": {"interval_s": 60}}), Desired("20261102T000000-aa", {})
Starter = Callable[[Callable[[], Server]], Server]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((OTHER, port)) == 0


@pytest.fixture
def pool(tmp_path: Path, start_server: Starter) -> Plant:
    """Start two brokers of the shipped configuration."""
    plant = make_plant(tmp_path / "server", OTHER)
    servers = [start_server(plant.broker), start_server(lambda: plant.broker(OTHER))]
    wait_for(lambda: _listens(plant.local_port), "the other broker to listen")
    pids = " ".join(str(server.process.pid) for server in servers if server.process)
    plant.reload_by(f"kill -HUP {pids}")
    plant.config.write_text(plant.config.read_text().replace("[broker]\n", f'[broker]\nothers = ["{OTHER}"]\n'))
    return plant


def test_settings_are_kept_at_each_broker_the_newest_everywhere(pool: Plant) -> None:
    broker = load(pool.config).broker
    one, other = broker.pool

    def kept(at: int) -> Desired:
        with SettingsLink(broker.pool[at], [SITE.code]) as line:
            return line.desired[SITE.code]

    with SettingsLink(broker, [SITE.code]) as line:
        line.wish(SITE.code, FIRST)
    assert kept(0) == kept(1) == FIRST
    with SettingsLink(other, [SITE.code]) as line:  # the first was away, and comes back with what it kept
        line.wish(SITE.code, LATER)
    assert kept(0) == FIRST
    with SettingsLink(broker, [SITE.code]) as line:
        assert line.desired[SITE.code] == LATER
    assert kept(0) == kept(1) == LATER
    assert one.port == other.port == pool.local_port


def test_a_revocation_holds_at_each_broker_or_says_where_not(pool: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    thief = Client(pool, issue(pool, SITE.code), host=OTHER)
    assert thief.connected
    assert run(revoke_command, SITE.code, "--config", pool.config) == 0
    wait_for(lambda: thief.ended, "end of the session at the other broker")
    thief.close()
    text = pool.config.read_text()
    pool.config.write_text(text.replace(OTHER, "127.0.0.3"))
    issue(pool, SITE.code)
    assert run(revoke_command, SITE.code, "--config", pool.config) == 1
    assert "127.0.0.3" in capsys.readouterr().err
