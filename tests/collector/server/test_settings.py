from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from collector.errors import CollectorError, ConfigError
from collector.server import settings
from collector.server.settings import changed
from lab.servers import free_port
from telemetry.settings import Settings
from tests.collector.frames import SITE


def run(folder: Path, *argv: str) -> int:
    (folder / "sites.csv").write_text(f"code,kecamatan,desa,lat,lon,coordinate_source\n{SITE.code},A,B,0.5,117,centroid\n")
    path = folder / "collector.toml"
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {free_port()}\ntls = false\n'
    path.write_text(f'{broker}[store]\nengine = "sqlite"\npath = "store.db"\n')
    parser = argparse.ArgumentParser()
    settings.add_arguments(parser)
    return settings.run(parser.parse_args([*argv, "--config", str(path)]))


def test_one_thing_changes_and_the_rest_stays() -> None:
    before: Settings = {"sampling": {"interval_s": 60}, "probe": {"ping_hosts": ["1.1.1.1"]}}
    after = changed(before, {"sampling.frame_interval_s": 600}, ["probe.ping_hosts"])
    assert after == {"sampling": {"interval_s": 60, "frame_interval_s": 600}}
    assert before["probe"] == {"ping_hosts": ["1.1.1.1"]}, "what was read is not touched"


@pytest.mark.parametrize("name", ["interval_s", "sampling.intervall_s", "probe.download_url", "broker.host", "modem.port"])
def test_a_key_that_cannot_be_set_is_named_with_those_that_can(tmp_path: Path, name: str) -> None:
    for argv in ([SITE.code, f"{name}=1"], [SITE.code, "--unset", name], ["--all", f"{name}=1"]):
        with pytest.raises(ConfigError, match=f"^{name}: cannot be set from the server; can be: sampling.interval_s"):
            run(tmp_path, *argv)


def test_who_is_meant_must_be_said_and_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a SITE, or --all"):
        run(tmp_path)
    with pytest.raises(ConfigError, match="6408999999: is not in"):
        run(tmp_path, "6408999999", "sampling.interval_s=60")
    with pytest.raises(ConfigError, match="--all takes no SITE"):
        run(tmp_path, "--all", SITE.code)


def test_a_broker_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match=r"broker 127\.0\.0\.1:\d+: .*refused"):
        run(tmp_path, SITE.code)
