"""No kernel here has gpio-sim or i2c-stub: pins and chips are the interface of python-periphery, with registers of the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.board import mains as module
from agent.board.board import TELL_AGAIN_S, Board
from agent.board.chips import CHIPS, Supply
from agent.board.mains import Mains, kernel
from agent.config import MainsSection


@pytest.mark.parametrize(
    ("chip", "registers", "supply"),
    [
        # charging with 0.5 A through 0.1 ohm: +50 mV in steps of 10 uV; 8.10 V in steps of 4 mV, above three status bits
        ("ina219", {1: 5000, 2: (2025 << 3) | 0b010}, Supply(mains=True, on_battery=False, battery_v=8.1)),
        # carrying 0.6 A: -60 mV, two's complement
        ("ina219", {1: 0x10000 - 6000, 2: 1850 << 3}, Supply(mains=False, on_battery=True, battery_v=7.4)),
        # full, idle: the noise of a few steps is no discharge
        ("ina219", {1: 0x10000 - 40, 2: 2100 << 3}, Supply(mains=True, on_battery=False, battery_v=8.4)),
        ("ina219", {1: 0, 2: 0}, Supply()),  # no battery there
        # 4.05 V = 3240 steps of 1.25 mV in the upper 12 bits; 87.5 % in 1/256
        ("max17040", {2: 3240 << 4, 4: 87 * 256 + 128}, Supply(battery_v=4.05, battery_percent=87.5)),
        ("max17040", {2: 3360 << 4, 4: 102 * 256}, Supply(battery_v=4.2, battery_percent=100.0)),  # gauges go above 100
        ("pisugar3", {2: 0x80, 0x22: 0x0F, 0x23: 0xA0, 0x2A: 93}, Supply(True, False, 4.0, 93.0)),
        ("pisugar3", {2: 0x04, 0x22: 0x0E, 0x23: 0x10, 0x2A: 40}, Supply(False, True, 3.6, 40.0)),
    ],
)
def test_what_the_registers_of_a_ups_board_say(chip: str, registers: dict[int, int], supply: Supply) -> None:
    assert CHIPS[chip][1](lambda number, count: registers[number].to_bytes(count, "big")) == supply


class Bench:
    """What periphery would open: a line that the test sets, registers of a chip at one address."""

    def __init__(self) -> None:
        self.high, self.registers, self.address, self.there = True, dict[int, int](), 0x42, True
        self.opened: list[str] = []
        bench = self

        class Line:
            def __init__(self, chip: str, line: int, direction: str) -> None:
                bench.opened.append(f"{chip}:{line}:{direction}")

            def read(self) -> bool:
                if not bench.there:
                    raise OSError(5, "Input/output error")
                return bench.high

            def close(self) -> None:
                pass

        class Bus:
            class Message:
                def __init__(self, data: list[int], *, read: bool = False) -> None:
                    self.data, self.read = data, read

            def __init__(self, path: str) -> None:
                bench.opened.append(path)

            def transfer(self, address: int, messages: list[Any]) -> None:
                if address != bench.address or not bench.there:
                    raise OSError(121, "Remote I/O error")
                ask, answer = messages
                answer.data = list(bench.registers[ask.data[0]].to_bytes(len(answer.data), "big"))

            def close(self) -> None:
                pass

        self.GPIO, self.I2C = Line, Bus


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(module, "_periphery", lambda: made)
    return made


def test_a_pin_is_believed_before_the_chip_and_each_gives_what_the_other_lacks(bench: Bench) -> None:
    mains = Mains(MainsSection(gpio_line=6, ups="max17040"))
    bench.address, bench.registers = 0x36, {2: 3240 << 4, 4: 50 * 256}
    assert mains.read() == Supply(mains=True, battery_v=4.05, battery_percent=50.0)
    bench.high = False
    assert mains.read().mains is False
    assert bench.opened == ["/dev/gpiochip0:6:in", "/dev/i2c-1", "/dev/i2c-1"]  # a line is held, a bus is not


def test_a_line_that_is_low_with_mains(bench: Bench) -> None:
    mains = Mains(MainsSection(gpio_line=6, gpio_high_is_mains=False))
    assert mains.read().mains is False
    bench.high = False
    assert mains.read().mains is True


def test_what_does_not_answer_is_absent_told_once_and_comes_back(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    mains = Mains(MainsSection(gpio_line=6, ups="ina219"))
    bench.registers, bench.there = {1: 5000, 2: 2025 << 3}, False
    assert (mains.read(), mains.read()) == (Supply(), Supply())
    assert [record.message.count("mains_unread") for record in caplog.records] == [1, 1]  # once each
    bench.there = True
    assert mains.read() == Supply(mains=True, on_battery=False, battery_v=8.1)
    assert bench.opened.count("/dev/gpiochip0:6:in") == 3  # opened anew after each fault


@pytest.mark.parametrize(
    ("files", "supply"),
    [
        ({"type": "Mains", "online": "1"}, Supply(mains=True)),
        ({"type": "USB", "online": "0"}, Supply(mains=False)),
        ({"type": "Mains"}, Supply()),
        (
            {"type": "Battery", "status": "Discharging", "voltage_now": "3812000", "capacity": "61"},
            Supply(on_battery=True, battery_v=3.81, battery_percent=61.0),
        ),
        ({"type": "Battery", "status": "Unknown"}, Supply()),
    ],
)
def test_what_the_kernel_knows_of_a_supply(tmp_path: Path, files: dict[str, str], supply: Supply) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content + "\n")
    assert kernel(tmp_path) == supply


def test_that_the_mains_went_is_news_once_and_a_flicker_spends_nothing(tmp_path: Path, bench: Bench) -> None:
    board = Board(MainsSection(gpio_line=6), tmp_path)
    assert not board.turned(0.0)
    bench.high = False
    assert board.turned(10.0)
    assert not board.turned(20.0)
    bench.high = True
    assert not board.turned(30.0)
    assert board.turned(10.0 + TELL_AGAIN_S)
    assert board.values()["mains"] is True


def test_a_hall_without_a_sensor_says_nothing_of_its_mains(tmp_path: Path) -> None:
    board = Board(None, tmp_path)
    values = board.values()
    assert (values["mains"], values["on_battery"], values["battery_v"]) == (None, None, None)
    assert not board.turned(0.0)


def test_the_library_opens_lines_and_buses_as_it_is_asked_here() -> None:
    periphery = pytest.importorskip("periphery")
    wanted = MainsSection(gpio_chip=Path("/nowhere"), gpio_line=1, ups="ina219", i2c_bus=Path("/nowhere"))
    for part in (module.Pin(wanted), module.Chip(wanted)):
        with pytest.raises(OSError, match=r"nowhere|No such file"):
            part.read()
    message = periphery.I2C.Message([0, 0], read=True)
    assert (message.data, message.read) == ([0, 0], True)
