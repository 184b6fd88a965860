"""A version on its way: a real hall goes back from a bad one, which stops it; what is kept brings the wishes back.

`python -m tests.rollouts` brings a bad and a good version through as many halls as one likes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config import load
from collector.errors import ConfigError
from collector.server import update_command
from collector.server.rollout import Fate
from collector.store.open import open_store
from collector.store.store import Point
from lab.servers import Server
from telemetry.release import decode_release
from tests.collector.frames import OTHER, SITE
from tests.integration.office import write_config
from tests.rollouts import Office, Regency, program
from tests.wheels import served


def test_a_bad_version_stays_in_the_pilot(tmp_path: Path) -> None:
    with Regency(tmp_path, 2) as regency:
        pilot, other = regency.halls
        regency.fleet_update(regency.publish("0.2.0", "0.1.0", bad=True), "--pilot", pilot.site)
        stopped = regency.look_until_it_ends()
        assert stopped.stopped
        assert [*stopped.told] == [pilot.site]
        assert stopped.counts == {Fate.ROLLED_BACK: 1}
        assert [pilot.runs, other.runs] == ["0.1.0", "0.1.0"]
        assert not (other.home / "data" / "update.json").exists(), "no other hall heard of it"
        assert regency.fleet_update("--step") == 1


Update = Callable[..., int]


@pytest.fixture
def update(tmp_path: Path, broker: Server) -> Update:
    config = write_config(tmp_path, broker.port)
    now_ns = time.time_ns()
    store = open_store(load(config).store)
    store.write_points([Point("device", {"site": s.code}, {"agent_version": "0.1.0", "seq": 1}, now_ns) for s in (SITE, OTHER)])
    store.close()

    def run(*argv: str) -> int:
        parser = argparse.ArgumentParser()
        update_command.add_arguments(parser)
        return update_command.run(
            parser.parse_args([*argv, "-c", str(config), "--state", str(tmp_path / "r.json"), "--lang", "en"])
        )

    return run


def wishes(folder: Path) -> dict[str, str]:
    """Return which version the broker keeps for which hall."""
    with update_command.ReleaseLink(load(folder / "collector.toml").broker, [SITE.code, OTHER.code]) as line:
        found = {code: decode_release(payload) for code, payload in line.kept.items()}
    return {code: release.version for code, release in found.items() if release is not None}


def test_what_is_kept_brings_the_wishes_back_and_a_stop_takes_them_away(
    tmp_path: Path, broker: Server, update: Update, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path)
    with served(tmp_path / "web") as web:
        assert update() == 3, "nothing is on its way"
        address = f"{web}/{office.sign('0.2.0.whl', program('0.2.0'))}"
        (tmp_path / "web" / "forged.whl").write_bytes(program("0.9.0"))
        (tmp_path / "web" / "forged.whl.sig").write_bytes(b"x" * 64)
        with pytest.raises(ConfigError, match="not signed with the office's key"):
            update(f"{web}/forged.whl")
        with pytest.raises(ConfigError, match="halls could not either"):
            update(f"{web}/none.whl")
        with pytest.raises(ConfigError, match="is not in"):
            update(address, "--pilot", "6408019999")
        assert wishes(tmp_path) == {}
        assert update(address, "--pilot", SITE.code, "--ring", "pilot") == 0
        assert wishes(tmp_path) == {SITE.code: "0.2.0"}
        with pytest.raises(ConfigError, match="is on its way"):
            update(address)
    broker.kill()  # and with it all that it kept
    broker.start()
    assert wishes(tmp_path) == {}
    assert update("--step") == 0
    assert wishes(tmp_path) == {SITE.code: "0.2.0"}
    assert update("--stop") == 1
    assert wishes(tmp_path) == {}
    assert "version 0.2.0 for the halls is STOPPED: stopped by hand" in capsys.readouterr().out
    assert update("--step") == 1
    assert update("--go-on") == 0
    assert wishes(tmp_path) == {SITE.code: "0.2.0"}
    (tmp_path / "r.json").write_text("{")
    with pytest.raises(ConfigError, match="restore it from the backup"):
        update("--step")
