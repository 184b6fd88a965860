from __future__ import annotations

from pathlib import Path

import pytest

from agent.board.board import Board
from agent.spool.clock import Clock
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from agent.uplink.health import cpu_temperature_c, device_row, disk_free_mb, undervoltage
from agent.uplink.meter import Meter
from telemetry.streams import ClockState, fields, plausible, present


@pytest.mark.parametrize(("text", "low"), [("0", False), ("0x50005", True), ("10000", True), ("4", False)])
def test_undervoltage_bits(tmp_path: Path, text: str, *, low: bool) -> None:
    (tmp_path / "get_throttled").write_text(text + "\n")
    assert undervoltage(tmp_path / "get_throttled") is low


@pytest.mark.parametrize(("name", "low"), [("rpi_volt", True), ("cpu_thermal", None)])
def test_where_get_throttled_is_gone_the_alarm_of_the_kernel_tells(tmp_path: Path, name: str, *, low: bool | None) -> None:
    (tmp_path / "hwmon1").mkdir()
    (tmp_path / "hwmon1/name").write_text(name + "\n")
    (tmp_path / "hwmon1/in0_lcrit_alarm").write_text("1\n")
    assert undervoltage(tmp_path / "none", tmp_path) is low


def test_temperature(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("48312\n")
    assert cpu_temperature_c(tmp_path / "temp") == 48.3


def test_what_cannot_be_read_is_absent(tmp_path: Path) -> None:
    assert cpu_temperature_c(tmp_path / "none") is None
    assert disk_free_mb(tmp_path / "none") is None


def test_a_device_row_keeps_to_the_contract(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot")
    clock = Clock(mono=lambda: 90_000, wall=lambda: 0, ntp=lambda: False)
    spool.append([Entry("signal", "a", 30_000, None, "unknown", b"{}")] * 3)
    values = present(device_row(spool, clock, Meter(spool), 6_000_000, "0.1.0", Board(None, tmp_path)))
    assert values["uptime_s"] == 90
    assert (values["spool_depth"], values["spool_age_s"]) == (3, 60)
    assert values["clock_state"] == ClockState.UNTRUSTED
    assert "bytes_month" not in values  # which month it is is not known
    for name, value in values.items():
        assert not isinstance(value, int | float) or plausible(fields("device")[name], value)
