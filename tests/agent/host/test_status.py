"""What `status` says: the last sample (never a level where nothing serves), the line, the card and what it has lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.config import Config, load
from agent.host.status import CLOCKS, _reading, report
from agent.spool import clock as clocks
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from agent.spool.thin import Limits
from telemetry.vocabulary import ClockState

CUTS = (-110, -100, -90, -80)


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"registration": "home", "rat": "lte", "plmn": "51010", "rsrp_dbm": -101.0}, "Telkomsel 4G, −101 dBm (Buruk)"),
        ({"registration": "home", "rat": "nr_sa", "plmn": "51011", "nr_rsrp_dbm": -85.0}, "XLSMART 5G, −85 dBm (Baik)"),
        ({"registration": "home", "rat": "gsm", "plmn": "51001", "rssi_dbm": -71.0}, "Indosat (IOH) 2G, −71 dBm"),
        ({"registration": "home", "plmn": "51010"}, "Telkomsel"),
        ({"registration": "home"}, "terdaftar, tanpa nilai"),
        ({"registration": "searching", "rsrp_dbm": -101.0}, "mencari jaringan"),
        ({"registration": "no_sim"}, "tanpa kartu SIM"),
    ],
)
def test_the_last_sample_in_words(last: dict[str, Any], said: str) -> None:
    assert _reading(last, CUTS, "id") == said


def hall(folder: Path, more: str = "") -> Config:
    path = folder / "agent.toml"
    path.write_text(
        f'[agent]\nsite = "6408012001"\ndata_dir = "{folder}"\n[broker]\nhost = "127.0.0.1"\ntls = false\n'
        f'[[modem]]\nname = "m1"\nport = "/dev/ttyUSB2"\n{more}'
    )
    return load(path)


def running(config: Config, **more: object) -> None:
    """Leave the state of an agent that runs, is connected, and has just measured."""
    last = {"m1": {"at_mono_ms": clocks.monotonic_ms(), "registration": "home", "rat": "lte", "rsrp_dbm": -97.0}}
    state = {"pid": os.getpid(), "boot": clocks.boot_id(), "running": True, "connected": True, "clock": "ntp"}
    config.agent.status_path.write_bytes(orjson.dumps({**state, "device_interval_s": 300, "last": last, **more}))


@pytest.mark.parametrize(("min_free_mb", "well"), [(0, True), (10**9, False)])
def test_what_a_full_card_cost_is_said_and_calls_for_help_while_it_is_full(
    tmp_path: Path, min_free_mb: float, *, well: bool
) -> None:
    config = hall(tmp_path, f"[spool]\nmin_free_mb = {min_free_mb}\n")
    spool = Spool(config.agent.spool_path, clocks.boot_id(), Limits(max_rows=100))
    mono_ms, utc_ms = clocks.monotonic_ms() - 9_000_000, clocks.wall_ms() - 9_000_000
    for n in range(101):
        spool.append([Entry("signal", "m1", mono_ms + n * 30_000, utc_ms + n * 30_000, "ntp", b"{}")])
    running(config)
    assert "None is lost" in "\n".join(report(config, "en")[0])
    thinned = spool.keep_bounds()
    assert thinned > 0
    assert "None is lost" not in "\n".join(report(config, "en")[0])
    spool.delete(range(1, 102))
    said, good = report(config, "en")
    assert f"The memory card was full: {thinned} measurements are LOST. Make room on it" in said
    assert good == well
    spool.close()


def test_a_path_that_forgets_or_loses_large_packets_is_said(tmp_path: Path) -> None:
    config = hall(tmp_path)
    Spool(config.agent.spool_path, clocks.boot_id()).close()
    running(config)
    quiet = report(config, "en")[0]
    running(config, path_forgets_s=60, segment_bytes=1220)
    said = [line for line in report(config, "en")[0] if line not in quiet]
    assert len(said) == 2
    assert "60 seconds" in said[0]
    assert "1220 bytes" in said[1]


def test_every_state_of_the_clock_has_its_words() -> None:
    assert {*CLOCKS} == {*ClockState}
