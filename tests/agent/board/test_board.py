from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from agent.board import board as board_module
from agent.board.board import Board
from agent.board.card import Card, read_card
from agent.board.clock_chip import ClockChip, read_chip
from agent.spool.clock import BUILD_MS, UNHEARD_OF_MS, Clock
from telemetry.streams import ClockState, PreEol

T0_S = 1_800_000_000
NOWHERE = Path("/nowhere")


def chip(folder: Path, name: str, seconds: int | None, compatible: str = "", **device: str) -> Path:
    (folder / "device/of_node").mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    if seconds is not None:
        (folder / "since_epoch").write_text(f"{seconds}\n")
    if compatible:
        (folder / "device/of_node/compatible").write_text(compatible)
    for file, content in device.items():
        (folder / "device" / file).write_text(content + "\n")
    return folder


@pytest.mark.parametrize(
    ("name", "compatible", "device", "told"),
    [
        ("rtc-ds1307 1-0068", "maxim,ds3231\0", {}, ClockChip("ds3231", T0_S * 1000)),
        ("rtc-pcf8563 1-0051", "", {}, ClockChip("pcf8563", T0_S * 1000)),
        # a Pi 5: its battery in microvolts; 0 is none connected
        ("rpi-rtc soc@107c000000:rpi_rtc", "raspberrypi,rpi-rtc\0", {"battery_voltage": "2968000"}, ("rpi", 2.97)),
        ("rpi-rtc soc@107c000000:rpi_rtc", "raspberrypi,rpi-rtc\0", {"battery_voltage": "0"}, ("rpi", None)),
    ],
)
def test_clock_chips_are_told_apart(
    tmp_path: Path, name: str, compatible: str, device: dict[str, str], told: ClockChip | tuple[str, float | None]
) -> None:
    found = read_chip(chip(tmp_path / "rtc0", name, T0_S, compatible, **device), NOWHERE)
    assert found is not None
    assert told in (found, (found.name, found.battery_v))


def test_a_board_without_a_chip_has_none(tmp_path: Path) -> None:
    assert read_chip(tmp_path, NOWHERE) is None


@pytest.mark.parametrize(
    ("flags", "utc_ms", "battery_ok"),
    [(0, T0_S * 1000, True), (2, T0_S * 1000, False), (1, None, True), (4, None, False), (7, None, False)],
)
def test_what_the_driver_says_of_a_low_voltage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, utc_ms: int | None, *, battery_ok: bool
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", lambda _handle, _request, _buffer: flags.to_bytes(4, "little"))
    found = read_chip(chip(tmp_path / "rtc0", "rtc-rv3028 1-0052", T0_S), Path(os.devnull))
    assert found == ClockChip("rv3028", utc_ms, battery_ok)


def clock(known_ms: int | None = None) -> Clock:
    return Clock(known_ms=known_ms, mono=lambda: 1000, wall=lambda: 0, ntp=lambda: False)


def test_the_chip_is_read_again_when_its_time_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([ClockChip("ds3231", T0_S * 1000), ClockChip("ds3231", T0_S * 1000 + 9000)])
    monkeypatch.setattr(board_module, "read_chip", lambda: next(told))
    now = clock()
    Board(None, tmp_path).trusted(now.trust)
    assert now.now_ms() == T0_S * 1000 + 9000


@pytest.mark.parametrize(
    ("seconds", "known_ms", "trusted"),
    [
        (T0_S, None, True),
        (946_684_800, None, False),  # 2000: its battery was flat
        (12, None, False),  # 1970: a Pi 5 without battery
        (None, None, False),  # the driver refuses the time: the oscillator stopped
        (BUILD_MS // 1000 + 5, T0_S * 1000, False),  # it stopped, or was set wrong: an earlier boot was sure of a later time
        (T0_S, T0_S * 1000 + 30_000, True),  # slower by half a minute than what was known
        (T0_S, T0_S * 1000 - UNHEARD_OF_MS - 1000, False),  # more than a year ahead: somebody else must say so first
    ],
)
def test_a_clock_chip_is_believed_only_with_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int | None, known_ms: int | None, *, trusted: bool
) -> None:
    found = read_chip(chip(tmp_path / "rtc0", "rtc-ds1307 1-0068", seconds, "maxim,ds3231\0"), NOWHERE)
    monkeypatch.setattr(board_module, "read_chip", lambda: found)
    board, now = Board(None, tmp_path), clock(known_ms)
    board.trusted(now.trust)
    assert (board.values()["rtc"], board.values()["rtc_trusted"]) == ("ds3231", trusted)
    assert (now.state is ClockState.RTC, now.now_ms()) == (trusted, T0_S * 1000 if trusted else None)


def test_the_chip_stands_below_the_collector_and_above_the_networks() -> None:
    now = clock()
    assert now.trust("rtc", T0_S * 1000, error_ms=1000)
    assert not now.trust("network", T0_S * 1000 + 3_600_000, modem="a")
    assert (now.state, now.now_ms()) == (ClockState.RTC, T0_S * 1000)
    assert now.trust("collector", T0_S * 1000 + 90_000)
    assert (now.state, now.now_ms()) == (ClockState.NETWORK, T0_S * 1000 + 90_000)
    assert not now.trust("rtc", T0_S * 1000)
    assert {event.kind for event in now.notices} == {"clock_dispute", "clock_step"}


def device(sys: Path, folder: Path, name: str = "mmcblk0", **files: str) -> Path:
    """Make what the kernel would show of the device that a folder lies on: partition 2 of a card."""
    part = sys / f"devices/mmc/block/{name}/{name}p2"
    part.mkdir(parents=True)
    (part / "partition").write_text("2\n")
    (sys / "dev/block").mkdir(parents=True)
    number = folder.stat().st_dev
    (sys / f"dev/block/{os.major(number)}:{os.minor(number)}").symlink_to(part)
    for file, content in files.items():
        place = part.parent / file.replace("__", "/")
        place.parent.mkdir(exist_ok=True)
        place.write_text(content + "\n")
    return part


def test_wear_and_faults_of_the_card_that_the_spool_lies_on(tmp_path: Path) -> None:
    stat = "    8123     4210   812340     9120    61230    40210  2000000    51230        0    44120    60350        0        0"
    part = device(tmp_path, tmp_path, stat=stat, device__life_time="0x02 0x03", device__pre_eol_info="0x01")
    (tmp_path / "fs/ext4" / part.name).mkdir(parents=True)
    (tmp_path / "fs/ext4" / part.name / "errors_count").write_text("3\n")
    assert read_card(tmp_path, tmp_path) == Card(1024.0, 30.0, PreEol.NORMAL, 3)


@pytest.mark.parametrize(
    ("life", "share"), [("0x00 0x00", None), ("0x0b 0x01", 110.0), ("0x0c 0x00", None), ("rubbish", None), ("", None)]
)
def test_a_card_that_does_not_tell_its_life_is_absent(tmp_path: Path, life: str, share: float | None) -> None:
    device(tmp_path, tmp_path, device__life_time=life, device__pre_eol_info="0x00")
    assert read_card(tmp_path, tmp_path) == Card(life_used_percent=share)


def test_a_folder_on_no_one_device_has_no_card(tmp_path: Path) -> None:
    assert read_card(tmp_path, tmp_path) == Card()
