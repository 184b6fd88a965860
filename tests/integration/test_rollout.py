"""A version goes through real halls; see tests/rollouts.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.server.rollout import Fate
from lab.servers import wait_for
from tests.rollouts import Regency


def test_a_bad_version_stays_in_the_pilot_and_a_good_one_goes_through_all_rings(tmp_path: Path) -> None:
    with Regency(tmp_path, 2) as regency:
        pilot, other = regency.halls
        unsigned = regency.publish("0.2.0", "0.1.0", bad=True)
        (tmp_path / "web" / "sinyal-0.2.0-from-0.1.0.pack.sig").write_bytes(b"x" * 64)
        with pytest.raises(ConfigError, match="not signed with the office's key"):
            regency.fleet_update(unsigned)
        assert regency.fleet_update() == 3, "nobody was told"

        regency.fleet_update(regency.publish("0.2.0", "0.1.0", bad=True), "--pilot", pilot.site)
        stopped = regency.look_until_it_ends()
        assert stopped.stopped
        assert [*stopped.told] == [pilot.site]
        assert stopped.counts == {Fate.ROLLED_BACK: 1}
        assert [hall.runs for hall in regency.halls] == ["0.1.0"] * 2
        assert not (other.home / "data" / "update.json").exists(), "no other hall heard of it"

        wait_for(lambda: regency.fleet_update("--step") == 1, "the stop to be told by the exit code")
        regency.fleet_update(regency.publish("0.3.0", "0.1.0"), "--pilot", pilot.site)
        with pytest.raises(ConfigError, match="is on its way"):
            regency.fleet_update(regency.publish("0.4.0", "0.1.0"))
        wait_for(lambda: regency.look().ring > 0, "the pilot to run it", 120)
        regency.broker.kill()  # and with it every wish that it kept
        regency.broker.start()
        done = regency.look_until_it_ends()
        assert done.done
        assert done.counts == {Fate.RUNS: 2}
        assert [hall.runs for hall in regency.halls] == ["0.3.0"] * 2
